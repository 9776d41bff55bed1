"""Intervals of shares."""

import numpy as np

Z95 = 1.959963984540054


def interval(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Wilson (1927). `n` is the number of independent observations: clips of one slot are not independent,
    so slots are counted, which errs on the wide side.
    """
    z2 = Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * float(np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)))
    return max(0.0, centre - half), min(1.0, centre + half)
