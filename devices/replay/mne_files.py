"""Recordings that MNE reads: EDF, BDF, FIF, BrainVision, EEGLAB, CNT and others."""

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from devices.replay.recording import Marks, Recording, Signal
from rtbci.errors import RecordingError

if TYPE_CHECKING:
    from mne.io import BaseRaw

_log = logging.getLogger(__name__)
_PREFIXES = {"m": 1e3, "u": 1e6, "µ": 1e6, "μ": 1e6, "n": 1e9}
_LSL_UNITS = {"V": "volts", "mV": "millivolts", "uV": "microvolts", "nV": "nanovolts"}
# What a user may name though another file of the same recording is the one to open.
_COMPANIONS = {".eeg": ".vhdr", ".vmrk": ".vhdr", ".fdt": ".set"}


def read_mne(path: Path) -> Recording:
    """Open a recording with MNE, its samples left in the file until they are due.

    Samples come in the file's own units where MNE knows them (it converts everything to volt), in
    microvolt from EEGLAB, which never says, and in volt from FIF, whose unit that is. Annotations and the
    events of stimulus channels become markers.
    """
    path = _main_file(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        raw = _open(path)
    for warning in caught:
        _log.info("%s: %s", path.name, warning.message)
    rate, n = float(raw.info["sfreq"]), int(raw.n_times)
    if n == 0:
        raise RecordingError(f"The recording {path} holds no samples: choose another file.")
    kinds = raw.get_channel_types()
    scales, units = _units(raw, path, kinds)

    def read(start: int, stop: int) -> NDArray[np.generic]:
        return np.asarray((raw[:, start:stop][0].T * scales).astype(np.float32))

    signal = Signal(
        name=path.stem,
        type="EEG",
        labels=tuple(raw.ch_names),
        units=units,
        types=tuple(kind.upper() for kind in kinds),
        channels=len(raw.ch_names),
        rate_hz=rate,
        format="float32",
        stamps=np.arange(n) / rate,
        read=read,
    )
    return Recording((signal,), (_marks(raw, path.stem, kinds),), n / rate)


def _main_file(path: Path) -> Path:
    suffix = _COMPANIONS.get(path.suffix.lower())
    if suffix is not None and path.with_suffix(suffix).exists():
        return path.with_suffix(suffix)
    return path


def _open(path: Path) -> "BaseRaw":
    import mne

    if path.suffix.lower() != ".cnt":
        return mne.io.read_raw(path, preload=False, verbose="ERROR")
    with path.open("rb") as file:
        if file.read(4) in (b"RIFF", b"RF64"):
            return mne.io.read_raw_ant(path, verbose="ERROR")
    # MNE guesses the sample format from the file's size, and wrongly.
    return mne.io.read_raw_cnt(path, data_format="int16", preload=False, verbose="ERROR")


def _units(raw: "BaseRaw", path: Path, kinds: list[str]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Factor that takes each channel from MNE's unit back to its own, and that unit's name."""
    stated: dict[str, str] = dict(raw._orig_units or {})
    scales, units = [], []
    for label, kind in zip(raw.ch_names, kinds, strict=True):
        unit = stated.get(label, "")
        voltage = kind in ("eeg", "eog", "ecg", "emg", "seeg", "ecog", "bio", "dbs")
        if not unit and voltage:
            unit = "µV" if path.suffix.lower() in (".set", ".cnt") else "V"
        plain = unit.replace("µ", "u").replace("μ", "u")
        prefixed = len(unit) > 1 and unit[1:] in ("V", "S")
        scales.append(_PREFIXES.get(unit[0], 1.0) if prefixed else 1.0)
        units.append(_LSL_UNITS.get(plain, unit or "none"))
    return np.array(scales), tuple(units)


def _marks(raw: "BaseRaw", name: str, kinds: list[str]) -> Marks:
    import mne

    # MNE counts onsets from the measurement's beginning, which the first sample may follow.
    onsets = [float(onset) - float(raw.first_time) for onset in raw.annotations.onset]
    texts = [str(text) for text in raw.annotations.description]
    for label, kind in zip(raw.ch_names, kinds, strict=True):
        if kind == "stim":
            # The upper bits of a BDF's status channel are the amplifier's own.
            events = mne.find_events(
                raw, label, shortest_event=1, mask=0xFFFF, mask_type="and", verbose="ERROR"
            )
            onsets += [(sample - raw.first_samp) / raw.info["sfreq"] for sample in events[:, 0]]
            texts += [str(value) for value in events[:, 2]]
    order = np.argsort(onsets, kind="stable")
    return Marks(f"{name}-markers", np.array(onsets)[order], tuple(texts[i] for i in order))
