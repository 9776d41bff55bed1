"""One run: settings and a seed, to weights, predictions and a record of what made them.

A run's folder is named by everything that decides it, so tables share runs, and a run that is complete is
never made twice. In it: ``run.json`` (settings, code, data, environment, audit), ``best.pt``,
``predictions.npz`` and the logs.
"""

import logging
import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast_object_list
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor

from rtbci.bench.environment import environment
from rtbci.files import write_json
from rtbci.stimuli.concepts import CONCEPTS
from training.experiments.answers import answers_of
from training.experiments.loop import Loop
from training.experiments.material import Material
from training.experiments.net import Net
from training.experiments.settings import LINEAR, RunSettings, fingerprint
from training.experiments.source_code import code_version
from training.models.de import BANDS
from training.models.linear import fit as fit_linear

log = logging.getLogger(__name__)

RECORD, PREDICTIONS = "run.json", "predictions.npz"
Ints = NDArray[np.int64]
Logits = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Decoded:
    """What a finished run says of the test blocks; EEG is all that it was given.

    Attributes
    ----------
    rows : ndarray, shape (n,)
        Rows of the material's clips.
    noise : ndarray, shape (n, 40)
        Logits of noise like the wearer's EEG, in which nothing is to be found: the control.
    answers : dict of str to ndarray, shape (n, ...)
        "concept" (logits), and whatever else the run has heads for: "text", "latent", "is_" and an attribute.
    """

    rows: Ints
    noise: Logits
    answers: dict[str, Logits]

    @property
    def logits(self) -> Logits:
        """Of the concepts, (n, 40)."""
        return self.answers["concept"]

    @classmethod
    def joined(cls, parts: Sequence["Decoded"]) -> "Decoded":
        """One after the other."""
        return cls(
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.noise for part in parts]),
            {name: np.concatenate([part.answers[name] for part in parts]) for name in parts[0].answers},
        )

    @classmethod
    def read(cls, path: Path) -> "Decoded":
        """What was written."""
        with np.load(path, allow_pickle=False) as file:
            answers = {
                name.removeprefix("answer_"): file[name].astype(np.float32)
                for name in file.files
                if name.startswith("answer_")
            }
            return cls(file["rows"], file["noise"], answers)

    def write(self, path: Path) -> None:
        """Write it as an archive of arrays, all of it or nothing."""
        partial = path.parent / f"partial-{os.getpid()}.npz"
        # Half the size for what only pictures and attributes come from; equal logits would be ties.
        answers = {
            f"answer_{name}": value if name == "concept" else value.astype(np.float16)
            for name, value in self.answers.items()
        }
        np.savez(partial, rows=self.rows, noise=self.noise, **answers)
        partial.replace(path)


