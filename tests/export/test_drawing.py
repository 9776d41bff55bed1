"""From answers to pictures in bulk: as live, and with no way to give the truth."""

import dataclasses
import inspect

import numpy as np
import pytest

from export.drawing import draw_answers, open_generator
from export.recognition import veiled_at_random
from rtbci.bundle import EvidenceModel
from rtbci.decode import judge
from rtbci.generate import DecodedEvidence
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from tests.tiny_bundle import write_tiny_bundle
from training.evaluation.answers import Answers, strengths


def answers(n=6, seed=0):
    rng = np.random.default_rng(seed)
    return Answers(
        concept=3 * rng.standard_normal((n, len(CONCEPTS))),
        attributes={name: rng.standard_normal((n, len(values))) for name, values in ATTRIBUTES.items()},
        latent=rng.standard_normal((n, 8, 16, 16)).astype(np.float32),
    )


def taken(some, rows):
    return Answers(
        concept=some.concept[rows],
        attributes={name: values[rows] for name, values in some.attributes.items()},
        latent=some.latent[rows],
    )


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    write_tiny_bundle(folder)
    return open_generator(folder)


def test_pictures_are_those_that_the_runtime_draws(generator):
    some = answers()
    strength = np.linspace(0, 1, 6)
    told = []
    drawn = draw_answers(some, strength, generator, progress=lambda *at: told.append(at))
    assert told == [(k, 6) for k in range(1, 7)]
    assert drawn.clips.shape == (6, generator.frames, 256, 256, 3)
    for k in range(6):
        posterior = np.exp(some.concept[k]) / np.exp(some.concept[k]).sum()
        evidence = DecodedEvidence(
            posterior=posterior,
            attributes={n: np.exp(v[k]) / np.exp(v[k]).sum() for n, v in some.attributes.items()},
            latent=some.latent[k],
            strength=strength[k],
            confidence=posterior.max(),
            window=0,
            context=100 + k,
        )
        for made, live in (
            (drawn.previews[k], generator.preview(evidence)[0]),
            (drawn.keyframes[k], generator.keyframe(evidence)[0]),
            (drawn.clips[k], np.stack(list(generator.clip(evidence)))),
        ):
            # A level may round otherwise where a probability differs by its last bit.
            assert np.abs(made.astype(int) - live).max() <= 1


def test_a_clip_owes_nothing_to_its_neighbours(generator):
    order = np.array([4, 0, 5, 2, 1, 3])
    plain = draw_answers(answers(), 1.0, generator)
    mixed = draw_answers(taken(answers(), order), 1.0, generator)
    alone = draw_answers(taken(answers(), order[:1]), 1.0, generator, clips=False)
    assert (mixed.keyframes == plain.keyframes[order]).all()
    assert (mixed.clips == plain.clips[order]).all()
    assert (alone.keyframes[0] == plain.keyframes[4]).all()
    assert alone.clips is None


def test_a_planted_oracle_cannot_be_expressed(generator):
    # What is drawn rests on the encoder's outputs alone: there is no argument for the truth, nor a field.
    assert list(inspect.signature(draw_answers).parameters) == [
        "answers",
        "strength",
        "generator",
        "clips",
        "progress",
    ]
    # The text is the embedding that the encoder answers with, as the latent is.
    fields = {field.name for field in dataclasses.fields(Answers)}
    assert fields == {"concept", "attributes", "latent", "text"}
    some = answers()
    with pytest.raises(TypeError, match="truth"):
        draw_answers(some, 1.0, generator, truth=np.zeros(6))
    with pytest.raises(TypeError, match="caption"):
        Answers(concept=some.concept, attributes={}, latent=some.latent, caption=["a cat"] * 6)
    with pytest.raises(dataclasses.FrozenInstanceError):
        some.truth = np.zeros(6)


def test_at_strength_nothing_no_answer_can_be_seen(generator):
    drawn = draw_answers(answers(), 0.0, generator, clips=False)
    assert (drawn.keyframes == drawn.keyframes[0]).all()
    assert (drawn.previews == drawn.previews[0]).all()


def test_the_guesser_learns_from_pictures_veiled_as_the_generator_veils_them():
    pictures = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    some = veiled_at_random(pictures)(pictures, np.random.default_rng(1))
    assert some.shape == pictures.shape
    # No veil lets more contrast through than there is.
    assert (some.std(axis=(1, 2, 3)) <= pictures.std(axis=(1, 2, 3)) + 0.5).all()
    assert some.std() < 0.9 * pictures.std()


def test_strength_is_the_runtimes_own():
    model = EvidenceModel(exponent=0.1, hazard=0.01)
    some = answers(40)
    found = strengths(some, model, null_confidence=0.1)
    confidence = some.posterior.max(axis=1)
    wanted = [judge(c, chance=1 / 40, null_confidence=0.1, model=model).strength for c in confidence]
    assert found == pytest.approx(wanted)
    assert found.min() < found.max()
