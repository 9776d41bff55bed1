"""Train the decoder (``rtbci train decoder``).

Simulates the cohort if need be, stops by the clock, and goes on where it was when started again. In the run's
folder: ``checkpoint.pt`` to go on from, ``decoder.safetensors`` (averaged weights, the best on held-out
sittings of known wearers) and ``training.json``.
"""

import copy
import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rtbci.errors import UsageError
from training.augment import Augment
from training.cohort import HELD_OUT, TRAIN, Windows, load_windows, make_cohort
from training.decoder_settings import DecoderSettings, ModelSettings, OptimiserSettings
from training.hrt import QUESTIONS, Hrt, SubjectLayers, parameters
from training.targets import Targets, clip_table, window_targets

log = logging.getLogger(__name__)

WEIGHTS_FILE = "decoder.safetensors"
CHECKPOINT_FILE = "checkpoint.pt"
_CLEAR_SHARE = 0.75
"""Held-out windows count for the score if one clip fills so much of them."""


class Decoder(nn.Module):
    """The spatial layers and the encoder."""

    def __init__(self, settings: ModelSettings, subjects: int) -> None:
        super().__init__()
        self.layers = SubjectLayers(subjects)
        self.encoder = Hrt(settings)

    def forward(self, eeg: Tensor, layer: Tensor) -> dict[str, Tensor]:
        """Answers to decimated EEG (B, 62, T), each window through the spatial layer of its index (B,)."""
        # Before the spatial layer too, which would else carry a dropped region's EEG to its neighbours.
        answers: dict[str, Tensor] = self.encoder(self.layers(self.encoder.silence(eeg), layer))
        return answers


def load_decoder(settings: DecoderSettings) -> Decoder:
    """The trained decoder, for inference.

    Raises
    ------
    UsageError
        If it was not trained yet.
    """
    file = Path(settings.folder) / WEIGHTS_FILE
    if not file.is_file():
        raise UsageError(f"There is no decoder at {file}; train one with `rtbci train decoder`.")
    decoder = Decoder(settings.model, len(settings.cohort.known))
    decoder.load_state_dict(load_file(file))
    return decoder.eval().requires_grad_(False)


def loss_of(answers: dict[str, Tensor], targets: dict[str, Tensor], o: OptimiserSettings) -> Tensor:
    """Cross-entropy of the concept, a share of the attributes' mean one, and the text's squared distance."""
    concept = F.cross_entropy(answers["concept"], targets["concept"])
    others = [name for name in QUESTIONS if name != "concept"]
    attributes = torch.stack([F.cross_entropy(answers[name], targets[name]) for name in others]).mean()
    text = (answers["text"] - targets["text"]).square().sum(dim=1).mean()
    return concept + o.attribute_weight * len(others) * attributes + o.text_weight * text


@dataclass(frozen=True)
class Held:
    """Held-out windows of known wearers."""

    eeg: NDArray[np.float16]
    layer: Tensor
    targets: Targets
    clear: NDArray[np.bool_]
    concept: NDArray[np.int64]
    snr: NDArray[np.float32]


