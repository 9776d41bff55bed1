import dataclasses
import itertools

import numpy as np
import pytest

from rtbci.bundle import load_bundle
from rtbci.generate import MemoryGenerator
from rtbci.generate.generator import TURN
from tests.generate.scenes import evidence
from tests.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generator") / "bundle"
    write_tiny_bundle(folder)
    return load_bundle(folder)


@pytest.fixture
def generator(bundle):
    return MemoryGenerator.from_bundle(bundle, threads=1)


def random_latent(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((8, 16, 16)).astype(np.float32)


def test_each_grade_has_its_shape(generator):
    given = evidence(3, latent=random_latent(0))
    assert generator.preview(given).shape == (1, 128, 128, 3)
    assert generator.keyframe(given).shape == (1, 256, 256, 3)
    frames = list(generator.clip(given))
    assert len(frames) == generator.frames == 2
    assert all(frame.shape == (256, 256, 3) and frame.dtype == np.uint8 for frame in frames)


def test_the_keyframe_is_the_middle_of_its_clip(generator):
    given = evidence(3, latent=random_latent(0), strength=0.8)
    assert np.array_equal(generator.keyframe(given)[0], list(generator.clip(given))[generator.frames // 2])


def test_worthless_evidence_looks_the_same_whatever_it_says(generator):
    blank = generator.keyframe(evidence(0, strength=0.0))
    blank_preview = generator.preview(evidence(0, strength=0.0))
    for concept in range(1, 8):
        told = evidence(concept, 0.99, strength=0.0, latent=random_latent(concept))
        assert np.array_equal(generator.keyframe(told), blank)
        assert np.array_equal(generator.preview(told), blank_preview)
        assert all(np.array_equal(frame, blank[0]) for frame in generator.clip(told))


def test_strong_evidence_obeys_posterior_and_latent(generator):
    one, other = evidence(2, latent=random_latent(1)), evidence(5, latent=random_latent(2))
    assert generator.scene(one)[0] == 2 and generator.scene(other)[0] == 5
    assert not np.array_equal(generator.keyframe(one), generator.keyframe(other))
    assert not np.array_equal(generator.preview(one), generator.preview(other))


def test_the_same_evidence_gives_the_same_picture(bundle):
    given = evidence(2, 0.6, latent=random_latent(1), strength=0.5)
    first, second = (
        MemoryGenerator.from_bundle(bundle, threads=1),
        MemoryGenerator.from_bundle(bundle, threads=1),
    )
    assert np.array_equal(first.keyframe(given), second.keyframe(given))


def test_a_new_context_owes_nothing_to_the_one_before(bundle):
    used = MemoryGenerator.from_bundle(bundle, threads=1)
    for seed in range(4):
        used.keyframe(evidence(seed, latent=random_latent(seed), context=0))
    later = evidence(1, latent=random_latent(9), context=1)
    assert np.array_equal(
        used.keyframe(later), MemoryGenerator.from_bundle(bundle, threads=1).keyframe(later)
    )


def test_evidence_is_not_changed(generator):
    given = evidence(2, latent=random_latent(1), strength=0.4)
    copy = dataclasses.replace(given, latent=given.latent.copy(), posterior=given.posterior.copy())
    generator.preview(given), generator.keyframe(given), list(generator.clip(given))
    assert np.array_equal(given.latent, copy.latent) and np.array_equal(given.posterior, copy.posterior)


def test_the_picture_turns_to_another_scene_of_its_context(bundle):
    generator, target = (
        MemoryGenerator.from_bundle(bundle, threads=1),
        MemoryGenerator.from_bundle(bundle, threads=1),
    )
    before = evidence(2, 0.95, latent=random_latent(1))
    start = generator.look(before, "keyframe")
    after = evidence(5, 0.95, latent=random_latent(2))
    end = target.look(after, "keyframe")
    assert generator.scene(dataclasses.replace(after, window=1))[0] == 5
    left = [np.abs(end - start).mean()]
    for window in range(2, 8):
        shown = generator.look(dataclasses.replace(after, window=window), "keyframe")
        left.append(np.abs(end - shown).mean())
    # One step was taken by `scene`.
    assert left[1] == pytest.approx(left[0] * (1 - TURN) ** 2, rel=1e-3)
    assert all(a > b for a, b in itertools.pairwise(left)) and left[-1] < 0.01 * left[0]


def test_all_grades_of_one_decode_show_one_step_of_the_turn(bundle):
    generator = MemoryGenerator.from_bundle(bundle, threads=1)
    generator.keyframe(evidence(2, latent=random_latent(1)))
    given = evidence(5, latent=random_latent(2), window=1)
    look = generator.look(given, "clip")
    assert np.array_equal(generator.keyframe(given)[0], list(generator.clip(given))[generator.frames // 2])
    assert np.array_equal(generator.look(given, "keyframe"), look)


def test_worthless_evidence_has_no_look(generator):
    for grade in ("preview", "keyframe", "clip"):
        assert not generator.look(evidence(3, strength=0.0, latent=random_latent(3)), grade).any()


def test_looks_that_are_near_are_pictures_that_are_near(generator):
    steps = []
    for share in (0.0, 0.02, 0.5):
        given = evidence(
            2, latent=0.3 * random_latent(1) + share * random_latent(2), context=int(100 * share)
        )
        steps.append((generator.look(given, "preview"), generator.preview(given).astype(float)))
    (a, first), (b, second), (c, third) = steps
    assert np.abs(a - b).mean() < np.abs(a - c).mean()
    assert np.abs(first - second).mean() < np.abs(first - third).mean()
