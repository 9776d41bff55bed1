"""Train the default bundle's decoder (``rtbci train decoder``).

Simulates the cohort if need be, then trains with the experiments' loop: it can be killed at any moment, and
goes on to the same weights. In the run's folder: ``checkpoint.pt`` to go on from, ``decoder.safetensors``
(averaged weights, the best on held-out sittings of known wearers) and ``training.json``.
"""

import hashlib
import json
import logging
import math
from pathlib import Path

import msgspec
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
from training.experiments.loop import Loop, replacing
from training.experiments.net import ATTRIBUTE, Net
from training.experiments.settings import Losses, RunSettings
from training.hrt import HEADS, Hrt, SubjectLayers
from training.model_settings import ModelSettings
from training.targets import Targets, clip_table, window_targets

log = logging.getLogger(__name__)

WEIGHTS_FILE = "decoder.safetensors"


class Decoder(nn.Module):
    """The spatial layers and the encoder."""

    def __init__(self, settings: ModelSettings, subjects: int) -> None:
        super().__init__()
        self.layers = SubjectLayers(subjects)
        self.encoder = Hrt(settings)

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
    file = Path(settings.folder) / WEIGHTS_FILE
    if not file.is_file():
        raise UsageError(f"There is no decoder at {file}; train one with `rtbci train decoder`.")
    decoder = Decoder(settings.model, len(settings.cohort.known))
    decoder.load_state_dict(load_file(file))
    return decoder.eval().requires_grad_(False)


class WindowData:
    """The cohort's windows as the loop takes them: free-running, two clips in one, some without an answer.

    Parameters
    ----------
    settings : DecoderSettings
    windows : Windows
        Of the known wearers.
    """

    def __init__(self, settings: DecoderSettings, windows: Windows) -> None:
        self.known = settings.cohort.known
        self._windows = windows
        self._eeg = torch.from_numpy(windows.x)
        self._place = {number: index + 1 for index, number in enumerate(self.known)}
        table = clip_table(windows.clips)
        self._targets = WindowTargets(window_targets(windows, table, settings.smooth_power), self)
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

    def heads(self, losses: Losses) -> dict[str, int]:
        """All that the bundle's encoder answers."""
        return {
            name if name in ("concept", "text") else ATTRIBUTE + name: size for name, size in HEADS.items()
        }

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
        named = {name if name in ("concept", "text") else ATTRIBUTE + name: v for name, v in wanted.items()}
        return named | {"subject": self._data.layer(rows) - 1}


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
    data = WindowData(settings, load_windows(cache, settings.cohort.known, settings.model.decimate))
    train_windows(settings, data, deadline)


def train_windows(settings: DecoderSettings, data: WindowData, deadline: float = math.inf) -> Loop:
    """Train on windows, and write weights and curve."""
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
            identity=_identity(settings),
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
    parts = [settings.training, settings.seed, settings.smooth_power, fingerprint(settings)]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:12]


def _save(net: Net, file: Path) -> None:
    """Write a net's weights by the decoder's names."""
    state = {}
    for name, value in net.state_dict().items():
        if name.startswith("encoder.hrt."):
            state["encoder." + name.removeprefix("encoder.hrt.")] = value
        elif name.startswith("heads."):
            head, part = name.removeprefix("heads.").rsplit(".", 1)
            state[f"encoder.heads.{head.removeprefix(ATTRIBUTE)}.{part}"] = value
        else:
            state[name] = value
    with replacing(file) as partial:
        save_file({name: value.contiguous() for name, value in state.items()}, partial)
