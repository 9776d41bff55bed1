"""Ridge regression to one-hot concepts: the decoder that any other must beat."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from rtbci.errors import UsageError

Single = NDArray[np.float32]
RIDGES: tuple[float, ...] = tuple(float(ridge) for ridge in np.logspace(-3, 5, 17))
"""Tried by default, relative to the mean variance of a direction that the examples span."""
_SMALLEST = 1e-6
_SCALES = (1e-2, 1e3)


@dataclass(frozen=True)
class LinearDecoder:
    """A linear map from features to logits.

    Attributes
    ----------
    mean : ndarray, shape (F,), float32
    weight : ndarray, shape (F, K), float32
    ridge : float
        The one that was chosen.
    loss : float
        Cross-entropy of the rows that chose it, nats.
    """

    mean: Single
    weight: Single
    ridge: float
    loss: float

    def logits(self, x: NDArray[np.floating]) -> Single:
        """Logits (n, K) of windows or features (n, ...), without the classes' frequencies."""
        return np.asarray((_flat(x) - self.mean) @ self.weight)


def fit(
    x: NDArray[np.floating],
    concept: NDArray[np.integer],
    classes: int,
    *,
    chooses: NDArray[np.bool_] | None = None,
    standardise: bool = False,
    ridges: tuple[float, ...] = RIDGES,
) -> LinearDecoder:
    """Regress on some rows; the ridge and the logits' scale are those that suit the others best.

    Parameters
    ----------
    x : ndarray, shape (n, ...)
        Windows (`binned`, or as they are) or features; all but the first axis are laid side by side.
    concept : ndarray, shape (n,)
        From 0.
    classes : int
        How many there are, seen or not.
    chooses : ndarray, shape (n,), bool, optional
        Rows that are not learnt from but choose: whole blocks, sittings or wearers, never rows at
        random, whose neighbours were learnt from. By default the last fifth.
    standardise : bool
        Divide each feature by its standard deviation over the learnt rows: for differential entropy. Not
        for windows, whose loud features are the telling ones.
    ridges : tuple of float

    Raises
    ------
    UsageError
        If no row is left to learn from or to choose by, all are alike, or a concept is not among the
        classes.
    """
    features, concept = _flat(x), np.asarray(concept)
    if chooses is None:
        chooses = np.arange(len(features)) >= 0.8 * len(features)
    _check(concept, classes, chooses)
    learnt = features[~chooses]
    mean = learnt.mean(axis=0)
    centred = learnt - mean
    deviation = np.ones_like(mean)
    if standardise:
        deviation = np.maximum(centred.std(axis=0), np.float32(_SMALLEST))
        centred /= deviation
    basis, energy, along = _directions(centred, _targets(concept[~chooses], classes))
    seen = ((features[chooses] - mean) / deviation) @ basis
    best = (np.inf, 0.0, 1.0)
    for ridge in ridges:
        scores = seen @ (along / (energy + ridge * energy.mean())[:, None])
        best = min(best, (*_best_scale(scores, concept[chooses]), ridge))
    loss, scale, ridge = best
    weight = basis @ (along * (scale / (energy + ridge * energy.mean()))[:, None])
    return LinearDecoder(mean, np.asarray(weight / deviation[:, None], dtype=np.float32), ridge, loss)


def binned(x: NDArray[np.floating], bins: int = 25) -> Single:
    """Average windows (n, 62, T) over bins of equal length, a remainder at the end left out: (n, 62, bins).

    Raises
    ------
    UsageError
        If there are more bins than samples.
    """
    each = x.shape[2] // bins
    if each < 1:
        raise UsageError(f"Windows of {x.shape[2]} samples cannot be cut into {bins} bins; ask for fewer.")
    # A product, since a mean over a short last axis is ten times as slow.
    average = np.repeat(np.eye(bins, dtype=np.float32), each, axis=0) / each
    return np.asarray(x[:, :, : each * bins].astype(np.float32, copy=False) @ average)


def _flat(x: NDArray[np.floating]) -> Single:
    return np.asarray(x, dtype=np.float32).reshape(len(x), -1)


def _check(concept: NDArray[np.integer], classes: int, chooses: NDArray[np.bool_]) -> None:
    if chooses.all() or not chooses.any():
        raise UsageError(
            f"Of {len(chooses)} rows {int(chooses.sum())} choose the ridge; "
            "leave some to learn from and some to choose by."
        )
    if concept.min() < 0 or concept.max() >= classes:
        raise UsageError(
            f"Concepts must lie in 0 .. {classes - 1}, but go to {concept.max()}; check the labels."
        )


def _targets(concept: NDArray[np.integer], classes: int) -> Single:
    """One-hot, centred: scores sum to 0, and a concept that was never seen scores 0."""
    target = np.zeros((len(concept), classes), dtype=np.float32)
    target[np.arange(len(concept)), concept] = 1.0
    return np.asarray(target - target.mean(axis=0))


def _directions(x: Single, target: Single) -> tuple[Single, Single, Single]:
    """Principal directions V (F, m) of the rows, energy (m,) along each, and ``V' x' target`` (m, K).

    From the smaller of the two Gram matrices; with V every ridge costs one division.
    """
    wide = x.shape[0] < x.shape[1]
    gram = x @ x.T if wide else x.T @ x
    energy, vectors = np.linalg.eigh(gram.astype(np.float64))
    kept = energy > max(_SMALLEST * energy[-1], 0.0)
    if not kept.any():
        raise UsageError("All rows to learn from are alike; check that the EEG is not silent.")
    energy, vectors = energy[kept].astype(np.float32), vectors[:, kept].astype(np.float32)
    basis = (x.T @ vectors) / np.sqrt(energy) if wide else vectors
    return basis, energy, basis.T @ (x.T @ target)


def _best_scale(scores: Single, concept: NDArray[np.integer]) -> tuple[float, float]:
    """Least cross-entropy over the factor on the scores, and that factor.

    The factor is relative to the scores' spread. Cross-entropy, since accuracy near chance is too coarse to
    choose by.
    """
    spread = float(scores.std()) or 1.0
    logits = scores.astype(np.float64) / spread
    true = np.arange(len(concept)), concept

    def loss(log_scale: float) -> float:
        scaled = np.exp(log_scale) * logits
        return float((logsumexp(scaled, axis=1) - scaled[true]).mean())

    found = minimize_scalar(loss, bounds=tuple(np.log(_SCALES)), method="bounded")
    return float(found.fun), float(np.exp(found.x)) / spread
