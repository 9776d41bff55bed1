"""How often a network names, in what is drawn of held-out scenes, the concept that the evidence says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.recognition import simulated_evidence
from rtbci.generate import DecodedEvidence, Generator
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.draw import draw_frame
from rtbci.stimuli.spec import ClipSpec, clip_spec
from training.codec import MIDDLE, encode_frames
from training.codec_model import Codec
from training.codec_seeds import CODEC_HELD_OUT
from training.evaluation.corpus_classifiers import (
    CorpusSettings,
    FrameClassifier,
    corpus_classifiers,
    fingerprint,
)
from training.scores import binomial_interval

FIRST = CODEC_HELD_OUT.start + 2**23
"""Seed of the first scene of each concept that generators are compared on."""

Pictures = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Told:
    """Strong and right evidence for held-out scenes.

    Attributes
    ----------
    evidence : list of DecodedEvidence
        A context of its own each.
    concepts : ndarray, shape (n,)
        What each says, and what is to be seen.
    """

    evidence: list[DecodedEvidence]
    concepts: NDArray[np.intp]


@dataclass(frozen=True)
class Share:
    """How many of n pictures show what they were told to.

    Attributes
    ----------
    value : float
    ci95 : tuple of float
        Clopper-Pearson.
    n : int
    """

    value: float
    ci95: tuple[float, float]
    n: int


def told_of(codec: Codec, mean: NDArray[np.float32], per_concept: int = 2, strength: float = 1.0) -> Told:
    """Evidence for the scenes that `export.scoreboard` compares generators on, at their middle moment.

    Parameters
    ----------
    codec : Codec
        Encodes the scenes.
    mean : ndarray, shape (8, 16, 16)
        Of latents: where decoded ones start from.
    per_concept : int
        Scenes of each concept.
    strength : float
    """
    specs = held_out_specs(per_concept)
    latents = encode_frames(codec, np.stack([draw_frame(spec, MIDDLE) for spec in specs]))
    evidence = right_evidence(specs, latents, mean, strength)
    return Told(evidence, np.array([spec.concept for spec in specs]))


def held_out_specs(per_concept: int) -> list[ClipSpec]:
    """Give the scenes that generators are compared on, concept by concept; no part has learnt from them."""
    return [clip_spec(c.index, FIRST + k) for c in CONCEPTS for k in range(per_concept)]


def right_evidence(
    specs: Sequence[ClipSpec], latents: NDArray[np.float32], mean: NDArray[np.float32], strength: float
) -> list[DecodedEvidence]:
    """Evidence for each scene, whose middle latents (n, 8, 16, 16) are given; a context of its own each."""
    rng = np.random.default_rng(2)
    return [
        replace(simulated_evidence(spec, latent, mean, strength, rng), context=k)
        for k, (spec, latent) in enumerate(zip(specs, latents, strict=True))
    ]


def keyframes_of(generator: Generator, told: Told) -> Pictures:
    """Draw a keyframe for each scene; uint8 (n, h, w, 3)."""
    drawn = [generator.keyframe(one) for one in told.evidence]
    return np.concatenate([picture for picture in drawn if picture is not None])


def previews_of(generator: Generator, told: Told) -> Pictures:
    """Draw a preview for each scene; uint8 (n, h, w, 3)."""
    return np.concatenate([generator.preview(one) for one in told.evidence])


def obeyed(classifier: FrameClassifier, pictures: Pictures, told: Told) -> Share:
    """In how many pictures the concept that the evidence says is named."""
    hits = int((classifier.scores(pictures).argmax(axis=1) == told.concepts).sum())
    n = len(pictures)
    return Share(hits / n, binomial_interval(hits, n), n)


def trained_judge(cache: Path) -> FrameClassifier | None:
    """Give the scoreboard's judge of concepts if it has been trained; None if not."""
    if not (cache / f"corpus-{fingerprint(CorpusSettings())}.safetensors").is_file():
        return None
    return corpus_classifiers(cache)[0]
