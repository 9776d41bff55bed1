"""What a network that judges makes of several generators' pictures of the same held-out scenes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.obeyed import Share, keyframes_of, obeyed, previews_of, told_of
from rtbci.bench.draws import BACKEND as DRAWS
from rtbci.bench.generation import BACKEND as MEMORY
from rtbci.bundle import Bundle, load_bundle
from rtbci.bundle.engine import EngineSession
from rtbci.errors import UsageError
from rtbci.generate import MemoryGenerator, SceneMemory
from rtbci.generate.draws_folder import open_drawing
from rtbci.generate.picture import decoding
from training.codec import decode_latents, load_codec
from training.evaluation.corpus_classifiers import corpus_classifiers
from training.metrics.ssim import psnr

_COMPARED = 4
_ALIKE_DB = 30.0
"""A decoder in eight bits comes within 42 dB of its own autoencoder; other pictures are below 15."""


@dataclass(frozen=True)
class Judged:
    """How often pictures of strong, right evidence are named right.

    Attributes
    ----------
    backend, precision, grade : str
        As in `rtbci.bench.rows.Row`; the precision is empty for the memory, which has one.
    steps : int
    share : Share
    """

    backend: str
    precision: str
    grade: str
    steps: int
    share: Share


def judge_generators(
    bundle_path: Path | None,
    draws: Path,
    variants: Sequence[tuple[str, int]],
    codec_folder: Path,
    judges: Path,
    *,
    per_concept: int = 2,
    threads: int = 2,
) -> list[Judged]:
    """Have the memory of a bundle and a generator that draws looked at by the same network.

    Parameters
    ----------
    bundle_path : Path or None
        The bundle's folder; the default bundle where None.
    draws : Path
        As `rtbci.generate.draws_folder.open_drawing` takes it.
    variants : sequence of (str, int)
        Its precisions and numbers of steps.
    codec_folder : Path
        Of the autoencoder that encodes the scenes; it must be the bundle's.
    judges : Path
        Where the networks that judge are kept, or shall be: they are trained if they are not there.
    per_concept : int
        Held-out scenes of each concept.
    threads : int
        Of onnxruntime.

    Raises
    ------
    RtbciError
        If anything is missing or damaged, or the autoencoder is another than the bundle's.
    """
    bundle = load_bundle(bundle_path)
    memory = MemoryGenerator.from_bundle(bundle, threads=threads)
    check_same_codec(codec_folder, bundle, memory.memory, threads)
    told = told_of(load_codec(codec_folder), memory.memory.mean, per_concept)
    classifier, _ = corpus_classifiers(judges)
    found = [
        Judged(MEMORY, "", grade, 0, obeyed(classifier, drawn(memory, told), told))
        for grade, drawn in (("preview", previews_of), ("keyframe", keyframes_of))
    ]
    for precision, steps in variants:
        generator = open_drawing(draws, bundle, precision, steps=steps, threads=threads)
        share = obeyed(classifier, keyframes_of(generator, told), told)
        found.append(Judged(DRAWS, precision, "keyframe", steps, share))
    return found


def check_same_codec(folder: Path, bundle: Bundle, memory: SceneMemory, threads: int = 2) -> None:
    """Make sure that a trained autoencoder and a bundle's decoder make the same of the bundle's latents.

    Raises
    ------
    UsageError
        If they do not: latents of the one mean nothing to the other.
    """
    stored = range(min(_COMPARED, len(memory.concepts)))
    latents = np.stack([memory.clip(k)[memory.keyframe] for k in stored])
    decode = decoding(EngineSession.from_bundle(bundle, "decoder", threads=threads))
    ours = np.stack([decode(latent) for latent in latents])
    theirs = decode_latents(load_codec(folder), latents)
    if ours.shape != theirs.shape or psnr(ours, theirs).min() < _ALIKE_DB:
        raise UsageError(
            f"The autoencoder in {folder} is not that of the bundle {bundle.manifest.id}: it makes "
            "other pictures of the same latents; name the bundle's own with --codec, or give --no-judge."
        )
