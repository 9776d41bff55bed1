"""The generator that draws, with networks of a line each."""

import numpy as np
import pytest

from rtbci.errors import GeneratorError
from rtbci.generate.draws import DrawingGenerator, Flow, step_count
from rtbci.generate.generator import TURN
from rtbci.generate.sharpness import sharpness
from tests.generate.scenes import evidence

FRAMES = 4


class Step:
    """Velocity: what the evidence's posterior says, in one channel each, plus what the control adds."""

    def __init__(self):
        self.asked = []

    def run(self, latent, time, stride, evidence, residual0):
        self.asked.append((latent.shape[2], float(time[0]), int(stride.argmax()), evidence.copy()))
        posterior = evidence[0, 64:72]
        moving = np.arange(latent.shape[2], dtype=np.float32)[None, None, :, None, None]
        velocity = posterior[None, :, None, None, None] + 0.1 * moving + residual0.mean()
        return {"velocity": np.broadcast_to(velocity, latent.shape).astype(np.float32)}


class Control:
    def __init__(self):
        self.seen = []

    def run(self, keyframe, known, time, evidence):
        self.seen.append((keyframe, known))
        return {"residual0": np.zeros((keyframe.shape[2], 3, 4, 4), np.float32)}


def decode(latent):
    levels = 128 + 40 * np.repeat(np.repeat(latent[:3], 4, axis=1), 4, axis=2)
    return np.clip(levels.transpose(1, 2, 0), 0, 255).astype(np.uint8)


@pytest.fixture
def step():
    return Step()


@pytest.fixture
def control():
    return Control()


@pytest.fixture
def generator(step, control):
    mean = np.zeros((8, 16, 16), np.float32)
    return DrawingGenerator(Flow(step, control, [(3, 4, 4)]), mean, 1.0, FRAMES, decode)


def test_each_grade_has_its_shape_and_the_keyframe_is_in_the_middle_of_its_clip(generator):
    given = evidence(3, strength=0.8)
    assert generator.preview(given).shape == generator.keyframe(given).shape == (1, 64, 64, 3)
    frames = list(generator.clip(given))
    assert len(frames) == FRAMES and frames[0].dtype == np.uint8
    assert np.array_equal(frames[FRAMES // 2], generator.keyframe(given)[0])
    assert not np.array_equal(frames[0], frames[-1])


def test_worthless_evidence_looks_the_same_whatever_it_says(generator, step):
    blank = generator.keyframe(evidence(0, strength=0.0))
    for concept in (1, 2):
        latent = np.full((8, 16, 16), concept, np.float32)
        told = evidence(concept, 0.99, strength=0.0, latent=latent, context=concept)
        assert np.array_equal(generator.keyframe(told), blank)
        assert np.array_equal(generator.preview(told), blank)
        assert all(np.array_equal(frame, blank[0]) for frame in generator.clip(told))
    assert not step.asked


@pytest.mark.parametrize(("strength", "steps"), [(0.2, 1), (0.5, 2), (0.6, 4), (1.0, 4)])
def test_steps_follow_the_curve(generator, step, strength, steps):
    assert step_count(sharpness(strength)) == steps
    generator.keyframe(evidence(1, strength=strength))
    # Guidance asks twice at each step.
    each = 2 if sharpness(strength).guidance > 1 else 1
    assert [time for _, time, _, _ in step.asked] == [k / steps for k in range(steps) for _ in range(each)]


def test_steps_can_be_fixed_but_worthless_evidence_still_takes_none(step, control):
    mean = np.zeros((8, 16, 16), np.float32)
    twice = DrawingGenerator(Flow(step, control, [(3, 4, 4)]), mean, 1.0, FRAMES, decode, steps=2)
    twice.keyframe(evidence(1, strength=0.0))
    assert not step.asked
    given = evidence(1, strength=0.2)
    twice.keyframe(given)
    assert [time for _, time, *_ in step.asked] == [0, 0.5]
    list(twice.clip(given))
    assert [time for _, time, *_ in step.asked[2:]] == [0, 0.5]
    with pytest.raises(GeneratorError, match="cannot draw in 3 steps; choose one of 1, 2, 4, 8"):
        DrawingGenerator(Flow(step, control, [(3, 4, 4)]), mean, 1.0, FRAMES, decode, steps=3)


def test_guidance_goes_from_no_evidence_through_the_evidence_and_beyond(generator, step):
    generator.keyframe(evidence(1, strength=1.0))
    told, dropped = step.asked[0][3][0], step.asked[1][3][0]
    assert told[64:104].argmax() == 1 and not dropped[:-1].any() and dropped[-1] == told[-1]


def test_a_picture_follows_the_evidence_alone_within_a_context(generator):
    first = generator.keyframe(evidence(1))
    again = generator.keyframe(evidence(1, window=1))
    elsewhere = generator.keyframe(evidence(1, context=1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, elsewhere)


def test_a_picture_turns_to_new_evidence_over_some_windows(generator):
    def look(concept, context):
        return generator.look(evidence(concept, context=context), "keyframe")

    one, both = look(1, 0), look(2, 0)
    # Another context has other noise; the second picture on its own is asked for in a fresh generator.
    fresh = DrawingGenerator(Flow(Step(), Control(), [(3, 4, 4)]), generator.mean, 1.0, FRAMES, decode)
    two = fresh.look(evidence(2), "keyframe")
    assert np.allclose(both, one + TURN * (two - one), atol=1e-4)


def test_a_clip_is_steered_by_its_keyframe_and_stops_between_steps(generator, step, control):
    given = evidence(1, strength=1.0)
    generator.keyframe(given)
    before = len(step.asked)
    assert list(generator.clip(given, lambda: True)) == []
    # One step, with guidance.
    assert len(step.asked) == before + 2 and all(frames == FRAMES for frames, *_ in step.asked[before:])
    keyframe, known = control.seen[0]
    assert known[0, 0, :, 0, 0].tolist() == [0, 0, 1, 0]
    assert not keyframe[:, :, 0].any() and keyframe[:, :, 2].any()
    answers = iter([False] * 4 + [True])
    assert len(list(generator.clip(given, lambda: next(answers)))) == 1


def test_latents_of_another_shape_are_refused(generator):
    with pytest.raises(GeneratorError, match="same bundle"):
        generator.keyframe(evidence(1, latent=np.zeros((4, 8, 8), np.float32)))


def test_no_stored_scene_is_named(generator):
    assert generator.scene(evidence(1)) is None
