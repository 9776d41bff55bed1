import numpy as np
import pytest

from rtbci.errors import StimulusError
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.film import read_captions
from rtbci.stimuli.text import concept_embeddings, embed


def test_unit_norm_and_the_same_every_time():
    first = embed("two orange cats walking slowly in a forest at night")
    assert first.shape == (64,)
    assert first.dtype == np.float32
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-6)
    assert np.array_equal(first, embed("Two orange CATS, walking slowly in a forest at night!"))


def test_values_are_fixed_for_all_time():
    # Bundles store targets made with these vectors: a change here needs a new bundle.
    np.testing.assert_allclose(embed("cat")[:4], [0.1493354, -0.1403149, 0.0958273, 0.0669952], atol=1e-6)


def test_groups_are_closer_within_than_between():
    bank = concept_embeddings()
    assert bank.shape == (40, 64)
    similarity = bank @ bank.T
    group = np.array([concept.group for concept in CONCEPTS])
    same = (group[:, None] == group[None]) & ~np.eye(40, dtype=bool)
    assert similarity[same].mean() > 0.3
    assert abs(similarity[group[:, None] != group[None]].mean()) < 0.1
    assert similarity[~np.eye(40, dtype=bool)].max() < 0.75


def test_plurals_and_synonyms_meet_and_strangers_get_a_vector():
    assert np.array_equal(embed("cats"), embed("a cat"))
    assert np.array_equal(embed("motorcycles"), embed("motorbike"))
    assert embed("zebra") @ embed("xylophone") < 0.6
    with pytest.raises(StimulusError, match="no word"):
        embed("the 12 !")


def test_real_captions_embed(shared_data):
    for line in read_captions(shared_data / "seed_dv" / "BLIP-caption")[0]:
        assert np.linalg.norm(embed(line)) == pytest.approx(1, abs=1e-5)
