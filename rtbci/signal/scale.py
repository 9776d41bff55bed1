"""Robust running scale of each channel."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.signal.grid import Grid
from rtbci.signal.robust import spread

Array = NDArray[np.float64]

# Once a second, apart from the windows' ends and from the other steps' marks, so that no window waits for it.
_GRID = Grid(first=70, every=200)

# Microvolt. Less than any amplifier's noise, so a silent channel stays silent.
_FLOOR = 0.05


@dataclass(frozen=True)
class ScaleState:
    """What is known of the channels' scale."""

    count: int
    pending: tuple[Array, ...]
    """Chunks since the last mark."""
    log_sum: Array | float
    """Weighted sum of the blocks' log spreads."""
    weight: float
    """Seconds in it, the past counting less."""
    scale: Array | float
    """(channels,) in force; infinite (everything becomes 0) until the first mark."""


@dataclass(frozen=True)
class RunningScale:
    """Divides each channel by its running robust standard deviation and clips the outcome.

    Every second the spread of that second (1.4826 times the median of |x|, the input being high-passed)
    enters a weighted mean of logarithms that forgets exponentially, no further from the mean than a factor
    of `surge` once that has settled: neither moments of an artefact within a second nor a few bad seconds
    move it much. Usable from the first mark, a third of a second in.
    """

    rate: float = 200.0
    forget_s: float = 30.0
    clip_sd: float = 8.0
    settled_s: float = 5.0
    surge: float = 3.0
    grid: Grid = _GRID

    def start(self) -> ScaleState:
        """State before the first sample."""
        return ScaleState(0, (), 0.0, 0.0, math.inf)

    def restart(self, state: ScaleState) -> ScaleState:
        """State after a gap: what was learned stays, the unfinished second is dropped."""
        return ScaleState(0, (), state.log_sum, state.weight, state.scale)

    def step(self, state: ScaleState, x: Array) -> tuple[ScaleState, Array]:
        """Scale a chunk, each sample by the scale in force when it came.

        Parameters
        ----------
        state : ScaleState
            From `start` or the last step.
        x : ndarray (n, channels)
            Samples.

        Returns
        -------
        state : ScaleState
            For the next step.
        y : ndarray (n, channels)
            Samples in robust standard deviations, clipped.
        """
        y = np.empty_like(x)
        for start, stop, mark in self.grid.pieces(state.count, len(x)):
            y[start:stop] = self.apply(state, x[start:stop])
            state = self._observe(state, x[start:stop].copy(), mark)
        return state, y

    def apply(self, state: ScaleState, x: Array) -> Array:
        """Scale samples (..., channels) by the scale in force."""
        return np.asarray(np.clip(x / state.scale, -self.clip_sd, self.clip_sd))

    def _observe(self, state: ScaleState, x: Array, mark: bool) -> ScaleState:
        count, pending = state.count + len(x), (*state.pending, x)
        if not mark:
            return ScaleState(count, pending, state.log_sum, state.weight, state.scale)
        block = np.concatenate(pending)
        seconds = len(block) / self.rate
        keep = math.exp(-seconds / self.forget_s)
        log = np.log(np.maximum(spread(block), _FLOOR))
        if state.weight >= self.settled_s:
            usual = state.log_sum / state.weight
            log = np.clip(log, usual - math.log(self.surge), usual + math.log(self.surge))
        log_sum = state.log_sum * keep + seconds * log
        weight = state.weight * keep + seconds
        return ScaleState(count, (), log_sum, weight, np.exp(log_sum / weight))
