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
_CLEARLY_FEWER = 0.9
"""Runs are taken as such if there are fewer than this share of what shuffled windows would have."""
_CHUNK = 1 << 22


@dataclass(frozen=True, eq=False)
class Units:
    """What is shuffled as a whole.

    Attributes
    ----------
    kind : str
        "runs" (consecutive windows of one true class) or "windows".
    of : ndarray, shape (n,)
        Unit of each window; units are numbered block after block, in order of presentation.
    true : ndarray, shape (units,)
        Class of each unit.
    size : ndarray, shape (units,)
        Windows in each unit.
    block : ndarray, shape (units,)
        Units change places only within their block; ascending.
    """

    kind: str
    of: NDArray[np.int64]
    true: NDArray[np.int64]
    size: NDArray[np.int64]
    block: NDArray[np.int64]


def units_of(true: NDArray[np.int64], block: NDArray[np.int64] | None = None) -> Units:
    """Find the runs, or take each window as a unit.

    Windows are the units where the truth is no more in runs than shuffled windows would be, and where the
    runs could be laid out in too few ways to say anything.

    Parameters
    ----------
    true : ndarray, shape (n,)
        True classes, 0 or above, in order of presentation.
    block : ndarray, shape (n,), optional
        Block (or subject and block) of each window; one block if left out.
    """
    codes = np.zeros(len(true), dtype=np.int64)
    if block is not None:
        codes = np.unique(block, return_inverse=True)[1].astype(np.int64)
    order = np.argsort(codes, kind="stable")
    sorted_true, sorted_block = true[order], codes[order]
    starts = np.ones(len(true), dtype=bool)
    starts[1:] = (np.diff(sorted_true) != 0) | (np.diff(sorted_block) != 0)
    kind = "runs"
    if starts.sum() > _CLEARLY_FEWER * _runs_if_shuffled(sorted_true, sorted_block) or _log_arrangements(
        sorted_true[starts], sorted_block[starts]
    ) < np.log(_LEAST_ARRANGEMENTS):
        kind, starts = "windows", np.ones_like(starts)
    of = np.empty(len(true), dtype=np.int64)
    of[order] = np.cumsum(starts) - 1
    return Units(kind, of, sorted_true[starts], np.bincount(of), sorted_block[starts])


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
    # Where each window is found when the blocks lie one after the other.
    place = np.argsort(np.argsort(units.of, kind="stable"))
    step = max(1, _CHUNK // len(units.of))
    for first in range(0, count, step):
        keys = rng.random((min(step, count - first), len(units.true))) + units.block
        order = np.argsort(keys, axis=1)
        # Runs keep their length, so that every class keeps its share.
        laid_out = np.repeat(units.true[order].ravel(), units.size[order].ravel())
        yield laid_out.reshape(len(keys), -1)[:, place]


def permutation_p(observed: float, null: NDArray[np.floating]) -> float:
    """One-sided p-value, never zero: the observed arrangement is one of them (Phipson and Smyth 2010)."""
    # Scores equal but for rounding are ties.
    return float((1 + (null >= observed - 1e-12).sum()) / (1 + len(null)))


def _log_arrangements(true: NDArray[np.int64], block: NDArray[np.int64]) -> float:
    """Logarithm of the number of ways to lay out some units within their blocks."""
    _, counts = np.unique(np.stack([block, true]), axis=1, return_counts=True)
    sizes = np.unique(block, return_counts=True)[1]
    return float(gammaln(sizes + 1).sum() - gammaln(counts + 1).sum())


def _runs_if_shuffled(true: NDArray[np.int64], block: NDArray[np.int64]) -> float:
    """Expected number of runs if windows were shuffled within their blocks (Wald and Wolfowitz 1940)."""
    pairs, counts = np.unique(np.stack([block, true]), axis=1, return_counts=True)
    sizes = np.unique(block, return_counts=True)[1]
    of = np.unique(pairs[0], return_inverse=True)[1]
    return float(len(true) - (counts * (counts - 1) / sizes[of]).sum())
