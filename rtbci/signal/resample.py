"""Causal resampling from any regular rate."""

import functools
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, kaiser_beta

from rtbci.errors import ContractError

Array = NDArray[np.float64]

MIN_RATE = 100.0
"""Hertz. Below, the passband does not fit under half the rate."""
# Rates are taken as ratios of whole numbers up to this: within 1e-8 of what is asked.
_MAX_DENOMINATOR = 10_000
# Outputs at a time, so that an hour does not gather gigabytes.
_BLOCK = 4096


@dataclass(frozen=True)
class ResampleState:
    """Where the stream stands between two chunks."""

    history: Array | None
    """(taps - 1, channels) newest input samples; None before the first."""
    taken: int
    """Input samples so far."""
    given: int
    """Output samples so far."""


@dataclass(frozen=True)
class Resample:
    """Changes the rate by a polyphase FIR filter, sample by sample as they arrive.

    Content up to `pass_hz` comes through unchanged; what aliases or images into it is held `stop_db` down
    (Kaiser window). Nothing is promised between `pass_hz` and half the rate: the band-pass that follows
    removes it, and the wide transition that this allows is what makes the filter short.
    """

    rate_in: float
    rate_out: float = 200.0
    pass_hz: float = 45.0
    stop_db: float = 60.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate_in) and self.rate_in >= MIN_RATE):
            raise ContractError(
                f"The stream's rate is {self.rate_in:g} Hz and the decoder needs a regular rate of at least "
                f"{MIN_RATE:g} Hz: set the device to a higher rate."
            )

    @property
    def ratio(self) -> Fraction:
        """Output samples an input sample."""
        return Fraction(self.rate_out / self.rate_in).limit_denominator(_MAX_DENOMINATOR)

    @property
    def delay_s(self) -> float:
        """How much later than the input the output shows an event, in seconds (linear phase)."""
        if self.ratio == 1:
            return 0.0
        up = self.ratio.numerator
        return (_prototype(self).size - 1) / 2 / (up * self.rate_in)

    def start(self) -> ResampleState:
        """State before the first sample."""
        return ResampleState(history=None, taken=0, given=0)

    def step(self, state: ResampleState, x: Array) -> tuple[ResampleState, Array]:
        """Resample a chunk.

        The stream is taken to have had the value of its first sample for ever, so that an offset does not
        ring.

        Parameters
        ----------
        state : ResampleState
            From `start` or the last step.
        x : ndarray (n, channels)
            Samples at `rate_in`.

        Returns
        -------
        state : ResampleState
            For the next step.
        y : ndarray (m, channels)
            All samples at `rate_out` that these inputs allow.
        """
        n = len(x)
        if self.ratio == 1:
            return ResampleState(None, state.taken + n, state.given + n), x.copy()
        if n == 0:
            return state, x.copy()
        bank = _bank(self)
        taps = bank.shape[1]
        history = np.repeat(x[:1], taps - 1, axis=0) if state.history is None else state.history
        buffer = np.concatenate([history, x])
        taken = state.taken + n
        given = self.outputs(taken)
        newest, phase = self._places(state.given, given)
        rows = newest - state.taken + taps - 1
        y = np.empty((given - state.given, x.shape[1]))
        for a in range(0, len(y), _BLOCK):
            part = slice(a, a + _BLOCK)
            gathered = buffer[rows[part, None] - np.arange(taps)]
            y[part] = np.matmul(bank[phase[part], None, :], gathered)[:, 0, :]
        return ResampleState(buffer[n:].copy(), taken, given), y

    def outputs(self, taken: int) -> int:
        """Output samples that exist once `taken` input samples are in."""
        return -(-taken * self.ratio.numerator // self.ratio.denominator)

    def newest_input(self, output: int) -> int:
        """Index of the newest input sample that output sample `output` rests on."""
        return output * self.ratio.denominator // self.ratio.numerator

    def _places(self, first: int, stop: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Newest input and filter phase of each output."""
        ticks = np.arange(first, stop, dtype=np.int64) * self.ratio.denominator
        return ticks // self.ratio.numerator, ticks % self.ratio.numerator


@functools.lru_cache(maxsize=16)
def _prototype(settings: Resample) -> Array:
    """Low-pass at the common multiple of both rates, with a gain that makes up for the zeros between."""
    up = settings.ratio.numerator
    rate = up * settings.rate_in
    stop_hz = min(settings.rate_in, settings.rate_out) - settings.pass_hz
    width = stop_hz - settings.pass_hz
    # Kaiser's formula for the length; odd, so that the delay is a whole number of ticks.
    order = (settings.stop_db - 7.95) / (2.285 * 2 * np.pi * width / rate)
    taps = 2 * math.ceil(order / 2) + 1
    window = ("kaiser", kaiser_beta(settings.stop_db))
    return up * np.asarray(firwin(taps, (settings.pass_hz + stop_hz) / 2, window=window, fs=rate))


@functools.lru_cache(maxsize=16)
def _bank(settings: Resample) -> Array:
    """(phases, taps): the prototype dealt out to the phases, newest sample first; rows sum to 1 exactly."""
    prototype = _prototype(settings)
    up = settings.ratio.numerator
    taps = -(-prototype.size // up)
    padded = np.concatenate([prototype, np.zeros(taps * up - prototype.size)])
    bank = padded.reshape(taps, up).T
    # Offsets of thousands of microvolts must not turn into a tone at the rate of the phases.
    return np.ascontiguousarray(bank / bank.sum(axis=1, keepdims=True))
