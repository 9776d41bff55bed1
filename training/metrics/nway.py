"""N-way top-1: the field's lenient metric and the strict one, in closed form, each with its chance.

The field scores a generated clip with a classifier of C classes: the truth stands for the classifier's
three best classes of the *shown* clip, N - 1 distractors are drawn from the other C - 3, and it is a hit if
any of the three beats all distractors. Guessing therefore hits 3 times in N + 2 (0.75 for 2-way, 0.071 for
40-way), not once in N. Published code draws distractors some tens of times; here the chance of a hit over
all draws is computed exactly, so that the score has no noise of its own.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from rtbci.errors import UsageError


def n_way_chance(ways: int, accepted: int = 1) -> float:
    """Share of hits of guessing: the best of ``accepted + ways - 1`` exchangeable scores is accepted."""
    return accepted / (accepted + ways - 1)


def n_way_hits(scores: NDArray[np.floating], accepted: NDArray[np.int64], ways: int) -> NDArray[np.float64]:
    """Probability of a hit over all draws of distractors; the mean over windows is the score.

    Parameters
    ----------
    scores : ndarray, shape (n, classes)
        Scores of what was decoded or generated.
    accepted : ndarray, shape (n, m) or (n,)
        Classes that stand for the truth: one for the strict metric, three for the field's.
    ways : int
        One more than the number of distractors.

    Returns
    -------
    ndarray, shape (n,)
        Ties are broken at random, in expectation: constant scores get exactly chance for m = 1.

    Raises
    ------
    UsageError
        If there are not enough classes to draw the distractors from.
    """
    accepted = accepted.reshape(len(scores), -1)
    others = scores.shape[1] - accepted.shape[1]
    draws = ways - 1
    if not 1 <= draws <= others:
        raise UsageError(
            f"A {ways}-way score needs 1 to {others} distractors from {scores.shape[1]} classes; "
            f"choose 2 to {others + 1} ways."
        )
    own = np.take_along_axis(scores, accepted, axis=1)
    best = own.max(axis=1, keepdims=True)
    winners = (own == best).sum(axis=1)
    above = (scores > best).sum(axis=1)
    tied = (scores == best).sum(axis=1) - winners
    hit = np.zeros(len(scores))
    # j of the distractors tie with the best accepted class, none is above it.
    for j in range(min(draws, int(tied.max(initial=0))) + 1):
        ways_to = _log_choose(tied, j) + _log_choose(others - above - tied, draws - j)
        hit += np.exp(ways_to - _log_choose(np.full_like(tied, others), draws)) * winners / (winners + j)
    return hit


def field_n_way(
    generated: NDArray[np.floating], shown: NDArray[np.floating], ways: int, top: int = 3
) -> tuple[NDArray[np.float64], float]:
    """Score as the field does it: any of the shown clip's `top` classes counts.

    Parameters
    ----------
    generated, shown : ndarray, shape (n, classes)
        A classifier's scores of the generated and of the shown clips (or frames).
    ways : int
        One more than the number of distractors.
    top : int
        Classes that stand for the truth; 3 in published work, 1 is the strict metric.

    Returns
    -------
    hits : ndarray, shape (n,)
        As in `n_way_hits`.
    chance : float
        True chance of this very metric.
    """
    accepted = np.argsort(-shown, axis=1, kind="stable")[:, :top]
    return n_way_hits(generated, accepted, ways), n_way_chance(ways, top)


def _log_choose(n: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Logarithm of the binomial coefficient; -inf where k of n cannot be chosen."""
    possible = n >= k
    safe = np.where(possible, n, k)
    value = gammaln(safe + 1) - gammaln(k + 1) - gammaln(safe - k + 1)
    return np.asarray(np.where(possible, value, -np.inf), dtype=np.float64)
