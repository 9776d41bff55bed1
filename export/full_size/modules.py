"""The networks as modules with the inputs and outputs that the engines have.

Inputs and outputs are single precision whatever the weights are, so that the loop around them is the same.
"""

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    SparseControlNetModel,
    UNet2DConditionModel,
    UNetMotionModel,
)
from torch import Tensor, nn


class KeyframeStep(nn.Module):
    """Noise in a picture's latent."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, latent: Tensor, time: Tensor, text: Tensor) -> Tensor:
        """Latents (n, c, h, w), time steps (1,), texts (n, tokens, width) to noise (n, c, h, w)."""
        dtype = self.unet.dtype
        (noise,) = self.unet(latent.to(dtype), time, encoder_hidden_states=text.to(dtype), return_dict=False)
        return noise.float()


class ClipStep(nn.Module):
    """Noise in a clip's latents, given one clean frame.

    Parameters
    ----------
    motion : UNetMotionModel
    control : SparseControlNetModel
    frames : int
        Frames of a clip.
    at : int
        Which frame the keyframe is; SparseCtrl's own examples give the first.
    """

    mask: Tensor

    def __init__(
        self, motion: UNetMotionModel, control: SparseControlNetModel, frames: int, at: int = 0
    ) -> None:
        super().__init__()
        self.motion = motion
        self.control = control
        self.frames = frames
        mask = (torch.arange(frames) == at).to(motion.dtype).reshape(1, 1, frames, 1, 1)
        self.register_buffer("mask", mask.to(motion.device), persistent=False)

    def forward(self, latents: Tensor, time: Tensor, text: Tensor, keyframe: Tensor) -> Tensor:
        """(n, c, frames, h, w), (1,), (n, tokens, width) and (n, c, h, w) to noise (n, c, frames, h, w)."""
        dtype = self.motion.dtype
        latents, keyframe = latents.to(dtype), keyframe.to(dtype)
        text = text.to(dtype).repeat_interleave(self.frames, dim=0)
        given = keyframe[:, :, None] * self.mask
        where = torch.ones_like(given[:, :1]) * self.mask
        down, mid = self.control(
            latents,
            time,
            encoder_hidden_states=text,
            controlnet_cond=given,
            conditioning_mask=where,
            return_dict=False,
        )
        (noise,) = self.motion(
            latents,
            time,
            encoder_hidden_states=text,
            down_block_additional_residuals=down,
            mid_block_additional_residual=mid,
            return_dict=False,
        )
        return noise.float()


class LatentDecoder(nn.Module):
    """Finished pictures from latents."""

    def __init__(self, vae: AutoencoderTiny | AutoencoderKL) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, latent: Tensor) -> Tensor:
        """Latents (n, c, h, w) to pictures (n, H, W, 3), uint8."""
        scaled = latent.to(self.vae.dtype) / self.vae.config.scaling_factor
        (rgb,) = self.vae.decode(scaled, return_dict=False)
        levels = rgb.float() * 127.5 + 128.0  # 127.5 for the centre, 0.5 to round
        return levels.clamp(0.0, 255.0).permute(0, 2, 3, 1).to(torch.uint8)
