"""Train the default bundle's decoder (``rtbci train decoder``).

Simulates the cohort if need be, then trains with the experiments' loop: it can be killed at any moment, and
goes on to the same weights. In the run's folder: ``checkpoint.pt`` to go on from, ``decoder.safetensors``
(averaged weights, the best on held-out sittings of known wearers) and ``training.json``.
"""

import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rtbci.errors import UsageError
from training.cohort import HELD_OUT, TRAIN, Windows, fingerprint, load_windows, make_cohort
from training.decoder_settings import DecoderSettings
from training.experiments.loop import Loop
from training.experiments.net import ATTRIBUTE, Net
from training.experiments.settings import Losses, RunSettings
from training.experiments.settings import fingerprint as settings_name
from training.files import replacing
from training.hrt import Hrt, SubjectLayers
from training.model_settings import ModelSettings
from training.targets import Targets, clip_table, window_targets

log = logging.getLogger(__name__)

WEIGHTS_FILE = "decoder.safetensors"


class Decoder(nn.Module):
    """The spatial layers and the encoder.

    Parameters
    ----------
    settings : ModelSettings
    subjects : int
        How many wearers have a layer of their own.
    heads : mapping of str to int, optional
        Names and widths of the encoder's heads; without it `training.hrt.HEADS`.
    """

    def __init__(
        self, settings: ModelSettings, subjects: int, heads: Mapping[str, int] | None = None
    ) -> None:
        super().__init__()
        self.layers = SubjectLayers(subjects)
        self.encoder = Hrt(settings, heads)

    def forward(self, eeg: Tensor, layer: Tensor) -> dict[str, Tensor]:
        """Answers to decimated EEG (B, 62, T), each window through the spatial layer of its index (B,)."""
        # Before the spatial layers, which would carry dropped electrodes' EEG to others.
        answers: dict[str, Tensor] = self.encoder(self.layers(self.encoder.silence(eeg), layer))
        return answers


def load_decoder(settings: DecoderSettings) -> Decoder:
    """The trained decoder, for inference.

    Raises
    ------
    UsageError
        If it was not trained yet.
    """
    return read_decoder(Path(settings.folder) / WEIGHTS_FILE, settings.model)


def read_decoder(file: Path, model: ModelSettings) -> Decoder:
    """A trained decoder, for inference; its wearers and heads are those of its weights.

    Raises
    ------
    UsageError
        If there is none.
    """
    if not file.is_file():
        raise UsageError(f"There is no decoder at {file}; train one with `rtbci train decoder`.")
    state = load_file(file)
    heads = {
        name.split(".")[2]: len(value)
        for name, value in state.items()
        if name.startswith("encoder.heads.") and name.endswith(".bias")
    }
    decoder = Decoder(model, len(state["layers.weight"]) - 1, heads)
    decoder.load_state_dict(state)
    return decoder.eval().requires_grad_(False)


