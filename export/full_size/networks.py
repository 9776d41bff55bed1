"""The networks run in torch, on whatever device their models lie."""

import numpy as np
import torch
from numpy.typing import NDArray

from export.full_size.models import Models
from export.full_size.modules import ClipStep, KeyframeStep, LatentDecoder
from rtbci.generate.full_size.networks import Floats, Sizes

TOKENS = 77


class TorchNetworks:
    """The three networks of `rtbci.generate.full_size.Networks`.

    Parameters
    ----------
    models : Models
    frames : int
        Frames of a clip.
    latent : tuple of int
        Height and width of a picture's latent, an eighth of the picture's.
    tokens : int
        Of the embedding of a text.
    keyframe_at : int
        Which frame of a clip the keyframe is.
    """

    def __init__(
        self,
        models: Models,
        *,
        frames: int = 16,
        latent: tuple[int, int] = (64, 64),
        tokens: int = TOKENS,
        keyframe_at: int = 0,
    ) -> None:
        config = models.unet.config
        self.sizes = Sizes((config.in_channels, *latent), frames, tokens, config.cross_attention_dim)
        self._device = models.unet.device
        self.provider = f"torch {self._device.type}"
        self._keyframe = KeyframeStep(models.unet)
        self._clip = ClipStep(models.motion, models.control, frames, keyframe_at)
        self._decoder = LatentDecoder(models.vae)

    @torch.inference_mode()
    def denoise_picture(self, noisy: Floats, time: int, text: Floats) -> Floats:
        """Find the noise in one picture's latent."""
        made = self._keyframe(self._put(noisy), self._time(time), self._put(text))
        return np.asarray(made[0].cpu().numpy())

    @torch.inference_mode()
    def denoise_clip(self, noisy: Floats, time: int, text: Floats, keyframe: Floats) -> Floats:
        """Find the noise in the latents of a clip that a keyframe stands in."""
        latents = self._put(noisy.swapaxes(0, 1))
        made = self._clip(latents, self._time(time), self._put(text), self._put(keyframe))
        return np.ascontiguousarray(made[0].cpu().numpy().swapaxes(0, 1))

    @torch.inference_mode()
    def decode(self, latent: Floats) -> NDArray[np.uint8]:
        """Draw one latent (c, h, w) as a picture (H, W, 3)."""
        return np.asarray(self._decoder(self._put(latent))[0].cpu().numpy())

    def _put(self, array: Floats) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)[None]).to(self._device)

    def _time(self, time: int) -> torch.Tensor:
        return torch.tensor([time], device=self._device)
