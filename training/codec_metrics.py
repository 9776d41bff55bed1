"""How good the autoencoder's pictures are, on pictures it has never seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Fidelity:
    """Means over pictures.

    Attributes
    ----------
    psnr : float
        Decibel, peak 255, the mean of the pictures' own PSNR.
    ssim : float
        Structural similarity of the luma, Gaussian window of 1.5 px (Wang et al. 2004).
    sharpness : float
        Mean absolute difference of neighbouring pixels, as a share of the original's.
    pictures : int
        How many were measured.
    """

    psnr: float
    ssim: float
    sharpness: float
    pictures: int


def fidelity(truth: Pictures, made: Pictures) -> Fidelity:
    """Compare pictures of shape (n, h, w, 3), uint8."""
    error = (truth.astype(np.float64) - made) ** 2
    psnr = 10 * np.log10(255.0**2 / np.maximum(error.mean(axis=(1, 2, 3)), 1e-9))
    ssim = np.mean([_ssim(_luma(a), _luma(b)) for a, b in zip(truth, made, strict=True)])
    return Fidelity(
        psnr=float(psnr.mean()),
        ssim=float(ssim),
        sharpness=float(edge_strength(made) / edge_strength(truth)),
        pictures=len(truth),
    )


def edge_strength(pictures: Pictures) -> float:
    """Mean absolute difference of neighbouring pixels, both ways, in grey levels."""
    values = pictures.astype(np.float32)
    return float(np.abs(np.diff(values, axis=-2)).mean() + np.abs(np.diff(values, axis=-3)).mean())


def _luma(picture: Pictures) -> NDArray[np.float64]:
    return picture @ np.array([0.299, 0.587, 0.114])


def _ssim(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

    def mean(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(gaussian_filter(x, 1.5, truncate=3.5))

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    cov = mean(a * b) - mean_a * mean_b
    index = (
        (2 * mean_a * mean_b + c1) * (2 * cov + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    )
    return float(index.mean())
