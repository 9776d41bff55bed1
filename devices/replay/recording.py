"""A recording as replay needs it, whatever file it came from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Signal:
    """A numeric stream of a recording."""

    name: str
    type: str
    labels: tuple[str, ...]
    """Empty where the recording names no channels."""
    units: tuple[str, ...]
    types: tuple[str, ...]
    channels: int
    rate_hz: float
    """Nominal rate; 0 for irregular streams."""
    format: str
    """Sample format by LSL's name."""
    stamps: NDArray[np.float64]
    """``(n,)`` seconds from the recording's beginning, never going back."""
    read: Callable[[int, int], NDArray[np.generic]]
    """Returns samples ``[start, stop)`` as ``(n, channels)``, in the stream's units."""


@dataclass(frozen=True, eq=False)
class Marks:
    """A stream of markers."""

    name: str
    stamps: NDArray[np.float64]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Recording:
    """All that a file holds.

    Attributes
    ----------
    signals
        At least one, none of them without samples. The EEG, if there is one, comes first.
    marks
        The first belongs to the first signal.
    seconds
        Length of one turn, such that looped samples follow each other at their rate.
    """

    signals: tuple[Signal, ...]
    marks: tuple[Marks, ...]
    seconds: float
