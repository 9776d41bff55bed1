import numpy as np
import pytest

from rtbci.live.trials import Moment, TrialScorer
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.markers import ClipMarker, RestMarker, encode


def certain(index, p=0.9):
    posterior = np.full(40, (1 - p) / 39)
    posterior[index] = p
    return posterior


@pytest.fixture
def scorer():
    return TrialScorer(CONCEPT_NAMES, lag_s=0.0, hop_s=0.5)


def clip(name, seconds=2.0):
    return encode(ClipMarker(concept=name, seed=1, seconds=seconds))


def test_the_evidence_nearest_to_the_clips_end_decides(scorer):
    scorer.on_marker(clip("dog"), 10.0)
    trials = []
    for t, best in ((10.6, 5), (11.1, 5), (11.6, 5), (12.1, 1), (12.6, 5)):
        trials += scorer.add(Moment(t, certain(best), certain(7)))
    assert [(t.truth, t.guess.label, t.correct, t.rank) for t in trials] == [("dog", "dog", True, 1)]
    assert (scorer.trials, scorer.hits, scorer.null_hits) == (1, 1, 0)


def test_a_clip_whose_end_was_not_seen_is_no_trial(scorer):
    scorer.on_marker(clip("dog"), 10.0)
    assert scorer.add(Moment(11.0, certain(1), certain(1))) == []
    assert scorer.add(Moment(15.0, certain(1), certain(1))) == []
    assert scorer.trials == 0


def test_wrong_guess_has_its_rank(scorer):
    scorer.on_marker(clip("dog"), 0.0)
    posterior = certain(3)
    posterior[1], posterior[2] = 0.05, 0.04
    scorer.add(Moment(2.0, posterior, certain(1)))
    (trial,) = scorer.add(Moment(2.5, certain(0), certain(0)))
    assert not trial.correct
    assert trial.null_correct
    assert trial.rank == 2


def test_other_markers_and_foreign_text_are_passed_over(scorer):
    for text in (encode(RestMarker(seconds=5.0)), "S  1", '{"concept": "dog"}'):
        scorer.on_marker(text, 0.0)
    for t in np.arange(0, 10, 0.5):
        assert scorer.add(Moment(float(t), certain(1), certain(1))) == []


def test_clips_back_to_back_are_each_scored_once(scorer):
    names = ("dog", "cat", "horse")
    for i, name in enumerate(names):
        scorer.on_marker(clip(name), 2.0 * i)
    trials = []
    for t in np.arange(0.3, 8, 0.5):
        truth = names[min(int(max(t - 0.3, 0) // 2), 2)]
        trials += scorer.add(Moment(float(t), certain(CONCEPT_NAMES.index(truth)), certain(9)))
    assert [t.truth for t in trials] == list(names)
