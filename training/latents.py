"""The picture latent from EEG: fitted after decoder and autoencoder are trained.

EEG does not hold a picture's details, so the target is coarse: the middle picture's latent (8, 16, 16),
averaged to 4x4 places, (8, 4, 4). A ridge regression on the frozen encoder's features predicts it from
windows of known wearers; where the evidence is weak it falls back to the mean by itself. Its ridge is chosen
on held-out sittings. Writes ``latents.safetensors`` into the run's folder.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from rtbci.errors import UsageError
from rtbci.stimuli.spec import clip_spec
from training.codec import encode_middles
from training.cohort import HELD_OUT, TRAIN, Windows, load_windows, make_cohort
from training.decoder import Decoder, load_decoder
from training.decoder_settings import DecoderSettings

log = logging.getLogger(__name__)

LATENTS_FILE = "latents.safetensors"
CHANNELS, COARSE, FULL = 8, 4, 16
_CLIPS = 3000
_RIDGES = (1e1, 1e2, 1e3, 1e4)
_CLEAR_SHARE = 0.7
Array = NDArray[np.float32]


@dataclass(frozen=True)
class LatentHead:
    """A linear map from the encoder's features to the coarse latent.

    Attributes
    ----------
    weight : ndarray, shape (16 c, features)
    bias : ndarray, shape (16 c,)
    shape : tuple of int
        Of the latent that the coarse one is enlarged to: (c, h, w).
    """

    weight: Array
    bias: Array
    shape: tuple[int, int, int] = (CHANNELS, FULL, FULL)


def coarse(latents: Array) -> Array:
    """Average latents (n, c, h, w) to 4x4 places and flatten: (n, 16 c), so (n, 128) of (n, 8, 16, 16)."""
    n, channels, height, width = latents.shape
    cells = latents.reshape(n, channels, COARSE, height // COARSE, COARSE, width // COARSE)
    pooled = cells.mean(axis=(3, 5))
    return np.ascontiguousarray(pooled.reshape(len(latents), -1), dtype=np.float32)


def load_latent_head(folder: Path) -> LatentHead:
    """Read the fitted head.

    Raises
    ------
    UsageError
        If it was not fitted yet.
    """
    file = folder / LATENTS_FILE
    if not file.is_file():
        raise UsageError(f"There is no latent head at {file}; fit one with `rtbci export default`.")
    stored = load_file(file)
    if "shape" not in stored:
        return LatentHead(stored["weight"], stored["bias"])
    channels, height, width = stored["shape"].tolist()
    return LatentHead(stored["weight"], stored["bias"], (channels, height, width))


def ridge(features: Array, targets: Array, penalty: float) -> LatentHead:
    """Least squares with a penalty on the weights, not on the bias."""
    x_mean, y_mean = features.mean(axis=0), targets.mean(axis=0)
    x, y = (features - x_mean).astype(np.float64), (targets - y_mean).astype(np.float64)
    weight = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y).T.astype(np.float32)
    return LatentHead(weight, (y_mean - weight @ x_mean).astype(np.float32))


def fit_latents(settings: DecoderSettings) -> LatentHead:
    """Fit the head on known wearers and write it."""
    torch.set_num_threads(settings.threads)
    cache = make_cohort(settings, settings.cohort.known)
    decoder = load_decoder(settings)
    windows = load_windows(cache, settings.cohort.known, settings.model.decimate)
    chosen = _some_clips(windows)
    train = chosen.where(chosen.purpose == TRAIN)
    held = chosen.where(chosen.purpose == HELD_OUT)
    table = _latent_table(np.concatenate([train.clips[:, 0], held.clips[:, 0]]))
    x, y = features_of(decoder, train.x), _targets(train, table)
    x_held, y_held = features_of(decoder, held.x), _targets(held, table)
    head, report = fit_head(x, y, x_held, y_held)
    write_latent_head(Path(settings.folder), head, report)
    return head


def fit_head(x: Array, y: Array, x_held: Array, y_held: Array) -> tuple[LatentHead, dict[str, float]]:
    """Choose the ridge on held-out windows; also says what share of their variance it explains.

    Parameters
    ----------
    x, x_held : ndarray, shape (n, features)
    y, y_held : ndarray, shape (n, 16 c)
    """
    heads = {penalty: ridge(x, y, penalty) for penalty in _RIDGES}
    error = {
        penalty: float(np.mean((x_held @ head.weight.T + head.bias - y_held) ** 2))
        for penalty, head in heads.items()
    }
    best = min(error, key=lambda penalty: error[penalty])
    spread = float(np.mean((y_held - y.mean(axis=0)) ** 2))
    explained = 1.0 - error[best] / spread
    log.info("latent head: ridge %g explains %.3f of the held-out variance", best, explained)
    report = {"ridge": best, "explained": explained, "windows": len(x), "held_out_windows": len(x_held)}
    return heads[best], report


def write_latent_head(folder: Path, head: LatentHead, report: dict[str, float]) -> None:
    """Write head and report as `load_latent_head` reads them."""
    arrays: dict[str, NDArray[Any]] = {"weight": head.weight, "bias": head.bias}
    save_file(arrays | {"shape": np.array(head.shape)}, folder / LATENTS_FILE)
    (folder / "latents.json").write_text(json.dumps(report, indent=1))


def _some_clips(windows: Windows) -> Windows:
    """Windows that one clip fills, of as many clips as can be drawn and encoded in a few minutes.

    All signal levels are in: from faint windows the head learns to stay at the mean.
    """
    clear = windows.where((windows.share >= _CLEAR_SHARE) & ~windows.null)
    clips = np.unique(clear.clips[:, 0], axis=0)
    rng = np.random.default_rng(0)
    kept = {(int(c), int(s)) for c, s in clips[rng.permutation(len(clips))[:_CLIPS]]}
    return clear.where(np.array([(int(c), int(s)) in kept for c, s in clear.clips[:, 0]]))


def _latent_table(clips: NDArray[np.int64]) -> dict[tuple[int, int], Array]:
    distinct = [(int(c), int(s)) for c, s in np.unique(clips, axis=0)]
    table: dict[tuple[int, int], Array] = {}
    for start in range(0, len(distinct), 500):
        part = distinct[start : start + 500]
        encoded = coarse(encode_middles([clip_spec(c, s) for c, s in part]))
        table.update(zip(part, encoded, strict=True))
        log.info("encoded %d of %d pictures", len(table), len(distinct))
    return table


def _targets(windows: Windows, table: dict[tuple[int, int], Array]) -> Array:
    return np.stack([table[int(c), int(s)] for c, s in windows.clips[:, 0]])


@torch.no_grad()
def features_of(decoder: Decoder, windows: NDArray[np.float16]) -> Array:
    """The encoder's features of windows (n, 62, T), through the generic spatial layer."""
    parts = []
    for rows in np.array_split(np.arange(len(windows)), max(1, len(windows) // 512)):
        eeg = torch.from_numpy(windows[rows]).float()
        mixed = decoder.layers(eeg, torch.zeros(len(rows), dtype=torch.int64))
        parts.append(decoder.encoder.trunk(mixed).numpy())
    return np.concatenate(parts)
