"""Sharpness follows evidence: the one curve, and the veil that applies it to a picture.

A picture is ``brightness * (backdrop + presence * (blur(drawn) - backdrop))``. The backdrop is the mean of
all scenes, blurred until no object is left, and the same whatever the EEG says. The curve, in the strength s
of the evidence:

=========== =========================== ====== ====== ====== ====== ======
quantity    formula                     s = 0  0.25   0.5    0.75   1
=========== =========================== ====== ====== ====== ====== ======
presence    1 - (1 - s)^2.5             0      0.51   0.82   0.97   1
blur (px)   32 (1 - s)^4, of 256        32     10     2      0.1    0
brightness  0.5 + 0.5 (1 - (1 - s)^2)   0.5    0.72   0.88   0.97   1
mixing      1 + 2 s                     1      1.5    2      2.5    3
=========== =========================== ====== ====== ====== ====== ======

At strength 0 nothing of the evidence reaches the picture: a guess that is worth nothing cannot be read from
it, not even by a machine. Presence rises faster than blur falls, so that weak evidence shows as colour and
place long before it shows as an object. The mixing exponent sharpens the posterior with which several
concepts' scenes are laid over each other: weak evidence shows its doubt as a double exposure.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

BACKDROP_BLUR = 0.125
"""Blur of the backdrop, as a share of the picture's height: 32 px of 256."""
_BLUR_STEPS = 256.0
"""Blurs are rounded to this part of the picture's height over four, so that their matrices can be kept."""


@dataclass(frozen=True)
class Sharpness:
    """How a picture may look.

    Attributes
    ----------
    presence : float
        Share of the picture that comes from the evidence, 0 to 1; the rest is the backdrop.
    blur : float
        Standard deviation of the Gaussian blur, as a share of the picture's height.
    brightness : float
        Factor on the picture.
    mixing : float
        Exponent on the posterior by which scenes are mixed.
    """

    presence: float
    blur: float
    brightness: float
    mixing: float


def sharpness(strength: float) -> Sharpness:
    """Give the curve's value for evidence of a strength (clipped to 0 to 1)."""
    doubt = 1.0 - min(max(strength, 0.0), 1.0)
    return Sharpness(
        presence=1.0 - doubt**2.5,
        blur=BACKDROP_BLUR * doubt**4,
        brightness=0.5 + 0.5 * (1.0 - doubt**2),
        mixing=3.0 - 2.0 * doubt,
    )


def blurred(picture: NDArray[np.float32], blur: float) -> NDArray[np.float32]:
    """Blur a picture (h, w, 3) with a Gaussian of `blur` heights, mirrored at the borders."""
    height, width = picture.shape[:2]
    sigma = round(blur * _BLUR_STEPS * 4) / (_BLUR_STEPS * 4) * height
    if sigma < 0.2:
        return picture
    # Two matrix products cost the same whatever the width of the Gaussian, and far less than a wide filter.
    rows = _gaussian(height, sigma) @ picture.reshape(height, -1)
    columns = rows.reshape(height, width, -1).transpose(1, 0, 2).reshape(width, -1)
    both = _gaussian(width, sigma) @ columns
    return np.ascontiguousarray(both.reshape(width, height, -1).transpose(1, 0, 2))


def veil(picture: NDArray[np.uint8], backdrop: NDArray[np.float32], sharp: Sharpness) -> NDArray[np.uint8]:
    """Make a crisp picture look as sure as its evidence is.

    Parameters
    ----------
    picture : ndarray, shape (h, w, 3), uint8
        As decoded.
    backdrop : ndarray, shape (h, w, 3), float32
        What remains where there is no evidence, 0 to 255.
    sharp : Sharpness

    Returns
    -------
    ndarray, shape (h, w, 3), uint8
    """
    if sharp.presence >= 1.0:
        return picture
    shown = backdrop + sharp.presence * (blurred(picture.astype(np.float32), sharp.blur) - backdrop)
    return np.asarray(np.clip(shown * sharp.brightness + 0.5, 0, 255), dtype=np.uint8)


@lru_cache(maxsize=128)
def _gaussian(size: int, sigma: float) -> NDArray[np.float32]:
    matrix = gaussian_filter1d(np.eye(size), sigma, axis=0, mode="reflect")
    return np.asarray(matrix, dtype=np.float32)
