"""Captions as vectors: a fixed sum of word vectors.

This is no language model. Each word has one fixed random direction, drawn from its own spelling; the
concepts' words share a part of theirs with their group, so that a cat is nearer to a dog than to a ship;
a caption is the sum of its words, in which the first concept named counts most ("a dog on a beach" is a
dog). It knows nothing of meaning beyond the nine groups. It stands where a text encoder such as CLIP's
would stand, needs no weights, and gives the same vectors everywhere.
"""

import functools
import hashlib
import re

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import StimulusError
from rtbci.stimuli.captions import WORDINGS
from rtbci.stimuli.concepts import CONCEPT_NAMES, CONCEPTS

TEXT_WIDTH = 64
"""Length of a caption's vector."""

_GROUP_SHARE = 0.6
_SUBJECT_WEIGHT = 3.0

_WORD = re.compile(r"[a-z]+")
_STOP_WORDS = frozenset(
    (
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "by",
        "for",
        "from",
        "has",
        "her",
        "his",
        "in",
        "is",
        "it",
        "its",
        "of",
    )
    + ("on", "or", "over", "some", "that", "the", "their", "there", "this", "to", "under", "up", "with")
)
# What people, and captioning models, call the same thing.
_SYNONYMS = {
    "bike": "motorbike",
    "boxer": "boxing",
    "boxers": "boxing",
    "dancer": "dancing",
    "dancers": "dancing",
    "firework": "fireworks",
    "kitten": "cat",
    "motorcycle": "motorbike",
    "plane": "airplane",
    "puppy": "dog",
    "runner": "running",
    "shark": "whale",
    "ski": "skiing",
    "skier": "skiing",
    "waterfall": "water",
}


def embed(caption: str) -> NDArray[np.float32]:
    """Turn a caption into its vector.

    Parameters
    ----------
    caption : str
        Any English; stop words, digits and punctuation do not count.

    Returns
    -------
    ndarray, shape (64,), float32
        Unit norm. Captions that share words, or name concepts of one group, point closer together.

    Raises
    ------
    StimulusError
        If no word is left to embed.
    """
    words = [_stem(word) for word in _WORD.findall(caption.lower()) if word not in _STOP_WORDS]
    if not words:
        raise StimulusError(f"The caption '{caption}' has no word to embed; describe what the clip shows.")
    subject = next((place for place, word in enumerate(words) if word in CONCEPT_NAMES), None)
    total = np.zeros(TEXT_WIDTH)
    for place, word in enumerate(words):
        total += (_SUBJECT_WEIGHT if place == subject else 1.0) * _word_vector(word)
    unit: NDArray[np.float32] = (total / np.linalg.norm(total)).astype(np.float32)
    return unit


def concept_embeddings() -> NDArray[np.float32]:
    """Vectors of the forty concepts' bare names, shape (40, 64), float32, unit norm."""
    return np.stack([embed(concept.name) for concept in CONCEPTS])


@functools.cache
def _known() -> dict[str, str]:
    """Every form of a concept's noun, to the concept's name."""
    forms = {plural: name for name, (_, plural, _, _) in WORDINGS.items() if plural in (f"{name}s", name)}
    forms |= {concept.name: concept.name for concept in CONCEPTS}
    return forms | _SYNONYMS | {f"{word}s": name for word, name in _SYNONYMS.items()}


def _stem(word: str) -> str:
    known = _known()
    if word in known:
        return known[word]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return known.get(word[:-1], word[:-1])
    return word


@functools.cache
def _word_vector(word: str) -> NDArray[np.float64]:
    own = _direction(f"word {word}")
    if word not in CONCEPT_NAMES:
        return own
    group = _direction(f"group {CONCEPTS[CONCEPT_NAMES.index(word)].group}")
    vector: NDArray[np.float64] = float(np.sqrt(1 - _GROUP_SHARE**2)) * own + _GROUP_SHARE * group
    return vector


def _direction(key: str) -> NDArray[np.float64]:
    """Random unit vector that belongs to a string, the same on every machine."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
    vector = np.random.default_rng(seed).standard_normal(TEXT_WIDTH)
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit
