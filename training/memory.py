"""Choose the scenes that the generator remembers, and store their latents (``rtbci train memory``).

For each concept, `CANDIDATES` clips are thought up from seeds that nobody watches, and `PER_CONCEPT` of them
are kept as medoids over colour, number, speed, scene, sky and layout: together they stand for all. The drawn
frames stay beside the autoencoder, for its decoder to rehearse (`rtbci train codec --rehearse`).
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS, Concept
from rtbci.stimuli.draw import draw_clip
from rtbci.stimuli.spec import ClipSpec, clip_spec
from training.codec import CLIP_FRAMES, encode_frames, load_codec
from training.codec_model import IMAGE_SIZE, LATENT_SHAPE, Codec
from training.codec_rehearsal import FRAMES_FILE
from training.codec_seeds import MEMORY
from training.latent_refinement import quantise

log = logging.getLogger(__name__)

PER_CONCEPT = 16
CANDIDATES = 320
_WEIGHTS = {"colour": 1.0, "number": 1.0, "speed": 0.8, "scene": 1.0, "sky": 1.0}
_LAYOUT_WEIGHT = 0.5


@dataclass(frozen=True)
class Memory:
    """The arrays of a bundle's memory, under their names there without ``memory_``.

    Attributes
    ----------
    latents : ndarray, shape (n, frames, 8, 16, 16), int8
    scale : ndarray, shape (8,), float32
        What one step of each latent channel is worth.
    concept : ndarray, shape (n,), int16
    attributes : ndarray, shape (n, 5), int16
        In the order of `ATTRIBUTES`.
    seed : ndarray, shape (n,), int64
    """

    latents: NDArray[np.int8]
    scale: NDArray[np.float32]
    concept: NDArray[np.int16]
    attributes: NDArray[np.int16]
    seed: NDArray[np.int64]

    def save(self, folder: Path) -> None:
        """Write ``memory_*.npy``."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in vars(self).items():
            np.save(folder / f"memory_{name}.npy", array, allow_pickle=False)


def choose_scenes(concept: Concept, count: int = PER_CONCEPT, candidates: int = CANDIDATES) -> list[ClipSpec]:
    """Choose clips of a concept that together cover its attributes and layouts."""
    first = MEMORY.start + concept.index * candidates
    specs = [clip_spec(concept.index, seed) for seed in range(first, first + candidates)]
    points = np.stack([_description(spec) for spec in specs])
    return [specs[i] for i in medoids(points, count, np.random.default_rng(concept.index))]


def medoids(points: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Pick points to which all points have a small mean distance (k-medoids).

    Starts far apart (each next one drawn in proportion to its distance from the nearest chosen, as in
    k-means++), then alternates between giving each point to its nearest medoid and taking each group's best
    centre, until nothing changes.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    count : int
        At most n.
    rng : Generator

    Returns
    -------
    ndarray, shape (count,), intp
        Indices, in ascending order.
    """
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    chosen = [int(rng.integers(len(points)))]
    while len(chosen) < count:
        nearest = distances[:, chosen].min(axis=1)
        nearest[chosen] = 0
        total = nearest.sum()
        # Copies of one point are equally good: then any that is not chosen yet will do.
        odds = nearest / total if total > 0 else np.isin(np.arange(len(points)), chosen, invert=True) * 1.0
        chosen.append(int(rng.choice(len(points), p=odds / odds.sum())))
    picked = np.array(sorted(chosen))
    while True:
        owner = distances[:, picked].argmin(axis=1)
        groups = [np.flatnonzero(owner == k) for k in range(count)]
        better = [
            g[distances[np.ix_(g, g)].sum(axis=1).argmin()] if g.size else picked[k]
            for k, g in enumerate(groups)
        ]
        moved = np.array(sorted(better))
        if distances[:, moved].min(axis=1).sum() >= distances[:, picked].min(axis=1).sum() - 1e-9:
            return picked
        picked = moved


def store(specs: list[ClipSpec], codec: Codec, frames_file: Path | None = None) -> Memory:
    """Draw and encode clips, in int8.

    Parameters
    ----------
    specs : list of ClipSpec
    codec : Codec
        Its encoder must be final: these latents are of use with its decoder only.
    frames_file : Path, optional
        Where to keep the drawn frames, npy (n, 8, 256, 256, 3), for the decoder's rehearsal.
    """
    clips = np.empty((len(specs), CLIP_FRAMES, *LATENT_SHAPE), np.float32)
    frames = None
    if frames_file is not None:
        frames_file.parent.mkdir(parents=True, exist_ok=True)
        shape = (len(specs), CLIP_FRAMES, IMAGE_SIZE, IMAGE_SIZE, 3)
        frames = np.lib.format.open_memmap(frames_file, mode="w+", dtype=np.uint8, shape=shape)
    for k, spec in enumerate(specs):
        drawn = draw_clip(spec, CLIP_FRAMES)
        clips[k] = encode_frames(codec, drawn)
        if frames is not None:
            frames[k] = drawn
    latents, scale = quantise(clips)
    return Memory(
        latents=latents,
        scale=scale,
        concept=np.array([spec.concept for spec in specs], dtype=np.int16),
        attributes=np.array([[getattr(spec, name) for name in ATTRIBUTES] for spec in specs], dtype=np.int16),
        seed=np.array([spec.seed for spec in specs], dtype=np.int64),
    )


def _description(spec: ClipSpec) -> NDArray[np.float64]:
    parts = [w * np.eye(len(ATTRIBUTES[name]))[getattr(spec, name)] for name, w in _WEIGHTS.items()]
    layout = np.array([(spec.x - 0.5) * 6, (spec.y - 0.56) * 6, (spec.size - 0.55) * 5, float(spec.mirrored)])
    return np.concatenate([*parts, _LAYOUT_WEIGHT * layout])


def make_memory(codec: Path, per_concept: int = PER_CONCEPT) -> None:
    """Choose scenes of every concept and encode them with the autoencoder in a folder, into that folder."""
    specs = [spec for concept in CONCEPTS for spec in choose_scenes(concept, per_concept)]
    memory = store(specs, load_codec(codec), codec / FRAMES_FILE)
    memory.save(codec)
    log.info("%d clips, %.1f MB in %s", len(specs), memory.latents.nbytes / 1e6, codec)