class Trainer:
    """One run, from its checkpoint or from nothing."""

    def __init__(self, settings: DecoderSettings, windows: Windows) -> None:
        o = settings.optimiser
        self.settings = settings
        self.folder = Path(settings.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(o.seed)
        self.decoder = Decoder(settings.model, len(settings.cohort.known))
        self.mean = copy.deepcopy(self.decoder).eval().requires_grad_(False)
        spatial = list(self.decoder.layers.parameters())
        self.optimiser = torch.optim.AdamW(
            [
                {"params": list(self.decoder.encoder.parameters()), "weight_decay": o.weight_decay},
                {"params": spatial, "weight_decay": 0.0, "lr": 0.5 * o.rate},
            ],
            lr=o.rate,
        )
        self.rates = [group["lr"] for group in self.optimiser.param_groups]
        self.random = torch.Generator().manual_seed(o.seed)
        self.augment = Augment(self.random, o.noise, o.drop_channels, o.null_share)
        self.step, self.seconds, self.best = 0, 0.0, math.inf
        self.history: list[dict[str, float]] = []

        table = clip_table(windows.clips)
        number = {wearer: index + 1 for index, wearer in enumerate(settings.cohort.known)}
        train = windows.where(windows.purpose == TRAIN)
        self.eeg = torch.from_numpy(train.x)
        self.layer = torch.tensor([number[int(wearer)] for wearer in train.subject])
        self.targets = window_targets(train, table, o.smooth_power)
        held = windows.where(windows.purpose == HELD_OUT)
        self.held = Held(
            eeg=held.x,
            layer=torch.tensor([number[int(wearer)] for wearer in held.subject]),
            targets=window_targets(held, table, o.smooth_power),
            clear=held.share >= _CLEAR_SHARE,
            concept=held.clips[:, 0, 0],
            snr=held.snr,
        )
        self._resume()

    def run(self) -> None:
        """Train until the time is spent."""
        o = self.settings.optimiser
        log.info("%d windows, %d parameters", len(self.eeg), parameters(self.decoder))
        before, evaluated = time.monotonic(), self.seconds
        losses: list[float] = []
        while self.seconds < 60.0 * o.minutes:
            losses.append(self._learn())
            now = time.monotonic()
            self.seconds += now - before
            before = now
            if self.seconds - evaluated >= o.evaluate_every_s:
                self._evaluate(float(np.mean(losses)))
                losses, evaluated = [], self.seconds
                before = time.monotonic()
        self._evaluate(float(np.mean(losses)) if losses else math.nan)

    def _learn(self) -> float:
        o = self.settings.optimiser
        self._set_rate()
        chosen = torch.randint(len(self.eeg), (o.batch,), generator=self.random)
        generic = torch.rand(o.batch, generator=self.random) < o.generic_share
        layer = torch.where(generic, 0, self.layer[chosen])
        eeg, null = self.augment(self.eeg[chosen].float())
        self.decoder.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            answers = self.decoder(eeg, layer)
        answers = {name: answer.float() for name, answer in answers.items()}
        loss = loss_of(answers, self.targets.of(chosen, null), o)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.decoder.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._average()
        return float(loss.detach())

    def _set_rate(self) -> None:
        o = self.settings.optimiser
        spent = min(1.0, self.seconds / (60.0 * o.minutes))
        factor = min(1.0, (self.step + 1) / o.warm_up) * 0.5 * (1.0 + math.cos(math.pi * spent))
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(self.settings.optimiser.average, (1 + self.step) / (10 + self.step))
        new = self.decoder.state_dict()
        for name, value in self.mean.state_dict().items():
            if value.is_floating_point():
                value.lerp_(new[name], 1.0 - keep)
            else:
                value.copy_(new[name])

    @torch.no_grad()
    def _evaluate(self, loss: float) -> None:
        held = self.held
        every = torch.arange(len(held.eeg))
        truth = held.targets.of(every, torch.zeros(len(every), dtype=torch.bool))["concept"]
        entry: dict[str, float] = {"step": self.step, "seconds": self.seconds, "loss": loss}
        for name, layer in {"own": held.layer, "generic": torch.zeros_like(held.layer)}.items():
            logits = torch.cat(
                [
                    self.mean(torch.from_numpy(held.eeg[rows]).float(), layer[rows])["concept"]
                    for rows in np.array_split(np.arange(len(held.eeg)), max(1, len(held.eeg) // 512))
                ]
            )
            entry[f"{name}_loss"] = float(F.cross_entropy(logits, truth))
            hit = logits.argmax(dim=1).numpy() == held.concept
            for snr in np.unique(held.snr):
                entry[f"{name}_top1_snr{snr:g}"] = float(hit[held.clear & (held.snr == snr)].mean())
        self.history.append(entry)
        score = entry["generic_loss"] + 0.5 * entry["own_loss"]
        if score < self.best:
            self.best = score
            _write(self.folder / WEIGHTS_FILE, lambda file: save_file(self.mean.state_dict(), file))
        self._save()
        log.info("%s", "  ".join(f"{name} {value:.4g}" for name, value in entry.items()))

    def _save(self) -> None:
        state = {
            "decoder": self.decoder.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": self.random.get_state(),
            "progress": {"step": self.step, "seconds": self.seconds, "best": self.best},
            "history": self.history,
        }
        _write(self.folder / CHECKPOINT_FILE, lambda file: torch.save(state, file))
        (self.folder / "training.json").write_text(json.dumps(self.history, indent=1))

    def _resume(self) -> None:
        file = self.folder / CHECKPOINT_FILE
        if not file.is_file():
            return
        state = torch.load(file, weights_only=True)
        self.decoder.load_state_dict(state["decoder"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.random.set_state(state["random"])
        self.step = state["progress"]["step"]
        self.seconds = state["progress"]["seconds"]
        self.best = state["progress"]["best"]
        self.history = state["history"]
        log.info("going on from step %d, %.0f s", self.step, self.seconds)


def train(settings: DecoderSettings) -> None:
    """Simulate what is missing, then train."""
    torch.set_num_threads(settings.optimiser.threads)
    cache = make_cohort(settings, settings.cohort.known)
    Trainer(settings, load_windows(cache, settings.cohort.known, settings.model.decimate)).run()


def _write(file: Path, save: Callable[[Path], object]) -> None:
    partial = file.with_suffix(".partial")
    save(partial)
    partial.replace(file)
