"""The audit: a planted leak is caught, and it is a leak; clean splits pass."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from training.audit import LeakError, Spans, audit_split

BLOCKS, SLOTS, CLIPS = 7, 40, 5


def sitting(subjects=("s1",)) -> tuple[Spans, np.ndarray, np.ndarray]:
    """Clips laid out as in the public data: places, concepts, and EEG that only drifts."""
    rng = np.random.default_rng(0)
    parts, concepts, features = [], [], []
    slot = np.repeat(np.arange(SLOTS), CLIPS)
    start = 13.0 * slot + 3.0 + 2.0 * np.tile(np.arange(CLIPS), SLOTS)
    for subject in subjects:
        for block in range(BLOCKS):
            parts.append((np.full(200, subject), np.full(200, block), start, slot, np.arange(200)))
            concepts.append(rng.permutation(SLOTS)[slot])
            drift = np.cumsum(rng.standard_normal((520, 20)), axis=0)
            features.append(drift[start.astype(int)])
    who, block, start, slot, clip = (np.concatenate(column) for column in zip(*parts, strict=True))
    places = Spans(who, block, start, start + 2.0, clip, slot, block * 200 + clip)
    return places, np.concatenate(concepts), np.concatenate(features)


def decoded(features, concepts, train, test) -> float:
    model = KNeighborsClassifier(1).fit(features[train], concepts[train])
    return float((model.predict(features[test]) == concepts[test]).mean())


def test_a_random_split_of_clips_on_drifting_eeg_leaks_and_is_caught():
    places, concepts, features = sitting()
    test = np.random.default_rng(1).random(len(concepts)) < 1 / 7
    assert decoded(features, concepts, ~test, test) > 0.5
    with pytest.raises(LeakError) as raised:
        audit_split({"training": places.where(~test)}, places.where(test))
    assert len(raised.value.leaks) == 3
    for says in ("runs of one concept", "within 1 s of training", "stretches are shorter than 30 s"):
        assert says in str(raised.value)


def test_a_split_by_block_does_not_leak_and_passes():
    places, concepts, features = sitting()
    test = places.recording == 6
    assert decoded(features, concepts, ~test, test) < 0.08
    report = audit_split({"training": places.where(~test)}, places.where(test))
    assert report["learnt"]["training"] == {"windows": 1200, "nearest_s": None, "shared_stimuli": 0.0}


def test_interleaving_is_seen_without_knowing_clips_and_slots():
    places, _, _ = sitting()
    bare = Spans(places.subject, places.recording, places.start_s, places.stop_s)
    whole_slots = np.random.default_rng(0).random((BLOCKS, SLOTS)) < 0.2
    test = np.repeat(whole_slots.ravel(), CLIPS)
    with pytest.raises(LeakError, match="stretches are shorter"):
        audit_split({"training": bare.where(~test)}, bare.where(test))
    mostly_test = np.random.default_rng(0).random(len(test)) < 0.9
    with pytest.raises(LeakError, match="stretches are shorter"):
        audit_split({"training": bare.where(~mostly_test)}, bare.where(mostly_test), guard_s=0.0)


def test_a_long_stretch_with_a_guard_passes_and_without_one_does_not():
    start = np.arange(0.0, 400.0, 0.5)
    places = Spans(np.zeros(800, int), np.zeros(800, int), start, start + 2.0)
    test = (start >= 100) & (start < 200)
    apart = (start < 100 - 3) | (start > 202 + 1)
    report = audit_split({"training": places.where(apart)}, places.where(test))
    assert report["learnt"]["training"]["nearest_s"] == pytest.approx(1.5)
    with pytest.raises(LeakError, match=r"3 of 200 test windows lie within 1 s .* at 100\.0 s of"):
        audit_split({"training": places.where(start < 99)}, places.where(test))
    with pytest.raises(LeakError, match="within 1 s"):
        audit_split({"training": places.where(~test)}, places.where(test))


def test_one_clip_on_both_sides_is_caught_however_far_apart():
    one, start = np.zeros(2, int), np.array([0.0, 90.0])
    places = Spans(one, one, start, start + 1.0, clip=one)
    with pytest.raises(LeakError, match="1 of 1 test windows belong to clips"):
        audit_split({"training": places.where(np.array([0]))}, places.where(np.array([1])))


def test_everything_fitted_is_held_against_the_test():
    places, _, _ = sitting()
    test = places.recording == 6
    with pytest.raises(LeakError, match="within 1 s of normalisation windows"):
        audit_split(
            {"training": places.where(~test), "normalisation": places}, places.where(test), stretch_s=0.0
        )
    with pytest.raises(LeakError, match="no windows"):
        audit_split({"training": places.where(test & ~test)}, places.where(test))
    with pytest.raises(LeakError, match="no windows"):
        audit_split({}, places.where(test))


def test_claims_about_new_people_and_new_clips():
    places, _, _ = sitting(("s1", "s2"))
    test = places.subject == "s2"
    report = audit_split({"training": places.where(~test)}, places.where(test), unseen_subjects=True)
    assert report["learnt"]["training"]["shared_stimuli"] == 1.0
    with pytest.raises(LeakError, match="1400 of 1400 test windows show stimuli"):
        audit_split({"training": places.where(~test)}, places.where(test), unseen_stimuli=True)
    by_block = places.recording == 6
    with pytest.raises(LeakError, match="2 test subjects are in training"):
        audit_split({"training": places.where(~by_block)}, places.where(by_block), unseen_subjects=True)


@given(st.integers(0, 10_000))
def test_the_nearest_window_is_found_as_by_looking_at_each(seed):
    rng = np.random.default_rng(seed)

    def some(n: int) -> Spans:
        start = rng.uniform(0, 200, n)
        return Spans(rng.integers(0, 2, n), rng.integers(0, 2, n), start, start + rng.uniform(0.1, 20, n))

    learnt, test = some(12), some(9)
    same = (learnt.subject == test.subject[:, None]) & (learnt.recording == test.recording[:, None])
    gaps = np.maximum(learnt.start_s - test.stop_s[:, None], test.start_s[:, None] - learnt.stop_s)
    nearest = np.where(same, np.maximum(gaps, 0.0), np.inf).min()
    guard = float(rng.uniform(0.1, 30))
    if nearest < guard:
        with pytest.raises(LeakError, match="lie within"):
            audit_split({"training": learnt}, test, guard_s=guard, stretch_s=0.0)
    else:
        report = audit_split({"training": learnt}, test, guard_s=guard, stretch_s=0.0)
        expected = None if np.isinf(nearest) else pytest.approx(nearest)
        assert report["learnt"]["training"]["nearest_s"] == expected


def test_places_must_fit_together():
    with pytest.raises(ValueError, match="lengths"):
        Spans(np.zeros(2), np.zeros(2), np.zeros(3), np.ones(3))
    with pytest.raises(ValueError, match="end after"):
        Spans(np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1))
