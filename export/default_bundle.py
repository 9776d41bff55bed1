"""The default bundle from nothing: every step that is not done yet, then the bundle with all its figures."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from export.bundle_writer import write_bundle
from export.codec import DECODER_FILE, PREVIEW_FILE, PREVIEW_SHRINK, example_latents, export_decoder
from export.encoder import ADAPTER_FILE, ENCODER_FILE, ENCODER_WEIGHTS_FILE
from export.encoder import export_decoder as export_encoder
from export.recognition import GENERATOR_METRICS_FILE, evaluate_generator
from rtbci import __version__
from rtbci.bundle.schema import EvidenceModel, Metric
from rtbci.stimuli.text import concept_embeddings
from training.codec import load_codec
from training.codec_train import TrainSettings, train_codec
from training.cohort import fingerprint, load_prior, make_cohort
from training.decoder import WEIGHTS_FILE, train
from training.decoder_settings import DecoderSettings, load_settings
from training.evaluate_decoder import EVIDENCE_FILE, METRICS_FILE, evaluate
from training.latent_refinement import REFINED_FILE, refine_memory
from training.latents import LATENTS_FILE, fit_latents
from training.memory import make_memory
from training.own_linear import OWN_LINEAR_FILE, measure_own_linear
from training.responses import RESPONSES, source_responses

log = logging.getLogger(__name__)

MEMORY_FILE = "memory_latents.npy"
_CODEC = Path("runs/codec")
_MEMORY = ("memory_latents", "memory_scale", "memory_concept", "memory_attributes", "memory_seed")
_DESCRIPTION = (
    "Decoder trained on simulated wearers who watch the drawn corpus; generator that composes from a library "
    "of drawn scenes."
)


def make_default_bundle(out: Path, config: Path, codec_minutes: float) -> None:
    """Train what is not trained, export, measure, and write the bundle.

    Parameters
    ----------
    out : Path
        Folder of the bundle; replaced when all is done.
    config : Path
        Settings of the decoder.
    codec_minutes : float
        Training time of the picture autoencoder.

    Raises
    ------
    UsageError
        If the settings are wrong.
    BundleError
        If the result is larger than a default bundle may be.
    """
    settings = load_settings(config)
    folder = Path(settings.folder)
    _once(folder / WEIGHTS_FILE, "training the decoder", lambda: train(settings))
    _once(folder / EVIDENCE_FILE, "measuring the decoder", lambda: evaluate(settings))
    _make_generator(codec_minutes)
    _once(folder / LATENTS_FILE, "fitting the latent head", lambda: fit_latents(settings))
    write_default_bundle(out, settings)


def _make_generator(minutes: float) -> None:
    """Train the autoencoder until its encoder is frozen, choose the memory, train its decoder to the end."""
    first = TrainSettings(folder=_CODEC, threads=2)
    log.info("training the picture autoencoder, as far as its time is not used up")
    train_codec(replace(first, minutes=minutes, stop_at=first.freeze_at))
    _once(_CODEC / MEMORY_FILE, "choosing the memory", lambda: make_memory(_CODEC))
    train_codec(replace(first, minutes=minutes, rehearse=_CODEC))
    _once(_CODEC / REFINED_FILE, "refining the memory, half an hour of a core", _refine)


def _refine() -> None:
    refine_memory(_CODEC)
    # What was measured on the memory as it was is no longer true.
    (_CODEC / GENERATOR_METRICS_FILE).unlink(missing_ok=True)


def write_default_bundle(out: Path, settings: DecoderSettings) -> None:
    """Export what is trained, and write the bundle."""
    folder = Path(settings.folder)
    parity = export_encoder(settings)
    log.info("encoder: off by %.2g at most, %.2f ms a window", parity.encoder, parity.encoder_ms)
    codec = load_codec(_CODEC)
    examples = example_latents(codec)
    export_decoder(codec, _CODEC / DECODER_FILE, examples)
    export_decoder(codec, _CODEC / PREVIEW_FILE, examples, PREVIEW_SHRINK)
    own = folder / OWN_LINEAR_FILE
    _once(own, "measuring each known wearer's own linear decoder", lambda: measure_own_linear(settings))
    generator = _CODEC / GENERATOR_METRICS_FILE
    _once(generator, "measuring what can be read from the pictures", lambda: evaluate_generator(_CODEC))
    cache = make_cohort(settings, settings.cohort.known)
    arrays = {name: np.load(_CODEC / f"{name}.npy", allow_pickle=False) for name in _MEMORY}
    arrays["prior_covariance"] = load_prior(cache)
    arrays["text_concepts"] = concept_embeddings()
    arrays[RESPONSES] = source_responses(settings, cache)
    write_bundle(
        out,
        name="default",
        description=_DESCRIPTION,
        engines={
            "adapter": folder / ADAPTER_FILE,
            "encoder": folder / ENCODER_FILE,
            "decoder": _CODEC / DECODER_FILE,
            "preview": _CODEC / PREVIEW_FILE,
        },
        arrays=arrays,
        preprocessing=settings.preprocessing,
        evidence=_evidence(folder),
        metrics=(*_metrics(folder / METRICS_FILE), *_metrics(own), *_metrics(generator)),
        data_fingerprint=f"simulated-{fingerprint(settings)}",
        code_version=__version__,
        weights={"encoder": folder / ENCODER_WEIGHTS_FILE},
    )


def _once(result: Path, what: str, work: Callable[[], object]) -> None:
    if result.exists():
        log.info("%s: done before (%s)", what, result)
    else:
        log.info(what)
        work()


def _evidence(folder: Path) -> EvidenceModel:
    stored = json.loads((folder / EVIDENCE_FILE).read_text(encoding="utf-8"))
    return msgspec.convert(stored["evidence"], EvidenceModel)


def _metrics(file: Path) -> tuple[Metric, ...]:
    return msgspec.json.decode(file.read_bytes(), type=tuple[Metric, ...])
