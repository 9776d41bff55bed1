"""Which models the full-size generator is made of, and of what size its pictures are: read from TOML."""

from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from export.full_size.models import Models, load_models
from export.full_size.networks import TorchNetworks
from rtbci.errors import UsageError
from rtbci.generate.full_size import Prompts
from rtbci.stimuli.concepts import CONCEPTS
from training.codec_data import draw_random
from training.targets.latents import SD1_SCALE, find_vae, load_vae
from training.targets.models import best_device
from training.targets.text import TextEncoder, find_text_encoder

_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_FACTOR = 8
"""Pixels of a picture along each side for one place of its latent, in the Stable Diffusion 1.5 family."""


class FullSizeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Models are folders, or repositories of the hub (``owner/name`` or ``owner/name@revision``)."""

    base: str
    """Pipeline of the Stable Diffusion 1.5 family, distilled for few steps."""
    motion_adapter: str
    sparse_control: str
    vae: str | None = None
    """Tiny autoencoder; the base's own where it is left out."""
    prompt: str = "a photograph of {concept}"
    width: int = 512
    height: int = 512
    frames: int = 16
    keyframe_at: int = 0
    """Which frame of a clip the keyframe is."""
    precision: Literal["fp32", "fp16", "bf16"] = "fp16"
    """Of the weights; bf16 cannot be exported."""
    device: str | None = None
    """As torch calls it; a GPU if there is one where it is left out."""


def read_settings(file: Path) -> FullSizeSettings:
    """Read the settings.

    Raises
    ------
    UsageError
        If the file cannot be read, or says what it may not.
    """
    try:
        settings = msgspec.toml.decode(file.read_bytes(), type=FullSizeSettings)
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}); name a TOML file of models.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} does not say which models to use ({error}); mend it.") from error
    if (
        settings.width % 64
        or settings.height % 64
        or min(settings.width, settings.height, settings.frames) < 1
    ):
        raise UsageError(
            f"{file} asks for pictures of {settings.width} x {settings.height} px and clips of "
            f"{settings.frames} frames; give multiples of 64 px and at least one frame."
        )
    if "{concept}" not in settings.prompt:
        raise UsageError(f"The prompt in {file} has no place for the concept; write {{concept}} into it.")
    return settings


def load_networks(
    settings: FullSizeSettings, device: torch.device | None = None
) -> tuple[Models, TorchNetworks]:
    """Load the models and make the generator's networks of them.

    Raises
    ------
    RtbciError
        If a model is not there, or they do not fit each other.
    """
    models = load_models(
        settings.base,
        settings.motion_adapter,
        settings.sparse_control,
        settings.vae,
        dtype=_DTYPES[settings.precision],
        device=device or best_device(settings.device),
    )
    latent = settings.height // _FACTOR, settings.width // _FACTOR
    networks = TorchNetworks(models, frames=settings.frames, latent=latent, keyframe_at=settings.keyframe_at)
    return models, networks


def make_prompts(settings: FullSizeSettings) -> Prompts:
    """Embed a text for each concept and the empty one, and encode drawn scenes for their mean.

    Raises
    ------
    UsageError
        If text encoder or autoencoder are not there.
    """
    device = best_device(settings.device)
    encode = TextEncoder(find_text_encoder(settings.base), device)
    texts = encode([settings.prompt.format(concept=concept.name) for concept in CONCEPTS])
    vae = load_vae(find_vae(settings.vae or settings.base), SD1_SCALE, device)
    scenes = _resized(draw_random(np.random.default_rng(0), len(CONCEPTS)), settings.height, settings.width)
    latents = np.concatenate([vae(scene[None]) for scene in scenes])
    return Prompts(texts, encode([""])[0], latents.mean(axis=0))


def _resized(pictures: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    planes: Any = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    large = F.interpolate(planes, (height, width), mode="bilinear", antialias=True)
    return np.ascontiguousarray(large.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy())