class Run:
    """One training and its predictions.

    Parameters
    ----------
    settings : RunSettings
    material : Material
    seed : int
    runs : Path
        Folder of all runs.
    """

    def __init__(self, settings: RunSettings, material: Material, seed: int, runs: Path) -> None:
        self.settings, self.material, self.seed = settings, material, seed
        m, e = material, material.experiment
        self.key = fingerprint(
            settings, seed, m.store.folder.name, e.known, e.unseen, e.validation, m.labels.digest
        )
        self.folder = runs / self.key
        self._seconds = 0.0
        """Spent on fitting; what an earlier process did before it was stopped counts too."""

    @property
    def code(self) -> str:
        """Version of the code that made a finished run."""
        record: dict[str, Any] = msgspec.json.decode((self.folder / RECORD).read_bytes())
        return str(record["code"])

    @property
    def done(self) -> bool:
        """Whether its predictions are there."""
        return (self.folder / PREDICTIONS).is_file()

    def make(self, deadline: float = math.inf) -> Decoded:
        """Train and predict, or read what was made before.

        Several processes may want the same run: one makes it, the others wait. The processes of one training
        make it together, and the first of them writes.

        Raises
        ------
        StoppedError
            If the deadline comes first.
        """
        with self._alone() as first:
            (todo,) = broadcast_object_list([not self.done])
            if todo:
                self._seconds = 0.0
                decoded = self._train(deadline)
                if first:
                    self._record(self._seconds)
                    decoded.write(self.folder / PREDICTIONS)
                PartialState().wait_for_everyone()
        return Decoded.read(self.folder / PREDICTIONS)

    def net(self) -> tuple[Net, Tensor]:
        """The best weights of a finished run, on the CPU, and the mean text of each concept."""
        m = self.material
        net = Net(self.settings, m.heads(self.settings.losses), len(m.known), m.x(self.settings).shape[2])
        net.load_state_dict(torch.load(self.folder / "best.pt", weights_only=True, map_location="cpu"))
        return net.eval().requires_grad_(False), m.targets(m.roles.train).prototypes

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Hold the run's folder against other processes; yields whether this one is its group's first."""
        first = PartialState().is_main_process
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock") if first else nullcontext():
            yield first

    def _train(self, deadline: float) -> Decoded:
        m, roles = self.material, self.material.roles
        if not self.settings.own_subjects:
            parts = [self._fit(roles.train, roles.validation, self._tested(), self.folder, deadline)]
        else:
            parts = []
            for number in m.known[: self.settings.own_subjects]:
                train, validation, test = (
                    rows[m.clips.subject[rows] == number]
                    for rows in (roles.train, roles.validation, roles.test)
                )
                parts.append(self._fit(train, validation, test, self.folder / f"sub{number}", deadline))
        return Decoded.joined(parts)

    def _tested(self) -> Ints:
        return np.concatenate([self.material.roles.test, self.material.roles.unseen])

    def _fit(self, train: Ints, validation: Ints, test: Ints, folder: Path, deadline: float) -> Decoded:
        m = self.material
        x = m.x(self.settings)
        if self.settings.encoder in LINEAR:
            rows = np.concatenate([train, validation])
            began = time.monotonic()
            model = fit_linear(
                x[torch.from_numpy(rows)].float().numpy(),
                m.clips.concept[rows],
                len(CONCEPTS),
                chooses=np.arange(len(rows)) >= len(train),
                standardise=self.settings.encoder == "ridge-de",
            )
            self._seconds += time.monotonic() - began
            eeg = x[torch.from_numpy(test)].float().numpy()
            return Decoded(test, model.logits(self.noise(eeg, test)), {"concept": model.logits(eeg)})
        loop = self._loop(train, validation, folder, deadline)
        net, prototypes, layer = loop.run(), loop.targets.prototypes, m.layer(test)
        self._seconds += loop.progress.seconds
        answers = answers_of(net, x, test, layer, prototypes)
        noise = torch.from_numpy(self.noise(x[torch.from_numpy(test)].float().numpy(), test))
        control = answers_of(net, noise, np.arange(len(test)), layer, prototypes, only="concept")
        for said in (answers, control):
            said["concept"] /= np.float32(loop.progress.temperature)
        return Decoded(test, control["concept"], answers)

    def noise(self, eeg: NDArray[np.float32], rows: Ints) -> NDArray[np.float32]:
        """Noise like the EEG of some rows' wearers, in the shape of what is given; the control."""
        subject, rng = self.material.clips.subject[rows], np.random.default_rng((self.seed, 5))
        if eeg.shape[2] > len(BANDS):
            return blended_noise(eeg, subject, rng)
        # Entropies have no phases: each wearer's are drawn anew from the Gaussian that fits them.
        noise = np.empty_like(eeg)
        for number in np.unique(subject):
            mine = subject == number
            flat = eeg[mine].reshape(int(mine.sum()), -1)
            spread = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)
            drawn = rng.standard_normal((len(flat), len(spread[1]))) * spread[1] / len(flat) ** 0.5
            noise[mine] = (drawn @ spread[2] + flat.mean(axis=0)).reshape(-1, *eeg.shape[1:])
        return noise

    def _loop(self, train: Ints, validation: Ints, folder: Path, deadline: float) -> Loop:
        # Runs of one process may differ in precision, which accelerate takes for a mistake.
        AcceleratorState._reset_state()
        accelerator = Accelerator(
            mixed_precision=self.settings.precision,
            log_with="tensorboard",
            project_dir=folder,
        )
        accelerator.init_trackers("logs")
        return Loop(self.settings, self.material, train, validation, self.seed, folder, accelerator, deadline)

    def _record(self, seconds: float) -> None:
        m = self.material
        content: dict[str, Any] = {
            "settings": msgspec.to_builtins(self.settings),
            "seed": self.seed,
            "code": code_version(),
            "data": {"folder": str(m.source.folder), "fingerprint": m.store.folder.name},
            "known": m.known,
            "unseen": m.unseen,
            "audit": m.audit,
            "seconds": round(seconds, 1),
            "environment": environment("torch", "accelerate", "numpy", threads=torch.get_num_threads()),
        }
        write_json(self.folder / RECORD, content)


def blended_noise(
    eeg: NDArray[np.float32], subject: Ints, rng: np.random.Generator, of: int = 12
) -> NDArray[np.float32]:
    """Noise with the spectrum and covariance of a wearer's EEG, and of no one window.

    Each is the sum of several of the wearer's windows with all phases redrawn, alike for all channels. (One
    window with new phases would not do: the power of its rhythms, which that keeps, is part of the answer.)

    Parameters
    ----------
    eeg : ndarray, shape (n, 62, T)
    subject : ndarray, shape (n,)
    rng : numpy.random.Generator
    of : int
        How many windows are summed.
    """
    spectrum = np.fft.rfft(eeg, axis=2)
    out = np.zeros_like(spectrum)
    for number in np.unique(subject):
        mine = np.flatnonzero(subject == number)
        for _ in range(of):
            turn = np.exp(2j * np.pi * rng.random((len(mine), 1, spectrum.shape[2])))
            out[mine] += spectrum[rng.choice(mine, len(mine))] * turn
    return np.fft.irfft(out / of**0.5, n=eeg.shape[2], axis=2).astype(np.float32)
