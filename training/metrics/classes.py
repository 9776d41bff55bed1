"""Scores of predicted classes."""

import numpy as np
from numpy.typing import NDArray


def top_k_accuracy(scores: NDArray[np.floating], true: NDArray[np.int64], k: int = 1) -> float:
    """Share of windows whose true class is among the k best; its chance is k / classes.

    A tie at the edge is broken at random, in expectation: constant scores get exactly chance.

    Parameters
    ----------
    scores : ndarray, shape (n, classes)
        Higher is likelier; any monotonic scale.
    true : ndarray, shape (n,)
        True class, 0 to classes - 1.
    k : int
        1 to classes.
    """
    own = np.take_along_axis(scores, true[:, None], axis=1)
    above = (scores > own).sum(axis=1)
    tied = (scores == own).sum(axis=1)
    return float(np.clip((k - above) / tied, 0.0, 1.0).mean())


def confusion(true: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Counts, shape (classes, classes): true class by predicted class."""
    counts = np.bincount(true * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def balanced_accuracy(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Mean recall of the classes that occur.

    Parameters
    ----------
    counts : ndarray, shape (classes, classes)
        What `confusion` gives.

    Returns
    -------
    score : float
    chance : float
        One over the number of classes that occur, whatever their shares: always saying one class gets it.
    """
    shown = counts.sum(axis=1)
    present = shown > 0
    recall = np.diag(counts)[present] / shown[present]
    return float(recall.mean()), float(1.0 / present.sum())
