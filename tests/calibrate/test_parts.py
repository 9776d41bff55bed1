"""The closed forms, each against what it claims to compute."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from rtbci.calibrate.candidates import cross_entropy
from rtbci.calibrate.evidence import EXPONENTS, breaks, filtered, judge
from rtbci.calibrate.head import fit_head
from rtbci.calibrate.intervals import LATER_CLIPS, interval, predictive
from rtbci.calibrate.layer import LinearisedLayer
from rtbci.calibrate.own import OwnRidge
from rtbci.decode import EvidenceFilter
from rtbci.wearers.adapter import binned


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.floats(0.01, 1.5), st.floats(0.001, 0.5))
def test_the_filter_is_the_live_one(seed, n, exponent, hazard):
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((n, 5)) * 4
    fresh = rng.random(n) < 0.2
    fresh[0] = True
    ours = filtered(logits, fresh, np.array([exponent, 0.5]), hazard)[:, 0]
    live = EvidenceFilter(exponent, hazard, {"concept": 5})
    state = live.start()
    for t in range(n):
        state = live.step(live.start() if fresh[t] else state, {"concept": logits[t]})
        np.testing.assert_allclose(ours[t], state.log_posterior["concept"], atol=1e-9)


def test_a_hole_between_windows_is_a_break():
    np.testing.assert_array_equal(
        breaks(np.array([2.0, 2.5, 3.0, 4.0, 4.5]), 0.5), [True, False, False, True, False]
    )
    assert len(breaks(np.array([]), 0.5)) == 0


def test_windows_that_repeat_themselves_get_a_small_exponent():
    rng = np.random.default_rng(0)
    concept = rng.integers(0, 5, 300)
    own = np.eye(5)[concept] * 1.0 + rng.standard_normal((300, 5))
    log_p = log_softmax(own * 1.0, axis=1)
    fresh = np.arange(300 * 8) % 8 == 0
    decided = np.arange(300) * 8 + 7
    same = judge(np.repeat(log_p, 8, axis=0), fresh, decided, concept, 1e-6)
    noise = rng.standard_normal((300, 8, 5))
    independent = judge((np.eye(5)[concept][:, None] + noise).reshape(-1, 5), fresh, decided, concept, 1e-6)
    # Eight copies of one window are one window's worth; eight independent ones are eight.
    assert same.exponent * 8 == pytest.approx(1.0, rel=0.4)
    assert independent.exponent == pytest.approx(1.0, rel=0.4)
    assert same.hit.mean() == pytest.approx((own.argmax(axis=1) == concept).mean())
    assert EXPONENTS[0] < same.exponent < EXPONENTS[-1]


def test_the_head_undoes_a_permutation():
    rng = np.random.default_rng(1)
    concept = rng.integers(0, 6, 400)
    shuffled = rng.permutation(6)
    logits = 3 * np.eye(6)[shuffled[concept]] + rng.standard_normal((400, 6))
    weight, bias = fit_head(logits[:300], concept[:300], 0.003)
    after = logits[300:] @ weight + bias
    assert (logits[300:].argmax(1) == concept[300:]).mean() < 0.4
    assert (after.argmax(1) == concept[300:]).mean() > 0.9


def test_a_strong_ridge_leaves_only_the_scale():
    rng = np.random.default_rng(2)
    concept = rng.integers(0, 6, 500)
    logits = 10 * (np.eye(6)[concept] + rng.standard_normal((500, 6)))
    weight, bias = fit_head(logits, concept, 1e6)
    after = logits @ weight + bias
    np.testing.assert_array_equal(after.argmax(1), logits.argmax(1))
    # Overconfident by ten times: the scale takes that back.
    assert weight[0, 0] / (1 - 1 / 6) == pytest.approx(0.1, rel=0.3)
    np.testing.assert_allclose(bias, 0, atol=1e-4)


@given(st.integers(0, 2**32 - 1), st.floats(-50, 50))
def test_the_head_does_not_care_where_logits_begin(seed, offset):
    rng = np.random.default_rng(seed)
    concept = rng.integers(0, 4, 60)
    logits = rng.standard_normal((60, 4))
    a = np.add(*_apply(fit_head(logits, concept, 0.1), logits))
    b = np.add(*_apply(fit_head(logits + offset, concept, 0.1), logits + offset))
    np.testing.assert_allclose(log_softmax(a, axis=1), log_softmax(b, axis=1), atol=1e-3)


def _apply(head, logits):
    weight, bias = head
    return logits @ weight, bias


def test_the_own_ridge_is_the_primal_one():
    rng = np.random.default_rng(3)
    z = rng.standard_normal((30, 62, 400)).astype(np.float32)
    concept = rng.integers(0, 40, 30)
    own = OwnRidge(z, concept, 40)
    train, test = np.arange(20), np.arange(20, 30)
    x = binned(z)
    ridge = 0.7 * np.sum(x[train] ** 2) / 20
    target = np.eye(40)[concept[train]]
    target -= target.mean(axis=0)
    primal = np.linalg.solve(x[train].T @ x[train] + ridge * np.eye(1550), x[train].T @ target)
    np.testing.assert_allclose(own.weight(train, 0.7), primal, atol=1e-9)
    np.testing.assert_allclose(own.scores(train, test, 0.7), x[test] @ primal, atol=1e-9)


def test_a_concept_that_was_not_shown_never_wins():
    rng = np.random.default_rng(7)
    drift = np.cumsum(rng.standard_normal((90, 62, 1)), axis=0) * np.ones(400)
    own = OwnRidge(drift.astype(np.float32), np.repeat(np.arange(9), 10), 40)
    scores = own.scores(np.arange(60), np.arange(60, 90), 1.0)
    assert scores.argmax(axis=1).max() < 6
    np.testing.assert_array_equal(scores[:, 6:], 0)


def slow_eeg(rng, n, directions):
    """White noise in 62 channels, with slow activity along some directions."""
    z = rng.standard_normal((n, 62, 100))
    slow = np.repeat(rng.standard_normal((n, directions.shape[1], 5)), 20, axis=2)
    return (z + 2.0 * directions @ slow).astype(np.float32)


def test_the_layers_slopes_are_the_encoders_derivative_and_find_the_directions():
    rng = np.random.default_rng(4)
    directions = np.linalg.qr(rng.standard_normal((62, 3)))[0]
    z = slow_eeg(rng, 40, directions)
    w = rng.standard_normal((62 * 100, 4)) * 0.02

    def encode(eeg):
        return eeg.reshape(len(eeg), -1).astype(np.float64) @ w

    base = np.eye(62) + 0.1 * rng.standard_normal((62, 62))
    layer = LinearisedLayer(encode, base, z, 3)
    theta = rng.standard_normal(9) * 0.3
    exact = encode(layer.matrix(theta).astype(np.float32) @ z)
    np.testing.assert_allclose(layer.logits + layer.slopes @ theta, exact, atol=1e-3)
    # The components found are the slow ones.
    span = np.linalg.qr(layer.matrix(np.eye(3).ravel()) - base)[0][:, :3]
    overlap = np.linalg.svd(np.linalg.qr(base @ directions)[0].T @ span)[1]
    assert overlap.min() > 0.8


def test_a_layer_lowers_the_loss_and_a_strong_ridge_does_nothing():
    rng = np.random.default_rng(5)
    directions = np.linalg.qr(rng.standard_normal((62, 3)))[0]
    z = slow_eeg(rng, 200, directions)
    w = np.einsum("cd,tdk->ctk", directions, rng.standard_normal((5, 3, 4)))
    w = np.repeat(w, 20, axis=1).reshape(62 * 100, 4) * 0.1
    mixed = directions @ np.roll(np.eye(3), 1, axis=0) @ directions.T + np.eye(62) - directions @ directions.T

    def encode(eeg):
        return eeg.reshape(len(eeg), -1).astype(np.float64) @ w

    concept = encode(z).argmax(axis=1)
    worn = np.asarray(mixed @ z, dtype=np.float32)
    layer = LinearisedLayer(encode, np.eye(62), worn, 3)
    train, test = np.arange(150), np.arange(150, 200)
    strong, weak = layer.fits(train, concept[train], 1.0, (1e6, 0.01))
    before = cross_entropy(layer.logits[test], concept[test])
    after = cross_entropy(encode(np.asarray(layer.matrix(weak) @ worn[test], np.float32)), concept[test])
    assert after < 0.9 * before
    np.testing.assert_allclose(layer.matrix(strong), np.eye(62), atol=1e-3)


def test_the_interval_of_a_share():
    # Wilson's interval for 10 of 100, Brown, Cai & DasGupta 2001.
    low, high = interval(0.1, 100)
    assert low == pytest.approx(0.0552, abs=2e-4)
    assert high == pytest.approx(0.1744, abs=2e-4)
    assert interval(0.0, 20)[0] == 0.0
    assert interval(1.0, 20)[1] == 1.0


def test_a_prediction_holds_for_a_later_run_as_often_as_it_says():
    rng = np.random.default_rng(0)
    for p in (0.1, 0.3, 0.7):
        held = []
        for _ in range(2000):
            low, high = predictive(rng.binomial(210, p) / 210, 210)
            held.append(low <= rng.binomial(LATER_CLIPS, p) / LATER_CLIPS <= high)
        assert 0.93 < np.mean(held) < 0.98
        low, high = predictive(p, 210)
        narrow = interval(p, 210)
        assert low < narrow[0] < p < narrow[1] < high
