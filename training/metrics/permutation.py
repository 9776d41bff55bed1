"""Permutation tests that respect how the truth was laid out in time.

Windows of one clip, and clips of one concept in a row, are not independent: EEG drifts, and a decoder
says the same class again and again. So the true classes of whole runs are shuffled, within their block.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

_LEAST_ARRANGEMENTS = 1000
"""With fewer ways to lay out the runs, no small p-value could come out."""
_CHUNK = 1 << 22


@dataclass(frozen=True, eq=False)
class Units:
    """What is shuffled as a whole.

    Attributes
    ----------
    kind : str
        "runs" (consecutive windows of one true class) or "windows".
    of : ndarray, shape (n,)
        Unit of each window.
    true : ndarray, shape (units,)
        Class of each unit.
    block : ndarray, shape (units,)
        Units change places only within their block.
    """

    kind: str
    of: NDArray[np.int64]
    true: NDArray[np.int64]
    block: NDArray[np.int64]


def units_of(true: NDArray[np.int64], block: NDArray[np.int64] | None = None) -> Units:
    """Find the runs; where these could be laid out in too few ways, each window is a unit.

    Parameters
    ----------
    true : ndarray, shape (n,)
        True classes, 0 or above, in order of presentation.
    block : ndarray, shape (n,), optional
        Block (or subject and block) of each window; one block if left out.
    """
    block = np.zeros(len(true), dtype=np.int64) if block is None else block
    starts = np.ones(len(true), dtype=bool)
    starts[1:] = (true[1:] != true[:-1]) | (block[1:] != block[:-1])
    runs = Units("runs", np.cumsum(starts) - 1, true[starts], block[starts])
    if len(runs.true) == len(true) or _log_arrangements(runs) < np.log(_LEAST_ARRANGEMENTS):
        return Units("windows", np.arange(len(true)), true, block)
    return runs


def balanced_blocks(true: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Find the blocks of a file that does not name them: the most equal parts that hold every class as often.

    Experiments show each class equally often in each block, and folds are blocks. Shuffling across them
    would allow layouts that the design rules out.

    Parameters
    ----------
    true : ndarray, shape (n,)
        True classes, 0 or above, in order of presentation.

    Returns
    -------
    ndarray, shape (n,), or None
        Block of each window; None where the truth is not laid out so, or each part would hold one class.
    """
    classes, counts = np.unique(true, return_counts=True)
    most = int(np.gcd.reduce(counts)) if len(classes) > 1 else 1
    coded = np.searchsorted(classes, true)
    for parts in range(most, 1, -1):
        if most % parts:
            continue
        of = np.repeat(np.arange(parts), len(true) // parts)
        table = np.bincount(of * len(classes) + coded, minlength=parts * len(classes))
        if (table.reshape(parts, -1) == counts // parts).all():
            return of
    return None


def permuted_truths(units: Units, count: int, seed: int = 0) -> Iterator[NDArray[np.int64]]:
    """Yield the true classes of all windows after shuffling, in chunks of shape (c, n); c sums to `count`.

    Units of two recordings laid out alike are shuffled alike for one seed: what people share because they
    saw the same film in the same order is then part of the null distribution of their sum.
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(units.block, kind="stable")
    block = np.unique(units.block[order], return_inverse=True)[1]
    placed = np.empty_like(order)
    placed[order] = np.arange(len(order))
    true = units.true[order]
    step = max(1, _CHUNK // len(units.of))
    for first in range(0, count, step):
        keys = rng.random((min(step, count - first), len(order))) + block
        yield true[np.argsort(keys, axis=1)][:, placed[units.of]]


def permutation_p(observed: float, null: NDArray[np.floating]) -> float:
    """One-sided p-value, never zero: the observed arrangement is one of them (Phipson and Smyth 2010)."""
    # Scores equal but for rounding are ties.
    return float((1 + (null >= observed - 1e-12).sum()) / (1 + len(null)))


def _log_arrangements(units: Units) -> float:
    total = 0.0
    for block in np.unique(units.block):
        counts = np.unique(units.true[units.block == block], return_counts=True)[1]
        total += float(gammaln(counts.sum() + 1) - gammaln(counts + 1).sum())
    return total
