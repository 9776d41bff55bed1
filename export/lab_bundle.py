"""A laboratory's bundle: its own decoder, and the generator of another bundle."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file

from export.bundle_writer import write_bundle
from export.encoder import ADAPTER_FILE, ENCODER_FILE, ENCODER_WEIGHTS_FILE, Parity, write_engines
from rtbci.bundle import Bundle, Manifest
from rtbci.bundle.reader import open_array
from rtbci.bundle.schema import EvidenceModel, Metric
from rtbci.errors import UsageError
from rtbci.generate.full_size.engines import load_full_size
from rtbci.generate.memory import SceneMemory
from rtbci.stimuli.concepts import ATTRIBUTES
from training.decoder import WEIGHTS_FILE, read_decoder
from training.evaluate_decoder import EVIDENCE_FILE, METRICS_FILE
from training.lab.latents import generator_digest
from training.lab.train import PRIOR_FILE, TEXT_FILE, LabRecord, read_record
from training.latents import LatentHead, load_latent_head
from training.responses import RESPONSES

log = logging.getLogger(__name__)

_MOST_BYTES = 1_000_000_000
_DECODER_ENGINES = ("adapter", "encoder")
# Answers are of the wearers that the other bundle's decoder was trained on, and of their filters.
_DECODER_ARRAYS = ("prior_covariance", "text_concepts", RESPONSES)


@dataclass(frozen=True)
class Exported:
    """A bundle that was written.

    Attributes
    ----------
    manifest : Manifest
    notes : tuple of str
        What it leaves out and why; one sentence each.
    parity : Parity
        How closely the engines follow torch.
    """

    manifest: Manifest
    notes: tuple[str, ...]
    parity: Parity


@dataclass(frozen=True, eq=False)
class Drawing:
    """The parts of a bundle that draw.

    Attributes
    ----------
    engines : dict of str to Path
    arrays : dict of str to ndarray
    mean : ndarray, shape (c, h, w), float32
        Latent to give where none is decoded.
    words : str
        What it is, for the bundle's description.
    digest : str or None
        As `training.lab.latents.generator_digest`; None of a full-size generator.
    """

    engines: dict[str, Path]
    arrays: dict[str, NDArray[Any]]
    mean: NDArray[np.float32]
    words: str
    digest: str | None


def drawing_of(bundle: Bundle) -> Drawing:
    """Everything of a bundle that is not its decoder's own."""
    manifest = bundle.manifest
    engines = {key: bundle.engine_path(key) for key in manifest.engines if key not in _DECODER_ENGINES}
    arrays = {key: np.asarray(bundle.array(key)) for key in manifest.arrays if key not in _DECODER_ARRAYS}
    words = f"Generator of the bundle {manifest.id} ({manifest.licence})."
    return Drawing(engines, arrays, SceneMemory.from_bundle(bundle).mean, words, generator_digest(bundle))


def drawing_for_full_size(folder: Path) -> Drawing:
    """What a bundle needs if a full-size generator draws: its picture decoder, and its mean as a scene.

    Raises
    ------
    BundleError
        If the folder is no full-size generator, or damaged.
    """
    manifest = load_full_size(folder)
    mean = np.asarray(open_array(folder / manifest.arrays["mean_latent"].file), dtype=np.float32)
    scale = np.maximum(np.abs(mean).max(axis=(1, 2)), 1e-6) / 127
    arrays: dict[str, NDArray[Any]] = {
        "memory_latents": np.round(mean / scale[:, None, None])[None, None].astype(np.int8),
        "memory_scale": scale.astype(np.float32),
        "memory_concept": np.zeros(1, dtype=np.int16),
        "memory_attributes": np.zeros((1, len(ATTRIBUTES)), dtype=np.int8),
        "memory_seed": np.zeros(1, dtype=np.int64),
    }
    engines = {"decoder": folder / manifest.engines["decoder"].file}
    words = f"It has no scenes of its own: a full-size generator draws ({manifest.licence})."
    return Drawing(engines, arrays, mean, words, None)


