"""The encoder as a bundle holds it: in torch, with everything that a runtime would else do itself.

The temperatures that were fitted on held-out wearers are divided into the logits, and the coarse latent is
enlarged to the picture decoder's size inside. `export.encoder` makes the ONNX graph of it; the weights go
into the bundle beside that (safetensors), so that calibration can follow gradients.
"""

import json
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from rtbci.errors import BundleError
from training.hrt import QUESTIONS, Hrt
from training.latents import CHANNELS, COARSE, FULL, LatentHead
from training.model_settings import ModelSettings

OUTPUTS = (*QUESTIONS, "text", "latent")
_LATENT = json.dumps([CHANNELS, FULL, FULL])
"""Shape of the latents of weights that do not say it."""


class BundledEncoder(nn.Module):
    """EEG (B, 62, 400) behind the adapter, to all that the encoder's engine gives.

    Logits for each question, the text embedding and the latent (B, c, h, w), in the order of `OUTPUTS`. Of a
    question that the encoder has no head for, all answers are equally likely.

    Parameters
    ----------
    encoder : Hrt
    temperature : dict of str to float
        Of each question that the encoder answers.
    latent : LatentHead or ndarray, shape (c, h, w)
        How the latent is decoded, or the one to give whatever the EEG.
    """

    weight: Tensor
    bias: Tensor
    fixed: Tensor

    def __init__(
        self, encoder: Hrt, temperature: dict[str, float], latent: LatentHead | NDArray[np.float32]
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.temperature = temperature
        self.latent_shape = tuple(latent.shape)
        self.decodes_latents = isinstance(latent, LatentHead)
        if isinstance(latent, LatentHead):
            self.register_buffer("weight", torch.from_numpy(latent.weight))
            self.register_buffer("bias", torch.from_numpy(latent.bias))
        else:
            self.register_buffer("fixed", torch.from_numpy(latent))

    def forward(self, eeg: Tensor) -> tuple[Tensor, ...]:
        """All outputs."""
        features = self.encoder.trunk(nn.functional.avg_pool1d(eeg, self.encoder.settings.decimate))
        answers = self.encoder.answers(features)
        logits = [
            answers[name] / self.temperature[name]
            if name in answers
            else features.new_zeros(features.shape[0], size)
            for name, size in QUESTIONS.items()
        ]
        return (*logits, answers["text"], self._latent(features))

    def _latent(self, features: Tensor) -> Tensor:
        if not self.decodes_latents:
            return self.fixed.expand(features.shape[0], -1, -1, -1)
        coarse = nn.functional.linear(features, self.weight, self.bias)
        channels, *size = self.latent_shape
        grid = coarse.reshape(-1, channels, COARSE, COARSE)
        return nn.functional.interpolate(grid, size=tuple(size), mode="bilinear", align_corners=False)


class ConceptLogits(nn.Module):
    """Averaged EEG (B, 62, 400 / decimate) behind the adapter to concept logits (B, 40), and nothing else.

    Averaging in time and mixing channels may change places: what learns many times from the same windows
    averages them once.

    Parameters
    ----------
    bundled : BundledEncoder
        It is not copied.
    """

    def __init__(self, bundled: BundledEncoder) -> None:
        super().__init__()
        self.encoder = bundled.encoder
        self.temperature = bundled.temperature["concept"]

    def forward(self, eeg: Tensor) -> Tensor:
        """Concept logits."""
        logits: Tensor = self.encoder.heads["concept"](self.encoder.trunk(eeg)) / self.temperature
        return logits


def save_encoder(encoder: BundledEncoder, file: Path) -> None:
    """Write weights, with shape and temperatures as metadata."""
    state = {name: value.contiguous() for name, value in encoder.state_dict().items()}
    shape = msgspec.json.encode(encoder.encoder.settings).decode()
    metadata = {
        "model": shape,
        "temperature": json.dumps(encoder.temperature),
        "latent": json.dumps(encoder.latent_shape),
    }
    partial = file.with_suffix(".partial")
    save_file(state, partial, metadata)
    partial.replace(file)


def load_encoder(file: Path) -> BundledEncoder:
    """Read weights that `save_encoder` wrote, for inference.

    Raises
    ------
    BundleError
        If the file is no such file.
    """
    try:
        with safe_open(file, "pt") as stored:
            metadata = stored.metadata() or {}
            settings = msgspec.json.decode(metadata["model"], type=ModelSettings)
            temperature = msgspec.json.decode(metadata["temperature"], type=dict[str, float])
            state = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
            latent = msgspec.json.decode(metadata.get("latent", _LATENT), type=tuple[int, int, int])
        heads = {
            name.split(".")[2]: len(value)
            for name, value in state.items()
            if name.startswith("encoder.heads.") and name.endswith(".bias")
        }
        head = (
            state["fixed"].numpy()
            if "fixed" in state
            else LatentHead(state["weight"].numpy(), state["bias"].numpy(), latent)
        )
        encoder = BundledEncoder(Hrt(settings, heads), temperature, head)
        encoder.load_state_dict(state)
    except (OSError, SafetensorError, KeyError, msgspec.DecodeError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise BundleError(
            f"The weights {file.name} are not those of an encoder that this version knows ({first}); export "
            "the bundle again."
        ) from error
    return encoder.eval().requires_grad_(False)
