"""The networks that draw, in diffusers' own classes: a small latent U-Net, its motion module, its control.

The U-Net gives the velocity of a flow; cross-attention brings it the evidence, one token for each of its
parts. The motion module (Guo et al., "AnimateDiff", 2023) lets a clip's frames see each other. The control
(Guo et al., "SparseCtrl", 2023) is given the keyframe at its place among the frames and nothing at the
others; for a keyframe itself it is left out.
"""

import torch
from diffusers import MotionAdapter, SparseControlNetModel, UNet2DConditionModel, UNetMotionModel
from torch import Tensor, nn

from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.text import TEXT_WIDTH
from training.codec_model import LATENT_SHAPE
from training.draws.settings import ModelSettings

PARTS: dict[str, int] = {
    "text": TEXT_WIDTH,
    "posterior": len(CONCEPTS),
    **{name: len(values) for name, values in ATTRIBUTES.items()},
    "noise": 1,
}
"""Parts of the evidence, one token each, and their sizes, in the order in which they stand in a row.

The last says how much noise the flow starts from: how much is to be made up."""
EVIDENCE = sum(PARTS.values())
STRIDES = (0.0, 0.125, 0.25, 0.5, 1.0)
"""Lengths of a step that the U-Net knows; 0 is the flow itself."""
TIME_SCALE = 1000.0
"""The flow's time, 0 to 1, as diffusers' embedding of time expects it."""
_GROUPS = 8


class Tokens(nn.Module):
    """Evidence to tokens: each part through a linear layer of its own."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(size, width) for size in PARTS.values())
        # Parts of the evidence are small numbers that sum to 1; text is of unit norm.
        self.norm = nn.LayerNorm(width)

    def forward(self, evidence: Tensor) -> Tensor:
        """Rows (n, `EVIDENCE`) to tokens (n, parts, width)."""
        parts = evidence.split(list(PARTS.values()), dim=1)
        tokens: Tensor = self.norm(
            torch.stack([layer(part) for layer, part in zip(self.layers, parts, strict=True)], dim=1)
        )
        return tokens


class Drawer(nn.Module):
    """Tokens, U-Net with motion, and control.

    Parameters
    ----------
    settings : ModelSettings, optional
    """

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__()
        self.settings = s = settings or ModelSettings()
        last = len(s.widths) - 1
        picture = UNet2DConditionModel(
            in_channels=LATENT_SHAPE[0],
            out_channels=LATENT_SHAPE[0],
            block_out_channels=s.widths,
            layers_per_block=1,
            down_block_types=("CrossAttnDownBlock2D",) * last + ("DownBlock2D",),
            up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * last,
            cross_attention_dim=s.token,
            # What diffusers calls so is the number of heads.
            attention_head_dim=s.heads,
            norm_num_groups=_GROUPS,
            time_cond_proj_dim=len(STRIDES),
        )
        motion = MotionAdapter(
            block_out_channels=s.widths,
            motion_layers_per_block=1,
            motion_mid_block_layers_per_block=1,
            motion_norm_num_groups=_GROUPS,
            motion_num_attention_heads=s.heads,
            motion_max_seq_length=s.frames,
            use_motion_mid_block=False,
        )
        self.unet = UNetMotionModel.from_unet2d(picture, motion)
        self.control = SparseControlNetModel(
            in_channels=LATENT_SHAPE[0],
            conditioning_channels=LATENT_SHAPE[0],
            block_out_channels=s.widths,
            layers_per_block=1,
            down_block_types=("CrossAttnDownBlockMotion",) * last + ("DownBlockMotion",),
            cross_attention_dim=s.token,
            attention_head_dim=s.heads,
            norm_num_groups=_GROUPS,
            conditioning_embedding_out_channels=(16, 32),
            motion_num_attention_heads=s.heads,
            motion_max_seq_length=s.frames,
        )
        self.tokens = Tokens(s.token)

    def forward(
        self,
        latents: Tensor,
        time: Tensor,
        stride: Tensor,
        evidence: Tensor,
        residuals: tuple[Tensor, ...] | None = None,
    ) -> Tensor:
        """Velocity of the flow.

        Parameters
        ----------
        latents : Tensor, shape (n, 8, frames, 16, 16)
            Where the flow stands; one frame for a keyframe.
        time : Tensor, shape (n,)
            0, at the start, to 1.
        stride : Tensor, shape (n, 5)
            One-hot: which of `STRIDES` is to be taken.
        evidence : Tensor, shape (n, `EVIDENCE`)
        residuals : tuple of Tensor, optional
            What `steer` gives.

        Returns
        -------
        Tensor, shape (n, 8, frames, 16, 16)
        """
        down, middle = (None, None) if residuals is None else (residuals[:-1], residuals[-1])
        velocity: Tensor = self.unet(
            latents,
            time * TIME_SCALE,
            self._per_frame(evidence, latents.shape[2]),
            timestep_cond=stride,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]
        return velocity

    def steer(self, keyframe: Tensor, known: Tensor, time: Tensor, evidence: Tensor) -> tuple[Tensor, ...]:
        """What the control adds inside the U-Net; it does not depend on where the flow stands.

        Parameters
        ----------
        keyframe : Tensor, shape (n, 8, frames, 16, 16)
            Latents of the frames that are known, zero elsewhere.
        known : Tensor, shape (n, 1, frames, 16, 16)
            1 where they are known.
        time : Tensor, shape (n,)
        evidence : Tensor, shape (n, `EVIDENCE`)
        """
        down, middle = self.control(
            keyframe,
            time * TIME_SCALE,
            self._per_frame(evidence, keyframe.shape[2]),
            controlnet_cond=keyframe,
            conditioning_mask=known,
            return_dict=False,
        )
        return (*down, middle)

    def _per_frame(self, evidence: Tensor, frames: int) -> Tensor:
        return self.tokens(evidence).repeat_interleave(frames, dim=0)


def placed(keyframe: Tensor, frames: int) -> tuple[Tensor, Tensor]:
    """Put keyframes (n, 8, h, w) at the middle of empty clips; returns them and where they are known."""
    n, channels, height, width = keyframe.shape
    clip = keyframe.new_zeros(n, channels, frames, height, width)
    known = keyframe.new_zeros(n, 1, frames, height, width)
    clip[:, :, frames // 2], known[:, :, frames // 2] = keyframe, 1.0
    return clip, known
