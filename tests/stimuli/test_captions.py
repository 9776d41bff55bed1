import dataclasses

import pytest

from rtbci.stimuli.captions import caption
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPT_NAMES
from rtbci.stimuli.spec import clip_spec
from rtbci.stimuli.text import concept_embeddings, embed


def _spec(name: str, **values: str):
    indices = {key: ATTRIBUTES[key].index(value) for key, value in values.items()}
    return dataclasses.replace(clip_spec(name, 0), **indices)


def test_reads_as_english():
    cats = _spec("cat", colour="orange", number="two", speed="slow", scene="forest", sky="night")
    assert caption(cats) == "two orange cats walking slowly in a forest at night"
    bird = _spec("bird", colour="orange", number="one", speed="fast", scene="sea", sky="day")
    assert caption(bird) == "an orange bird flapping fast over the sea by day"
    beach = _spec("beach", colour="red", number="many", speed="slow", scene="beach", sky="sunset")
    assert caption(beach) == "a beach with many red umbrellas and slow waves at sunset"


@pytest.mark.parametrize("name", CONCEPT_NAMES)
def test_names_the_concept_and_tells_attributes_apart(name):
    specs = [clip_spec(name, seed) for seed in range(60)]
    for spec in specs:
        assert name.removesuffix("s") in caption(spec)
        assert spec.attribute("colour") in caption(spec).split()
    values = ("colour", "number", "speed", "scene", "sky")
    said = {tuple(getattr(spec, key) for key in values): caption(spec) for spec in specs}
    # A place that is its own concept has one scene, so nothing of the key is left unsaid there.
    if name not in ("mountain", "beach", "city", "road"):
        assert len(set(said.values())) == len(said)


def test_a_caption_lies_nearest_to_its_own_concept():
    bank = concept_embeddings()
    specs = [clip_spec(index, seed) for index in range(40) for seed in range(5)]
    right = [int((bank @ embed(caption(spec))).argmax()) == spec.concept for spec in specs]
    assert sum(right) >= 0.97 * len(right)
