"""Loading the models of the Stable Diffusion 1.5 family, from a local folder or the hub."""

from dataclasses import dataclass
from pathlib import Path

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
    tiny_vae: str | None = None,
    *,
    lora: str | None = None,
    motion_lora: str | None = None,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> Models:
    """Load the models by diffusers; each is a folder of this machine or a name on the hub.

    Parameters
    ----------
    base : str
        A pipeline of the Stable Diffusion 1.5 family: its folders `unet`, `scheduler` and, without
        `tiny_vae`, `vae` are read.
    motion_adapter : str
        AnimateDiff's motion module; best one that was distilled with the same steps (AnimateLCM).
    sparse_control : str
        SparseCtrl for RGB.
    tiny_vae : str, optional
        A tiny autoencoder of the same latents: some forty times less work than the base's own.
    lora, motion_lora : str, optional
        Low-rank weights that distil the base for few steps, merged into the picture's and the clip's network.
    dtype : torch.dtype
    device : str

    Raises
    ------
    GeneratorError
        If a model cannot be loaded, or they do not fit each other.
    """
    options = {"torch_dtype": dtype}
    try:
        unet = UNet2DConditionModel.from_pretrained(base, subfolder="unet", **options)
        adapter = MotionAdapter.from_pretrained(motion_adapter, **options)
        control = SparseControlNetModel.from_pretrained(sparse_control, **options)
        vae = (
            AutoencoderTiny.from_pretrained(tiny_vae, **options)
            if tiny_vae
            else AutoencoderKL.from_pretrained(base, subfolder="vae", **options)
        )
        scheduler = LCMScheduler.from_pretrained(base, subfolder="scheduler")
        motion = UNetMotionModel.from_unet2d(unet, adapter)
        for network, weights in ((unet, lora), (motion, motion_lora)):
            if weights:
                network.load_lora_adapter(weights, prefix="unet" if Path(weights).suffix else None)
                network.fuse_lora()
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        raise GeneratorError(
            f"The models of the full-size generator cannot be loaded ({first}); give folders as diffusers saves "
            "them, or names that this machine can reach on the hub."
        ) from error
    models = Models(unet, motion, control, vae, schedule_of(scheduler))
    check_models(models)
    for model in (unet, motion, control, vae):
        model.to(device, dtype).eval().requires_grad_(False)
    return models


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
            f"The base model was trained on a {config.beta_schedule} schedule to predict {config.prediction_type},"
            " and the full-size generator needs scaled_linear and epsilon; choose a base of the Stable Diffusion"
            " 1.5 family."
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
            "The base model takes its guidance as an input, which the full-size generator does not give; choose a"
            " base without (Stable Diffusion 1.5) and distil it by a LoRA."
        )
    if not control.use_simplified_condition_embedding or control.conditioning_channels != unet.in_channels:
        raise GeneratorError(
            "The sparse control model does not take keyframes as latents; choose SparseCtrl for RGB."
        )
    if control.cross_attention_dim != unet.cross_attention_dim:
        raise GeneratorError(
            f"The sparse control model takes texts of width {control.cross_attention_dim} and the base model of "
            f"{unet.cross_attention_dim}; choose models of one family."
        )
    if models.vae.config.latent_channels != unet.in_channels:
        raise GeneratorError(
            f"The autoencoder's latents have {models.vae.config.latent_channels} channels and the base model's "
            f"{unet.in_channels}; choose models of one family."
        )
