import numpy as np

from rtbci.decode import NullConfidence, SurrogateStream


def coloured(rng, n):
    """Windows (n, 4, 400) of noise whose channels have alpha of different strength."""
    t = np.arange(400) / 200
    phase = rng.uniform(0, 2 * np.pi, (n, 4, 1))
    return (
        rng.standard_normal((n, 4, 400))
        + np.array([0.0, 1.0, 3.0, 5.0])[:, None] * np.sin(2 * np.pi * 10 * t + phase)
    ).astype(np.float32)


def test_surrogate_has_the_mean_spectrum_and_overlaps_like_the_real_windows():
    rng = np.random.default_rng(1)
    windows = coloured(rng, 200)
    stream = SurrogateStream(channels=4, seed=2)
    before = windows.copy()
    surrogates = []
    for z in windows:
        stream.observe(z)
        surrogates.append(stream.window())
    assert np.array_equal(windows, before)
    real = np.mean(np.abs(np.fft.rfft(windows[100:])) ** 2, axis=0)
    fake = np.mean(np.abs(np.fft.rfft(np.array(surrogates[100:]))) ** 2, axis=0)
    assert np.allclose(np.sqrt(real.mean(1)), np.sqrt(fake.mean(1)), rtol=0.15)
    ratio = fake[:, 20] / real[:, 20]
    assert np.all(ratio[1:] > 0.1)
    # one hop on, three quarters of the samples are the same noise
    r = np.corrcoef(surrogates[-1][0, :300], surrogates[-2][0, 100:])[0, 1]
    assert r > 0.95


def test_surrogate_is_unrelated_to_the_window():
    rng = np.random.default_rng(1)
    stream = SurrogateStream(channels=4, seed=2)
    r = []
    for z in coloured(rng, 100):
        stream.observe(z)
        r.append(np.corrcoef(z[0], stream.window()[0])[0, 1])
    assert abs(np.mean(r)) < 0.02


def test_null_confidence_forgets_what_it_assumed():
    null = NullConfidence(floor=0.5, size=50)
    assert null.p95 == 0.5
    for value in np.linspace(0.02, 0.12, 50):
        null.add(float(value))
    assert 0.1 < null.p95 < 0.12
