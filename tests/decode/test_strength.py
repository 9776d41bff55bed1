from hypothesis import given
from hypothesis import strategies as st

from rtbci.bundle.schema import EvidenceModel
from rtbci.decode import judge

MODEL = EvidenceModel(exponent=0.5, hazard=0.2)
CHANCE = 1 / 40


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_confidence_is_never_weaker_and_stays_in_range(a, b, null):
    low, high = sorted((a, b))
    first = judge(low, chance=CHANCE, null_confidence=null, model=MODEL)
    second = judge(high, chance=CHANCE, null_confidence=null, model=MODEL)
    assert 0 <= first.strength <= second.strength <= 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_what_surrogates_reach_is_worth_nothing(confidence, above):
    verdict = judge(confidence, chance=CHANCE, null_confidence=confidence + above, model=MODEL)
    assert verdict.strength == 0
    assert verdict.word == "none"
    assert not verdict.crisp


def test_words_rise_with_confidence():
    words = [judge(c, chance=CHANCE, null_confidence=0.06, model=MODEL).word for c in (0.03, 0.1, 0.3, 0.7)]
    assert words == ["none", "weak", "moderate", "strong"]


@given(confidence=st.floats(0.0, 1.0), null=st.floats(0.0, 0.5))
def test_evidence_from_eeg_that_is_not_clean_is_weak_at_most(confidence, null):
    trusted = judge(confidence, chance=CHANCE, null_confidence=null, model=MODEL)
    doubted = judge(confidence, chance=CHANCE, null_confidence=null, model=MODEL, clean=False)
    assert doubted.word == ("none" if trusted.word == "none" else "weak")
    assert doubted.strength == min(trusted.strength, 0.25) and not doubted.crisp
