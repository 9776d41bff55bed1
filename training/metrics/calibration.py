"""Whether a confidence means what it says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability curve.

    Attributes
    ----------
    confidence, accuracy : ndarray, shape (bins,)
        Mean confidence and share of hits of each bin that is not empty.
    count : ndarray, shape (bins,)
        Windows in it.
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    count: NDArray[np.int64]

    @property
    def error(self) -> float:
        """Expected calibration error (Guo et al. 2017): mean gap, weighted by count."""
        gaps = np.abs(self.confidence - self.accuracy)
        return float((gaps * self.count).sum() / self.count.sum())


def reliability_curve(confidence: NDArray[np.float64], hit: NDArray[np.bool_], bins: int = 15) -> Reliability:
    """Sort windows into bins of equal width on [0, 1], as the field does.

    `training.scores.calibration_error` takes bins of equal count instead, which say more where all
    confidences are low.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    of = np.searchsorted(edges[1:-1], confidence)
    count = np.bincount(of, minlength=bins)
    used = count > 0
    return Reliability(
        confidence=np.bincount(of, weights=confidence, minlength=bins)[used] / count[used],
        accuracy=np.bincount(of, weights=hit, minlength=bins)[used] / count[used],
        count=count[used],
    )


def calibrated_error(
    confidence: NDArray[np.float64], draws: int = 200, bins: int = 15, seed: int = 0
) -> float:
    """Calibration error that a perfectly calibrated decoder would show on as many windows, by simulation.

    It is above 0, because shares of hits scatter: the figure to hold an observed error against.
    """
    rng = np.random.default_rng(seed)
    errors = [
        reliability_curve(confidence, rng.random(len(confidence)) < confidence, bins).error
        for _ in range(draws)
    ]
    return float(np.mean(errors))
