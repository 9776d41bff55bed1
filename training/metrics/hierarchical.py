"""Intervals of means over subjects and seeds, by resampling both."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from rtbci.errors import UsageError

Values = NDArray[np.float64]


def subject_means(values: Values, subjects: NDArray[np.generic]) -> Values:
    """Mean of each subject, in the order of `numpy.unique`; their mean is what the interval is of."""
    _, of = np.unique(subjects, return_inverse=True)
    return np.asarray(np.bincount(of, weights=values) / np.bincount(of))


def hierarchical_interval(
    values: Values,
    subjects: NDArray[np.generic],
    seeds: NDArray[np.generic],
    level: float = 0.95,
    draws: int = 4000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Interval of the mean of the subjects' means, by a bootstrap of two levels.

    Subjects are drawn with replacement, and seeds within each of them anew (Davison and Hinkley 1997,
    ch. 3.8). That takes a subject's seeds for independent of the others'. Where one training is tested on
    all subjects they are not: its luck is everyone's. So the variances of drawing subjects and of drawing
    seeds once for all subjects are added as well (the pigeonhole bootstrap, Owen 2007), and the wider of
    both intervals is given.

    An interval is the mean plus and minus Student's t times the bootstrap's standard error, which is made
    larger by ``sqrt(n / (n - 1))``: percentiles of few subjects are too narrow, and those of two or three
    exclude 0 as soon as all have the same sign (Hesterberg 2015). Where two variances are added, the degrees
    of freedom are Satterthwaite's (1946).

    Parameters
    ----------
    values : ndarray, shape (rows,)
        One figure of each subject and seed, or the difference of two.
    subjects, seeds : ndarray, shape (rows,)
        Whose, and of which training; subjects may have different seeds.
    level : float
        Coverage.
    draws : int
        Resamples of each kind.
    seed : int
        Of the resampling: equal rows, in any order, give equal intervals.

    Returns
    -------
    tuple of float, or None
        None where there is but one subject and one seed, and nothing to resample.

    Raises
    ------
    UsageError
        If there are no values, or a subject has two of one seed.
    """
    table, filled = _table(values, subjects, seeds)
    people, trainings = table.shape
    if people * trainings == 1:
        return None
    rng = np.random.default_rng(seed)
    own = table.sum(axis=1) / filled.sum(axis=1)
    halves = []
    if people > 1:
        chosen = rng.integers(people, size=(draws, people))
        nested = _variance(_seeds_within(table, filled, chosen, rng), people)
        halves.append(_half_width([(people, nested)], level))
        of_people = _variance(own[chosen].mean(axis=1), people)
    if trainings > 1:
        of_trainings = _variance(_seeds_shared(table, filled, own, draws, rng), trainings)
        both = [(trainings, of_trainings)] + ([(people, of_people)] if people > 1 else [])
        halves.append(_half_width(both, level))
    centre, half = float(own.mean()), max(halves)
    return centre - half, centre + half


def _table(
    values: Values, subjects: NDArray[np.generic], seeds: NDArray[np.generic]
) -> tuple[Values, NDArray[np.bool_]]:
    """Lay values out, subjects by seeds, and say which cells there are."""
    if not len(values):
        raise UsageError("There are no values to take an interval of; run the experiment first.")
    names, row = np.unique(subjects, return_inverse=True)
    numbers, column = np.unique(seeds, return_inverse=True)
    count = np.zeros((len(names), len(numbers)), dtype=np.int64)
    np.add.at(count, (row, column), 1)
    if count.max() > 1:
        r, c = np.argwhere(count > 1)[0]
        raise UsageError(
            f"Subject {names[r]} has {count[r, c]} values of seed {numbers[c]}; give one row of each."
        )
    table = np.zeros(count.shape)
    table[row, column] = values
    return table, count > 0


def _seeds_within(
    table: Values, filled: NDArray[np.bool_], chosen: NDArray[np.int64], rng: np.random.Generator
) -> Values:
    """Means (draws,) of the chosen subjects, each over seeds of its own drawn anew."""
    order = np.argsort(~filled, axis=1, kind="stable")
    packed, counts = np.take_along_axis(table, order, axis=1), filled.sum(axis=1)
    have = counts[chosen]
    total = np.zeros(chosen.shape)
    for k in range(table.shape[1]):
        pick = rng.integers(have)
        total += np.where(k < have, packed[chosen, pick], 0.0)
    return np.asarray((total / have).mean(axis=1))


def _seeds_shared(
    table: Values, filled: NDArray[np.bool_], own: Values, draws: int, rng: np.random.Generator
) -> Values:
    """Means (draws,) over seeds drawn once for all; a subject who has none of those keeps its own mean."""
    trainings = table.shape[1]
    weight = rng.multinomial(trainings, np.full(trainings, 1 / trainings), size=draws).astype(np.float64)
    total, count = weight @ table.T, weight @ filled.T
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1.0), own).mean(axis=1))


def _variance(means: Values, n: int) -> float:
    """Variance of resampled means of n things, less their bias."""
    return float(means.var() * n / (n - 1))


def _half_width(parts: Sequence[tuple[int, float]], level: float) -> float:
    """Half an interval whose variance is a sum: each part of so many things."""
    total = sum(variance for _, variance in parts)
    if total == 0:
        return 0.0
    freedom = total**2 / sum(variance**2 / (n - 1) for n, variance in parts)
    return float(student.ppf(0.5 + level / 2.0, freedom) * np.sqrt(total))
