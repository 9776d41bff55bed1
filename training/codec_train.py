"""Train the autoencoder (``rtbci train codec``).

It draws its own pictures, stops by the clock, and goes on where it was when started again. In the last part
the encoder stands still, so that the latents other trainings aim at no longer move, while the decoder still
improves. Every few minutes it writes ``checkpoint.pt``, ``codec.safetensors`` (averaged weights) and
``metrics.json`` into its folder, and ``READY`` once the encoder is frozen.
"""

import copy
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from training.codec import RUN_FOLDER, WEIGHTS_FILE, decode_latents, encode_frames, to_tensor
from training.codec_data import drawn_batches, held_out
from training.codec_metrics import Fidelity, fidelity
from training.codec_model import Codec
from training.codec_optimiser import optimisers
from training.codec_rehearsal import Rehearsal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainSettings:
    """What decides a training run."""

    folder: Path = RUN_FOLDER
    minutes: float = 60.0
    freeze_at: float = 0.62
    """Share of the time after which the encoder stands still."""
    stop_at: float = 1.0
    """Share of the time after which to stop, so that the memory can be made before the rest."""
    batch: int = 8
    muon_lr: float = 0.012
    adam_lr: float = 2e-3
    warm_up: int = 50
    """Steps until the full rate."""
    decay_from: float = 0.3
    """Share of the time after which the rate falls linearly to zero."""
    noise: float = 0.05
    """Standard deviation added to latents: int8 storing and small errors of an EEG decoder do no harm."""
    edge_weight: float = 0.5
    texture_weight: float = 0.5
    unit_weight: float = 0.01
    average: float = 0.995
    """Of the exponential average of the weights, a step."""
    checkpoint_s: float = 240.0
    rehearse: Path | None = None
    """Folder of the memory of scenes: they make half of each batch once the encoder stands still."""
    threads: int = 1
    seed: int = 0


