"""The newest samples, cut into overlapping windows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class WindowerState:
    """Samples not yet too old for a window."""

    count: int
    tail: Array | None
    """At most `length` - 1 newest samples."""


@dataclass(frozen=True)
class Windower:
    """Windows of `length` samples, the first as soon as there is one, then every `hop` samples."""

    length: int = 400
    hop: int = 100

    def start(self) -> WindowerState:
        """State before the first sample."""
        return WindowerState(0, None)

    def step(self, state: WindowerState, x: Array) -> tuple[WindowerState, list[tuple[int, Array]]]:
        """Take a chunk and give the windows that it completes.

        Parameters
        ----------
        state : WindowerState
            From `start` or the last step.
        x : ndarray (n, channels)
            Samples.

        Returns
        -------
        state : WindowerState
            For the next step.
        windows : list of (end, window)
            `end` is the index of the window's newest sample, counted from the start; `window` is
            (length, channels), a copy.
        """
        if len(x) == 0:
            return state, []
        buffer = x.copy() if state.tail is None else np.concatenate([state.tail, x])
        count = state.count + len(x)
        first = self.next_end(state.count)
        oldest = count - len(buffer)
        windows = []
        for end in range(first, count, self.hop):
            stop = end + 1 - oldest
            windows.append((end, buffer[stop - self.length : stop].copy()))
        return WindowerState(count, buffer[max(0, len(buffer) - self.length + 1) :]), windows

    def next_end(self, count: int) -> int:
        """Index of the newest sample of the first window not complete with `count` samples."""
        if count < self.length:
            return self.length - 1
        return self.length - 1 + (1 + (count - self.length) // self.hop) * self.hop
