"""Differential entropy of the bands of EEG, over the whole window."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from rtbci.errors import UsageError

Array = NDArray[np.float32]

BANDS: tuple[tuple[float, float], ...] = ((1, 4), (4, 8), (8, 14), (14, 31), (31, 99))
"""Lowest and highest frequency of each band, hertz: the five of EEG2Video."""
PASSED_HZ = 45.0
"""The runtime's band-pass ends here (`rtbci.bundle.schema.Preprocessing`): above it is nothing but noise."""
_TAPERS = 3
_FLOOR = 1e-20
"""A variance below it is a dead electrode; its entropy stays finite."""
_AT_ONCE = 8
"""Windows: as many as stay in the cache take a third of the time of hundreds."""


def differential_entropy(
    x: Array, rate_hz: float, bands: tuple[tuple[float, float], ...] = BANDS, highest_hz: float = PASSED_HZ
) -> Array:
    """Differential entropy of each electrode and band: of a Gaussian with the band's variance.

    ``0.5 log(2 pi e s^2)`` in nats (Cover & Thomas, Elements of Information Theory, theorem 8.4.1; as a
    feature of EEG: Duan, Zhu & Lu, NER 2013). The variance is the mean over three sine tapers (Riedel &
    Sidorenko, IEEE Trans. Signal Process. 43, 188, 1995), which together weigh the window's middle and ends
    nearly alike, and do not let slow drift leak into fast bands as no taper would. They smooth over
    2 / duration either side: 1 Hz for windows of 2 s.

    Parameters
    ----------
    x : ndarray, shape (n, 62, T), float32
        Windows; the whole of each counts. The mean is taken off.
    rate_hz : float
    bands : tuple of (low, high)
        Hertz; low belongs to the band, high does not.
    highest_hz : float
        Bands end here at the latest, and at half the rate.

    Returns
    -------
    ndarray, shape (n, 62, bands), float32

    Raises
    ------
    UsageError
        If nothing is left of a band, or the window is so short that no frequency falls into it.
    """
    samples = x.shape[-1]
    end_hz = min(highest_hz, rate_hz / 2)
    frequency = scipy.fft.rfftfreq(samples, 1 / rate_hz)
    inside = np.stack([(frequency >= low) & (frequency < min(high, end_hz)) for low, high in bands])
    if not inside.any(axis=1).all():
        low, high = bands[int(np.argmin(inside.any(axis=1)))]
        raise UsageError(
            f"Windows of {samples} samples at {rate_hz:g} Hz, of which {end_hz:g} Hz and less are used, say "
            f"nothing of the band from {low:g} to {high:g} Hz; take the windows before they are decimated, "
            "or leave that band out."
        )
    # Parseval's theorem; twice, since half of a real signal's power lies at negative frequencies.
    share = (2.0 / samples) * inside.T.astype(np.float32)
    tapers = _sine_tapers(samples)
    power = np.empty((len(x), x.shape[1], len(bands)), dtype=np.float32)
    for start in range(0, len(x), _AT_ONCE):
        part = np.asarray(x[start : start + _AT_ONCE], dtype=np.float32)
        part = part - part.mean(axis=2, keepdims=True)
        spectrum = np.zeros((*part.shape[:2], len(frequency)), dtype=np.float32)
        for taper in tapers:
            transform = scipy.fft.rfft(part * taper, axis=2)
            spectrum += transform.real**2 + transform.imag**2
        power[start : start + _AT_ONCE] = (spectrum / len(tapers)) @ share
    return 0.5 * np.log(2.0 * np.pi * np.e * np.maximum(power, _FLOOR)).astype(np.float32)


def _sine_tapers(samples: int) -> Array:
    """Of unit energy: ``sqrt(2 / (T + 1)) sin(pi k t / (T + 1))`` for k = 1, 2, 3 and t = 1 .. T."""
    order = np.arange(1, _TAPERS + 1)[:, None]
    time = np.arange(1, samples + 1)
    tapers = np.sqrt(2.0 / (samples + 1)) * np.sin(np.pi * order * time / (samples + 1))
    return np.asarray(tapers, dtype=np.float32)
