"""What a keyframe costs with a U-Net of Stable Diffusion 1.5's size: the yardstick of `rtbci bench generate`.

The weights are random, because time does not depend on them; the pictures are noise and nobody looks at them.
"""

from collections.abc import Mapping
from typing import Any

import torch
from diffusers import AutoencoderTiny, LCMScheduler, UNet2DConditionModel

from rtbci.bench.rows import Row, summary, timed

BACKEND = "SD 1.5 size"
PROVIDER = "torch CPU"
PRECISIONS = {"bf16": torch.bfloat16, "fp32": torch.float32}

SD15: Mapping[str, Any] = {
    "sample_size": 64,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
    "block_out_channels": (320, 640, 1280, 1280),
}
"""The configuration of Stable Diffusion 1.5's U-Net (0.86 billion parameters) where it is not the default."""
_TOKENS = 77
_WITHIN_S = 20.0


def time_one_step(
    precision: str,
    size: int = 256,
    *,
    threads: int = 2,
    repeats: int = 5,
    configuration: Mapping[str, Any] = SD15,
) -> list[Row]:
    """Time one step of denoising from a given latent, and its decoding, on the CPU.

    The text is embedded already, nothing is guided, and the VAE is the tiny one: the least that a keyframe of
    this family can cost.

    Parameters
    ----------
    precision : str
        ``bf16`` or ``fp32``.
    size : int
        Height and width of the picture, pixels.
    threads : int
        Threads of torch.
    repeats : int
        How many are timed.
    configuration : mapping
        Of the U-Net.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    dtype = PRECISIONS[precision]
    before = torch.get_default_dtype()
    # Made at this precision rather than cast: 0.86 billion numbers are not held twice.
    torch.set_default_dtype(dtype)
    try:
        unet = UNet2DConditionModel(**configuration).eval().to(memory_format=torch.channels_last)
        vae = AutoencoderTiny().eval().to(memory_format=torch.channels_last)
    finally:
        torch.set_default_dtype(before)
    scheduler = LCMScheduler()
    embedding = torch.randn(1, _TOKENS, configuration["cross_attention_dim"]).to(dtype)
    latent = torch.randn(1, 4, size // 8, size // 8).to(dtype).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def keyframe(_: int) -> object:
        scheduler.set_timesteps(1)
        step = scheduler.timesteps[0]
        noise = unet(latent, step, encoder_hidden_states=embedding, return_dict=False)[0]
        _, clean = scheduler.step(noise, step, latent, return_dict=False)
        rgb = vae.decode(clean.to(dtype), return_dict=False)[0]
        return ((rgb.float() + 1) * 127.5).clamp(0, 255).to(torch.uint8).numpy()

    times = timed(keyframe, repeats, warm=1, within_s=_WITHIN_S)
    return [
        Row(
            grade="keyframe",
            backend=BACKEND,
            provider=PROVIDER,
            precision=precision,
            steps=1,
            size=size,
            threads=threads,
            **summary(times),
        )
    ]
