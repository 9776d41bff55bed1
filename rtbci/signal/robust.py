"""Spread that a few wild samples do not move."""

import numpy as np
from numpy.typing import NDArray

# The median of |x| of a normal variable is 0.6745 standard deviations.
_MEDIAN_TO_SD = 1.4826


def spread(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Robust standard deviation of high-passed channels: 1.4826 times the (upper) median of |x|.

    Parameters
    ----------
    x : ndarray (n, channels)
        Samples around zero, at least one.

    Returns
    -------
    ndarray (channels,)
        Spread of each channel.
    """
    middle = len(x) // 2
    ordered = np.partition(np.ascontiguousarray(np.abs(x).T), middle, axis=1)
    return np.asarray(_MEDIAN_TO_SD * ordered[:, middle])
