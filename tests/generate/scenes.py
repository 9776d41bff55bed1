"""A small memory and evidence for it."""

import numpy as np

from rtbci.generate import DecodedEvidence, SceneMemory
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPT_NAMES

FRAMES = 4
PER_CONCEPT = 3


def small_memory(seed: int = 0, concepts: tuple[int, ...] = (0, 1, 2)) -> SceneMemory:
    """Three clips of each concept, random latents; clip k of a concept has value k % n of each attribute."""
    rng = np.random.default_rng(seed)
    n = PER_CONCEPT * len(concepts)
    column = np.tile(np.arange(PER_CONCEPT), len(concepts))
    return SceneMemory(
        latents=rng.integers(-127, 128, (n, FRAMES, 8, 16, 16), dtype=np.int8),
        scale=np.full(8, 0.02, np.float32),
        concepts=np.repeat(concepts, PER_CONCEPT),
        attributes=np.stack([column % len(values) for values in ATTRIBUTES.values()], axis=1),
        names={name: len(values) for name, values in ATTRIBUTES.items()},
        seeds=np.arange(n) + 2**31,
    )


def evidence(
    concept: int = 0,
    p: float = 0.9,
    *,
    strength: float = 1.0,
    latent: np.ndarray | None = None,
    attributes: dict[str, np.ndarray] | None = None,
    window: int = 0,
    context: int = 0,
) -> DecodedEvidence:
    """Evidence for one concept; all else even."""
    posterior = np.full(len(CONCEPT_NAMES), (1 - p) / (len(CONCEPT_NAMES) - 1))
    posterior[concept] = p
    even = {name: np.full(len(values), 1 / len(values)) for name, values in ATTRIBUTES.items()}
    return DecodedEvidence(
        posterior=posterior,
        attributes=even | (attributes or {}),
        latent=np.zeros((8, 16, 16), np.float32) if latent is None else latent,
        strength=strength,
        confidence=p,
        window=window,
        context=context,
    )
