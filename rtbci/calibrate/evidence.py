"""Evidence over a whole sitting at once: the live forward filter, for many exponents in one pass."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

EXPONENTS: NDArray[np.float64] = np.geomspace(1e-4, 2.0, 32)


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a sitting's clips were decoded.

    Attributes
    ----------
    exponent : float
        The one that suits the clips best.
    log_likelihood : ndarray, shape (m,)
        Log posterior of the truth at each clip's end.
    hit : ndarray of bool, shape (m,)
        Whether the truth had the highest posterior.
    confidence : ndarray, shape (m,)
        That highest posterior.
    """

    exponent: float
    log_likelihood: NDArray[np.float64]
    hit: NDArray[np.bool_]
    confidence: NDArray[np.float64]


def filtered(
    logits: NDArray[np.float64],
    fresh: NDArray[np.bool_],
    exponents: NDArray[np.float64],
    hazard: float,
) -> NDArray[np.float64]:
    """Run the forward filter of `rtbci.decode` for several exponents.

    ``p_t ~ ((1 - hazard) p_(t-1) + hazard / K) * softmax(logits_t) ** exponent``

    Parameters
    ----------
    logits : ndarray, shape (n, K)
        One row a window.
    fresh : ndarray of bool, shape (n,)
        Windows before which everything is forgotten.
    exponents : ndarray, shape (e,)
    hazard : float
        Probability of a change between two windows.

    Returns
    -------
    ndarray, shape (n, e, K)
        Log posteriors after each window.
    """
    n, k = logits.shape
    likelihood = logits - logsumexp(logits, axis=1, keepdims=True)
    out = np.empty((n, len(exponents), k))
    uniform = np.full((len(exponents), k), -np.log(k))
    before = uniform
    for t in range(n):
        if fresh[t]:
            before = uniform
        after = (
            np.logaddexp(before + np.log1p(-hazard), np.log(hazard / k)) + exponents[:, None] * likelihood[t]
        )
        before = after - logsumexp(after, axis=1, keepdims=True)
        out[t] = before
    return out


def breaks(newest: NDArray[np.float64], hop_s: float) -> NDArray[np.bool_]:
    """Say before which windows the stream was broken, the first included."""
    return np.concatenate([[True], np.diff(newest) > 1.5 * hop_s]) if len(newest) else np.zeros(0, dtype=bool)


def judge(
    logits: NDArray[np.float64],
    fresh: NDArray[np.bool_],
    decided: NDArray[np.int64],
    concept: NDArray[np.int64],
    hazard: float,
) -> Outcome:
    """Decode a sitting's clips from its windows' logits, with the exponent that suits them best.

    Parameters
    ----------
    logits : ndarray, shape (n, K)
    fresh : ndarray of bool, shape (n,)
        See `filtered`.
    decided : ndarray, shape (m,)
        Index of the window at which each clip is scored.
    concept : ndarray, shape (m,)
        The truth.
    hazard : float
        The bundle's.
    """
    posterior = filtered(logits, fresh, EXPONENTS, hazard)[decided]
    truth = np.take_along_axis(posterior, concept[:, None, None], axis=2)[:, :, 0]
    best = int(truth.mean(axis=0).argmax())
    chosen = posterior[:, best]
    return Outcome(
        float(EXPONENTS[best]), truth[:, best], chosen.argmax(axis=1) == concept, np.exp(chosen.max(axis=1))
    )
