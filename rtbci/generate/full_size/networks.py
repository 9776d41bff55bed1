"""What the full-size generator asks of its networks, whoever runs them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sizes:
    """Sizes that the networks share.

    Attributes
    ----------
    latent : tuple of int
        Channels, height and width of one picture's latent.
    frames : int
        Frames of a clip.
    tokens, width : int
        Of the embedding of a text.
    """

    latent: tuple[int, int, int]
    frames: int
    tokens: int
    width: int


class Networks(Protocol):
    """The three networks. All arrays are contiguous; latents are scaled as the networks were trained on."""

    sizes: Sizes
    provider: str
    """What they run on, as the backend itself says."""

    def denoise_picture(self, noisy: Floats, time: int, text: Floats) -> Floats:
        """Find the noise in one picture's latent.

        Parameters
        ----------
        noisy : ndarray, shape (c, h, w)
        time : int
            Time step of the schedule.
        text : ndarray, shape (tokens, width)

        Returns
        -------
        ndarray, shape (c, h, w)
        """
        ...

    def denoise_clip(self, noisy: Floats, time: int, text: Floats, keyframe: Floats) -> Floats:
        """Find the noise in the latents of a clip that a keyframe stands in.

        Parameters
        ----------
        noisy : ndarray, shape (frames, c, h, w)
        time : int
        text : ndarray, shape (tokens, width)
        keyframe : ndarray, shape (c, h, w)
            Clean.

        Returns
        -------
        ndarray, shape (frames, c, h, w)
        """
        ...

    def decode(self, latent: Floats) -> NDArray[np.uint8]:
        """Draw one latent (c, h, w) as a picture (H, W, 3)."""
        ...
