"""Intervals beside `training.scores.binomial_interval`."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from training.scores import binomial_interval


def wilson_interval(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927): right on average; Clopper-Pearson is never short."""
    z = float(norm.ppf(0.5 + level / 2.0))
    share, weight = hits / n, z * z / n
    centre = (share + weight / 2.0) / (1.0 + weight)
    half = z * np.sqrt(share * (1.0 - share) / n + weight / (4.0 * n)) / (1.0 + weight)
    # At the edges the formula gives 0 and 1 but for rounding.
    low = 0.0 if hits == 0 else float(centre - half)
    high = 1.0 if hits == n else float(centre + half)
    return low, high


def clustered_interval(
    hits: NDArray[np.floating], sizes: NDArray[np.integer], level: float = 0.95
) -> tuple[float, float]:
    """Interval of a proportion over windows that come in clusters (Korn and Graubard 1998).

    Clopper-Pearson with the effective number of windows: n over the design effect, and Student's t in
    place of the normal for few clusters. Never narrower than the plain interval.

    Parameters
    ----------
    hits : ndarray, shape (clusters,)
        Hits in each cluster, such as the windows of one run of a concept.
    sizes : ndarray, shape (clusters,)
        Windows in each cluster.
    level : float
        Coverage.
    """
    n, clusters, share = float(sizes.sum()), len(sizes), float(hits.sum() / sizes.sum())
    if clusters < 2 or clusters == n or not 0.0 < share < 1.0:
        return binomial_interval(round(hits.sum()), round(n), level)
    residual = hits - share * sizes
    variance = clusters / (clusters - 1) * float((residual**2).sum()) / n**2
    effect = variance / (share * (1.0 - share) / n)
    tail = 0.5 + level / 2.0
    narrow = (student.ppf(tail, n - 1) / student.ppf(tail, clusters - 1)) ** 2
    effective = min(n, n / max(effect, 1e-12) * float(narrow))
    return binomial_interval(share * effective, effective, level)


def mean_interval(values: NDArray[np.floating], level: float = 0.95) -> tuple[float, float]:
    """Student's t interval of a mean over people: what the next person may be expected to add to."""
    n = len(values)
    half = float(student.ppf(0.5 + level / 2.0, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return float(values.mean() - half), float(values.mean() + half)


def clustered_mean_interval(
    values: NDArray[np.floating], cluster: NDArray[np.generic], level: float = 0.95
) -> tuple[float, float] | None:
    """Interval of a mean over windows that come in clusters, as of a ratio of sums (Cochran 1977, ch. 6).

    Parameters
    ----------
    values : ndarray, shape (n,)
        Any numbers.
    cluster : ndarray, shape (n,)
        Whose windows depend on one another: the clip, the sitting, the person.
    level : float
        Coverage, by Student's t with clusters - 1 degrees of freedom.

    Returns
    -------
    tuple of float, or None
        None where there is but one cluster.
    """
    _, of = np.unique(cluster, return_inverse=True)
    clusters = int(of.max()) + 1
    if clusters < 2:
        return None
    mean = float(values.mean())
    residual = np.bincount(of, weights=values - mean)
    error = np.sqrt(clusters / (clusters - 1) * float((residual**2).sum())) / len(values)
    half = float(student.ppf(0.5 + level / 2.0, clusters - 1)) * float(error)
    return mean - half, mean + half
