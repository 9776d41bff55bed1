"""The loop itself, over networks that only say what they were asked."""

from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from rtbci.errors import GeneratorError
from rtbci.generate.evidence_input import DecodedEvidence
from rtbci.generate.full_size import FullSizeGenerator, Prompts, Schedule
from rtbci.generate.full_size.networks import Sizes
from rtbci.generate.generator import TURN
from rtbci.generate.reuse import ALIKE

SIZES = Sizes(latent=(4, 2, 2), frames=3, tokens=2, width=3)
RNG = np.random.default_rng(0)
PROMPTS = Prompts(
    RNG.standard_normal((5, 2, 3), dtype=np.float32),
    RNG.standard_normal((2, 3), dtype=np.float32),
    np.zeros((4, 2, 2), np.float32),
)


class Networks:
    """Find a tenth of what they see to be noise, and write down each call."""

    sizes = SIZES
    provider = "none"

    def __init__(self):
        self.calls = []

    def denoise_picture(self, noisy, time, text):
        self.calls.append(("keyframe", time, text, noisy))
        return 0.1 * noisy

    def denoise_clip(self, noisy, time, text, keyframe):
        self.calls.append(("clip", time, text, keyframe))
        return 0.1 * noisy + 0.01 * keyframe

    def decode(self, latent):
        grey = np.clip(128 + 40 * latent[:3], 0, 255).astype(np.uint8)
        return np.ascontiguousarray(grey.repeat(4, 1).repeat(4, 2).transpose(1, 2, 0))


@pytest.fixture
def networks():
    return Networks()


@pytest.fixture
def generator(networks):
    return FullSizeGenerator(networks, PROMPTS)


def decoded(strength=1.0, seed=0, context=0, **changes):
    rng = np.random.default_rng(seed)
    given = {
        "posterior": rng.dirichlet(np.ones(5)),
        "attributes": {},
        "latent": rng.standard_normal(SIZES.latent, dtype=np.float32),
        "strength": strength,
        "confidence": 0.5,
        "window": 0,
        "context": context,
    }
    return DecodedEvidence(**(given | changes))


@pytest.mark.parametrize(("strength", "runs"), [(0.0, 0), (0.01, 0), (0.2, 1), (0.5, 2), (0.7, 6), (1.0, 8)])
def test_steps_and_guidance_follow_the_evidence(generator, networks, strength, runs):
    generator.keyframe(decoded(strength))
    assert len(networks.calls) == runs


def test_weak_evidence_is_noised_less(generator, networks):
    starts = []
    for strength in (0.25, 0.5, 1.0):
        networks.calls.clear()
        generator.keyframe(decoded(strength))
        starts.append(networks.calls[0][1])
    assert starts == sorted(starts) and len(set(starts)) == 3 and starts[-1] < 999


def test_nothing_of_worthless_evidence_is_to_be_seen(generator):
    for grade in ("preview", "keyframe"):
        draw = getattr(generator, grade)
        np.testing.assert_array_equal(draw(decoded(0.0, seed=1)), draw(decoded(0.0, seed=2)))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_newer_evidence_stops_a_clip_between_two_steps(generator, networks, steps):
    given = decoded(0.5 if steps < 2 else 1.0)
    generator.keyframe(given)
    networks.calls.clear()
    answers = iter([False] * (steps - 1) + [True])
    assert list(generator.clip(given, lambda: next(answers))) == []
    per_step = 1 if given.strength <= 0.5 else 2
    assert len(networks.calls) == steps * per_step


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_newer_evidence_stops_a_keyframe_between_two_steps(generator, networks, steps):
    given = decoded(1.0)
    answers = iter([False] * (steps - 1) + [True])
    assert generator.keyframe(given, lambda: next(answers)) is None
    assert len(networks.calls) == 2 * steps
    # What was left half done is no picture: it is begun anew.
    networks.calls.clear()
    assert generator.keyframe(given).shape == (1, 8, 8, 3)
    assert len(networks.calls) == 8


def test_a_clip_whose_keyframe_is_out_of_date_is_none(generator, networks):
    assert list(generator.clip(decoded(1.0), lambda: True)) == []
    assert [call[0] for call in networks.calls] == ["keyframe"] * 2


def test_a_clip_that_is_not_stopped_is_whole_and_can_stop_between_frames(generator):
    given = decoded(1.0)
    assert len(list(generator.clip(given))) == SIZES.frames
    asked = []
    # Four steps, then the second frame.
    assert len(list(generator.clip(given, lambda: asked.append(0) or len(asked) > 4))) == 1


def test_the_clip_is_given_the_keyframe_that_was_shown_and_refines_it_once(generator, networks):
    given = decoded(1.0)
    shown = generator.keyframe(given)[0]
    made = len(networks.calls)
    list(generator.clip(given))
    assert [call[0] for call in networks.calls[made:]] == ["clip"] * 8
    np.testing.assert_array_equal(networks.decode(networks.calls[-1][3]), shown)


def test_noise_is_the_contexts_own(generator, networks):
    def first_noisy(**given):
        networks.calls.clear()
        generator.keyframe(decoded(0.5, **given))
        return networks.calls[0][3]

    again = first_noisy(window=1)
    np.testing.assert_array_equal(first_noisy(), again)
    assert np.abs(first_noisy(context=1) - again).max() > 0.1


