"""Causal IIR filters: band-pass and mains notch."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, iirnotch, sosfilt, sosfilt_zi, tf2sos

from rtbci.errors import BundleError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FilterState:
    """Memory of the second-order sections, (sections, 2, channels); None before the first sample."""

    memory: Array | None


@dataclass(frozen=True)
class BandPass:
    """Butterworth band-pass, `order` at either edge."""

    low: float
    high: float
    order: int
    rate: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < self.rate / 2:
            raise BundleError(
                f"A band-pass from {self.low:g} to {self.high:g} Hz does not fit a rate of {self.rate:g} Hz: "
                "mend the bundle's preprocessing."
            )

    def start(self) -> FilterState:
        """State before the first sample."""
        return FilterState(None)

    def step(self, state: FilterState, x: Array) -> tuple[FilterState, Array]:
        """Filter a chunk.

        Parameters
        ----------
        state : FilterState
            From `start` or the last step.
        x : ndarray (n, channels)
            Samples.

        Returns
        -------
        state : FilterState
            For the next step.
        y : ndarray (n, channels)
            Filtered samples.
        """
        return _filter(_bandpass(self), state, x)


@dataclass(frozen=True)
class Notch:
    """Second-order notch at the mains frequency; nothing where the rate cannot carry it."""

    mains: float
    rate: float
    quality: float = 25.0
    """Centre over width at -3 dB: 2 Hz wide at 50 Hz, as mains wander by a tenth."""

    def start(self) -> FilterState:
        """State before the first sample."""
        return FilterState(None)

    def step(self, state: FilterState, x: Array) -> tuple[FilterState, Array]:
        """Filter a chunk; as `BandPass.step`."""
        if self.mains >= self.rate / 2:
            return state, x.copy()
        return _filter(_notch(self), state, x)


@dataclass(frozen=True)
class Cascade:
    """Filters one after the other, in one pass: the same as each in turn, at the price of one."""

    parts: tuple[BandPass | Notch, ...]

    def start(self) -> FilterState:
        """State before the first sample."""
        return FilterState(None)

    def step(self, state: FilterState, x: Array) -> tuple[FilterState, Array]:
        """Filter a chunk; as `BandPass.step`."""
        sos = _sections(self.parts)
        return _filter(sos, state, x) if len(sos) else (state, x.copy())


def _filter(sos: Array, state: FilterState, x: Array) -> tuple[FilterState, Array]:
    if len(x) == 0:
        return state, x.copy()
    memory = state.memory
    if memory is None:
        # As if the first sample had stood for ever, so that an offset does not ring.
        memory = sosfilt_zi(sos)[:, :, None] * x[0]
    y, memory = sosfilt(sos, x, axis=0, zi=memory)
    return FilterState(np.asarray(memory)), np.asarray(y)


@functools.lru_cache(maxsize=16)
def _sections(parts: tuple[BandPass | Notch, ...]) -> Array:
    found = [np.empty((0, 6))]
    for part in parts:
        if isinstance(part, BandPass):
            found.append(_bandpass(part))
        elif part.mains < part.rate / 2:
            found.append(_notch(part))
    return np.concatenate(found)


@functools.lru_cache(maxsize=16)
def _bandpass(settings: BandPass) -> Array:
    band = [settings.low, settings.high]
    return np.asarray(butter(settings.order, band, "bandpass", fs=settings.rate, output="sos"))


@functools.lru_cache(maxsize=16)
def _notch(settings: Notch) -> Array:
    return np.asarray(tf2sos(*iirnotch(settings.mains, settings.quality, fs=settings.rate)))
