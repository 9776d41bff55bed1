"""Pictures to the latents that a diffusion model works on, by the encoder of any of the usual VAEs."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.targets.models import Model, Part, find_model, first_line, guarded, load_whole
from training.targets.pictures import file_hash

PART = Part("a VAE", ("AutoencoderKL", "AutoencoderTiny"), "diffusion_pytorch_model", "vae")
SD1_SCALE = 0.18215
"""By which Stable Diffusion 1.x multiplies what its VAE's encoder gives
(https://huggingface.co/docs/diffusers/api/models/autoencoderkl, `scaling_factor`)."""


class Encoder(Protocol):
    """Pictures in, latents out."""

    def identity(self) -> dict[str, Any]:
        """What decides the latents."""

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Encode pictures (n, height, width, 3) to (n, channels, h, w), scaled as the U-Net takes them."""


class DiffusersVae:
    """`AutoencoderKL` or `AutoencoderTiny`, both ways.

    Parameters
    ----------
    model : Model
    device : torch.device
    """

    def __init__(self, model: Model, device: torch.device) -> None:
        import diffusers

        kind = getattr(diffusers, model.kind)
        self.model = model
        self._vae: Any = load_whole(
            model,
            lambda: kind.from_pretrained(
                model.folder, local_files_only=True, use_safetensors=True, output_loading_info=True
            ),
        )
        self._vae.to(device).eval()

    def identity(self) -> dict[str, Any]:
        """Of the model's files."""
        return self.model.identity()

    @torch.inference_mode()
    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `Encoder` says; of the VAE's distribution the mode, which is also its mean."""
        values = torch.from_numpy(pictures).to(self._vae.device).permute(0, 3, 1, 2).float() / 127.5 - 1.0
        encoded = self._vae.encode(values)
        latents = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latents
        return np.asarray(self._scaled(latents).float().cpu().numpy())

    @torch.inference_mode()
    def decode(self, latents: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Decode latents (n, channels, h, w), scaled as `__call__` gives them: (n, height, width, 3)."""
        given = torch.from_numpy(np.asarray(latents, dtype=np.float32)).to(self._vae.device)
        made = self._vae.decode(self._unscaled(given)).sample.float().clamp(-1.0, 1.0)
        pixels = ((made + 1.0) * 127.5).round().to(torch.uint8)
        return np.ascontiguousarray(pixels.permute(0, 2, 3, 1).cpu().numpy())

    def _scaled(self, latents: torch.Tensor) -> torch.Tensor:
        config = self._vae.config
        mean, std = config.get("latents_mean"), config.get("latents_std")
        if mean is not None and std is not None:
            per_channel = latents.new_tensor([mean, std])[:, None, :, None, None]
            latents = (latents - per_channel[0]) / per_channel[1]
        shift, scale = config.get("shift_factor") or 0.0, config.get("scaling_factor", 1.0)
        return (latents - float(shift)) * float(scale)

    def _unscaled(self, latents: torch.Tensor) -> torch.Tensor:
        config = self._vae.config
        shift, scale = config.get("shift_factor") or 0.0, config.get("scaling_factor", 1.0)
        latents = latents / float(scale) + float(shift)
        mean, std = config.get("latents_mean"), config.get("latents_std")
        if mean is not None and std is not None:
            per_channel = latents.new_tensor([mean, std])[:, None, :, None, None]
            latents = latents * per_channel[1] + per_channel[0]
        return latents


class OnnxVae:
    """An encoder as an ONNX file: pictures (n, 3, height, width) in -1..1 to latents.

    Parameters
    ----------
    path : Path
    scale : float
        What its latents are to be multiplied by.
    device : torch.device
    """

    def __init__(self, path: Path, scale: float, device: torch.device) -> None:
        import onnxruntime as ort

        self.path, self.scale = path, scale
        there = ort.get_available_providers()
        gpu = ["CUDAExecutionProvider"] if device.type == "cuda" and "CUDAExecutionProvider" in there else []
        model = Model(str(path), "onnx", path, path, (path,))
        self._session = guarded(
            model, lambda: ort.InferenceSession(str(path), providers=[*gpu, "CPUExecutionProvider"])
        )
        shapes = [[len(value.shape) for value in values] for values in self._ends()]
        if shapes[0] != [4] or not shapes[1] or shapes[1][0] != 4:
            raise UsageError(
                f"{path} does not take pictures (n, 3, height, width) and give latents; name a VAE's encoder."
            )

    def identity(self) -> dict[str, Any]:
        """Of the file and the scale."""
        return {"kind": "onnx", "files": {"encoder": file_hash(self.path)}, "scale": self.scale}

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `Encoder` says."""
        values = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), dtype=np.float32) / 127.5 - 1.0
        given, made = self._ends()
        latents = self._session.run([made[0].name], {given[0].name: values.astype(np.float32)})[0]
        return np.asarray(latents * self.scale, dtype=np.float32)

    def _ends(self) -> tuple[list[Any], list[Any]]:
        return self._session.get_inputs(), self._session.get_outputs()


def find_vae(name: str) -> Model | Path:
    """Find a VAE.

    Parameters
    ----------
    name : str
        A diffusers VAE's folder or repository, a pipeline's, or an encoder's ``.onnx`` file.

    Raises
    ------
    UsageError
        If it is not there, or no VAE.
    """
    if not name.endswith(".onnx"):
        return find_model(name, PART)
    path = Path(name).expanduser()
    if not path.is_file():
        raise UsageError(f"There is no encoder {path}; check the path.")
    return path


def load_vae(found: Model | Path, scale: float, device: torch.device) -> Encoder:
    """Load what `find_vae` found; `scale` is an ONNX encoder's, diffusers' VAEs know their own."""
    if isinstance(found, Path):
        return OnnxVae(found, scale, device)
    return DiffusersVae(found, device)


def latent_shape(encoder: Encoder, height: int, width: int) -> tuple[int, int, int]:
    """Channels, height and width of the latent of a picture, found by encoding a grey one.

    Raises
    ------
    UsageError
        If pictures of that size do not fit the encoder.
    """
    try:
        _, channels, h, w = encoder(np.full((1, height, width, 3), 127, dtype=np.uint8)).shape
    except Exception as error:  # whatever an unfit size makes of its layers
        raise UsageError(
            f"The VAE cannot encode pictures of {height} x {width} px ({first_line(error)}); "
            "choose multiples of 8."
        ) from error
    if height % h or width % w or height // h != width // w:
        raise UsageError(
            f"Pictures of {height} x {width} px do not fit the VAE, whose latents would be {h} x {w}; "
            "choose multiples of 8."
        )
    return channels, h, w
