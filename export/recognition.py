"""Can what is watched be read from the picture?

A small network learns to name the concept of drawn scenes, seen through the autoencoder and through veils of
every strength. It then looks at what the generator draws of held-out scenes: with strong and right evidence
it must name the concept; with worthless evidence it must not do better than chance, even if the evidence is
right.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from scipy.ndimage import zoom

from export.codec import DECODER_FILE, PREVIEW_FILE
from rtbci.bundle.schema import Metric
from rtbci.generate import DecodedEvidence, MemoryGenerator, SceneMemory, sharpness
from rtbci.generate.sharpness import BACKDROP_BLUR, blurred, veil
from rtbci.stimuli.captions import caption
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.draw import draw_frame
from rtbci.stimuli.spec import ClipSpec, clip_spec
from rtbci.stimuli.text import concept_embeddings, embed
from training.codec import MIDDLE, decode_latents, encode_frames, load_codec
from training.codec_data import draw_random
from training.codec_metrics import edge_strength
from training.codec_model import Codec
from training.codec_seeds import CODEC_HELD_OUT
from training.evaluation.guesser import Guesser, named, small, train_guesser
from training.scores import binomial_interval

log = logging.getLogger(__name__)

STRENGTHS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
CHANCE = 1 / len(CONCEPTS)
GENERATOR_METRICS_FILE = "generator.json"
_SPLIT = "held-out drawn scenes"

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class EvidenceQuality:
    """How well a simulated decoder knows the scene that is watched.

    The default decoder's latent explains 0.30 of the variance of coarse latents in held-out sittings
    (``latents.json``, `training.latents`). The best regression that explains a share e keeps e of each
    departure from the mean, and its errors beyond that have the variance e (1 - e) of the departures', whose
    standard deviation is 0.65 here: 0.3 and 0.3.

    Attributes
    ----------
    kept, noise : float
        Its latent, coarse as an EEG's is (4 x 4 places), is the mean, plus this share of the scene's own
        departure from it, plus noise of this standard deviation.
    attribute : float
        Probability that it gives to the right value of each attribute.
    """

    kept: float = 0.3
    noise: float = 0.3
    attribute: float = 0.6


def load_generator(folder: Path) -> MemoryGenerator:
    """Open the generator's files before they are in a bundle."""
    arrays = {
        name: np.load(folder / f"memory_{name}.npy") for name in ("latents", "scale", "concept", "seed")
    }
    memory = SceneMemory(
        arrays["latents"],
        arrays["scale"],
        arrays["concept"],
        np.load(folder / "memory_attributes.npy"),
        {name: len(values) for name, values in ATTRIBUTES.items()},
        arrays["seed"],
    )
    return MemoryGenerator(memory, _decoder(folder / DECODER_FILE), _decoder(folder / PREVIEW_FILE))


def _decoder(file: Path) -> Callable[[NDArray[np.float32]], Pictures]:
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return lambda latent: np.asarray(session.run(["rgb"], {"latent": latent[None].astype(np.float32)})[0][0])


