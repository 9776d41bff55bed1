import numpy as np
import pytest

from rtbci.generate.reuse import ALIKE, SAME_STRENGTH, Reuse
from tests.generate.test_evidence_input import message

PICTURE = np.zeros((1, 4, 4, 3), np.uint8)
LOOK = np.ones((2, 3), np.float32)


@pytest.fixture
def reuse():
    found = Reuse()
    found.keep("keyframe", message(context=1, strength=0.5), LOOK, PICTURE)
    return found


def test_a_picture_stands_for_its_own_grade_only(reuse):
    assert reuse.find("keyframe", message(context=1, strength=0.5), LOOK) is PICTURE
    assert reuse.find("clip", message(context=1, strength=0.5), LOOK) is None


@pytest.mark.parametrize(
    "change",
    [{"context": 2}, {"word": "weak"}, {"strength": 0.5 + 1.1 * SAME_STRENGTH}, {"surrogate": True}],
)
def test_no_picture_outlives_its_context_or_its_strength(reuse, change):
    assert reuse.find("keyframe", message(**({"context": 1, "strength": 0.5} | change)), LOOK) is None


def test_a_slow_drift_is_drawn_again_in_time(reuse):
    found = [
        reuse.find("keyframe", message(context=1, strength=0.5), LOOK + np.float32(0.3 * ALIKE * step))
        for step in range(1, 8)
    ]
    assert [picture is not None for picture in found] == [True] * 3 + [False] * 4


def test_where_nothing_of_the_evidence_is_to_be_seen_the_context_is_nothing_either():
    reuse = Reuse()
    reuse.keep("keyframe", message(context=1, strength=0.0), 0 * LOOK, PICTURE)
    assert reuse.find("keyframe", message(context=2, strength=0.0), 0 * LOOK) is PICTURE
    assert reuse.find("keyframe", message(context=2, strength=0.0), 0.01 * LOOK) is None
