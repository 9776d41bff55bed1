"""Drift: how far a wearer's EEG has gone from what it was in calibration, as one number."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigvalsh

Array = NDArray[np.float64]

SHRINKAGE = 0.02
"""Part of the mean variance added to every direction, as in `rtbci.signal.align`: what is not seen there is
no drift either."""
_EVERY_S = 10.0
_SETTLED_S = 30.0
_LEAST_SPREAD = 0.15
"""A calibration of a minute holds too few running covariances to know their spread; simulated wearers of
seven minutes have this much."""
_RUNNING_S = 120.0
"""A running covariance that forgets in a minute is as uncertain as one of so many seconds."""


@dataclass(frozen=True, eq=False)
class Usual:
    """What a wearer's scaled EEG was like in calibration.

    Attributes
    ----------
    covariance : ndarray, shape (62, 62)
        Mean of the running covariances.
    spread : float
        Root mean square of the distances from it that running covariances would have if nothing changed: as
        in calibration, and more the less EEG the mean itself rests on.
    """

    covariance: Array
    spread: float

    def drift(self, covariance: Array) -> float:
        """How far a running covariance lies from the usual one, in usual distances; 1 is nothing new."""
        return distance(covariance, self.covariance) / self.spread


def distance(a: Array, b: Array) -> float:
    """Affine-invariant Riemannian distance of two covariances, per channel.

    ``sqrt(mean_i log(lambda_i)^2)``, lambda the eigenvalues of ``b^-1 a`` (Pennec et al. 2006), of the
    covariances with `SHRINKAGE`: a mean factor by which power differs, over all directions.

    Parameters
    ----------
    a, b : ndarray, shape (62, 62)
    """
    return float(np.sqrt(np.mean(np.log(eigvalsh(_shrunk(a), _shrunk(b))) ** 2)))


class UsualTally:
    """Gathers running covariances during a calibration."""

    def __init__(self) -> None:
        self._found: list[Array] = []
        self._next_s = _SETTLED_S
        self._passed_s = 0.0

    def add(self, covariance: Array | None, seconds: float) -> None:
        """Take note of a running covariance, and of how many seconds have passed since it was last given."""
        self._passed_s += seconds
        if covariance is not None and self._passed_s >= self._next_s:
            self._next_s = self._passed_s + _EVERY_S
            self._found.append(covariance)

    def usual(self) -> Usual | None:
        """What was usual; None if too little came to say."""
        if not self._found:
            return None
        mean = np.mean(self._found, axis=0)
        spread = float(np.sqrt(np.mean([distance(one, mean) ** 2 for one in self._found])))
        return Usual(mean, max(spread, _LEAST_SPREAD) * float(np.sqrt(1.0 + _RUNNING_S / self._passed_s)))


def _shrunk(covariance: Array) -> Array:
    n = len(covariance)
    return np.asarray(covariance + SHRINKAGE * np.trace(covariance) / n * np.eye(n))