def simulated_evidence(
    spec: ClipSpec,
    latent: NDArray[np.float32],
    mean: NDArray[np.float32],
    strength: float,
    rng: np.random.Generator,
    quality: EvidenceQuality | None = None,
) -> DecodedEvidence:
    """Evidence for a scene: right, and as sure as its strength says."""
    quality = quality or EvidenceQuality()
    confidence = float(np.clip(2 * CHANCE + 0.9 * strength, 0.0, 0.95))
    others = rng.dirichlet(np.full(len(CONCEPTS) - 1, 0.15)) * (1 - confidence)
    attributes = {}
    for name, values in ATTRIBUTES.items():
        attributes[name] = np.full(len(values), (1 - quality.attribute) / (len(values) - 1))
        attributes[name][getattr(spec, name)] = quality.attribute
    channels, height, width = latent.shape
    blocks = (latent - mean).reshape(channels, 4, height // 4, 4, width // 4).mean(axis=(2, 4))
    departure = quality.kept * blocks + quality.noise * rng.standard_normal(blocks.shape)
    # As regressed: the caption and the other concepts' names, each by its probability.
    text = confidence * embed(caption(spec)) + others @ np.delete(concept_embeddings(), spec.concept, axis=0)
    return DecodedEvidence(
        posterior=np.insert(others, spec.concept, confidence),
        attributes=attributes,
        latent=(mean + zoom(departure, (1, 4, 4), order=1, grid_mode=True, mode="nearest")).astype(
            np.float32
        ),
        strength=strength,
        confidence=confidence,
        window=0,
        context=0,
        text=text.astype(np.float32),
    )


def veiled_at_random(pictures: Pictures) -> Callable[[Pictures, np.random.Generator], Pictures]:
    """Return what veils pictures as the generator would, each at another strength."""
    backdrop = blurred(pictures.mean(axis=0, dtype=np.float32), BACKDROP_BLUR)

    def veiled(some: Pictures, rng: np.random.Generator) -> Pictures:
        return np.stack([veil(picture, backdrop, sharpness(rng.uniform())) for picture in some])

    return veiled


def evaluate_generator(folder: Path, per_concept: int = 5, learn_from: int = 4000) -> list[Metric]:
    """Train the guesser, show it what the generator draws at each strength, and write the figures.

    Parameters
    ----------
    folder : Path
        Where the trained autoencoder, its exported decoder and the memory lie; ``generator.json`` goes there.
    per_concept : int
        Held-out scenes of each concept.
    learn_from : int
        Pictures that the guesser learns from.
    """
    codec, generator = load_codec(folder), load_generator(folder)
    guesser = _guesser_of_pictures(codec, learn_from)
    specs = [
        clip_spec(concept.index, CODEC_HELD_OUT.start + 1000 + k)
        for concept in CONCEPTS
        for k in range(per_concept)
    ]
    truth = np.stack([draw_frame(spec, MIDDLE) for spec in specs])
    scenes = Scenes(specs, truth, encode_frames(codec, truth))
    metrics = [
        _named("named_autoencoded", named(guesser, decode_latents(codec, scenes.latents)), scenes.concepts)
    ]
    for strength in STRENGTHS:
        metrics += _at_strength(guesser, generator, scenes, strength)
    metrics += _misled(guesser, generator, scenes)
    (folder / GENERATOR_METRICS_FILE).write_text(json.dumps(msgspec.to_builtins(metrics), indent=1))
    return metrics


@dataclass(frozen=True, eq=False)
class Scenes:
    """Held-out scenes, drawn and encoded."""

    specs: list[ClipSpec]
    truth: Pictures
    latents: NDArray[np.float32]

    @property
    def concepts(self) -> NDArray[np.intp]:
        """What is to be seen in each."""
        return np.array([spec.concept for spec in self.specs])


def _guesser_of_pictures(codec: Codec, learn_from: int) -> Guesser:
    concepts = np.resize(np.arange(len(CONCEPTS)), learn_from)
    seen = small(decode_latents(codec, encode_frames(codec, _draw_for_learning(concepts))))
    pictures = np.concatenate([seen, seen[:, :, ::-1]])
    return train_guesser(pictures, np.tile(concepts, 2), epochs=14, veiled=veiled_at_random(pictures))


def _at_strength(
    guesser: Guesser, generator: MemoryGenerator, scenes: Scenes, strength: float
) -> Iterator[Metric]:
    """What is read from keyframes and previews of right evidence, and how sharp they are."""
    rng = np.random.default_rng(2)
    evidence = [
        simulated_evidence(spec, latent, generator.memory.mean, strength, rng)
        for spec, latent in zip(scenes.specs, scenes.latents, strict=True)
    ]
    frames = np.concatenate([generator.keyframe(replace(e, context=k)) for k, e in enumerate(evidence)])
    previews = np.concatenate([generator.preview(e) for e in evidence])
    yield _named(f"keyframe_named_strength{strength:g}", named(guesser, frames), scenes.concepts)
    yield _named(f"preview_named_strength{strength:g}", named(guesser, previews), scenes.concepts)
    sharp = edge_strength(frames) / edge_strength(scenes.truth)
    yield Metric(
        name=f"keyframe_sharpness_strength{strength:g}",
        value=round(sharp, 4),
        chance=0.0,
        n=len(frames),
        split=_SPLIT,
    )


def _misled(guesser: Guesser, generator: MemoryGenerator, scenes: Scenes) -> Iterator[Metric]:
    """Of strong but wrong evidence, the picture must show what the evidence says, not what was watched."""
    rng = np.random.default_rng(1)
    wrong = rng.permutation(scenes.concepts)
    frames = [
        generator.keyframe(
            replace(
                simulated_evidence(clip_spec(int(w), spec.seed), latent, generator.memory.mean, 1.0, rng),
                context=k,
            )
        )
        for k, (spec, latent, w) in enumerate(zip(scenes.specs, scenes.latents, wrong, strict=True))
    ]
    told = named(guesser, np.concatenate(frames))
    differ = wrong != scenes.concepts
    yield _named("wrong_evidence_obeyed", told[differ], wrong[differ])
    yield _named("wrong_evidence_truth_named", told[differ], scenes.concepts[differ])


def _named(name: str, said: NDArray[np.intp], right: NDArray[np.intp]) -> Metric:
    hits = int((said == right).sum())
    low, high = binomial_interval(hits, len(right))
    return Metric(
        name=name,
        value=round(hits / len(right), 4),
        chance=CHANCE,
        n=len(right),
        split=_SPLIT,
        ci95=(round(low, 4), round(high, 4)),
    )


def _draw_for_learning(concepts: NDArray[np.intp]) -> Pictures:
    rng = np.random.default_rng(3)
    return np.concatenate([draw_random(rng, 1, concept=int(concept)) for concept in concepts])
