import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rtbci.decode import EvidenceFilter

LOGITS = hnp.arrays(np.float64, (7, 40), elements=st.floats(-30, 30))


def run(filter_, windows):
    state = filter_.start()
    for logits in windows:
        state = filter_.step(state, {"concept": logits}, {"text": logits[:4]})
    return state


@given(LOGITS)
@settings(max_examples=50, deadline=None)
def test_posterior_is_a_distribution_and_inputs_are_left_alone(windows):
    before = windows.copy()
    state = run(EvidenceFilter(0.5, 0.1, {"concept": 40}), windows)
    assert np.isclose(state.posterior("concept").sum(), 1)
    assert np.all(state.posterior("concept") >= 0)
    assert np.array_equal(windows, before)


@given(LOGITS, st.floats(-50, 50))
@settings(max_examples=25, deadline=None)
def test_a_constant_added_to_the_logits_changes_nothing(windows, shift):
    filter_ = EvidenceFilter(0.4, 0.2, {"concept": 40})
    a, b = run(filter_, windows), run(filter_, windows + shift)
    assert np.allclose(a.posterior("concept"), b.posterior("concept"), atol=1e-9)


def test_exponent_one_and_no_hazard_is_bayes_rule():
    rng = np.random.default_rng(0)
    windows = rng.standard_normal((5, 40))
    state = run(EvidenceFilter(1.0, 1e-12, {"concept": 40}), windows)
    expected = np.exp(windows.sum(0)) / np.exp(windows.sum(0)).sum()
    assert np.allclose(state.posterior("concept"), expected, atol=1e-8)


def test_flat_windows_return_to_chance():
    filter_ = EvidenceFilter(0.5, 0.2, {"concept": 40})
    sure = np.zeros(40)
    sure[3] = 20
    state = run(filter_, [sure] * 3)
    assert state.posterior("concept")[3] > 0.9
    for _ in range(60):
        state = filter_.step(state, {"concept": np.zeros(40)})
    assert np.allclose(state.posterior("concept"), 1 / 40, atol=1e-3)


def test_a_change_of_what_is_watched_is_followed():
    filter_ = EvidenceFilter(0.5, 0.1, {"concept": 40})
    first, then = np.zeros(40), np.zeros(40)
    first[3] = then[9] = 8
    state = run(filter_, [first] * 20)
    for _ in range(4):
        state = filter_.step(state, {"concept": then})
    assert np.argmax(state.posterior("concept")) == 9


def test_repeating_one_window_is_not_mistaken_for_independent_evidence():
    weak = np.zeros(40)
    weak[3] = 1.0
    filter_ = EvidenceFilter(0.04, 0.05, {"concept": 40})
    assert run(filter_, [weak] * 200).posterior("concept")[3] < 0.5


def test_means_start_at_the_first_window_and_follow():
    filter_ = EvidenceFilter(0.5, 0.25, {"concept": 40})
    state = run(filter_, [np.full(40, 2.0)])
    assert np.allclose(state.means["text"], 2.0)
    state = filter_.step(state, {"concept": np.zeros(40)}, {"text": np.zeros(4)})
    assert np.allclose(state.means["text"], 1.5)


def test_unknown_question_is_an_error():
    filter_ = EvidenceFilter(0.5, 0.25, {"concept": 40})
    with pytest.raises(KeyError):
        filter_.step(filter_.start(), {"colour": np.zeros(8)})
