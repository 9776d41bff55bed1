"""Scores with their chance and their uncertainty."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta


def binomial_interval(hits: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a proportion: never too narrow; `n` may be an effective one."""
    tail = (1.0 - level) / 2.0
    low = float(beta.ppf(tail, hits, n - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1.0 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def calibration_error(confidence: NDArray[np.float64], hit: NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error: mean gap between confidence and accuracy, bins of equal count."""
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [len(part) * abs(confidence[part].mean() - hit[part].mean()) for part in parts if len(part)]
    return float(sum(gaps) / len(order))
