"""The true chance of an accuracy: what can be had without looking at the EEG."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

_EVEN = 1e-3
"""Counts this unlikely under equal shares are called uneven (chi-square test)."""


def blind_chance(counts: NDArray[np.int64], classes: int) -> float:
    """Best accuracy without looking: always the commonest class where the classes are uneven.

    Where the counts of the true classes are as even as random draws of equal shares, it is 1 / classes: the
    largest of many noisy shares would overstate it.

    Parameters
    ----------
    counts : ndarray, shape (k,)
        How often each true class occurs; classes that never occur may be left out.
    classes : int
        Number of classes that there are, at least k.
    """
    expected = counts.sum() / classes
    statistic = ((counts - expected) ** 2).sum() / expected + (classes - len(counts)) * expected
    if chi2.sf(statistic, max(classes - 1, 1)) > _EVEN:
        return 1.0 / classes
    return float(counts.max() / counts.sum())
