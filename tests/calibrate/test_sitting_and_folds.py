import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.calibrate.folds import stretches
from rtbci.calibrate.sitting import Sitting, WatchedClip, find_trials
from rtbci.errors import WearerError


def sitting(clips, seconds, start=0.0, missing=(), lag_s=0.0, phase=0.0):
    newest = start + phase + np.arange(2.0, seconds, 0.5)
    for first, last in missing:
        newest = newest[(newest < first) | (newest > last)]
    return Sitting(np.zeros((len(newest), 1, 1), np.float32), newest, tuple(clips), lag_s=lag_s)


def clips_of(concepts, start=10.0):
    return [WatchedClip(start + 2.0 * i, 2.0, c) for i, c in enumerate(concepts)]


def test_a_clip_is_scored_at_the_window_nearest_to_its_end():
    s = sitting(clips_of([3, 4]), 20.0, phase=0.2, lag_s=0.1)
    trials = find_trials(s)
    np.testing.assert_allclose(s.newest[trials.decided], [12.2, 14.2])
    np.testing.assert_allclose(s.newest[trials.example], [11.7, 12.2, 13.7, 14.2])
    np.testing.assert_array_equal(trials.example_concept, [3, 3, 4, 4])
    np.testing.assert_array_equal(trials.slot, [0, 1])


def test_clips_without_eeg_are_left_out():
    s = sitting(clips_of([3, 4, 5]), 20.0, missing=[(13.0, 14.9)])
    np.testing.assert_array_equal(find_trials(s).concept, [3, 5])
    with pytest.raises(WearerError, match="None of the 2 clips"):
        find_trials(sitting(clips_of([1, 2], start=100.0), 20.0))
    with pytest.raises(WearerError, match="None of the 1 clips"):
        find_trials(sitting(clips_of([1]), 1.0))


def test_clips_of_one_concept_in_a_row_are_one_slot():
    trials = find_trials(sitting(clips_of([7, 7, 7, 2, 7]), 40.0))
    np.testing.assert_array_equal(trials.slot, [0, 0, 0, 1, 2])


def test_stamps_must_increase():
    with pytest.raises(ValueError, match="increase"):
        Sitting(np.zeros((2, 1, 1), np.float32), np.array([1.0, 1.0]), ())


@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=60),
    st.integers(1, 7),
    st.floats(0, 0.49),
    st.lists(st.tuples(st.floats(5, 60), st.floats(0, 10)), max_size=2),
)
def test_nothing_leaks_between_a_fold_and_its_examples(concepts, count, phase, holes):
    missing = [(first, first + length) for first, length in holes]
    s = sitting(clips_of(concepts), 20.0 + 2 * len(concepts), phase=phase, missing=missing)
    try:
        trials = find_trials(s)
    except WearerError:
        return
    folds = stretches(s, trials, count)
    # Every window and every trial is held out exactly once.
    np.testing.assert_array_equal(sum(f.held_windows.astype(int) for f in folds), 1)
    np.testing.assert_array_equal(sum(f.held_trials.astype(int) for f in folds), 1)
    for fold in folds:
        held = s.newest[fold.held_windows]
        learnt = s.newest[trials.example[fold.examples]]
        for stamp in learnt:
            # No sample is in both: a window reaches two seconds back.
            assert np.all(np.abs(held - stamp) > 2.0)
        held_slots = set(trials.slot[fold.held_trials])
        assert held_slots.isdisjoint(trials.slot[trials.example_trial[fold.examples]])
        assert np.all(fold.held_windows[trials.decided[fold.held_trials]])
