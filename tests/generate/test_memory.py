import numpy as np
import pytest

from rtbci.generate.memory import LOYALTY
from rtbci.generate.sharpness import sharpness
from tests.generate.scenes import FRAMES, PER_CONCEPT, evidence, small_memory

CRISP = sharpness(1.0)


@pytest.mark.parametrize("wanted", range(PER_CONCEPT))
def test_the_clip_with_the_decoded_attributes_is_chosen(wanted):
    memory = small_memory()
    colour = np.full(8, 0.02)
    colour[wanted] = 0.86
    assert memory.choose(evidence(1, attributes={"colour": colour}), 1) == PER_CONCEPT + wanted


@pytest.mark.parametrize("wanted", range(PER_CONCEPT))
def test_without_attributes_the_clip_nearest_to_the_latent_is_chosen(wanted):
    memory = small_memory()
    entry = 2 * PER_CONCEPT + wanted
    latent = memory.clip(entry)[memory.keyframe]
    assert memory.choose(evidence(2, latent=latent), 2) == entry


def test_how_many_there_are_outweighs_the_sky_where_both_are_as_sure():
    memory = small_memory()
    number, sky = np.full(3, 0.2), np.full(4, 0.4 / 3)
    number[1] = sky[0] = 0.6
    between = (memory.clip(0) + memory.clip(1))[memory.keyframe] / 2
    assert memory.choose(evidence(0, latent=between, attributes={"number": number, "sky": sky}), 0) == 1
    assert memory.choose(evidence(0, latent=between, attributes={"sky": sky}), 0) == 0


def test_the_shown_clip_stays_until_another_is_clearly_better():
    memory = small_memory()
    best = memory.choose(evidence(0), 0)
    other = (best + 1) % PER_CONCEPT
    slightly = np.full(8, 0.1)
    slightly[[best, other]] = 0.1, 0.1 * np.exp(0.5 * LOYALTY)
    clearly = np.full(8, 0.01)
    clearly[other] = 0.93
    latent = (memory.clip(best) + memory.clip(other))[memory.keyframe] / 2
    assert memory.choose(evidence(0, latent=latent, attributes={"colour": slightly}), 0, held=best) == best
    assert memory.choose(evidence(0, latent=latent, attributes={"colour": clearly}), 0, held=best) == other


def test_sure_evidence_shows_one_scene_and_doubt_mixes_several():
    memory = small_memory()
    sure = memory.compose(evidence(1, 0.97), CRISP)
    assert memory.concepts[sure.entries[0]] == 1 and sure.weights[0] > 0.99
    torn = evidence(1, 0.4)
    torn.posterior[2] = 0.35
    doubt = memory.compose(torn, sharpness(0.3))
    assert doubt.weights[0] < 0.6 and doubt.weights[1] > 0.35
    assert sum(doubt.weights) == pytest.approx(1)


def test_the_mixture_moves_as_its_clip_does_and_is_pulled_towards_the_latent():
    memory = small_memory()
    target = np.full((8, 16, 16), 1.5, np.float32)
    scene = memory.compose(evidence(1, 0.999999, latent=target), CRISP)
    stored = memory.clip(scene.entries[0])
    assert scene.latents.shape == (FRAMES, 8, 16, 16)
    # The same shift in every frame: the motion is the stored clip's own.
    assert np.allclose(np.diff(scene.latents, axis=0), np.diff(stored, axis=0), atol=1e-3)
    before = (stored[memory.keyframe] - target).mean()
    after = (scene.latents[memory.keyframe] - target).mean()
    assert abs(after) < 0.7 * abs(before)


def test_no_presence_means_no_pull():
    memory = small_memory()
    loud = evidence(1, 0.5, latent=np.full((8, 16, 16), 3.0, np.float32))
    quiet = evidence(1, 0.5)
    a, b = memory.compose(loud, sharpness(0.0)), memory.compose(quiet, sharpness(0.0), {1: 3, 0: 0, 2: 6})
    if a.entries == b.entries:
        assert np.array_equal(a.latents, b.latents)
    for entry, weight in zip(a.entries, a.weights, strict=True):
        assert 0 <= weight <= 1 and entry < 9


def test_a_concept_that_the_memory_lacks_gives_its_mean():
    memory = small_memory(concepts=(0, 1))
    assert memory.choose(evidence(7), 7) is None
    only = evidence(7, 1.0)
    scene = memory.compose(evidence(7, 0.96), CRISP)
    assert all(memory.concepts[entry] in (0, 1) for entry in scene.entries)
    only.posterior[:] = 0
    only.posterior[[7, 8, 9, 10, 11]] = 0.2
    lost = memory.compose(only, CRISP)
    assert lost.entries == () and np.allclose(lost.latents[0], memory.mean)
