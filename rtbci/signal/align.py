"""Euclidean alignment: whitening by the wearer's own running covariance."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.signal.grid import Grid
from rtbci.signal.linear import per_sample

Array = NDArray[np.float64]

# Once a second, apart from the windows' ends and from the other steps' marks, so that no window waits for it.
_GRID = Grid(first=150, every=200)
# Without a cohort the channels are taken for unrelated, as if that had been seen for so many seconds. Few, as
# EEG is far from it, and the prior's weight lasts.
_BLANK_S = 1.0


@dataclass(frozen=True)
class AlignState:
    """What is known of the wearer's covariance."""

    count: int
    pending: tuple[Array, ...]
    """Chunks since the last mark."""
    covariance: Array
    """Weighted sum of the blocks' covariances."""
    weight: float
    """Seconds in it, the past counting less."""
    whitening: Array
    """(channels, channels) in force."""


@dataclass(frozen=True, eq=False)
class Align:
    """Whitens by the inverse square root of the running covariance.

    He and Wu (2020), IEEE Transactions on Biomedical Engineering 67:399-410, made causal: the covariance
    is an exponentially forgetting mean of the seconds' covariances, with the cohort's mean as if
    `prior_s` seconds of it had been seen (without one, a second of a multiple of the identity), renewed once
    a second.
    """

    channels: int = 62
    rate: float = 200.0
    forget_s: float = 60.0
    prior: Array | None = None
    """(channels, channels) mean covariance of the cohort, of `RunningScale`'s output."""
    prior_s: float = 10.0
    shrinkage: float = 0.02
    """Part of the mean variance added to every direction: reference and interpolation leave directions
    without signal, which must not be blown up."""
    surge: float = 3.0
    """A second with more than this times the usual total variance is an artefact; it counts as if it had
    this much."""
    grid: Grid = _GRID
    whiten: bool = True
    """Without it the identity stands in, to measure what alignment adds."""
    fixed: bool = False
    """Whitens by the prior for good; what comes is still learnt, so that drift is seen."""

    def start(self) -> AlignState:
        """State before the first sample: the prior's whitening, or none."""
        zero = np.zeros((self.channels, self.channels))
        if self.prior is not None and self.whiten:
            whitening = self._whitening(self.prior)
        else:
            whitening = np.eye(self.channels)
        return AlignState(0, (), zero, 0.0, whitening)

    def restart(self, state: AlignState) -> AlignState:
        """State after a gap: what was learned stays, the unfinished second is dropped."""
        return AlignState(0, (), state.covariance, state.weight, state.whitening)

    def step(self, state: AlignState, x: Array) -> tuple[AlignState, Array]:
        """Whiten a chunk, each sample by the matrix in force when it came.

        Parameters
        ----------
        state : AlignState
            From `start` or the last step.
        x : ndarray (n, channels)
            `RunningScale`'s output.

        Returns
        -------
        state : AlignState
            For the next step.
        y : ndarray (n, channels)
            Whitened samples.
        """
        y = np.empty_like(x)
        for start, stop, mark in self.grid.pieces(state.count, len(x)):
            y[start:stop] = per_sample(state.whitening, x[start:stop])
            state = self._observe(state, x[start:stop].copy(), mark)
        return state, y

    def observe(self, state: AlignState, x: Array) -> AlignState:
        """Learn from a chunk without whitening it."""
        for start, stop, mark in self.grid.pieces(state.count, len(x)):
            state = self._observe(state, x[start:stop].copy(), mark)
        return state

    def _observe(self, state: AlignState, x: Array, mark: bool) -> AlignState:
        count, pending = state.count + len(x), (*state.pending, x)
        if not self.whiten:
            return AlignState(count, (), state.covariance, state.weight, state.whitening)
        if not mark:
            return AlignState(count, pending, state.covariance, state.weight, state.whitening)
        block = np.concatenate(pending)
        # Samples from before the scale was known are 0 and say nothing.
        told = int(np.count_nonzero(block.any(axis=1)))
        if told == 0:
            return AlignState(count, (), state.covariance, state.weight, state.whitening)
        seconds = told / self.rate
        fresh = block.T @ block / told
        if state.weight > 0:
            usual = np.trace(state.covariance) / state.weight
            fresh *= min(1.0, self.surge * usual / np.trace(fresh))
        keep = math.exp(-seconds / self.forget_s)
        covariance = state.covariance * keep + seconds * fresh
        weight = state.weight * keep + seconds
        whitening = state.whitening if self.fixed else self._whitening(self._mean(covariance, weight))
        return AlignState(count, (), covariance, weight, whitening)

    def _mean(self, covariance: Array, weight: float) -> Array:
        if self.prior is not None:
            return np.asarray((covariance + self.prior_s * self.prior) / (weight + self.prior_s))
        usual = np.trace(covariance) / weight / self.channels
        blank = _BLANK_S * usual * np.eye(self.channels)
        return np.asarray((covariance + blank) / (weight + _BLANK_S))

    def _whitening(self, covariance: Array) -> Array:
        values, vectors = np.linalg.eigh(covariance)
        floor = self.shrinkage * values.mean()
        return np.asarray((vectors / np.sqrt(np.maximum(values, 0.0) + floor)) @ vectors.T)
