"""Models of the Stable Diffusion 1.5 family, tiny and random."""

import numpy as np
import torch
from diffusers import (
    AutoencoderTiny,
    LCMScheduler,
    MotionAdapter,
    SparseControlNetModel,
    UNet2DConditionModel,
    UNetMotionModel,
)

from export.full_size.models import Models, schedule_of
from rtbci.generate import DecodedEvidence
from rtbci.generate.full_size import Prompts

FRAMES, TOKENS, WIDTH, CONCEPTS = 3, 7, 24, 5
LATENT = (4, 8, 8)
WIDTHS = (16, 32)
SCHEDULER = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def tiny_models(seed: int = 0) -> Models:
    torch.manual_seed(seed)
    unet = UNet2DConditionModel(
        sample_size=64,
        block_out_channels=WIDTHS,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=WIDTH,
        norm_num_groups=8,
        attention_head_dim=8,
    )
    adapter = MotionAdapter(
        block_out_channels=WIDTHS,
        motion_layers_per_block=1,
        motion_norm_num_groups=8,
        motion_num_attention_heads=4,
        motion_max_seq_length=8,
        use_motion_mid_block=False,
    )
    control = SparseControlNetModel(
        block_out_channels=WIDTHS,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlockMotion", "DownBlockMotion"),
        cross_attention_dim=WIDTH,
        norm_num_groups=8,
        attention_head_dim=8,
        motion_num_attention_heads=4,
        motion_max_seq_length=8,
    )
    motion = UNetMotionModel.from_unet2d(unet, adapter)
    vae = AutoencoderTiny(
        encoder_block_out_channels=(16,) * 4,
        decoder_block_out_channels=(16,) * 4,
        num_encoder_blocks=(1,) * 4,
        num_decoder_blocks=(1,) * 4,
    )
    for model in (unet, motion, control, vae):
        model.eval().requires_grad_(False)
    last = vae.decoder.layers[-1]
    # As it is made, every picture is nearly black.
    last.weight.mul_(10)
    last.bias.fill_(0.5)
    modules = [(name, part) for name, part in motion.named_parameters() if "motion_modules" in name]
    for _, parameter in [*modules, *control.named_parameters()]:
        # Motion modules and control nets start at nothing; here each must count.
        if not parameter.any():
            parameter.normal_(std=0.1)
    return Models(unet, motion, control, vae, schedule_of(LCMScheduler(**SCHEDULER)))


def prompts(seed: int = 0) -> Prompts:
    rng = np.random.default_rng(seed)
    return Prompts(
        rng.standard_normal((CONCEPTS, TOKENS, WIDTH), dtype=np.float32),
        rng.standard_normal((TOKENS, WIDTH), dtype=np.float32),
        np.zeros(LATENT, np.float32),
    )


def evidence(strength: float = 1.0, seed: int = 0, **changes) -> DecodedEvidence:
    rng = np.random.default_rng(seed)
    given = {
        "posterior": rng.dirichlet(np.ones(CONCEPTS)),
        "attributes": {},
        "latent": rng.standard_normal(LATENT, dtype=np.float32),
        "strength": strength,
        "confidence": 0.5,
        "window": 0,
        "context": 0,
    }
    return DecodedEvidence(**(given | changes))
