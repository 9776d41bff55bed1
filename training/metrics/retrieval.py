"""Retrieval: how well a decoded embedding finds the clip that was shown among others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from rtbci.errors import UsageError
from training.metrics.intervals import clustered_interval, mean_interval
from training.scores import binomial_interval

_BLOCK = 256


@dataclass(frozen=True)
class TopK:
    """How often the truth is among the k most similar.

    Attributes
    ----------
    k : int
    score : float
    chance : float
        True chance of this very score, k / candidates.
    ci95 : tuple of float
        Of the score.
    """

    k: int
    score: float
    chance: float
    ci95: tuple[float, float]


@dataclass(frozen=True)
class Retrieval:
    """Scores of one retrieval.

    Attributes
    ----------
    n : int
        Queries.
    candidates : int
        Among how many, the truth included.
    top : tuple of TopK
    mean_rank : float
        From 1, the best, to `candidates`.
    chance_rank : float
        Mean rank of guessing, ``(candidates + 1) / 2``.
    rank_ci95 : tuple of float
        Of the mean rank.
    """

    n: int
    candidates: int
    top: tuple[TopK, ...]
    mean_rank: float
    chance_rank: float
    rank_ci95: tuple[float, float]


def cosine_scores(
    decoded: NDArray[np.floating],
    candidates: NDArray[np.floating],
    centre: NDArray[np.floating] | None = None,
) -> NDArray[np.float32]:
    """Cosine of every decoded embedding with every candidate, some candidates at a time in memory.

    Parameters
    ----------
    decoded : ndarray, shape (n, ...)
    candidates : ndarray, shape (m, ...)
        May be memory mapped.
    centre : ndarray, shape (...), optional
        Taken from both first, such as the mean of the *training* targets: what all of CLIP's embeddings have
        in common else makes up most of each.

    Returns
    -------
    ndarray, shape (n, m), float32
        0 where an embedding is zero.
    """
    if decoded.shape[1:] != candidates.shape[1:]:
        raise UsageError(
            f"Embeddings of the shape {decoded.shape[1:]} cannot be compared with {candidates.shape[1:]}; "
            "use the targets that the decoder was trained on."
        )
    queries = _directions(decoded, centre)
    parts = [
        queries @ _directions(candidates[start : start + _BLOCK], centre).T
        for start in range(0, len(candidates), _BLOCK)
    ]
    return np.concatenate(parts, axis=1)


def retrieval(
    scores: NDArray[np.floating],
    true: NDArray[np.int64],
    ks: Sequence[int] = (1, 5),
    among: int | None = None,
    clusters: NDArray[np.integer] | None = None,
) -> Retrieval:
    """Score a retrieval.

    Parameters
    ----------
    scores : ndarray, shape (n, m)
        Similarity of each query to each candidate; higher is likelier.
    true : ndarray, shape (n,)
        Which candidate is the query's.
    ks : sequence of int
        How many may be named.
    among : int, optional
        How many candidates each query has to choose from: the truth and others drawn at random. The score is
        the exact mean over all draws. By default all m.
    clusters : ndarray, shape (n,), optional
        Queries with the same number belong together, such as the clips of one slot; intervals allow for it.

    Returns
    -------
    Retrieval
        Ties are broken at random, in expectation: constant scores get exactly chance.

    Raises
    ------
    UsageError
        If the numbers do not fit each other.
    """
    n, m = scores.shape
    size = m if among is None else among
    if not (len(true) == n > 1 and 2 <= size <= m and true.min() >= 0 and true.max() < m):
        raise UsageError(
            f"{len(true)} truths, {n} queries and {m} candidates do not make a retrieval among {size}; "
            "give one truth for each of at least two queries, and 2 candidates or more."
        )
    if not all(1 <= k <= size for k in ks):
        raise UsageError(f"The top {max(ks)} of {size} candidates cannot be scored; choose 1 to {size}.")
    own = np.take_along_axis(scores, true[:, None], axis=1)
    above = (scores > own).sum(axis=1)
    tied = (scores == own).sum(axis=1) - 1
    hits = {k: _hit(above, tied, m, size, k) for k in ks}
    # Each of the others is drawn with the same probability.
    ranks = 1.0 + (above + tied / 2.0) * (size - 1) / (m - 1)
    groups = np.arange(n) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    counts = np.bincount(groups)
    top = tuple(
        TopK(
            k, float(hit.mean()), k / size, _hit_interval(np.bincount(groups, hit).astype(np.float64), counts)
        )
        for k, hit in hits.items()
    )
    by_group = np.bincount(groups, ranks) / counts
    interval = mean_interval(by_group) if len(by_group) > 1 else (1.0, float(size))
    return Retrieval(n, size, top, float(ranks.mean()), (size + 1) / 2, interval)


def _hit(above: NDArray[np.int64], tied: NDArray[np.int64], m: int, size: int, k: int) -> NDArray[np.float64]:
    """Probability that fewer than k of the size - 1 others that are drawn stand before the truth."""
    out = np.empty(len(above))
    for row, (better, equal) in enumerate(zip(above, tied, strict=True)):
        # Among its equals the truth stands at any place as likely as at any other.
        before = better + np.arange(equal + 1)
        out[row] = hypergeom.cdf(k - 1, m - 1, before, size - 1).mean()
    return np.clip(out, 0.0, 1.0)


def _hit_interval(hits: NDArray[np.floating], counts: NDArray[np.integer]) -> tuple[float, float]:
    if len(counts) == counts.sum():
        return binomial_interval(float(hits.sum()), float(len(hits)))
    return clustered_interval(hits, counts)


def _directions(values: NDArray[np.floating], centre: NDArray[np.floating] | None) -> NDArray[np.float32]:
    flat = np.asarray(values, dtype=np.float32).reshape(len(values), -1)
    if centre is not None:
        flat = flat - np.asarray(centre, dtype=np.float32).reshape(-1)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(np.divide(flat, norm, out=np.zeros_like(flat), where=norm > 0))