class Trainer:
    """One run, from its checkpoint or from nothing."""

    def __init__(self, settings: TrainSettings) -> None:
        self.settings = settings
        torch.manual_seed(settings.seed)
        self.codec = Codec().to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.codec).requires_grad_(False).eval()
        self.optimisers = optimisers(self.codec, settings.muon_lr, settings.adam_lr)
        self.rates = [optimiser.param_groups[0]["lr"] for optimiser in self.optimisers]
        self.step = 0
        self.seconds = 0.0
        self.frozen = False
        self.rehearsal = None if settings.rehearse is None else Rehearsal(settings.rehearse)
        self.rng = np.random.default_rng(settings.seed)
        self.resume()

    @property
    def progress(self) -> float:
        """Share of the time that is spent."""
        return self.seconds / (60.0 * self.settings.minutes)

    def run(self, batches: Iterator[NDArray[np.uint8]], measure_on: NDArray[np.uint8]) -> Fidelity:
        """Train until the time is spent, and say how good the result is."""
        last, saved = time.monotonic(), self.seconds
        while self.progress < self.settings.stop_at:
            if not self.frozen and self.progress >= self.settings.freeze_at:
                self.freeze()
                self.save(self.measure(measure_on))
            pictures = next(batches)
            if self.frozen and self.rehearsal is not None:
                half = len(pictures) // 2
                latents, remembered = self.rehearsal.sample(self.rng, len(pictures) - half)
                pictures = np.concatenate([pictures[:half], remembered])
                loss = self.train_step(to_tensor(pictures), torch.from_numpy(latents))
            else:
                loss = self.train_step(to_tensor(pictures))
            now = time.monotonic()
            self.seconds, last = self.seconds + now - last, now
            if self.step % 50 == 0:
                log.info("step %d, %.1f min, loss %.4f", self.step, self.seconds / 60, loss)
            if self.seconds - saved > self.settings.checkpoint_s:
                saved = self.seconds
                self.save(self.measure(measure_on))
        if not self.frozen:
            self.freeze()
        result = self.measure(measure_on)
        self.save(result)
        return result

    def train_step(self, pictures: Tensor, known: Tensor | None = None) -> float:
        """Update the weights and their average once.

        Parameters
        ----------
        pictures : Tensor, shape (batch, 3, 256, 256)
        known : Tensor, optional
            Latents of the last pictures, which then are not encoded.
        """
        for optimiser, rate in zip(self.optimisers, self.rates, strict=True):
            optimiser.param_groups[0]["lr"] = rate * self.rate_factor()
            optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            latents = self.codec.encoder(pictures if known is None else pictures[: -len(known)])
            if known is not None:
                latents = torch.cat([latents, known])
            made = self.codec.decoder(latents + self.settings.noise * torch.randn_like(latents))
        loss = picture_loss(made.float(), pictures, self.settings.edge_weight, self.settings.texture_weight)
        if not self.frozen:
            loss = loss + self.settings.unit_weight * unit_loss(latents)
        loss.backward()
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        # A young average forgets fast, or it would drag the random start along.
        keep = min(self.settings.average, self.step / (self.step + 10))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.codec.parameters(), strict=True):
                mean.lerp_(value, 1.0 - keep)
        return float(loss.detach())

    def rate_factor(self) -> float:
        """Rise over the first steps, stay, fall linearly to zero at the end."""
        rise = min(1.0, (self.step + 1) / self.settings.warm_up)
        fall = max(0.0, self.progress - self.settings.decay_from) / (1.0 - self.settings.decay_from)
        return rise * (1.0 - min(fall, 1.0))

    def freeze(self) -> None:
        """Stop the encoder at its averaged weights; from here on only the decoder learns."""
        self.codec.load_state_dict(self.average.state_dict())
        self.codec.encoder.requires_grad_(False)
        self.frozen = True
        log.info("the encoder stands still from step %d on", self.step)

    def measure(self, pictures: NDArray[np.uint8]) -> Fidelity:
        """Encode and decode held-out pictures with the averaged weights."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return fidelity(pictures, decode_latents(self.average, encode_frames(self.average, pictures)))

    def save(self, result: Fidelity) -> None:
        """Write the checkpoint, the averaged weights, the metrics and, if so, that the encoder is final."""
        folder = self.settings.folder
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "frozen": self.frozen,
            "codec": self.codec.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }
        torch.save(state, folder / "checkpoint.tmp")
        (folder / "checkpoint.tmp").replace(folder / "checkpoint.pt")
        weights = {name: value.contiguous() for name, value in self.average.state_dict().items()}
        save_file(weights, folder / "weights.tmp")
        (folder / "weights.tmp").replace(folder / WEIGHTS_FILE)
        report = {"step": self.step, "seconds": self.seconds, "encoder_frozen": self.frozen, **asdict(result)}
        (folder / "metrics.json").write_text(json.dumps(report, indent=1) + "\n")
        if self.frozen:
            (folder / "READY").write_text(f"encoder frozen; measured at step {self.step}\n")
        log.info(
            "step %d: %.2f dB, SSIM %.3f, sharpness %.2f held out",
            self.step, result.psnr, result.ssim, result.sharpness,
        )  # fmt: skip

    def resume(self) -> None:
        """Go on from the folder's checkpoint, if it has one."""
        file = self.settings.folder / "checkpoint.pt"
        if not file.is_file():
            return
        state = torch.load(file, weights_only=True)
        self.step, self.seconds = state["step"], state["seconds"]
        self.codec.load_state_dict(state["codec"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        if state["frozen"]:
            self.codec.encoder.requires_grad_(False)
            self.frozen = True
        log.info("going on from step %d", self.step)


def picture_loss(made: Tensor, truth: Tensor, edge_weight: float, texture_weight: float) -> Tensor:
    """How far pictures are from the truth: pixels, edges and textures.

    The mean absolute error of pixels alone prefers fog to a detail in the wrong place. So that of the
    differences of neighbours is added, which keeps edges crisp, and that of how much neighbours differ in
    patches of 8 x 8, which asks for as much texture as there was wherever exactly it lies.
    """
    loss = (made - truth).abs().mean()
    for axis in (-1, -2):
        slope, true_slope = made.diff(dim=axis), truth.diff(dim=axis)
        texture = F.avg_pool2d(slope.abs(), 8) - F.avg_pool2d(true_slope.abs(), 8)
        loss = loss + edge_weight * (slope - true_slope).abs().mean() + texture_weight * texture.abs().mean()
    return loss


def unit_loss(latents: Tensor) -> Tensor:
    """How far each latent channel is from mean 0 and variance 1."""
    mean, var = latents.mean(dim=(0, 2, 3)), latents.var(dim=(0, 2, 3))
    return F.mse_loss(mean, torch.zeros_like(mean)) + F.mse_loss(var, torch.ones_like(var))


def parameters(model: nn.Module) -> int:
    """How many numbers a model learns."""
    return sum(p.numel() for p in model.parameters())


def train_codec(settings: TrainSettings) -> None:
    """Train until the settings' time is used up, going on from the last checkpoint."""
    torch.set_num_threads(settings.threads)
    trainer = Trainer(settings)
    log.info(
        "encoder %d, decoder %d parameters",
        parameters(trainer.codec.encoder),
        parameters(trainer.codec.decoder),
    )
    with drawn_batches(settings.batch, seed=settings.seed + trainer.step) as batches:
        trainer.run(batches, held_out(per_concept=1))
