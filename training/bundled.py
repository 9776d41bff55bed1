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
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from rtbci.errors import BundleError
from training.hrt import QUESTIONS, Hrt
from training.latents import CHANNELS as LATENT_CHANNELS
from training.latents import COARSE, FULL, LatentHead
from training.model_settings import ModelSettings

OUTPUTS = (*QUESTIONS, "text", "latent")


class BundledEncoder(nn.Module):
    """EEG (B, 62, 400) behind the adapter, to all that the encoder's engine gives.

    Logits for each question, the text embedding and the latent (B, 8, 16, 16), in the order of `OUTPUTS`.

    Parameters
    ----------
    encoder : Hrt
    temperature : dict of str to float
        Of each of `training.hrt.QUESTIONS`.
    latent : LatentHead
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, encoder: Hrt, temperature: dict[str, float], latent: LatentHead) -> None:
        super().__init__()
        self.encoder = encoder
        self.temperature = temperature
        self.register_buffer("weight", torch.from_numpy(latent.weight))
        self.register_buffer("bias", torch.from_numpy(latent.bias))

    def forward(self, eeg: Tensor) -> tuple[Tensor, ...]:
        """All outputs."""
        features = self.encoder.trunk(nn.functional.avg_pool1d(eeg, self.encoder.settings.decimate))
        answers = self.encoder.answers(features)
        logits = [answers[name] / self.temperature[name] for name in QUESTIONS]
        coarse = nn.functional.linear(features, self.weight, self.bias)
        grid = coarse.reshape(-1, LATENT_CHANNELS, COARSE, COARSE)
        latent = nn.functional.interpolate(grid, size=(FULL, FULL), mode="bilinear", align_corners=False)
        return (*logits, answers["text"], latent)


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
    metadata = {"model": shape, "temperature": json.dumps(encoder.temperature)}
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
        places = LATENT_CHANNELS * COARSE * COARSE
        nothing = LatentHead(
            np.zeros((places, settings.trunk), dtype=np.float32), np.zeros(places, dtype=np.float32)
        )
        encoder = BundledEncoder(Hrt(settings), temperature, nothing)
        encoder.load_state_dict(state)
    except (OSError, SafetensorError, KeyError, msgspec.DecodeError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise BundleError(
            f"The weights {file.name} are not those of an encoder that this version knows ({first}); export "
            "the bundle again."
        ) from error
    return encoder.eval().requires_grad_(False)
