"""What a window tells about the class, in bits."""

import numpy as np
from numpy.typing import NDArray


def mutual_information_bits(counts: NDArray[np.integer]) -> float:
    """Mutual information of true and predicted class, plug-in estimate (Shannon 1948).

    It is biased upwards, by about (classes - 1)^2 / (2 n ln 2) bits (Miller 1955): a decoder that knows
    nothing gets more than 0. Subtract the mean over permuted truths.

    Parameters
    ----------
    counts : ndarray, shape (classes, classes)
        What `training.metrics.confusion` gives.
    """
    joint = counts / counts.sum()
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log2(joint[seen] / apart[seen])).sum())


def itr_bits(accuracy: float, classes: int) -> float:
    """Bits of one decision by accuracy alone (Wolpaw et al. 2000): equal classes, errors spread evenly.

    ``log2 K + P log2 P + (1 - P) log2((1 - P) / (K - 1))``; at or below chance it is 0, where the formula
    would rise again.
    """
    if classes < 2 or accuracy <= 1.0 / classes:
        return 0.0
    bits = np.log2(classes) + accuracy * np.log2(accuracy)
    if accuracy < 1.0:
        bits += (1.0 - accuracy) * np.log2((1.0 - accuracy) / (classes - 1))
    return float(bits)


def log_score_bits(posterior: NDArray[np.floating], truth: NDArray[np.integer]) -> float:
    """Mean bits that a posterior tells of the true class beyond even odds: the logarithmic score (Good 1952).

    ``mean(log2(K p(true)))`` of K classes. It is 0 for one that says nothing, and below 0 for one that is
    surer than it is right. In the mean over equally frequent classes it is at most their mutual information
    with the window, and unlike that of decisions it is not biased where windows are few.

    Parameters
    ----------
    posterior : ndarray, shape (n, K)
    truth : ndarray, shape (n,)
    """
    said = posterior[np.arange(len(truth)), truth].astype(np.float64)
    return float(np.log2(np.maximum(said, np.finfo(np.float64).tiny) * posterior.shape[1]).mean())
