"""How good the autoencoder's pictures are, on pictures it has never seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.metrics.ssim import psnr, ssim

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
    return Fidelity(
        psnr=float(psnr(truth, made).mean()),
        ssim=float(ssim(truth, made).mean()),
        sharpness=float(edge_strength(made) / edge_strength(truth)),
        pictures=len(truth),
    )


def edge_strength(pictures: Pictures) -> float:
    """Mean absolute difference of neighbouring pixels, both ways, in grey levels."""
    values = pictures.astype(np.float32)
    return float(np.abs(np.diff(values, axis=-2)).mean() + np.abs(np.diff(values, axis=-3)).mean())
