"""A laboratory's bundle: its own decoder, and the generator of another bundle."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file

from export.bundle_writer import write_bundle
from export.encoder import ADAPTER_FILE, ENCODER_FILE, Parity, write_engines
from rtbci.bundle import Bundle, Manifest
from rtbci.bundle.schema import EvidenceModel, Metric
from rtbci.errors import UsageError
from rtbci.generate.memory import SceneMemory
from training.decoder import WEIGHTS_FILE, read_decoder
from training.evaluate_decoder import EVIDENCE_FILE, METRICS_FILE
from training.lab.latents import generator_digest
from training.lab.train import PRIOR_FILE, TEXT_FILE, LabRecord, read_record
from training.latents import LatentHead, load_latent_head

log = logging.getLogger(__name__)

_MOST_BYTES = 1_000_000_000
_DECODER_ENGINES = ("adapter", "encoder")
_DECODER_ARRAYS = ("prior_covariance", "text_concepts")


@dataclass(frozen=True)
class Exported:
    """A bundle that was written.

    Attributes
    ----------
    manifest : Manifest
    record : LabRecord
        Of the run that it was made of.
    parity : Parity
        How closely the engines follow torch.
    """

    manifest: Manifest
    record: LabRecord
    parity: Parity


def export_lab_bundle(folder: Path, out: Path, generator: Bundle, *, name: str, licence: str) -> Exported:
    """Write the bundle of a run of `training.lab.train.train_lab`.

    Parameters
    ----------
    folder : Path
        Of the run.
    out : Path
        Of the bundle; one that is there is replaced, anything else is refused.
    generator : Bundle
        Whose generator draws: all engines and arrays that are not the decoder's are copied from it.
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
    decodes_latents = "latent" not in record.silent
    if decodes_latents and record.generator != generator_digest(generator):
        raise UsageError(
            f"The latents in {folder} are for another generator than that of {generator.manifest.id}; name "
            "its bundle with --generator, or train again with this one."
        )
    decoder = read_decoder(folder / WEIGHTS_FILE, record.settings.training.model)
    text = load_file(folder / TEXT_FILE)
    with torch.no_grad():
        # The loss took embeddings less their mean and scaled; the bundle gives them as they are.
        head = decoder.encoder.heads["text"]
        head.weight.mul_(float(text["scale"][0]))
        head.bias.mul_(float(text["scale"][0])).add_(torch.from_numpy(text["mean"]))
    latent: LatentHead | NDArray[np.float32] = (
        load_latent_head(folder) if decodes_latents else SceneMemory.from_bundle(generator).mean
    )
    parity = write_engines(folder, decoder, latent)
    log.info("encoder: off by %.2g at most, %.2f ms a window", parity.encoder, parity.encoder_ms)
    theirs = generator.manifest
    engines = {key: generator.engine_path(key) for key in theirs.engines if key not in _DECODER_ENGINES} | {
        "adapter": folder / ADAPTER_FILE,
        "encoder": folder / ENCODER_FILE,
    }
    arrays = {key: np.asarray(generator.array(key)) for key in theirs.arrays if key not in _DECODER_ARRAYS}
    arrays["prior_covariance"] = np.load(folder / PRIOR_FILE, allow_pickle=False)
    arrays["text_concepts"] = text["concepts"]
    stored = json.loads((folder / EVIDENCE_FILE).read_text(encoding="utf-8"))
    metrics = msgspec.json.decode((folder / METRICS_FILE).read_bytes(), type=tuple[Metric, ...])
    manifest = write_bundle(
        out,
        name=name,
        description=f"{record.data} Generator of the bundle {theirs.id} ({theirs.licence}).",
        engines=engines,
        arrays=arrays,
        preprocessing=record.settings.preprocessing,
        evidence=msgspec.convert(stored["evidence"], EvidenceModel),
        metrics=metrics,
        data_fingerprint=record.fingerprint,
        code_version=record.code_version,
        licence=licence,
        # Only what ships with the package must be small: heads for large text embeddings are not.
        max_bytes=_MOST_BYTES,
        silent=record.silent,
    )
    return Exported(manifest, record, parity)
