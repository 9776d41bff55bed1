import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtbci.errors import UsageError
from training.models import BANDS, differential_entropy


def noise(n: int, samples: int = 400, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 62, samples)).astype(np.float32)


def entropy_of(variance: float) -> float:
    return 0.5 * np.log(2 * np.pi * np.e * variance)


def test_white_noise_has_the_entropy_of_each_bands_share() -> None:
    """Of a variance of 1 spread over 100 Hz; the highest band ends at 45 Hz."""
    found = differential_entropy(noise(100), 200.0)
    assert found.shape == (100, 62, 5)
    assert found.dtype == np.float32
    variance = np.exp(2 * found.astype(np.float64)).mean(axis=(0, 1)) / (2 * np.pi * np.e)
    # Delta loses a little to the mean that is taken off.
    np.testing.assert_allclose(variance[1:], [0.04, 0.06, 0.17, 0.14], rtol=0.03)
    np.testing.assert_allclose(variance[0], 0.03, rtol=0.15)


@pytest.mark.parametrize(("hertz", "band"), [(2.5, 0), (6.0, 1), (11.0, 2), (22.0, 3), (38.0, 4)])
def test_a_tone_lies_in_its_band_with_its_variance(hertz: float, band: int) -> None:
    tone = 3.0 * np.sin(2 * np.pi * hertz * np.arange(400) / 200.0)
    found = differential_entropy(np.tile(tone, (1, 62, 1)).astype(np.float32), 200.0)[0, 0]
    assert found.argmax() == band
    assert found[band] == pytest.approx(entropy_of(4.5), abs=0.1)


def test_the_second_half_of_a_window_counts_as_the_first() -> None:
    """A transform of 200 points over 2 s, the field's mistake, would not see it."""
    x = 0.1 * noise(50)
    late, early = x.copy(), x.copy()
    late[:, :, 200:] *= 10.0
    early[:, :, :200] *= 10.0
    quiet, second, first = (differential_entropy(w, 200.0) for w in (x, late, early))
    assert (second - quiet).mean() > 1.0
    # Half of the energy is a hundred times as much.
    assert (second - quiet).mean(axis=(0, 1)) == pytest.approx(np.full(5, 0.5 * np.log(50.5)), abs=0.25)
    np.testing.assert_allclose(second.mean(axis=(0, 1)), first.mean(axis=(0, 1)), atol=0.1)


def test_slow_drift_does_not_leak_into_fast_bands() -> None:
    ramp = np.tile(np.linspace(-50, 50, 400, dtype=np.float32), (1, 62, 1))
    found = differential_entropy(ramp + noise(1), 200.0)
    quiet = differential_entropy(noise(1), 200.0)
    assert np.abs(found - quiet)[:, :, 3:].mean() < 0.2


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(-100.0, 100.0))
def test_scale_adds_its_logarithm_and_an_offset_adds_nothing(scale: float, offset: float) -> None:
    x = noise(2)
    base = differential_entropy(x, 200.0)
    scaled = differential_entropy((scale * (x + offset / 100.0)).astype(np.float32), 200.0)
    np.testing.assert_allclose(scaled, base + np.log(scale), atol=2e-2)


def test_windows_do_not_depend_on_their_neighbours_and_dead_electrodes_stay_finite() -> None:
    x = noise(40)
    whole = differential_entropy(x, 200.0)
    np.testing.assert_allclose(whole[14:18], differential_entropy(x[14:18], 200.0), atol=1e-5)
    x[0, 3] = 7.0
    assert np.isfinite(differential_entropy(x[:1], 200.0)).all()


def test_bands_that_a_rate_cannot_hold_are_refused() -> None:
    with pytest.raises(UsageError, match="nothing of the band from 31 to 99 Hz; take the windows before"):
        differential_entropy(noise(1, 100), 50.0)
    assert differential_entropy(noise(1, 100), 50.0, BANDS[:4]).shape == (1, 62, 4)
    with pytest.raises(UsageError, match="band from 1 to 4 Hz"):
        differential_entropy(noise(1, 20), 200.0)
