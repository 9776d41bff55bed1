"""Train the generator that draws (``rtbci train generator``): on a CPU or a GPU, by the clock, resumable.

It draws its clips and encodes them first, for part of the time, then learns. At every measurement it writes
``checkpoint.pt``, ``draws.safetensors`` (averaged weights), ``draws.json``, the latents' mean and
spread, and the curve (``curve.json``, ``curve.png``) into its folder; killed, it goes on from the last.
"""

import copy
import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from rtbci.errors import UsageError
from rtbci.files import write_json
from training.codec_seeds import CODEC_HELD_OUT, DRAWS
from training.draws.corpus import Corpus
from training.draws.curve import Point, read_curve, write_curve
from training.draws.evidence import decoded_latents, evidence_rows
from training.draws.flow import Batch, flow_loss
from training.draws.model import Drawer
from training.draws.settings import ModelSettings, TrainSettings

log = logging.getLogger(__name__)

WEIGHTS_FILE = "draws.safetensors"
SETTINGS_FILE = "draws.json"
MEAN_FILE, SPREAD_FILE = "draw_mean.npy", "draw_spread.npy"
CHECKPOINT_FILE = "checkpoint.pt"

STRANGE_LATENT = 0.2
"""Share of a batch whose EEG's latent is another scene's."""
NO_EVIDENCE = 0.1
"""Share of a batch whose evidence is dropped."""
_HELD_FIRST = 2**22
_CLIPS_AT_LEAST = 2

Progress = Callable[[str, float], None]
"""Is told what is being done, and the share of the time that is spent."""