def test_latent_and_text_turn_within_a_context_and_not_into_another(networks):
    start = np.zeros(SIZES.latent, np.float32)

    def first_seen(generator, **given):
        networks.calls.clear()
        given = decoded(0.5, **({"latent": start} | given))
        # Asked for its look first, as it is live: it turns once all the same.
        generator.look(given, "keyframe")
        generator.keyframe(given)
        return networks.calls[0][2:]

    still, turning = FullSizeGenerator(networks, PROMPTS), FullSizeGenerator(networks, PROMPTS)
    one, other = {"text": np.zeros(6, np.float32)}, {"latent": start + 1, "text": np.ones(6, np.float32)}
    _, seen_of_one = first_seen(turning, **one)
    whole_text, seen_of_other = first_seen(still, **other)
    text, seen = first_seen(turning, **other)
    np.testing.assert_allclose(text, TURN * whole_text, rtol=1e-6)
    np.testing.assert_allclose(seen - seen_of_one, TURN * (seen_of_other - seen_of_one), atol=1e-6)
    text, _ = first_seen(turning, **other)
    np.testing.assert_allclose(text, (1 - (1 - TURN) ** 2) * whole_text, rtol=1e-6)
    text, seen = first_seen(turning, context=1, **one)
    np.testing.assert_array_equal(text, np.zeros((2, 3)))
    np.testing.assert_array_equal(seen, first_seen(still, context=1, **one)[1])


def test_the_clip_moves_from_what_its_keyframe_was_drawn_from(generator, networks):
    generator.keyframe(decoded(1.0))
    networks.calls.clear()
    list(generator.clip(decoded(1.0, seed=1)))
    told = {kind: text for kind, _, text, _ in networks.calls[::2]}
    assert networks.calls[0][0] == "keyframe"
    np.testing.assert_array_equal(told["keyframe"], told["clip"])


def test_a_decoder_that_was_taught_text_speaks_for_itself(generator, networks):
    said = np.arange(6, dtype=np.float32)
    generator.keyframe(decoded(0.5, text=said))
    np.testing.assert_array_equal(networks.calls[0][2], said.reshape(2, 3))
    networks.calls.clear()
    sure = np.eye(5)[2]
    generator.keyframe(decoded(0.5, text=np.ones(64, np.float32), posterior=sure, context=1))
    np.testing.assert_allclose(networks.calls[0][2], PROMPTS.concepts[2], rtol=1e-6)


def test_what_does_not_fit_is_refused_in_a_sentence(generator, networks):
    with pytest.raises(GeneratorError, match=r"\(8, 16, 16\).*\(4, 2, 2\)"):
        generator.preview(decoded(latent=np.zeros((8, 16, 16), np.float32)))
    with pytest.raises(GeneratorError, match=r"40 concepts.* 5;"):
        generator.keyframe(decoded(posterior=np.full(40, 1 / 40)))
    wrong = Prompts(PROMPTS.concepts[:, :1], PROMPTS.unconditional, PROMPTS.mean_latent)
    with pytest.raises(GeneratorError, match="concept prompts"):
        FullSizeGenerator(networks, wrong)


def bundle(latent, *silent):
    """What `serve` asks of a bundle."""
    engine = SimpleNamespace(inputs=[SimpleNamespace(shape=(-1, *latent))])
    manifest = SimpleNamespace(silent=silent, concepts=("a",) * 5, engines={"decoder": engine})
    return SimpleNamespace(manifest=manifest)


def test_a_bundle_that_decodes_no_latent_is_drawn_from_the_mean(generator, networks):
    with pytest.raises(GeneratorError, match=r"\(8, 16, 16\)"):
        generator.serve(bundle((8, 16, 16)))
    generator.serve(bundle((8, 16, 16), "latent"))
    first = decoded(1.0, latent=np.ones((8, 16, 16), np.float32))
    other = decoded(1.0, latent=np.zeros((8, 16, 16), np.float32), window=1)
    np.testing.assert_array_equal(generator.keyframe(first), generator.keyframe(other))
    networks.calls.clear()
    generator.keyframe(decoded(1.0, posterior=np.eye(5)[1], context=1))
    assert any(np.allclose(text, PROMPTS.concepts[1]) for _, _, text, _ in networks.calls)
    # Served again, what its decoder says counts again.
    generator.serve(bundle(SIZES.latent))
    assert not np.array_equal(generator.keyframe(decoded(1.0)), generator.keyframe(decoded(1.0, seed=5)))


def test_a_look_follows_what_is_drawn(generator):
    contexts = count()

    def apart(a, b, grade):
        # Each in a context of its own, where it is not turned.
        looks = [generator.look(replace(one, context=next(contexts)), grade) for one in (a, b)]
        difference = looks[0] - looks[1]
        return float(np.sqrt(np.mean(difference**2)))

    given = decoded(1.0)
    other_text = decoded(1.0, latent=given.latent, posterior=np.eye(5)[0])
    for grade in ("preview", "keyframe", "clip"):
        assert apart(given, given, grade) == 0
        assert apart(given, decoded(1.0, latent=given.latent + 0.01), grade) < ALIKE
        assert apart(given, decoded(1.0, latent=-given.latent), grade) > ALIKE
        assert apart(decoded(0.0, seed=1), decoded(0.0, seed=2), grade) == 0
    assert apart(given, other_text, "preview") == 0
    assert apart(given, other_text, "keyframe") > ALIKE


def test_the_schedule_has_no_more_steps_than_it_has_room_for():
    schedule = Schedule()
    assert schedule.times(4, 1.0) == (999, 759, 499, 259)
    assert schedule.times(4, 0.04) == (39, 19)
    assert schedule.times(4, 0.0) == schedule.times(0, 1.0) == ()
