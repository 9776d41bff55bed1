"""The evidence that generators are judged on: as much as the decoder knows, and no more."""

import numpy as np
import pytest

from export.recognition import simulated_evidence
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.spec import clip_spec

SPREAD = 0.65
"""Standard deviation of the corpus's coarse latents."""


@pytest.fixture(scope="module")
def given():
    rng = np.random.default_rng(0)
    mean = rng.standard_normal((8, 16, 16)).astype(np.float32)
    found = []
    for concept in CONCEPTS:
        coarse = SPREAD * rng.standard_normal((8, 4, 4))
        latent = (mean + np.kron(coarse, np.ones((4, 4)))).astype(np.float32)
        evidence = simulated_evidence(clip_spec(concept.index, 7), latent, mean, 1.0, rng)
        said = (evidence.latent - mean).reshape(8, 4, 4, 4, 4).mean(axis=(2, 4))
        found.append((coarse, said, evidence))
    return found


def test_latents_are_as_noisy_as_those_of_the_default_decoder(given):
    coarse, said = (np.stack([one[part] for one in given]) for part in (0, 1))
    explained = 1 - np.mean((coarse - said) ** 2) / np.mean(coarse**2)
    # The decoder's explains 0.30; enlarging smooths a little of the noise away.
    assert 0.25 < explained < 0.4


def test_right_evidence_names_concept_and_attributes_without_certainty(given):
    for concept, (_, _, evidence) in zip(CONCEPTS, given, strict=True):
        spec = clip_spec(concept.index, 7)
        assert evidence.posterior.argmax() == concept.index and evidence.posterior.sum() == pytest.approx(1)
        assert evidence.posterior.max() < 0.96
        for name in ATTRIBUTES:
            posterior = evidence.attributes[name]
            assert posterior.argmax() == getattr(spec, name) and posterior.sum() == pytest.approx(1)
            assert posterior.max() < 0.7
