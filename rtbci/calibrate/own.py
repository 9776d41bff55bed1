"""A linear decoder of the wearer's own: ridge regression from EEG to the concepts, in closed form."""

import numpy as np
from numpy.typing import NDArray

from rtbci.wearers.adapter import binned

Array = NDArray[np.float64]


class OwnRidge:
    """Ridge regressions from binned windows to one-hot concepts, for subsets of the examples.

    With far more features than examples it is solved in the examples' Gram matrix, which is computed once.

    Parameters
    ----------
    z : ndarray, shape (e, 62, samples), float32
        The examples' windows.
    concept : ndarray, shape (e,)
        What they showed.
    concepts : int
        How many there are.
    """

    def __init__(self, z: NDArray[np.float32], concept: NDArray[np.int64], concepts: int) -> None:
        self._features = binned(z)
        self._gram = self._features @ self._features.T
        self._target = np.zeros((len(z), concepts))
        self._target[np.arange(len(z)), concept] = 1.0

    def scores(self, train: NDArray[np.int64], test: NDArray[np.int64], ridge: float) -> Array:
        """Scores (len(test), K) of some examples by a regression on others."""
        return np.asarray(self._gram[np.ix_(test, train)] @ self._dual(train, ridge))

    def weight(self, train: NDArray[np.int64], ridge: float) -> Array:
        """Weights (features, K) of the regression on some examples."""
        return np.asarray(self._features[train].T @ self._dual(train, ridge))

    def _dual(self, train: NDArray[np.int64], ridge: float) -> Array:
        """``(G + ridge tr(G) / n I)^-1 T``: the ridge is relative to the mean energy of an example.

        Each column of T is centred on the examples at hand. So all scores sum to 0 and those of a concept
        that they lack are 0, which never wins: else its absence would betray what a fold holds out.
        """
        target = self._target[train] - self._target[train].mean(axis=0)
        gram = self._gram[np.ix_(train, train)]
        regularised = gram + ridge * np.trace(gram) / len(train) * np.eye(len(train))
        return np.linalg.solve(regularised, target)
