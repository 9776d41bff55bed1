"""Whether a sender delivers at the rate that it announces."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 0.08
"""Deviation from the announced rate that is borne; more of it, and the announcement is false."""
_EXACT = 0.01


@dataclass(frozen=True)
class RateState:
    """Where the measurement stands."""

    began: float | None = None
    samples: int = 0
    strikes: int = 0
    measured_hz: float | None = None
    """Rate over the last whole span."""


@dataclass(frozen=True)
class RateWatch:
    """Measures the rate of arrival over spans without stalls or losses.

    Attributes
    ----------
    rate_hz
        Announced rate.
    span_s
        Length of a span.
    tolerance
        Deviation that a span may have; two spans beyond it in a row, and the announcement is false. Hold-ups
        and the bursts after them stay within it.
    """

    rate_hz: float
    span_s: float = 4.0
    tolerance: float = TOLERANCE

    def step(self, state: RateState, samples: int, received: float) -> RateState:
        """Take the number of samples that came at `received`."""
        if state.began is None:
            return replace(state, began=received, samples=0)
        samples += state.samples
        if received - state.began < self.span_s:
            return replace(state, samples=samples)
        measured = samples / (received - state.began)
        wrong = abs(measured / self.rate_hz - 1.0) > self.tolerance
        return RateState(received, 0, state.strikes + 1 if wrong else 0, measured)

    def interrupt(self, state: RateState) -> RateState:
        """Begin the span again: what was lost or late says nothing about the rate."""
        return replace(state, began=None, samples=0)

    def false(self, state: RateState) -> bool:
        """Whether the announced rate is not the true one."""
        return state.strikes >= 2


def stamped_rate(stamps: NDArray[np.float64], announced_hz: float) -> float:
    """Rate by which a stream's stamps advance, for telling a slow sender from one that loses samples.

    The median step over half the length: jitter, bursts and a hole do not sway it.

    Parameters
    ----------
    stamps
        ``(n,)`` raw stamps of about a second.
    announced_hz
        The nominal rate, which is returned where the stamps agree to 1 % or cannot be believed.
    """
    half = len(stamps) // 2
    if half < 10:
        return announced_hz
    step = float(np.median(stamps[half:] - stamps[:-half])) / half
    deviation = abs(step * announced_hz - 1.0)
    return 1.0 / step if _EXACT < deviation < 1.5 * TOLERANCE else announced_hz