class Trainer:
    """One run, from its checkpoint or from nothing.

    Parameters
    ----------
    settings : TrainSettings
    progress : callable, optional

    Raises
    ------
    UsageError
        If there is no autoencoder, the device is not there, or the folder holds another run.
    """

    def __init__(self, settings: TrainSettings, progress: Progress | None = None) -> None:
        self.settings = s = settings
        _check_device(s.device)
        self.progress = progress or (lambda what, share: None)
        torch.manual_seed(s.seed)
        frames = s.model.frames
        self.corpus = Corpus(s.folder, "corpus", s.codec, s.clips, frames, DRAWS)
        held = CODEC_HELD_OUT[_HELD_FIRST:]
        self.held_out = Corpus(s.folder, "held_out", s.codec, s.held_out, frames, held)
        self.drawer = Drawer(s.model).to(s.device)
        self.average = copy.deepcopy(self.drawer).requires_grad_(False).eval()
        self.optimiser = torch.optim.AdamW(self.drawer.parameters(), lr=s.rate, weight_decay=0.01)
        self.step = 0
        self.seconds = 0.0
        self.curve: list[Point] = []
        self._since: list[float] = []
        self._last = time.monotonic()
        self._resume()

    def prepare(self) -> None:
        """Make the corpus, as far as its share of the time allows, and learn its mean."""
        s = self.settings
        self._last = time.monotonic()
        self.held_out.fill(lambda: True, self._filling("held-out clips"), s.device)
        self.corpus.fill(lambda: self._spent() < s.corpus_share, self._filling("clips"), s.device)
        self._labels, self._held_labels = self.corpus.labels(), self.held_out.labels()
        mean = self.corpus.mean()
        self._mean, self._spread = torch.from_numpy(mean).to(s.device), self.corpus.spread(mean)

    def run(self) -> list[Point]:
        """Prepare, train until the time is spent, and return the curve."""
        self.prepare()
        try:
            self._train()
        except KeyboardInterrupt:
            # What was learnt since the last measurement is kept; measuring it would take too long now.
            self._write()
            raise
        if self._since or not self.curve:
            self.save()
        return self.curve

    def _train(self) -> None:
        measured, taken = self.seconds, 0.0
        while self._spent() < 1.0:
            self._since.append(self.train_step())
            self.progress(f"step {self.step}, loss {np.mean(self._since[-50:]):.4f}", self._spent())
            # On a slow machine a measurement takes minutes: at most a fifth of the time goes into them.
            if self.seconds - measured > max(self.settings.measure_s, 4 * taken):
                before = self.seconds
                self.save()
                measured, taken = self.seconds, self.seconds - before

    def train_step(self) -> float:
        """Learn from one batch; seeded by its number, so that a resumed run learns from other ones."""
        s = self.settings
        rng = np.random.default_rng((s.seed, self.step))
        frames = s.model.frames if rng.random() < s.clip_share else 1
        n = s.batch if frames == 1 else max(_CLIPS_AT_LEAST, s.batch // frames)
        which = rng.integers(self.corpus.filled, size=n)
        strange = np.where(rng.random(n) < STRANGE_LATENT, rng.permutation(which), which)
        rows = evidence_rows(self._labels.at(which), rng)
        rows[rng.random(n) < NO_EVIDENCE] = 0.0
        batch, generator = self._batch(self.corpus, which, strange, rows, frames, rng)
        for group in self.optimiser.param_groups:
            group["lr"] = s.rate * self._rate_factor()
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(torch.device(s.device).type, dtype=torch.bfloat16):
            loss = flow_loss(self.drawer, self.average, batch, generator)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.drawer.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        # A young average forgets fast, or it would drag the random start along.
        keep = min(s.average, self.step / (self.step + 10))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.drawer.parameters(), strict=True):
                mean.lerp_(value, 1.0 - keep)
        return float(loss.detach())

    def measure(self) -> Point:
        """Loss on held-out clips with the averaged weights: with their own evidence, another's, and none.

        Times, noise and decodes are the same at every measurement and in all three, so that they compare.
        """
        which = np.arange(self.held_out.filled)
        # One on, and so of the next concept.
        other = np.roll(which, -1)
        own = {"own": which, "other": other}
        losses: dict[str, float] = {}
        for name in ("own", "other", "none"):
            rows = evidence_rows(
                self._held_labels.at(own.get(name, which)), np.random.default_rng(1), certain=1.0
            )
            if name == "none":
                rows[:] = 0.0
            for frames in (1, self.settings.model.frames) if name == "own" else (1,):
                # A clip costs as much as its frames.
                some = which[::frames] if frames > 1 else which
                losses["clips" if frames > 1 else name] = self._held_loss(some, rows, frames)
        return Point(
            step=self.step,
            seconds=round(self.seconds, 1),
            training=float(np.mean(self._since)) if self._since else None,
            **losses,
        )

    def save(self) -> None:
        """Measure, and write the checkpoint, the averaged weights and the curve."""
        point = self.measure()
        self.curve.append(point)
        self._since = []
        self._spent()
        self._write()
        log.info(
            "step %d, %.1f min: held out %.4f, by another scene's evidence %.4f, by none %.4f, clips %.4f",
            self.step, self.seconds / 60, point.own, point.other, point.none, point.clips,
        )  # fmt: skip

    def _write(self) -> None:
        folder = self.settings.folder
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "drawer": self.drawer.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        write_curve(folder, self.curve)
        np.save(folder / MEAN_FILE, self._mean.cpu().numpy(), allow_pickle=False)
        np.save(folder / SPREAD_FILE, np.float32([self._spread]), allow_pickle=False)
        weights = {name: value.contiguous().cpu() for name, value in self.average.state_dict().items()}
        save_file(weights, folder / "weights.tmp")
        (folder / "weights.tmp").replace(folder / WEIGHTS_FILE)
        write_json(folder / SETTINGS_FILE, asdict(self.settings.model))
        torch.save(state, folder / "checkpoint.tmp")
        (folder / "checkpoint.tmp").replace(folder / CHECKPOINT_FILE)

    def _held_loss(self, which: NDArray[np.intp], rows: NDArray[np.float32], frames: int) -> float:
        rng = np.random.default_rng(2)
        size = self.settings.batch if frames == 1 else max(_CLIPS_AT_LEAST, self.settings.batch // frames)
        total = 0.0
        for start in range(0, len(which), size):
            some = which[start : start + size]
            batch, generator = self._batch(self.held_out, some, some, rows[some], frames, rng)
            with (
                torch.no_grad(),
                torch.autocast(torch.device(self.settings.device).type, dtype=torch.bfloat16),
            ):
                total += len(some) * float(flow_loss(self.average, self.average, batch, generator))
        return total / len(which)

    def _batch(
        self,
        corpus: Corpus,
        which: NDArray[np.intp],
        decoded: NDArray[np.intp],
        rows: NDArray[np.float32],
        frames: int,
        rng: np.random.Generator,
    ) -> tuple[Batch, torch.Generator]:
        """Clips, or their middle pictures, with evidence and latents decoded from those of `decoded`."""
        device = self.settings.device
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        latents = corpus.clip_latents(which) if frames > 1 else corpus.middles(which)[:, None]
        end = torch.from_numpy(latents).to(device).transpose(1, 2)
        seen = torch.from_numpy(corpus.middles(decoded)).to(device)
        noise = torch.rand(len(which), 1, generator=generator).to(device)
        start = decoded_latents(seen, self._mean, generator)
        start = start + noise[:, :, None, None] * torch.randn(start.shape, generator=generator).to(device)
        evidence = torch.cat([torch.from_numpy(rows).to(device), noise], dim=1)
        # All frames start alike: what differs between them is motion, not noise.
        return Batch(start[:, :, None].expand_as(end), end, evidence), generator

    def _spent(self) -> float:
        """Share of the time that is spent, up to now."""
        now = time.monotonic()
        self.seconds, self._last = self.seconds + now - self._last, now
        return self.seconds / (60.0 * self.settings.minutes)

    def _rate_factor(self) -> float:
        s = self.settings
        rise = min(1.0, (self.step + 1) / s.warm_up)
        fall = max(0.0, self._spent() - s.decay_from) / (1.0 - s.decay_from)
        return rise * (1.0 - min(fall, 1.0))

    def _filling(self, what: str) -> Callable[[int, int], None]:
        def tell(done: int, total: int) -> None:
            self.progress(f"{done} of {total} {what} drawn", self._spent())

        return tell

    def _resume(self) -> None:
        """Go on from the folder's checkpoint, if it has one."""
        folder = self.settings.folder
        file = folder / CHECKPOINT_FILE
        if not file.is_file():
            return
        state = torch.load(file, weights_only=True, map_location=self.settings.device)
        try:
            self.drawer.load_state_dict(state["drawer"])
        except RuntimeError as error:
            raise UsageError(
                f"{file} is of a generator of another size; delete it, or choose another folder."
            ) from error
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        # The curve is written before the checkpoint: a kill between the two leaves one point too many.
        self.curve = [point for point in read_curve(folder) if point.step <= self.step]
        log.info("going on from step %d", self.step)


def load_drawer(folder: Path) -> Drawer:
    """Load a trained generator, for inference.

    Parameters
    ----------
    folder : Path
        Where `rtbci train generator` wrote it.

    Raises
    ------
    UsageError
        If there is none.
    """
    weights, about = folder / WEIGHTS_FILE, folder / SETTINGS_FILE
    if not (weights.is_file() and about.is_file()):
        raise UsageError(
            f"There is no generator that draws in {folder}; train one with "
            f"`rtbci train generator --folder {folder}`."
        )
    drawer = Drawer(msgspec.json.decode(about.read_bytes(), type=ModelSettings))
    drawer.load_state_dict(load_file(weights))
    return drawer.eval().requires_grad_(False)


def train_generator(settings: TrainSettings, progress: Progress | None = None) -> list[Point]:
    """Train until the settings' time is used up, going on from the last checkpoint; returns the curve."""
    torch.set_num_threads(settings.threads)
    return Trainer(settings, progress).run()


def _check_device(device: str) -> None:
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"torch cannot use the device '{device}' here ({str(error).splitlines()[0]}); "
            "give --device cpu, or install torch for your GPU."
        ) from error
