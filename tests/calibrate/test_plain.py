import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.calibrate.evidence import Outcome
from rtbci.calibrate.findings import Gain, Share, decodable, groups, reliability
from rtbci.calibrate.plain import often, sentences
from rtbci.stimuli.concepts import CONCEPTS

K = len(CONCEPTS)


def say(before=0.1, after=0.25, can=True, gain=(0.1, 0.05, 0.15)):
    def share(top1):
        return Share(top1, (top1 - 0.05, top1 + 0.05))

    return sentences(
        before=share(before),
        after=share(after),
        chance=1 / K,
        decodable=can,
        gain=None if gain is None else Gain(gain[0], gain[1:]),
    )


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.25, "one time in four"),
        (0.026, "one time in forty"),
        (0.09, "one time in eleven"),
        (0.35, "one time in three"),
        (0.5, "one time in two"),
        (0.74, "three times in four"),
        (0.99, "nearly every time"),
    ],
)
def test_shares_in_words(share, words):
    assert often(share) == words


@given(st.floats(0, 1))
def test_every_share_has_words(share):
    assert often(share)


def test_the_sentences():
    first, second = say()
    assert first == (
        "For this wearer pictures will be right about one time in four (20 to 30 in a hundred); "
        "chance is one in forty."
    )
    assert second.startswith("Without calibration it would have been one time in ten;")
    assert "would help further" in second
    assert "would not help" in say(gain=(0.0, -0.02, 0.02))[1]
    assert "cannot be said" in say(gain=(0.0, -0.1, 0.1))[1]
    assert "cannot be said" in say(gain=None)[1]
    assert "could not make them right more often" in say(before=0.25)[1]
    assert "will be right nearly every time (" in say(after=0.99)[0]


def test_no_hope_without_a_signal():
    first, second = say(before=0.03, after=0.05, can=False)
    assert "No decodable signal" in first
    assert "one in forty" in first
    assert "read nothing into the pictures" in second


def outcome(hit, confidence=None):
    hit = np.asarray(hit, dtype=bool)
    return Outcome(1.0, np.zeros(len(hit)), hit, np.full(len(hit), 0.5) if confidence is None else confidence)


def test_noise_is_hardly_ever_called_a_signal():
    """210 clips, five candidates of which the luckiest is chosen, 400 wearers without any signal."""
    rng = np.random.default_rng(0)
    slot = np.arange(210)
    lucky = (max((rng.random((5, 210)) < 1 / K), key=np.sum) for _ in range(400))
    called = np.mean([decodable(outcome(hit), slot, 1 / K, 5) for hit in lucky])
    assert called < 0.05
    assert decodable(outcome(np.arange(210) < 20), slot, 1 / K, 5)


def test_clips_of_a_slot_are_no_independent_evidence():
    hit = np.arange(210) < 20
    assert not decodable(outcome(hit), np.repeat(np.arange(21), 10), 1 / K, 5)


def test_groups_hold_every_clip_once():
    concept = np.random.default_rng(1).integers(0, K, 300)
    hit = concept < 7
    found = groups(outcome(~hit), outcome(hit), concept, np.arange(300))
    assert sum(group.clips for group in found) == 300
    assert found[0].name == "land animal"
    assert (found[0].before.top1, found[0].after.top1) == (0.0, 1.0)


def test_an_honest_decoder_lies_on_the_line():
    rng = np.random.default_rng(2)
    confidence = rng.uniform(0.05, 0.9, 4000)
    bins = reliability(outcome(rng.random(4000) < confidence, confidence), np.arange(4000))
    assert sum(part.clips for part in bins) == 4000
    for part in bins:
        assert part.right.ci95[0] - 0.02 < part.claimed < part.right.ci95[1] + 0.02
