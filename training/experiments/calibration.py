"""What is done with the first clips of a wearer of whom nothing was learnt, and how well it works then."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rtbci.errors import StoppedError
from rtbci.files import write_whole
from training.alignment import centred_subject, subject_means
from training.experiments.material import Material
from training.experiments.net import Net, concept_logits
from training.experiments.runs import Decoded, Run
from training.experiments.settings import Method
from training.experiments.source_code import code_version
from training.mappers import (
    FEWEST_SLOTS,
    Adapted,
    Clips,
    Frozen,
    Mapped,
    WaveformSettings,
    choose_adaptation,
    finetune,
    fit_layer,
    publish_new2source,
    set_aside,
)
from training.mappers.candidates import OWN

Ints = NDArray[np.int64]
AS_IT_IS, CHOICE = "no adapter", "automatic choice"
ANSWERS = ".npz"
_MEANS_FROM = 100


class Calibrated(msgspec.Struct, frozen=True):
    """One method on one wearer with one amount of clips.

    Attributes
    ----------
    method : str
    share : float
        Of the wearer's clips.
    subject, clips : int
    seconds : float
        What fitting took.
    top1, top5 : float
        On the wearer's last block.
    n : int
    code : str
        Version of what fitted it.
    chosen : str
        What the automatic choice took; empty for the others.
    """

    method: str
    share: float
    subject: int
    clips: int
    seconds: float
    top1: float
    top5: float
    n: int
    code: str = ""
    chosen: str = ""


class Answering(nn.Module):
    """A net that takes windows alone and gives concept logits, through the spatial layer of everybody."""

    prototypes: Tensor

    def __init__(self, net: Net, prototypes: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("prototypes", prototypes)

    def forward(self, eeg: Tensor) -> Tensor:
        """(B, 62, T) to (B, 40)."""
        layer = torch.zeros(len(eeg), dtype=torch.int64, device=eeg.device)
        return concept_logits(self.net(eeg, layer), self.prototypes)


class Bench:
    """A finished run with what calibrations of it need.

    Parameters
    ----------
    run : Run
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.material: Material = run.material
        self.decoder = Answering(*run.net()).eval()
        self._x = self.material.x(run.settings)

    def clips(self, rows: Ints) -> Clips:
        """Clips of some rows as the mappers take them."""
        table = self.material.clips
        return Clips(
            x=self._x[torch.from_numpy(rows)].numpy(),
            concept=table.concept[rows],
            slot=table.slot[rows],
            stimulus=table.stimulus[rows],
            subject=table.subject[rows],
        )

    @cached_property
    def known(self) -> Clips:
        """All that was learnt from."""
        return self.clips(self.material.roles.train)

    @cached_property
    def centred(self) -> int:
        """Number of the centred subject by the decoder's features."""
        rng = np.random.default_rng(0)
        train = self.material.roles.train
        of = self.material.clips.subject[train]
        rows = np.concatenate([rng.choice(train[of == n], _MEANS_FROM) for n in self.material.known])
        eeg = self._x[torch.from_numpy(rows)].float()
        with torch.no_grad():
            features = self.decoder.net.features(eeg, torch.zeros(len(rows), dtype=torch.int64))
        means, subjects = subject_means(features.numpy(), self.material.clips.subject[rows])
        return int(subjects[centred_subject(means)])


def _none(bench: Bench, clips: Clips) -> tuple[Adapted, str]:
    return Frozen(bench.decoder), ""


def _own(bench: Bench, clips: Clips) -> tuple[Adapted, str]:
    return OWN.fit(bench.decoder, clips, set_aside(clips)).adapted, ""


def _layer(bench: Bench, clips: Clips) -> tuple[Adapted, str]:
    return fit_layer(bench.decoder, clips, set_aside(clips)).adapted, ""


def _finetune(bench: Bench, clips: Clips) -> tuple[Adapted, str]:
    return finetune(bench.decoder, clips, set_aside(clips)).adapted, ""


def _choice(bench: Bench, clips: Clips) -> tuple[Adapted, str]:
    if len(np.unique(clips.slot)) < FEWEST_SLOTS:
        return Frozen(bench.decoder), "none: too little to choose by"
    choice = choose_adaptation(bench.decoder, clips)
    return choice.adapted, choice.chosen