class WindowData:
    """Windows as the loop takes them: free-running, two clips in one, some without an answer.

    Parameters
    ----------
    windows : Windows
        Of the known wearers: those whose purpose is `TRAIN` are learnt from, `HELD_OUT` ones choose the best
        weights.
    known : tuple of int
        Numbers of the known wearers, in the order of their spatial layers.
    targets : Targets
        Of the windows; the decoder gets a head for each question in it, and one for the text.
    """

    def __init__(self, windows: Windows, known: tuple[int, ...], targets: Targets) -> None:
        self.known = known
        self._windows = windows
        self._eeg = torch.from_numpy(windows.x)
        self._place = {number: index + 1 for index, number in enumerate(known)}
        self._heads = {_answer(name): table.shape[1] for name, table in targets.answers.items()}
        self._heads["text"] = targets.text.shape[1]
        self._targets = WindowTargets(targets, self)
        self.train = np.flatnonzero(windows.purpose == TRAIN)
        self.validation = np.flatnonzero(windows.purpose == HELD_OUT)

    def x(self, settings: RunSettings) -> Tensor:
        """All windows, (n, 62, T)."""
        return self._eeg

    def layer(self, rows: NDArray[np.int64]) -> Tensor:
        """Index of each row's spatial layer, from 1."""
        return torch.tensor([self._place[int(number)] for number in self._windows.subject[rows]])

    def subject(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Each row's wearer."""
        return self._windows.subject[rows]

    def group(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Refuse: a free-running window begins anywhere in its clip, so that nothing stays in a mean."""
        raise UsageError(
            "The live decoder learns from windows that begin anywhere in their clips, which cannot be "
            "averaged; leave `pseudo_trials` at 1."
        )

    def heads(self, losses: Losses) -> dict[str, int]:
        """All that there are targets for."""
        return self._heads

    def targets(self, train: NDArray[np.int64]) -> "WindowTargets":
        """What each row should be answered with."""
        return self._targets


class WindowTargets:
    """Soft targets of windows, by the names of a `Net`'s answers."""

    def __init__(self, targets: Targets, data: WindowData) -> None:
        self._targets, self._data = targets, data
        # Only a net without a concept head asks for them.
        self.prototypes = targets.text[:1]

    def of(self, rows: NDArray[np.int64], null: Tensor | None = None) -> dict[str, Tensor]:
        """Targets of some rows, of which some were replaced by nulls."""
        chosen = torch.from_numpy(rows)
        nothing = torch.zeros(len(rows), dtype=torch.bool) if null is None else null
        wanted = self._targets.of(chosen, nothing)
        named = {_answer(name): values for name, values in wanted.items()}
        return named | {"subject": self._data.layer(rows) - 1}


def cohort_data(settings: DecoderSettings, windows: Windows) -> WindowData:
    """The simulated cohort's windows of known wearers, with all that the bundle's encoder answers."""
    targets = window_targets(windows, clip_table(windows.clips), settings.smooth_power)
    return WindowData(windows, settings.cohort.known, targets)


def train(settings: DecoderSettings, deadline: float = math.inf) -> None:
    """Simulate what is missing, then train.

    Raises
    ------
    StoppedError
        If the deadline (on `time.monotonic`) comes first; running again goes on.
    UsageError
        If the folder holds a training with other settings, or of an older version.
    """
    torch.set_num_threads(settings.threads)
    cache = make_cohort(settings, settings.cohort.known)
    windows = load_windows(cache, settings.cohort.known, settings.model.decimate)
    train_windows(settings, cohort_data(settings, windows), _identity(settings), deadline)


class Trained(Protocol):
    """What of any settings decides how windows are learnt from."""

    @property
    def folder(self) -> str:
        """Of the run."""

    @property
    def training(self) -> RunSettings:
        """The loop's settings."""

    @property
    def seed(self) -> int:
        """Of everything random."""


def train_windows(settings: Trained, data: WindowData, identity: str, deadline: float = math.inf) -> Loop:
    """Train on windows, and write weights and curve.

    Parameters
    ----------
    settings : Trained
    data : WindowData
    identity : str
        Of all that decides the weights; a checkpoint of another is refused.
    deadline : float
        On `time.monotonic`.
    """
    AcceleratorState._reset_state()
    folder = Path(settings.folder)
    accelerator = Accelerator(
        mixed_precision=settings.training.precision, log_with="tensorboard", project_dir=folder
    )
    accelerator.init_trackers("logs")
    try:
        loop = Loop(
            settings.training,
            data,
            data.train,
            data.validation,
            settings.seed,
            folder,
            accelerator,
            deadline,
            identity=identity,
        )
        best = loop.run()
        if accelerator.is_main_process:
            _save(best, folder / WEIGHTS_FILE)
            with replacing(folder / "training.json") as partial:
                partial.write_text(json.dumps(loop.progress.history, indent=1))
    finally:
        accelerator.end_training()
    return loop


def _identity(settings: DecoderSettings) -> str:
    """What decides the weights, as a short hash; not where things are kept."""
    return settings_name(settings.training, settings.seed, settings.smooth_power, fingerprint(settings))


def _answer(head: str) -> str:
    """What a `Net` calls the decoder's head."""
    return head if head in ("concept", "text") else ATTRIBUTE + head


def _save(net: Net, file: Path) -> None:
    """Write a net's weights by the decoder's names."""
    state = {}
    for name, value in net.state_dict().items():
        if name.startswith("adversary."):
            continue
        if name.startswith("encoder.hrt."):
            state["encoder." + name.removeprefix("encoder.hrt.")] = value
        elif name.startswith("heads."):
            head, part = name.removeprefix("heads.").rsplit(".", 1)
            state[f"encoder.heads.{head.removeprefix(ATTRIBUTE)}.{part}"] = value
        else:
            state[name] = value
    with replacing(file) as partial:
        save_file({name: value.contiguous() for name, value in state.items()}, partial)
