"""Intervals of shares."""

import numpy as np

Z95 = 1.959963984540054
LATER_CLIPS = 120
"""A later run that a prediction is about: four minutes."""


def interval(share: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Wilson (1927). `n` is the number of independent observations: clips of one slot are not independent,
    so slots are counted, which errs on the wide side.
    """
    z2 = Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * float(np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)))
    return max(0.0, centre - half), min(1.0, centre + half)


def predictive(share: float, n: int, later: int = LATER_CLIPS) -> tuple[float, float]:
    """Return the interval in which the share of a later run lies, 95 times in a hundred.

    What was estimated from `n` is uncertain, and so is what `later` clips happen to give: the difference of
    both has the variance ``p (1 - p) (1 / n + 1 / later)``, that of an estimate from
    ``n later / (n + later)`` observations.
    """
    return interval(share, n * later / (n + later))
