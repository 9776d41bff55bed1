import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.calibrate import plan
from rtbci.errors import UsageError
from rtbci.stimuli.markers import ClipMarker, EndMarker, RestMarker


@given(st.floats(0.4, 20), st.integers(0, 1000))
def test_items_follow_one_another_without_overlap(minutes, seed):
    presentation = plan(minutes, seed)
    at = 0.0
    for begin, marker in presentation.items[:-1]:
        assert begin == pytest.approx(at)
        at = begin + marker.seconds
    assert isinstance(presentation.items[-1][1], EndMarker)
    assert presentation.seconds == pytest.approx(at)
    clips = [marker for _, marker in presentation.items if isinstance(marker, ClipMarker)]
    assert len(clips) == presentation.clips == int(minutes * 30)
    assert len({(clip.concept, clip.seed) for clip in clips}) == len(clips)


def test_every_round_holds_every_concept_once_and_no_hint_is_given():
    presentation = plan(4.0, 3)
    rounds, current = [], []
    for _, marker in presentation.items:
        if isinstance(marker, RestMarker):
            rounds.append(current)
            current = []
        elif isinstance(marker, ClipMarker):
            current.append(marker.concept)
    assert [len(r) for r in rounds] == [0, 40, 40]
    assert all(len(set(r)) == 40 for r in rounds[1:])
    assert rounds[1] != rounds[2]


def test_the_same_seed_gives_the_same_plan():
    assert plan(2.0, 5) == plan(2.0, 5)
    assert plan(2.0, 5) != plan(2.0, 6)


def test_too_short_a_plan_is_refused():
    with pytest.raises(UsageError, match="too few to fit anything"):
        plan(0.1, 0)
