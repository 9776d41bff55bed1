"""Units of EEG: spellings, scales, and a judgement from amplitude where a device does not say."""

import math
import re

import numpy as np
from numpy.typing import ArrayLike

from rtbci.errors import ContractError

SCALES: dict[str, float] = {"V": 1e6, "mV": 1e3, "uV": 1.0, "nV": 1e-3}
"""Microvolts in one of each unit."""

_PREFIXES = {"": "V", "milli": "mV", "micro": "uV", "nano": "nV"}
_SYMBOLS = {"v": "V", "mv": "mV", "uv": "uV", "µv": "uV", "μv": "uV", "mcv": "uV", "nv": "nV"}
# What scalp EEG typically measures, a few hertz up, in microvolt; the units are a factor of 1000 apart, so
# that anything from 0.6 to 600 microvolt is told right.
_TYPICAL_UV = 20.0


class UnknownUnitError(ContractError):
    """The unit of some channels is not known."""


def parse_unit(text: str) -> str | None:
    """Unit that a text names: "V", "mV", "uV", "nV", or None where it names none of them.

    Symbols with u or either of the two Greek letters that look like it, names in singular and plural,
    blanks and brackets do not matter. ``MV`` is read as millivolt: no EEG comes in megavolts.
    """
    word = re.sub(r"[\s_\-()\[\]]+", "", text).lower()
    if word in _SYMBOLS:
        return _SYMBOLS[word]
    match = re.fullmatch(r"(milli|micro|nano|)volts?", word)
    return _PREFIXES[match.group(1)] if match else None


def judge_unit(sample: ArrayLike) -> tuple[str, float]:
    """Unit that EEG is in, judged from its amplitude.

    Parameters
    ----------
    sample : array-like (n, channels)
        A few seconds of the EEG channels, in the device's unit. Offsets do not matter.

    Returns
    -------
    unit : str
        "V", "mV", "uV" or "nV".
    scale : float
        Microvolts in one of it.

    Raises
    ------
    ContractError
        If nothing can be told from it: too short, flat, or not numbers.
    """
    data = np.asarray(sample, dtype=np.float64)
    if data.ndim != 2 or len(data) < 2:
        raise ContractError("The unit of the EEG cannot be judged without samples: state it with --unit.")
    steady = data[:, np.isfinite(data).all(axis=0)]
    # The spread about the channel's own median, and the median channel: neither offsets nor a few dead or
    # wild channels count.
    spread = 1.4826 * np.median(np.abs(steady - np.median(steady, axis=0)), axis=0) if steady.size else steady
    alive = spread[spread > 0]
    if alive.size == 0:
        raise ContractError("The unit of the EEG cannot be judged, as it is flat: state it with --unit.")
    amplitude = float(np.median(alive))
    unit = min(SCALES, key=lambda name: abs(math.log(amplitude * SCALES[name] / _TYPICAL_UV)))
    return unit, SCALES[unit]
