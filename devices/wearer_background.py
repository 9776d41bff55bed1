"""The EEG of a simulated wearer who watches nothing: 1/f, alpha, blinks, muscle, mains and drift."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, zpk2tf

from devices.wearer_head import leadfield, topographies, unit
from rtbci.montage import CHANNELS, positions

Array = NDArray[np.float64]

_EVENT_S = 4.0
_PINK_UV, _ALPHA_UV, _DRIFT_UV, _SENSOR_UV = 9.0, 7.0, 25.0, 0.7
_ALPHA_SOURCES, _CLOSED_GAIN = 5, 2.5
_BLINKS_PER_S, _BURSTS_PER_S = 0.2, 0.04


class Background:
    """Endless background, made in blocks of a second, each from its own seed.

    The sequence of blocks is always the same for one seed, so whoever cuts them may do so anywhere.

    Parameters
    ----------
    seed : int
        The wearer's.
    rate : float
        Samples a second.
    mains_hz : float
        Frequency of the mains.
    session : int
        Which sitting: the same head, other noise.
    """

    def __init__(self, seed: int, rate: float, mains_hz: float = 50.0, session: int = 0) -> None:
        rng = np.random.default_rng((seed, 1))
        self._seed = (seed, 2, session)
        self._rate = rate
        self._length = max(1, round(rate))
        self._block = 0
        self._electrodes = positions(CHANNELS)
        self._brain = _brain_mixing(rng)
        self._pink = _pink_filter(rate)
        self._rhythm_field, self._rhythm = _rhythms(rng, rate)
        eyes = unit(np.array([[-0.35, 0.9, -0.25], [0.35, 0.9, -0.25]]))
        self._blink_field = np.exp(-6.0 * (1.0 - self._electrodes @ eyes.T)).sum(axis=1)
        self._blink_uv = rng.uniform(70.0, 140.0)
        self._mains_hz = mains_hz
        self._mains = rng.uniform(0.3, 3.0, len(CHANNELS)) * np.exp(1j * rng.normal(0.0, 0.4, len(CHANNELS)))
        self._drift_pole = np.exp(-1.0 / (20.0 * rate))
        self._pink_state = np.zeros((len(self._pink[1]) - 1, len(CHANNELS)))
        self._rhythm_state = np.zeros((2, len(self._rhythm)))
        self._drift_state = self._drift_pole * _DRIFT_UV * rng.standard_normal((1, len(CHANNELS)))
        self._events = np.zeros((self._length + round(_EVENT_S * rate), len(CHANNELS)))
        self._closed: list[tuple[int, int]] = []

    def close_eyes(self, first: int, last: int) -> None:
        """Let alpha wax between two samples, counted from the first; what is made already stays as it is."""
        self._closed.append((first, last))

    def block(self) -> Array:
        """The next second.

        Returns
        -------
        ndarray, shape (n, 62)
            Microvolt.
        """
        rng = np.random.default_rng((*self._seed, self._block))
        n = self._length
        noise = rng.standard_normal((n, len(CHANNELS)))
        pink, self._pink_state = lfilter(*self._pink, noise, axis=0, zi=self._pink_state)
        out = pink @ self._brain
        rhythms = self._rhythms(rng.standard_normal((n, len(self._rhythm))))
        if self._closed:
            rhythms[:, :_ALPHA_SOURCES] *= self._waxing(self._block * n + np.arange(n))[:, None]
        out += rhythms @ self._rhythm_field
        kick = _DRIFT_UV * np.sqrt(1.0 - self._drift_pole**2) * rng.standard_normal((n, len(CHANNELS)))
        drift, self._drift_state = lfilter(
            [1.0], [1.0, -self._drift_pole], kick, axis=0, zi=self._drift_state
        )
        out += drift
        out += _SENSOR_UV * rng.standard_normal((n, len(CHANNELS)))
        t = (self._block * n + np.arange(n)) / self._rate
        out += np.real(np.exp(2j * np.pi * self._mains_hz * t)[:, None] * self._mains)
        self._draw_events(rng)
        out += self._events[:n]
        self._events = np.concatenate([self._events[n:], np.zeros((n, len(CHANNELS)))])
        self._block += 1
        return np.asarray(out, dtype=np.float64)

    def _waxing(self, samples: NDArray[np.int64]) -> Array:
        """Factor of alpha, with slopes of half a second."""
        slope = 0.5 * self._rate
        closed = np.zeros(len(samples))
        for first, last in self._closed:
            closed = np.maximum(closed, np.clip(np.minimum(samples - first, last - samples) / slope, 0, 1))
        return np.asarray(1.0 + (_CLOSED_GAIN - 1.0) * closed)

    def _rhythms(self, noise: Array) -> Array:
        out = np.empty_like(noise)
        for index, (numerator, denominator) in enumerate(self._rhythm):
            state = self._rhythm_state[:, index]
            out[:, index], self._rhythm_state[:, index] = lfilter(
                numerator, denominator, noise[:, index], zi=state
            )
        return out

    def _draw_events(self, rng: np.random.Generator) -> None:
        seconds = self._length / self._rate
        if rng.random() < _BLINKS_PER_S * seconds:
            n = round(rng.uniform(0.25, 0.4) * self._rate)
            shape = np.hanning(n) ** 2 * self._blink_uv * rng.uniform(0.7, 1.2)
            self._add(rng, shape, self._blink_field)
        if rng.random() < _BURSTS_PER_S * seconds:
            n = round(rng.uniform(0.4, 2.0) * self._rate)
            crackle = np.diff(rng.standard_normal(n + 1)) * np.hanning(n) * rng.uniform(4.0, 14.0)
            site = unit(np.array([rng.choice([-1.0, 1.0]), rng.uniform(-0.5, 0.6), rng.uniform(-0.4, 0.1)]))
            self._add(rng, crackle, np.exp(-5.0 * (1.0 - self._electrodes @ site)))

    def _add(self, rng: np.random.Generator, wave: Array, field: Array) -> None:
        start = int(rng.integers(self._length))
        self._events[start : start + len(wave)] += wave[:, None] * field


def _brain_mixing(rng: np.random.Generator) -> Array:
    """Matrix (62, 62) whose square is the covariance of dipoles all over the cortex."""
    points, _ = leadfield()
    chosen = rng.permutation(len(points))[:160]
    field = topographies(points[chosen], unit(points[chosen] + 0.8 * rng.standard_normal((len(chosen), 3))))
    field *= np.exp(0.5 * rng.standard_normal((len(chosen), 1)))
    covariance = field.T @ field
    covariance *= _PINK_UV**2 / np.mean(np.diag(covariance))
    value, vector = np.linalg.eigh(covariance)
    return np.asarray((vector * np.sqrt(np.maximum(value, 0.0))) @ vector.T, dtype=np.float64)


def _pink_filter(rate: float) -> tuple[Array, Array]:
    """1/f power between about 0.3 and 80 Hz: poles and zeros in turn, an octave apart; unit variance."""
    poles = np.array([0.3, 1.2, 4.8, 19.2])
    poles = poles[poles < 0.4 * rate]
    numerator, denominator = zpk2tf(
        np.exp(-2.0 * np.pi * 2.0 * poles / rate), np.exp(-2.0 * np.pi * poles / rate), 1.0
    )
    impulse = np.zeros(round(20 * rate))
    impulse[0] = 1.0
    numerator = numerator / np.sqrt(np.sum(lfilter(numerator, denominator, impulse) ** 2))
    return numerator, denominator


def _rhythms(rng: np.random.Generator, rate: float) -> tuple[Array, list[tuple[Array, Array]]]:
    """Topographies (7, 62) in microvolt and resonators: five posterior alpha, one mu, one beta source."""
    alpha = rng.uniform(9.0, 11.0)
    hertz = np.concatenate([alpha + rng.uniform(-0.4, 0.4, 5), [alpha + 1.0, rng.uniform(17.0, 23.0)]])
    side = np.concatenate([rng.uniform(-0.6, 0.6, 5), [-0.6, 0.6]])
    front = np.concatenate([rng.uniform(-1.0, -0.6, 5), [-0.1, 0.1]])
    up = np.concatenate([rng.uniform(0.0, 0.6, 5), [0.8, 0.8]])
    directions = unit(np.stack([side, front, up], axis=1))
    field = topographies(directions, unit(directions + 0.6 * rng.standard_normal((7, 3))))
    field /= np.abs(field).max(axis=1, keepdims=True)
    scale = np.concatenate([rng.uniform(0.4, 1.0, 5), [0.5, 0.3]]) * _ALPHA_UV
    filters = []
    for frequency in hertz:
        radius = np.exp(-np.pi * 1.5 / rate)
        denominator = np.array([1.0, -2.0 * radius * np.cos(2.0 * np.pi * frequency / rate), radius**2])
        impulse = np.zeros(round(10 * rate))
        impulse[0] = 1.0
        gain = 1.0 / np.sqrt(np.sum(lfilter([1.0], denominator, impulse) ** 2))
        filters.append((np.array([gain]), denominator))
    return field * scale[:, None], filters
