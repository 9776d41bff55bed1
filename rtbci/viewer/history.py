"""The last seconds of EEG, for display."""

from math import isfinite

import numpy as np
from numpy.typing import NDArray

_JITTER_S = 0.05
_MAX_RATE = 5000.0


class EegHistory:
    """A ring of the newest EEG; time that was lost is there as NaN, so that the time axis stays true.

    Parameters
    ----------
    seconds : float
        How much is kept.

    Attributes
    ----------
    total : int
        Samples put in since the last reset (lost ones included).
    resets : int
        How often it started afresh because the rate or the number of channels changed.
    """

    def __init__(self, seconds: float = 10.0) -> None:
        self.seconds = seconds
        self.rate = 0.0
        self.total = 0
        self.resets = 0
        self._ring: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._next = float("nan")

    @property
    def channels(self) -> int:
        """Number of channels; 0 before the first chunk."""
        return int(self._ring.shape[1])

    @property
    def capacity(self) -> int:
        """Samples kept."""
        return int(self._ring.shape[0])

    def add(self, data: NDArray[np.float32], first: float, rate: float) -> None:
        """Put in a chunk.

        Parameters
        ----------
        data : ndarray, shape (samples, channels), float32
            Microvolt.
        first : float
            Stamp of its first sample, seconds.
        rate : float
            Hertz; a chunk whose rate cannot be drawn is left out.
        """
        if not (isfinite(rate) and 1.0 <= rate <= _MAX_RATE) or not len(data):
            return
        if rate != self.rate or data.shape[1] != self.channels:
            self._reset(rate, data.shape[1])
        lost = first - self._next
        if isfinite(lost) and abs(lost) > _JITTER_S:
            # Backwards in time is a break too, however long it claims to be.
            count = round(min(lost * rate, self.capacity)) if lost > 0 else 1
            self._put(np.full((max(1, count), data.shape[1]), np.nan, np.float32))
        self._put(data)
        self._next = first + len(data) / rate

    def since(self, index: int) -> tuple[int, NDArray[np.float32]]:
        """Everything from sample `index` on that is still kept.

        Returns
        -------
        start : int
            Number of the first sample returned, `index` or later.
        data : ndarray, shape (samples, channels)
        """
        start = max(index, self.total - self.capacity, 0)
        if start >= self.total:
            return self.total, self._ring[:0]
        return start, self._ring[np.arange(start, self.total) % self.capacity]

    def _reset(self, rate: float, channels: int) -> None:
        self.rate = rate
        self.total = 0
        self.resets += 1
        self._ring = np.full((max(1, round(self.seconds * rate)), channels), np.nan, np.float32)
        self._next = float("nan")

    def _put(self, data: NDArray[np.float32]) -> None:
        kept = data[-self.capacity :]
        start = self.total + len(data) - len(kept)
        self._ring[np.arange(start, start + len(kept)) % self.capacity] = kept
        self.total += len(data)
