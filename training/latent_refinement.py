"""Latents a little better than the encoder's, for what is encoded once and drawn often: the memory of scenes.

An encoder finds a latent in one pass, and so not the best one for each picture. A few steps of gradient
descent on the latent itself, through the decoder as it is, find a better one (Kim et al. 2018,
"Semi-amortized variational autoencoders"). Neither network changes, and decoding takes no longer.
"""

import json
import logging
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.codec import decode_latents, encode_frames, load_codec, to_tensor
from training.codec_data import held_out
from training.codec_metrics import fidelity
from training.codec_model import LATENT_LIMIT, Codec
from training.codec_rehearsal import FRAMES_FILE

log = logging.getLogger(__name__)

REFINED_FILE = "refined.json"
STEPS = 10
_RATE = 0.1
_BETAS = (0.8, 0.95)
_PARTIAL = "memory_refined.partial.npy"

Pictures = NDArray[np.uint8]
Latents = NDArray[np.float32]


def refine_latents(
    codec: Codec, pictures: Pictures, latents: Latents, steps: int = STEPS, batch: int = 16
) -> Latents:
    """Move latents so that the decoder draws the pictures better, by mean squared error.

    Parameters
    ----------
    codec : Codec
        Its weights stay as they are.
    pictures : ndarray, shape (n, 256, 256, 3), uint8
    latents : ndarray, shape (n, 8, 16, 16)
        Where to start; the encoder's.
    steps : int
        Of Adam, with a rate that falls to zero.
    batch : int
        How many at a time; it changes nothing but the time.

    Returns
    -------
    ndarray, shape (n, 8, 16, 16), float32
        Within `LATENT_LIMIT`.
    """
    parts = [
        _refined(codec, pictures[k : k + batch], latents[k : k + batch], steps)
        for k in range(0, len(latents), batch)
    ]
    return np.concatenate(parts)


def refine_memory(folder: Path, steps: int = STEPS) -> None:
    """Refine the memory's latents in place, and write ``refined.json`` with what it was worth.

    Goes on where it was stopped. Beside the memory's own, held-out pictures are encoded and refined in the
    same way, so that the figure is of pictures that no part has learnt from.

    Parameters
    ----------
    folder : Path
        Of the trained autoencoder with ``memory_latents.npy``, ``memory_scale.npy`` and the frames.

    Raises
    ------
    UsageError
        If one of them is missing.
    """
    codec = load_codec(folder)
    try:
        stored = np.load(folder / "memory_latents.npy")
        scale = np.load(folder / "memory_scale.npy")[:, None, None]
        frames = np.load(folder / FRAMES_FILE, mmap_mode="r")
    except OSError as error:
        raise UsageError(
            f"{folder} has no whole memory of scenes ({error}); make one with `rtbci train memory`."
        ) from error
    report = {"steps": steps, "held_out": _worth(codec, steps)}
    begun = time.monotonic()
    refined = _partial(folder / _PARTIAL, stored.shape)
    left = [k for k in range(len(stored)) if np.isnan(refined[k, 0, 0, 0, 0])]
    for done, k in enumerate(left, start=1):
        encoded = (stored[k] * scale).astype(np.float32)
        refined[k] = refine_latents(codec, np.array(frames[k]), encoded, steps)
        if done % 20 == 0:
            minutes = (time.monotonic() - begun) / 60
            log.info("%d of %d clips, %.0f min more", done, len(left), minutes / done * (len(left) - done))
    report["memory"] = _memory_worth(codec, frames, stored * scale, refined)
    quantised, new_scale = quantise(np.asarray(refined))
    for name, array in (("memory_latents", quantised), ("memory_scale", new_scale)):
        np.save(folder / f"{name}.tmp.npy", array, allow_pickle=False)
        (folder / f"{name}.tmp.npy").replace(folder / f"{name}.npy")
    (folder / REFINED_FILE).write_text(json.dumps(report, indent=1) + "\n")
    (folder / _PARTIAL).unlink()
    log.info("%s", report)


def quantise(clips: Latents) -> tuple[NDArray[np.int8], Latents]:
    """Store latents (n, frames, channels, h, w) in eight bits.

    Returns
    -------
    ndarray, int8
        Of the same shape.
    ndarray, shape (channels,), float32
        What one step of each channel is worth.
    """
    scale = np.maximum(np.abs(clips).max(axis=(0, 1, 3, 4)), 1e-6) / 127
    return np.round(clips / scale[:, None, None]).astype(np.int8), scale.astype(np.float32)


def _refined(codec: Codec, pictures: Pictures, latents: Latents, steps: int) -> Latents:
    truth = to_tensor(pictures)
    moving = torch.from_numpy(np.array(latents, dtype=np.float32)).requires_grad_(True)
    optimiser = torch.optim.Adam([moving], lr=_RATE, betas=_BETAS)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = _RATE * (1 - step / steps)
        optimiser.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            made = codec.decoder(moving)
        # The sum: each picture's steps are its own, whatever else is in the batch.
        (made.float() - truth).square().sum().backward()
        optimiser.step()
        with torch.no_grad():
            moving.clamp_(-LATENT_LIMIT, LATENT_LIMIT)
    return moving.detach().numpy()


def _worth(codec: Codec, steps: int) -> dict[str, dict[str, float]]:
    """Fidelity of held-out pictures as the encoder encodes them, and refined."""
    pictures = held_out(per_concept=1)
    encoded = encode_frames(codec, pictures)
    found = {"encoded": encoded, "refined": refine_latents(codec, pictures, encoded, steps)}
    return {name: asdict(fidelity(pictures, decode_latents(codec, some))) for name, some in found.items()}


def _memory_worth(
    codec: Codec, frames: Pictures, before: NDArray[np.floating], after: Latents, every: int = 16
) -> dict[str, dict[str, float]]:
    """The same of the middle pictures of some stored clips."""
    middle = frames.shape[1] // 2
    pictures = np.asarray(frames[::every, middle])
    found = {"encoded": before, "refined": after}
    return {
        name: asdict(fidelity(pictures, decode_latents(codec, some[::every, middle].astype(np.float32))))
        for name, some in found.items()
    }


def _partial(file: Path, shape: tuple[int, ...]) -> np.memmap:
    """Open what is refined so far; what is not yet is not a number."""
    if not file.is_file():
        empty = file.with_suffix(".new")
        fresh = np.lib.format.open_memmap(empty, mode="w+", dtype=np.float32, shape=shape)
        fresh[:] = np.nan
        fresh.flush()
        empty.replace(file)
    return np.lib.format.open_memmap(file, mode="r+")
