"""The loop against the stock pipelines: the same weights and the same noise make the same picture."""

import numpy as np
import pytest
import torch
from diffusers import (
    AnimateDiffSparseControlNetPipeline,
    LCMScheduler,
    StableDiffusionImg2ImgPipeline,
)

from export.full_size.networks import TorchNetworks
from rtbci.generate.full_size import FullSizeGenerator
from rtbci.generate.sharpness import sharpness
from tests.export.tiny_diffusion import (
    FRAMES,
    LATENT,
    SCHEDULER,
    TOKENS,
    evidence,
    prompts,
    tiny_models,
)


def torch_noise(seed, shape):
    """The noise that a pipeline draws from its generator, for a picture (seed[1] 0) or a clip."""
    source = torch.Generator().manual_seed(sum(seed))
    video = len(shape) == 4
    size = (1, shape[1], shape[0], *shape[2:]) if video else (1, *shape)
    while True:
        made = torch.randn(size, generator=source).numpy()[0]
        yield np.ascontiguousarray(made.swapaxes(0, 1)) if video else made


@pytest.fixture(scope="module")
def models():
    return tiny_models()


@pytest.fixture
def generator(models):
    # A fresh one each time: what was drawn before turns what is drawn next.
    networks = TorchNetworks(models, frames=FRAMES, latent=LATENT[1:], tokens=TOKENS)
    return FullSizeGenerator(networks, prompts(), models.schedule, torch_noise)


def told(generator, given):
    """Embeddings as the pipelines take them, with the empty text's where there is guidance."""
    sharp = sharpness(given.strength)
    weights = given.posterior**sharp.mixing
    text = np.tensordot(weights / weights.sum(), prompts().concepts, 1).astype(np.float32)
    both = {"prompt_embeds": torch.from_numpy(text)[None], "guidance_scale": sharp.guidance}
    if sharp.guidance > 1:
        both["negative_prompt_embeds"] = torch.from_numpy(prompts().unconditional)[None]
    return both


def close(mine, stock):
    """Within a grey level, as stock pipelines round and ours does, and not because both are grey."""
    assert mine.shape == stock.shape and stock.std() > 5
    assert np.abs(mine.astype(int) - stock.astype(int)).max() <= 1


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_keyframe_is_what_image_to_image_draws(models, generator, strength, monkeypatch):
    monkeypatch.setattr("rtbci.generate.full_size.generator.veil", lambda picture, *_: picture)
    given, sharp = evidence(strength), sharpness(strength)
    pipeline = StableDiffusionImg2ImgPipeline(
        vae=models.vae,
        unet=models.unet,
        scheduler=LCMScheduler(**SCHEDULER),
        text_encoder=None,
        tokenizer=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    times = models.schedule.times(sharp.steps, sharp.refinement)
    assert len(times) == sharp.steps and times[0] < 999
    stock = pipeline(
        image=torch.from_numpy(given.latent)[None],
        timesteps=list(times),
        strength=1.0,
        generator=torch.Generator().manual_seed(0),
        output_type="np",
        **told(generator, given),
    ).images
    close(generator.keyframe(given), (stock * 255).round().astype(np.uint8))


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_a_clip_is_what_sparse_control_draws(models, generator, strength, monkeypatch):
    monkeypatch.setattr("rtbci.generate.full_size.generator.veil", lambda picture, *_: picture)
    # The stock pipeline knows no strength: all of the schedule is gone through.
    whole = sharpness(strength).__class__(**(vars(sharpness(strength)) | {"refinement": 1.0}))
    monkeypatch.setattr("rtbci.generate.full_size.generator.sharpness", lambda _: whole)
    pipeline = AnimateDiffSparseControlNetPipeline(
        vae=models.vae,
        text_encoder=None,
        tokenizer=None,
        unet=models.motion,
        motion_adapter=None,
        controlnet=models.control,
        scheduler=LCMScheduler(**SCHEDULER),
    )
    pipeline.set_progress_bar_config(disable=True)
    size = 8 * LATENT[1]
    picture = np.random.default_rng(3).integers(0, 256, (size, size, 3), dtype=np.uint8)
    scaled = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    keyframe = models.vae.encode(scaled).latents[0].numpy()
    given = evidence(strength)
    monkeypatch.setattr(generator, "_refine", lambda *_: keyframe)
    times = models.schedule.times(whole.steps, 1.0)
    source = torch.Generator().manual_seed(1)
    first = torch.randn((1, LATENT[0], FRAMES, *LATENT[1:]), generator=source).numpy()
    start = models.schedule.noised(given.latent[None, :, None], first, times[0])
    stock = pipeline(
        num_frames=FRAMES,
        height=size,
        width=size,
        num_inference_steps=whole.steps,
        latents=torch.from_numpy(start),
        conditioning_frames=[picture_of(picture)],
        controlnet_frame_indices=[0],
        generator=source,
        output_type="np",
        **told(generator, given),
    ).frames[0]
    mine = np.stack(list(generator.clip(given)))
    close(mine, (stock * 255).round().astype(np.uint8))
    assert np.abs(mine[0].astype(int) - mine[1]).max() > 5


def picture_of(array):
    from PIL import Image

    return Image.fromarray(array)
