"""How far EEG has gone from what it was, and keeping to what it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.bundle.schema import Preprocessing
from rtbci.montage import CHANNELS, plan_remap
from rtbci.signal import Chain, ChainSettings, Usual, UsualTally, distance

N = 62


def covariance(seed, samples=500):
    x = np.random.default_rng(seed).standard_normal((samples, N))
    return x.T @ x / samples


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_it_is_a_distance(a, b):
    one, other = covariance(a), covariance(b)
    assert distance(one, one) == pytest.approx(0.0, abs=1e-7)
    assert distance(one, other) == pytest.approx(distance(other, one))
    assert (distance(one, other) > 0.01) == (a != b)


def test_twice_the_power_is_a_factor_of_two_in_every_direction():
    one = covariance(0)
    assert distance(2 * one, one) == pytest.approx(np.log(2))


def test_directions_without_signal_do_not_count():
    """The average reference leaves one without; what numbers are there is chance."""
    centring = np.eye(N) - 1 / N
    one, other = (centring @ covariance(seed, 5000) @ centring for seed in (0, 1))
    noisy = other + 1e-12 * np.ones((N, N))
    assert distance(noisy, one) == pytest.approx(distance(other, one), rel=1e-3)


def usual(seed=0):
    tally = UsualTally()
    for second in range(120):
        tally.add(covariance((seed, second // 10), 2000), 1.0)
    return tally.usual()


def test_what_goes_on_as_it_was_has_not_drifted_and_another_head_has():
    found = usual()
    assert found.drift(covariance(99, 2000)) < 1.5
    mixed = np.eye(N) + 0.3 * np.random.default_rng(5).standard_normal((N, N))
    assert found.drift(mixed @ covariance(99, 2000) @ mixed.T) > 3.0


def test_too_little_says_nothing():
    tally = UsualTally()
    for second in range(29):
        tally.add(covariance(second) if second else None, 1.0)
    assert tally.usual() is None


def test_without_realignment_the_wearers_covariance_whitens_for_good():
    rng = np.random.default_rng(0)
    mix = np.eye(N) + 0.2 * rng.standard_normal((N, N))
    data = 20 * rng.standard_normal((8000, N)) @ mix
    remap = plan_remap(CHANNELS, ("uV",) * N)

    def windows(prior, realign):
        settings = ChainSettings.from_preprocessing(Preprocessing(), 200.0, remap, prior, realign=realign)
        chain = Chain(settings)
        return chain.push(data, np.arange(len(data)) / 200), chain

    _, chain = windows(None, True)
    assert chain.covariance.shape == (N, N)
    kept, still = windows(chain.covariance, False)
    # What comes is still learnt, for drift.
    np.testing.assert_allclose(still.covariance, chain.covariance)
    power = [np.mean(w.z.astype(float) ** 2) for w in kept[10:]]
    assert np.ptp(power) < 0.2 * np.mean(power)
    wrong, _ = windows(4 * chain.covariance, False)
    np.testing.assert_allclose(wrong[-1].z, kept[-1].z / 2, rtol=1e-4, atol=1e-5)
    followed, _ = windows(4 * chain.covariance, True)
    assert np.mean(followed[-1].z ** 2) > 2 * np.mean(wrong[-1].z ** 2)


def test_usual_is_plain_data():
    found = Usual(covariance(0), 0.5)
    assert found.drift(np.exp(0.5) * covariance(0)) == pytest.approx(1.0)
