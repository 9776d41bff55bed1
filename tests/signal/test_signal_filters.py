import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from rtbci.errors import BundleError
from rtbci.signal import BandPass, Cascade, Notch


def gain(transform, hertz: float) -> float:
    x = np.sin(2 * np.pi * hertz * np.arange(4000) / 200)[:, None]
    y = transform.step(transform.start(), x)[1]
    return float(y[2000:].std() / x[2000:].std())


def test_the_band_passes_and_the_rest_does_not() -> None:
    band = BandPass(1.0, 45.0, 4, 200.0)
    assert gain(band, 10.0) == pytest.approx(1.0, abs=0.01)
    assert gain(band, 1.0) == pytest.approx(2**-0.5, abs=0.02)
    assert gain(band, 45.0) == pytest.approx(2**-0.5, abs=0.02)
    assert gain(band, 0.2) < 0.01
    assert gain(band, 80.0) < 0.02


def test_it_is_scipys_butterworth_started_at_rest() -> None:
    x = np.random.default_rng(0).normal(size=(500, 4))
    x[0] = 0.0
    band = BandPass(1.0, 45.0, 4, 200.0)
    sos = butter(4, [1.0, 45.0], "bandpass", fs=200.0, output="sos")
    np.testing.assert_array_equal(band.step(band.start(), x)[1], sosfilt(sos, x, axis=0))


def test_an_offset_does_not_ring() -> None:
    x = np.full((600, 2), 187_500.0)
    for transform, expected in ((BandPass(1.0, 45.0, 4, 200.0), 0.0), (Notch(50.0, 200.0), 187_500.0)):
        np.testing.assert_allclose(transform.step(transform.start(), x)[1], expected, atol=1e-3)


@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_the_notch_takes_out_the_mains_and_little_else(mains: float) -> None:
    notch = Notch(mains, 200.0)
    assert gain(notch, mains) < 0.01
    assert gain(notch, mains + 0.1) < 0.15
    assert gain(notch, 40.0) == pytest.approx(1.0, abs=0.02)
    assert gain(notch, 10.0) == pytest.approx(1.0, abs=0.001)


def test_an_impossible_band_is_refused() -> None:
    with pytest.raises(BundleError, match="0 to 45 Hz"):
        BandPass(0.0, 45.0, 4, 200.0)
    with pytest.raises(BundleError, match="does not fit"):
        BandPass(1.0, 120.0, 4, 200.0)


def test_a_cascade_is_its_parts_in_turn():
    band, notch = BandPass(1.0, 45.0, 4, 200.0), Notch(40.0, 200.0)
    both = Cascade((band, notch, Notch(60.0, 100.0)))
    x = 400.0 + 20.0 * np.random.default_rng(0).standard_normal((500, 3))
    turn = notch.step(notch.start(), band.step(band.start(), x)[1])[1]
    np.testing.assert_allclose(both.step(both.start(), x)[1], turn, atol=1e-9)
