"""The baseline that a score of colour, motion, number … must beat: what the class alone says."""

import numpy as np
from numpy.typing import NDArray


def class_conditional_accuracy(
    attribute: NDArray[np.int64], concept: NDArray[np.int64], fold: NDArray[np.int64] | None = None
) -> float:
    """Accuracy of saying, for each clip, the commonest answer among clips of its class.

    Parameters
    ----------
    attribute : ndarray, shape (n,)
        True answers, 0 or above; clips without an answer must be left out before.
    concept : ndarray, shape (n,)
        True class of each clip.
    fold : ndarray, shape (n,), optional
        Block of each clip: the commonest answer is then taken from the other blocks. Without it, from the
        same clips, which is a little higher and so the safer baseline.
    """
    hits = 0
    folds = np.zeros(len(attribute), dtype=np.int64) if fold is None else fold
    for held in np.unique(folds):
        test = folds == held
        learn = np.ones_like(test) if fold is None else ~test
        overall = np.bincount(attribute[learn]).argmax() if learn.any() else -1
        for one in np.unique(concept[test]):
            answers = attribute[learn & (concept == one)]
            guess = np.bincount(answers).argmax() if len(answers) else overall
            hits += int((attribute[test & (concept == one)] == guess).sum())
    return hits / len(attribute)
