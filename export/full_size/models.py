"""Loading the models of the Stable Diffusion 1.5 family, from a local folder or the hub."""

from dataclasses import dataclass
from typing import Any

import diffusers
import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    LCMScheduler,
    MotionAdapter,
    SparseControlNetModel,
    UNet2DConditionModel,
    UNetMotionModel,
)

from rtbci.errors import GeneratorError
from rtbci.generate.full_size.schedule import Schedule
from training.targets.latents import PART as VAE
from training.targets.models import Part, find_model, guarded, load_whole

_WEIGHTS = "diffusion_pytorch_model"
UNET = Part("a U-Net of the Stable Diffusion 1.5 family", ("UNet2DConditionModel",), _WEIGHTS, "unet")
MOTION = Part("a motion module", ("MotionAdapter",), _WEIGHTS, "motion_adapter")
CONTROL = Part("a sparse control network", ("SparseControlNetModel",), _WEIGHTS, "controlnet")
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Models:
    """What a keyframe and a clip are drawn with.

    Attributes
    ----------
    unet : UNet2DConditionModel
        Of a picture; distilled for few steps (latent consistency).
    motion : UNetMotionModel
        The same with motion modules between its layers.
    control : SparseControlNetModel
        Tells the motion network of the keyframe, as a latent.
    vae : AutoencoderTiny or AutoencoderKL
    schedule : Schedule
    """

    unet: UNet2DConditionModel
    motion: UNetMotionModel
    control: SparseControlNetModel
    vae: AutoencoderTiny | AutoencoderKL
    schedule: Schedule


def load_models(
    base: str,
    motion_adapter: str,
    sparse_control: str,
    vae: str | None = None,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device = _CPU,
) -> Models:
    """Load the models by diffusers; each is a folder of this machine or a repository of the hub.

    Parameters
    ----------
    base : str
        A pipeline of the Stable Diffusion 1.5 family, distilled for few steps (a LoRA merged into it): its
        folders `unet`, `scheduler` and, where `vae` is left out, `vae` are read.
    motion_adapter : str
        AnimateDiff's motion module; best one that was distilled alike (AnimateLCM).
    sparse_control : str
        SparseCtrl for RGB.
    vae : str, optional
        A tiny autoencoder of the same latents: some forty times less work than the base's own.
    dtype : torch.dtype
    device : torch.device

    Raises
    ------
    UsageError
        If a model is not there, or not what is needed.
    GeneratorError
        If they do not fit each other or the loop.
    """
    unet = _load(UNet2DConditionModel, base, UNET, dtype)
    adapter = _load(MotionAdapter, motion_adapter, MOTION, dtype)
    control = _load(SparseControlNetModel, sparse_control, CONTROL, dtype)
    found = find_model(vae or base, VAE)
    decoder = _load(getattr(diffusers, found.kind), vae or base, VAE, dtype)
    repository, _, revision = base.partition("@")
    scheduler = guarded(
        found,
        lambda: LCMScheduler.from_pretrained(repository, revision=revision or None, subfolder="scheduler"),
    )
    # Else a fresh module's precision would be mixed in with the given one.
    motion = UNetMotionModel.from_unet2d(unet, adapter).to(dtype)
    models = Models(unet, motion, control, decoder, schedule_of(scheduler))
    check_models(models)
    for model in (unet, motion, control, decoder):
        model.to(device).eval().requires_grad_(False)
    return models


def _load(kind: Any, name: str, part: Part, dtype: torch.dtype) -> Any:
    model = find_model(name, part)
    return load_whole(
        model,
        lambda: kind.from_pretrained(
            model.folder,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            torch_dtype=dtype,
        ),
    )


def schedule_of(scheduler: LCMScheduler) -> Schedule:
    """Take the few numbers of a scheduler's configuration that the loop needs.

    Raises
    ------
    GeneratorError
        If it is of another kind.
    """
    config = scheduler.config
    if config.beta_schedule != "scaled_linear" or config.prediction_type != "epsilon":
        raise GeneratorError(
            f"The base model was trained on a {config.beta_schedule} schedule to predict "
            f"{config.prediction_type}, and the full-size generator needs scaled_linear and epsilon; choose "
            "a base of the Stable Diffusion 1.5 family."
        )
    return Schedule(
        config.num_train_timesteps,
        config.original_inference_steps,
        config.beta_start,
        config.beta_end,
        config.timestep_scaling,
    )


def check_models(models: Models) -> None:
    """Refuse models that do not fit each other or the loop.

    Raises
    ------
    GeneratorError
    """
    unet, control = models.unet.config, models.control.config
    if unet.time_cond_proj_dim is not None:
        raise GeneratorError(
            "The base model takes its guidance as an input, which the full-size generator does not give; "
            "choose a base without (Stable Diffusion 1.5) and distil it by a LoRA."
        )
    if not control.use_simplified_condition_embedding or control.conditioning_channels != unet.in_channels:
        raise GeneratorError(
            "The sparse control model does not take keyframes as latents; choose SparseCtrl for RGB."
        )
    if control.cross_attention_dim != unet.cross_attention_dim:
        raise GeneratorError(
            f"The sparse control model takes texts of width {control.cross_attention_dim} and the base "
            f"model of {unet.cross_attention_dim}; choose models of one family."
        )
    if models.vae.config.latent_channels != unet.in_channels:
        raise GeneratorError(
            f"The autoencoder's latents have {models.vae.config.latent_channels} channels and the base "
            f"model's {unet.in_channels}; choose models of one family."
        )
