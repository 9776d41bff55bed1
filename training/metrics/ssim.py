"""How alike two pictures are: structural similarity and PSNR, by two conventions that must not be mixed.

scikit-image's defaults are a plain 7 x 7 window over each colour by itself; the paper that defined the index
has a Gaussian window, on luma. On the same pictures the two differ by some hundredths, so a figure to be held
against a published one has to be of that one's convention.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter

from rtbci.errors import UsageError

Pictures = NDArray[np.uint8]
Convention = Literal["gaussian", "uniform"]
_PEAK = 255.0
_UNIFORM = 7
_LUMA = np.array([0.299, 0.587, 0.114])


def ssim(truth: Pictures, made: Pictures, convention: Convention = "gaussian") -> NDArray[np.float64]:
    """Structural similarity of pictures, one by one; a clip's is the mean over its frames.

    Parameters
    ----------
    truth, made : ndarray, shape (..., h, w, 3), uint8
        RGB, at least 7 x 7 px.
    convention : {"gaussian", "uniform"}
        The window and what is compared. ``"gaussian"``: luma, sigma of 1.5 px cut at 11 px, all places
        (Wang et al. 2004, with the borders mirrored). ``"uniform"``: every colour, 7 x 7 px, sample
        variances, without the border of 3 px, as scikit-image's `structural_similarity` does by default.

    Returns
    -------
    ndarray, shape (...)
        -1 to 1; 1 for the same picture.

    Raises
    ------
    UsageError
        If the pictures differ in shape, or are too small.
    """
    _check(truth, made)
    shape = truth.shape[:-3]
    pairs = zip(truth.reshape(-1, *truth.shape[-3:]), made.reshape(-1, *truth.shape[-3:]), strict=True)
    one = _gaussian if convention == "gaussian" else _uniform
    return np.array([one(a, b) for a, b in pairs], dtype=np.float64).reshape(shape)


def psnr(truth: Pictures, made: Pictures) -> NDArray[np.float64]:
    """Peak signal to noise of pictures, one by one, in decibel.

    Parameters
    ----------
    truth, made : ndarray, shape (..., h, w, 3), uint8

    Returns
    -------
    ndarray, shape (...)
        ``10 log10(255² / mean squared error)``; 138 where there is no error.
    """
    _check(truth, made)
    values = [
        10 * np.log10(_PEAK**2 / max(float(((a.astype(np.float64) - b) ** 2).mean()), 1e-9))
        for a, b in zip(
            truth.reshape(-1, *truth.shape[-3:]), made.reshape(-1, *truth.shape[-3:]), strict=True
        )
    ]
    return np.array(values, dtype=np.float64).reshape(truth.shape[:-3])


def _check(truth: Pictures, made: Pictures) -> None:
    if truth.shape != made.shape or truth.ndim < 3 or min(truth.shape[-3:-1]) < _UNIFORM:
        raise UsageError(
            f"Pictures of the shapes {truth.shape} and {made.shape} cannot be compared; both must be "
            f"(..., height, width, 3) and at least {_UNIFORM} px wide and high."
        )


def _gaussian(truth: Pictures, made: Pictures) -> float:
    index = _index(
        truth @ _LUMA, made @ _LUMA, lambda x: np.asarray(gaussian_filter(x, 1.5, truncate=3.5)), unbias=1.0
    )
    return float(index.mean())


def _uniform(truth: Pictures, made: Pictures) -> float:
    # The colours stay apart: the window has no extent across them.
    size, count, edge = (_UNIFORM, _UNIFORM, 1), _UNIFORM**2, _UNIFORM // 2
    index = _index(
        truth.astype(np.float64),
        made.astype(np.float64),
        lambda x: np.asarray(uniform_filter(x, size)),
        unbias=count / (count - 1),
    )
    return float(index[edge:-edge, edge:-edge].mean())


def _index(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    mean: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    unbias: float,
) -> NDArray[np.float64]:
    """The index at every place, with the constants K1 = 0.01 and K2 = 0.03 of Wang et al. (2004)."""
    c1, c2 = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2
    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = unbias * (mean(a * a) - mean_a**2), unbias * (mean(b * b) - mean_b**2)
    cov = unbias * (mean(a * b) - mean_a * mean_b)
    likeness = (2 * mean_a * mean_b + c1) * (2 * cov + c2)
    return np.asarray(likeness / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)))
