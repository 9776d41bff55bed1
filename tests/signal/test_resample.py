import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtbci.errors import ContractError
from rtbci.signal import Resample

RATES = [100.0, 128.0, 160.0, 250.0, 256.0, 300.0, 499.9, 500.0, 512.0, 1000.0, 1024.0, 2048.0, 5000.0]


def resampled(rate: float, signal: np.ndarray) -> np.ndarray:
    resample = Resample(rate)
    return resample.step(resample.start(), signal[:, None])[1][:, 0]


def tone(rate: float, hertz: float, seconds: float = 6.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def spectrum(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes of the middle four seconds of 200 Hz."""
    y = y[200:1000]
    window = np.blackman(len(y))
    return np.fft.rfftfreq(len(y), 1 / 200), np.abs(np.fft.rfft(y * window)) * 2 / window.sum()


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hertz", [1.0, 10.0, 30.0, 44.0])
def test_what_is_in_the_band_comes_through_unchanged_and_late_by_the_delay(rate: float, hertz: float) -> None:
    resample = Resample(rate)
    y = resampled(rate, tone(rate, hertz))
    t = np.arange(len(y)) / 200 - resample.delay_s
    inner = slice(100, len(y))
    np.testing.assert_allclose(y[inner], np.sin(2 * np.pi * hertz * t)[inner], atol=0.005)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hertz", [3.0, 20.0, 40.0])
def test_images_of_the_band_stay_50_db_down(rate: float, hertz: float) -> None:
    f, amplitude = spectrum(resampled(rate, tone(rate, hertz)))
    elsewhere = (np.abs(f - hertz) > 2) & (f <= 45)
    assert amplitude[elsewhere].max() < 10 ** (-50 / 20)


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate > 311])
@pytest.mark.parametrize("alias", [5.0, 10.0, 25.0, 44.0])
def test_nothing_aliases_into_the_band(rate: float, alias: float) -> None:
    f, amplitude = spectrum(resampled(rate, tone(rate, 200 - alias)))
    assert amplitude[f <= 45].max() < 10 ** (-50 / 20)


@pytest.mark.parametrize("rate", RATES)
def test_an_offset_passes_without_ringing(rate: float) -> None:
    y = resampled(rate, np.full(round(2 * rate), 187_500.0))
    np.testing.assert_allclose(y, 187_500.0, rtol=1e-12)


@pytest.mark.parametrize("rate", RATES)
def test_the_delay_is_short(rate: float) -> None:
    # The transition band is narrowest where the rate is lowest.
    assert Resample(rate).delay_s < (0.2 if rate < 120 else 0.06 if rate < 160 else 0.03)


def test_equal_rates_pass_through() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    resample = Resample(200.0)
    assert resample.delay_s == 0.0
    np.testing.assert_array_equal(resample.step(resample.start(), x)[1], x)


@given(st.floats(100, 6000), st.integers(1, 5000))
@settings(deadline=None)
def test_every_output_rests_on_inputs_that_are_there(rate: float, n: int) -> None:
    resample = Resample(rate)
    outputs = resample.outputs(n)
    assert resample.newest_input(outputs - 1) < n
    # … and the next one would not.
    assert resample.newest_input(outputs) >= n
    assert outputs == pytest.approx(n * 200 / rate, abs=1 + n * 1e-7)


@pytest.mark.parametrize("rate", [0.0, 50.0, 99.9, -200.0, float("nan"), float("inf")])
def test_a_rate_too_low_or_none_is_refused(rate: float) -> None:
    with pytest.raises(ContractError, match="regular rate of at least 100 Hz"):
        Resample(rate)