def _waveform(settings: WaveformSettings, source2new: bool) -> Callable[[Bench, Clips], tuple[Adapted, str]]:
    def fit(bench: Bench, clips: Clips) -> tuple[Adapted, str]:
        found = publish_new2source(
            clips, bench.known, centred=bench.centred, source2new=source2new, settings=settings
        )
        return Mapped(found.mapper, Frozen(bench.decoder)), ""

    return fit


METHODS: Mapping[Method, Callable[[Bench, Clips], tuple[Adapted, str]]] = {
    AS_IT_IS: _none,
    "own ridge alone": _own,
    "New2Source by waveform, net (as published)": _waveform(WaveformSettings(), True),
    "New2Source by waveform, net, without Source2New": _waveform(WaveformSettings(), False),
    "New2Source by waveform, closed form": _waveform(WaveformSettings(kind="ridge"), True),
    "New2Source by the decoding loss": _layer,
    "fine-tuning everything": _finetune,
    CHOICE: _choice,
}
"""By the name in an experiment's settings and tables; all of them are there."""


def calibrate(
    run: Run,
    methods: Sequence[Method],
    share: float,
    *,
    make: bool = True,
    deadline: float = math.inf,
) -> list[Calibrated]:
    """Calibrate every unseen wearer by every method, unless it was done before, and measure.

    The clips are the wearer's first whole slots; the test is their last block, as without calibration.

    Parameters
    ----------
    run : Run
        A finished one.
    methods : sequence of Method
    share : float
        Of each wearer's clips.
    make : bool
        Off: only what is there is given.
    deadline : float
        On `time.monotonic`.

    Raises
    ------
    StoppedError
        If the deadline comes first; running again goes on.
    """
    bench: Bench | None = None
    found = []
    for subject in run.material.unseen:
        for method in methods:
            file = _file(run, method, share, subject)
            if not file.is_file() and make:
                if time.monotonic() > deadline:
                    raise StoppedError("The time is up during calibrations; run it again to go on.")
                bench = bench or Bench(run)
                figures, answered = _calibrated(bench, method, share, subject)
                answered.write(file.with_suffix(ANSWERS))
                write_whole(file, msgspec.json.encode(figures))
            if file.is_file():
                found.append(msgspec.json.decode(file.read_bytes(), type=Calibrated))
    return found


def answers(run: Run, found: Calibrated) -> Decoded | None:
    """What a calibrated decoder says of its wearer's test block, and of noise.

    Its logits are not scaled: which is the greatest counts, not by how much.

    Returns
    -------
    Decoded or None
        None where the answers are lost; `calibrate` makes them again.
    """
    file = _file(run, found.method, found.share, found.subject).with_suffix(ANSWERS)
    return Decoded.read(file) if file.is_file() else None


def _calibrated(bench: Bench, method: Method, share: float, subject: int) -> tuple[Calibrated, Decoded]:
    m = bench.material
    rows = m.calibration(subject, share)
    test = m.roles.unseen[m.clips.subject[m.roles.unseen] == subject]
    clips, held = bench.clips(rows), bench.clips(test)
    began = time.perf_counter()
    adapted, chosen = METHODS[method](bench, clips)
    seconds = time.perf_counter() - began
    logits = adapted.logits(held.eeg)
    noise = adapted.logits(bench.run.noise(held.eeg, test))
    hits = np.argsort(-logits, axis=1) == held.concept[:, None]
    found = Calibrated(
        method=method,
        share=share,
        subject=subject,
        clips=len(rows),
        seconds=round(seconds, 2),
        top1=float(hits[:, 0].mean()),
        top5=float(hits[:, :5].any(axis=1).mean()),
        n=len(test),
        code=code_version(),
        chosen=chosen,
    )
    return found, Decoded(test, noise.astype(np.float32), {"concept": logits.astype(np.float32)})


def _file(run: Run, method: str, share: float, subject: int) -> Path:
    name = "".join(letter if letter.isalnum() else "-" for letter in method)
    folder = run.folder / "calibration"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}-{share:g}-sub{subject}.json"
