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
refinement  0.8 (1 - (1 - s)^2)         0      0.35   0.6    0.75   0.8
steps       4 s, rounded up             0      1      2      3      4
guidance    1 + max(0, s - 0.5)         1      1      1      1.25   1.5
=========== =========================== ====== ====== ====== ====== ======

At strength 0 nothing of the evidence reaches the picture: a guess that is worth nothing cannot be read from
it, not even by a machine. Presence rises faster than blur falls, so that weak evidence shows as colour and
place long before it shows as an object. The mixing exponent sharpens the posterior with which several
concepts' scenes are laid over each other: weak evidence shows its doubt as a double exposure.

The last three are for generators that draw anew by denoising (`rtbci.generate.full_size`). What such a
network adds to the EEG's own latent is invented: weak evidence is refined little and in few steps, so that
the picture stays as coarse as what is known, and only strong evidence pays for guidance, which costs a second
run of the network at each step.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

BACKDROP_BLUR = 0.125
"""Blur of the backdrop, as a share of the picture's height: 32 px of 256."""
MOST_STEPS = 4
"""Steps of denoising for the strongest evidence; distilled networks gain little from more."""
_BLUR_STEPS = 1024.0
"""Blurs are rounded to this part of the picture's height, so that their weights can be kept."""
_LEAST = 0.2
"""Pixels; a narrower Gaussian changes nothing."""
_BLOCKS = 1.5
"""The standard deviation is at least so many blocks, or they would show."""


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
    refinement : float
        How far up the schedule of noise the EEG's latent is taken before it is denoised, 0 to 1.
    steps : int
        Steps of denoising.
    guidance : float
        Weight of classifier-free guidance; 1 is none.
    """

    presence: float
    blur: float
    brightness: float
    mixing: float
    refinement: float
    steps: int
    guidance: float


def sharpness(strength: float) -> Sharpness:
    """Give the curve's value for evidence of a strength (clipped to 0 to 1)."""
    doubt = 1.0 - min(max(strength, 0.0), 1.0)
    return Sharpness(
        presence=1.0 - doubt**2.5,
        blur=BACKDROP_BLUR * doubt**4,
        brightness=0.5 + 0.5 * (1.0 - doubt**2),
        mixing=3.0 - 2.0 * doubt,
        refinement=0.8 * (1.0 - doubt**2),
        # As 1 - doubt, not strength: out of range is clipped. A hair less, as 1 - (1 - 0.1) is above 0.1.
        steps=ceil(MOST_STEPS * (1.0 - doubt) - 1e-9),
        guidance=1.0 + max(0.0, 0.5 - doubt),
    )


def blurred(picture: NDArray[Any], blur: float) -> NDArray[np.float32]:
    """Blur a picture (h, w, 3) with a Gaussian of `blur` heights, mirrored at the borders.

    Wide Gaussians are taken over means of blocks, whose own spread is subtracted: that makes them cheap, and
    is off by about two grey levels at most.
    """
    height, width = picture.shape[:2]
    sigma = round(blur * _BLUR_STEPS) / _BLUR_STEPS * height
    small = picture.astype(np.float32)
    if sigma < _LEAST:
        return small
    block = 1
    while block < 8 and sigma >= 2 * block * _BLOCKS and not (height | width) % (2 * block):
        block *= 2
        small = (small[::2, ::2] + small[1::2, ::2] + small[::2, 1::2] + small[1::2, 1::2]) * np.float32(0.25)
    # As products of matrices: along the rows, then, turned, along the columns.
    narrow = small.shape[1]
    rows = _gaussian(height, sigma, block) @ small.reshape(height // block, -1)
    turned = rows.reshape(height, narrow, -1).transpose(1, 0, 2).reshape(narrow, -1)
    both = _gaussian(width, sigma, block) @ turned
    return both.reshape(width, height, -1).transpose(1, 0, 2)


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
    shown = backdrop + sharp.presence * (blurred(picture, sharp.blur) - backdrop)
    return np.asarray(np.clip(shown * sharp.brightness + 0.5, 0, 255), dtype=np.uint8)


@lru_cache(maxsize=256)
def _gaussian(size: int, sigma: float, block: int) -> NDArray[np.float32]:
    """Weights (size, size / block) with which pixels take the means of blocks."""
    spread = sigma**2 - (block**2 - 1) / 12
    pixels = np.arange(size)[:, None] + 0.5
    centres = (np.arange(size // block)[None] + 0.5) * block
    mirrored = np.stack([centres, -centres, 2 * size - centres])
    weights = np.exp(-0.5 * (pixels - mirrored) ** 2 / spread).sum(axis=0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)
