"""The live null control: what the same decoder says of EEG that holds no stimulus.

The surrogate is a continuous stream of Gaussian noise that has the running mean spectrum of the decoder's
input, channel by channel, and no relation to what is watched. Phase-randomising each window would not do:
it keeps the window's own band power and so a part of the answer. The stream is continuous, so that its
windows overlap exactly as the real ones do.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

_SMOOTHING = 0.05
_PRIOR_CONFIDENCES = 8


class SurrogateStream:
    """Noise with the spectrum of the windows that it has been shown.

    Parameters
    ----------
    channels, length : int
        Shape of a window.
    hop : int
        Samples by which successive windows move on.
    seed : int
        Seed of the noise.
    """

    def __init__(self, channels: int = 62, length: int = 400, hop: int = 100, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._length = length
        self._hop = hop
        self._power: NDArray[np.float64] | None = None
        self._noise = self._rng.standard_normal((channels, 2 * length))
        self._taper = np.hanning(length)

    def observe(self, z: NDArray[np.float32]) -> None:
        """Take in a real window's spectrum, and move the noise on by one hop.

        Parameters
        ----------
        z : ndarray, shape (channels, length)
            The decoder's input.
        """
        power = np.abs(np.fft.rfft(z * self._taper, axis=1)) ** 2 / np.sum(self._taper**2)
        self._power = power if self._power is None else (1 - _SMOOTHING) * self._power + _SMOOTHING * power
        fresh = self._rng.standard_normal((len(self._noise), self._hop))
        self._noise = np.concatenate([self._noise[:, self._hop :], fresh], axis=1)

    def window(self) -> NDArray[np.float32]:
        """The surrogate of the window last observed.

        Returns
        -------
        ndarray, shape (channels, length), float32
        """
        if self._power is None:
            raise ValueError("observe a window before asking for its surrogate")
        kernel = np.fft.fftshift(np.fft.irfft(np.sqrt(self._power), n=self._length, axis=1), axes=1)
        full = fftconvolve(self._noise, kernel, mode="valid", axes=1)
        return np.ascontiguousarray(full[:, -self._length :], dtype=np.float32)


class NullConfidence:
    """95th percentile of the confidence on surrogates over the last minutes.

    Until enough surrogates have been decoded it starts from the bundle's `weak` threshold.

    Parameters
    ----------
    floor : float
        What to assume before anything was measured.
    size : int
        How many of the latest confidences count (240 are two minutes at a hop of 0.5 s).
    """

    def __init__(self, floor: float, size: int = 240) -> None:
        self._values: deque[float] = deque([floor] * _PRIOR_CONFIDENCES, maxlen=size)

    def add(self, confidence: float) -> None:
        """Add the confidence of one surrogate window's evidence."""
        self._values.append(confidence)

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return float(np.percentile(self._values, 95))