def export_lab_bundle(folder: Path, out: Path, drawing: Drawing, *, name: str, licence: str) -> Exported:
    """Write the bundle of a run of `training.lab.train.train_lab`.

    Where the run's latents are not of the shape that is drawn from, the bundle decodes none.

    Parameters
    ----------
    folder : Path
        Of the run.
    out : Path
        Of the bundle; one that is there is replaced, anything else is refused.
    drawing : Drawing
        What draws, from `drawing_of` or `drawing_for_full_size`.
    name : str
        Readable part of the bundle's id.
    licence : str
        SPDX name of the decoder's licence.

    Raises
    ------
    UsageError
        If the run is not done, or its latents are for another generator.
    BundleError
        If there is something else in the way.
    """
    record = read_record(folder)
    if not name.strip() or not licence.strip():
        raise UsageError("A bundle needs a name and a licence; give --name and --licence a word each.")
    latent, note = latent_for(folder, record, drawing)
    mute = tuple(name for name in record.silent if name != "latent")
    decoder = read_decoder(folder / WEIGHTS_FILE, record.settings.training.model)
    text = load_file(folder / TEXT_FILE)
    with torch.no_grad():
        # The loss took embeddings less their mean and scaled; the bundle gives them as they are.
        linear = decoder.encoder.heads["text"]
        linear.weight.mul_(float(text["scale"][0]))
        linear.bias.mul_(float(text["scale"][0])).add_(torch.from_numpy(text["mean"]))
    parity = write_engines(folder, decoder, latent)
    log.info("encoder: off by %.2g at most, %.2f ms a window", parity.encoder, parity.encoder_ms)
    stored = json.loads((folder / EVIDENCE_FILE).read_text(encoding="utf-8"))
    prior = np.load(folder / PRIOR_FILE, allow_pickle=False)
    manifest = write_bundle(
        out,
        name=name,
        description=f"{record.data} {drawing.words}",
        weights={"encoder": folder / ENCODER_WEIGHTS_FILE},
        engines=drawing.engines | {"adapter": folder / ADAPTER_FILE, "encoder": folder / ENCODER_FILE},
        arrays=drawing.arrays | {"prior_covariance": prior, "text_concepts": text["concepts"]},
        preprocessing=record.settings.preprocessing,
        evidence=msgspec.convert(stored["evidence"], EvidenceModel),
        metrics=msgspec.json.decode((folder / METRICS_FILE).read_bytes(), type=tuple[Metric, ...]),
        data_fingerprint=record.fingerprint,
        code_version=record.code_version,
        licence=licence,
        # Only what ships with the package must be small: heads for large text embeddings are not.
        max_bytes=_MOST_BYTES,
        silent=mute if isinstance(latent, LatentHead) else (*mute, "latent"),
    )
    return Exported(manifest, (*record.notes, *note), parity)


def latent_for(
    folder: Path, record: LabRecord, drawing: Drawing
) -> tuple[LatentHead | NDArray[np.float32], tuple[str, ...]]:
    """How latents are decoded, or the one to give always; and a sentence where a run's latents go unused.

    Raises
    ------
    UsageError
        If the latents are for another generator, as far as that can be told.
    """
    if "latent" in record.silent:
        return drawing.mean, ()
    head = load_latent_head(folder)
    if head.shape != drawing.mean.shape:
        return drawing.mean, (
            f"The run's latents are {_sizes(head.shape)}, and pictures are drawn from "
            f"{_sizes(drawing.mean.shape)}, so none are decoded: the concept alone chooses what is drawn.",
        )
    if drawing.digest is not None and record.generator != drawing.digest:
        raise UsageError(
            f"The latents in {folder} are for another generator; name its bundle with --generator, or train "
            "again with this one."
        )
    return head, ()


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)
