import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.draw import draw_clip
from training.codec import CLIP_FRAMES, encode_frames
from training.codec_model import Codec
from training.codec_rehearsal import FRAMES_FILE, Rehearsal
from training.codec_seeds import MEMORY
from training.memory import PER_CONCEPT, choose_scenes, medoids, store


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8))
def test_medoids_are_different_points_and_better_than_chance(seed, count):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((60, 3))
    chosen = medoids(points, count, rng)
    assert len(set(chosen.tolist())) == count

    def cost(some):
        return np.linalg.norm(points[:, None] - points[some][None], axis=-1).min(axis=1).mean()

    assert cost(chosen) <= np.mean([cost(rng.choice(60, count, replace=False)) for _ in range(20)])


def test_medoids_find_separate_groups():
    points = np.repeat(np.eye(4) * 10, 5, axis=0)
    chosen = medoids(points, 4, np.random.default_rng(0))
    assert sorted(chosen // 5) == [0, 1, 2, 3]


def test_copies_of_one_point_still_give_different_medoids():
    assert len(set(medoids(np.zeros((6, 2)), 4, np.random.default_rng(0)).tolist())) == 4


@pytest.mark.parametrize("concept", [CONCEPTS[0], CONCEPTS[7], CONCEPTS[26]])
def test_scenes_cover_what_a_concept_can_show(concept):
    specs = choose_scenes(concept)
    assert len(specs) == PER_CONCEPT
    assert all(spec.seed in MEMORY and spec.concept == concept.index for spec in specs)
    assert {spec.number for spec in specs} == {0, 1, 2}
    assert {spec.speed for spec in specs} == {0, 1}
    assert len({spec.colour for spec in specs}) >= 6
    if concept.name != "fireworks":
        assert {spec.sky for spec in specs} == {0, 1, 2, 3}
    assert {spec.scene for spec in specs} == {spec.scene for spec in choose_scenes(concept, 60)}


def test_concepts_share_no_seeds():
    seeds = [spec.seed for concept in CONCEPTS for spec in choose_scenes(concept, 4, 40)]
    assert len(seeds) == len(set(seeds))


def test_stored_latents_are_within_half_a_step_of_the_encoders(tmp_path):
    codec = Codec().eval().requires_grad_(False)
    specs = choose_scenes(CONCEPTS[2], 2, 40)
    memory = store(specs, codec, tmp_path / FRAMES_FILE)
    exact = np.stack([encode_frames(codec, draw_clip(spec, CLIP_FRAMES)) for spec in specs])
    back = memory.latents * memory.scale[:, None, None]
    assert memory.latents.dtype == np.int8 and memory.latents.shape == exact.shape
    assert (np.abs(back - exact) <= memory.scale[:, None, None] * 0.5001).all()
    assert memory.attributes.tolist() == [[getattr(s, name) for name in ATTRIBUTES] for s in specs]
    memory.save(tmp_path)
    assert np.array_equal(np.load(tmp_path / "memory_seed.npy"), [spec.seed for spec in specs])
    latents, pictures = Rehearsal(tmp_path).sample(np.random.default_rng(0), 5)
    # What is rehearsed is what was stored, each picture with its own latent.
    assert np.allclose(encode_frames(codec, pictures), latents, atol=memory.scale.max() * 0.6)
