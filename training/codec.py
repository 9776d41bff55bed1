"""The trained autoencoder, ready for use: clips to latents (the EEG decoder's targets) and back."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from rtbci.errors import UsageError
from rtbci.stimuli.draw import draw_clip, draw_frame
from rtbci.stimuli.spec import CLIP_SECONDS, ClipSpec
from training.codec_model import Codec

RUN_FOLDER = Path("runs/codec")
WEIGHTS_FILE = "codec.safetensors"
CLIP_FRAMES = 8
MIDDLE = CLIP_SECONDS / 2
"""The moment at which everything in a clip is where its specification says: the keyframe's moment."""


@lru_cache(maxsize=2)
def load_codec(folder: Path = RUN_FOLDER) -> Codec:
    """Load the trained autoencoder, for inference.

    Parameters
    ----------
    folder : Path
        Where `rtbci train codec` wrote it.

    Raises
    ------
    UsageError
        If there is none.
    """
    file = folder / WEIGHTS_FILE
    if not file.is_file():
        raise UsageError(f"There is no autoencoder at {file}; train one with `rtbci train codec`.")
    codec = Codec()
    codec.load_state_dict(load_file(file))
    return codec.eval().requires_grad_(False).to(memory_format=torch.channels_last)


@torch.no_grad()
def encode_frames(codec: Codec, frames: NDArray[np.uint8], batch: int = 16) -> NDArray[np.float32]:
    """Encode pictures (n, 256, 256, 3) to latents (n, 8, 16, 16), about unit variance, within +-4.

    Computed in bfloat16, which is off by 0.002 (standard deviation) and at least twice as fast.
    """
    with torch.autocast("cpu", dtype=torch.bfloat16):
        parts = [
            codec.encoder(to_tensor(frames[start : start + batch])).float().numpy()
            for start in range(0, len(frames), batch)
        ]
    return np.concatenate(parts)


@torch.no_grad()
def decode_latents(codec: Codec, latents: NDArray[np.float32], batch: int = 16) -> NDArray[np.uint8]:
    """Decode latents (n, 8, 16, 16) to pictures (n, 256, 256, 3)."""
    parts = [
        to_pictures(codec.decoder(torch.from_numpy(np.ascontiguousarray(latents[start : start + batch]))))
        for start in range(0, len(latents), batch)
    ]
    return np.concatenate(parts)


def encode_clip_frames(
    spec: ClipSpec, n_frames: int = CLIP_FRAMES, folder: Path = RUN_FOLDER
) -> NDArray[np.float32]:
    """Latents of a clip's frames at equal steps from its start.

    Returns
    -------
    ndarray, shape (n_frames, 8, 16, 16), float32
    """
    return encode_frames(load_codec(folder), draw_clip(spec, n_frames))


def encode_middles(specs: Sequence[ClipSpec], folder: Path = RUN_FOLDER) -> NDArray[np.float32]:
    """Latents of many clips' middle pictures: what an EEG decoder's `latent` output should be.

    Returns
    -------
    ndarray, shape (len(specs), 8, 16, 16), float32
    """
    codec = load_codec(folder)
    latents = np.empty((len(specs), 8, 16, 16), dtype=np.float32)
    for start in range(0, len(specs), 16):
        frames = np.stack([draw_frame(spec, MIDDLE) for spec in specs[start : start + 16]])
        latents[start : start + 16] = encode_frames(codec, frames)
    return latents


def to_tensor(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """uint8 (n, h, w, 3) to float (n, 3, h, w) in [-1, 1], channels last in memory."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def to_pictures(tensor: torch.Tensor) -> NDArray[np.uint8]:
    """Turn floats (n, 3, h, w) in about [-1, 1] into uint8 (n, h, w, 3)."""
    scaled = tensor.float().add(1.0).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(0, 2, 3, 1).numpy())
