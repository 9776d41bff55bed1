"""Repair of bad channels by their neighbours, and the average reference: one matrix a set of bad channels."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.montage import CHANNELS, positions, spherical_spline
from rtbci.signal.linear import per_sample

Array = NDArray[np.float64]

# Fewer electrodes than this cannot carry the other ones.
_FEWEST = 8


@dataclass(frozen=True)
class RepairState:
    """The set of channels to replace, and the matrix that does it."""

    bad: frozenset[int]
    matrix: Array


@dataclass(frozen=True)
class Repair:
    """Replaces bad channels by spherical splines from the good ones, then subtracts the average.

    The remap has interpolated what the cap lacks, from all channels that are there. Once one of those is
    bad, the missing ones are interpolated afresh from the good ones, so that a bad electrode does not
    live on in them.
    """

    missing: frozenset[int] = frozenset()
    """Indices of montage channels that the cap lacks."""

    def start(self) -> RepairState:
        """State with nothing to repair."""
        return self.turn(frozenset())

    def turn(self, bad: frozenset[int]) -> RepairState:
        """State in which these channels are repaired; the missing ones need not be named."""
        bad = bad - self.missing
        return RepairState(bad, _matrix(bad, self.missing))

    def step(self, state: RepairState, x: Array) -> tuple[RepairState, Array]:
        """Repair and reference a chunk.

        Parameters
        ----------
        state : RepairState
            From `start`, `turn` or the last step.
        x : ndarray (n, 62)
            Samples.

        Returns
        -------
        state : RepairState
            The same.
        y : ndarray (n, 62)
            Samples against the average of all 62.
        """
        return state, per_sample(state.matrix, x)


@functools.lru_cache(maxsize=256)
def _matrix(bad: frozenset[int], missing: frozenset[int]) -> Array:
    n = len(CHANNELS)
    mended = np.eye(n)
    replaced = sorted(bad | missing)
    good = [i for i in range(n) if i not in replaced]
    if bad and len(good) >= _FEWEST:
        xyz = positions(CHANNELS)
        mended[replaced] = 0.0
        mended[np.ix_(replaced, good)] = spherical_spline(xyz[good], xyz[replaced])
    return np.asarray(mended - mended.mean(axis=0))
