"""Loss found on the sender's raw stamps, however they jitter.

Dejittered stamps hide loss, so this works on the raw ones. A stamp may be late by any amount (the sender
was held up, or stamps a whole burst when it leaves), hardly early: the lower envelope of stamps against
sample numbers is the sender's true clock. Samples are lost where that envelope steps up and stays up. So a
step is kept in suspense until the stamps either fall back (late, nothing lost) or have gone on for
`RawClock.confirm_s` without doing so (lost). Only samples in suspense wait; on a steady stream none do.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Loss:
    """Samples are missing before sample `index` (counted from the clock's start)."""

    index: int
    at: float
    """Raw stamp of the last sample before the hole."""
    lost: int
    seconds: float


@dataclass(frozen=True)
class Jump:
    """The sender's clock was set at sample `index`: by `seconds`."""

    index: int
    at: float
    seconds: float


@dataclass(frozen=True)
class ClockState:
    """Where the clock stands. Times are in seconds."""

    settled: int = 0
    """Number of samples about which there is no doubt."""
    next: float = 0.0
    """Stamp that the envelope predicts for the next sample."""
    last: float = 0.0
    """Stamp of the newest settled sample."""
    delay: float = math.inf
    """Shortest time yet from a stamp to its arrival; it holds the offset between the two clocks too."""
    lateness: float = 0.0
    """Running mean of how late stamps are against the envelope."""
    doubtful: tuple[float, ...] = ()
    """Stamps in suspense, the samples that follow the settled ones."""
    since: float = 0.0
    """When the first of them came."""


@dataclass(frozen=True)
class RawClock:
    """Settings of the loss detection.

    Attributes
    ----------
    rate_hz
        Nominal rate; true rates within 0.5 % of it are followed.
    confirm_s
        How long stamps must stay up before samples count as lost. The burst that comes after a hold-up
        falls back to the envelope within milliseconds.
    back_s
        Stamps that go back by more mean that the sender's clock was set.
    ahead_s
        So do samples that come by so much sooner after their stamp than any before.
    """

    rate_hz: float
    confirm_s: float = 0.1
    back_s: float = 0.25
    ahead_s: float = 1.0

    def start(self) -> ClockState:
        """Return the state before the first sample."""
        return ClockState()

    def step(
        self, state: ClockState, stamps: NDArray[np.float64], received: float
    ) -> tuple[ClockState, tuple[Loss | Jump, ...]]:
        """Take the raw stamps of the next samples, or none to let time pass.

        Parameters
        ----------
        state
            From `start` or the last step; it is not changed.
        stamps
            ``(n,)`` raw stamps.
        received
            When they came, on the receiver's clock (its offset to the sender's does not matter).

        Returns
        -------
        tuple
            The new state, of which samples before `ClockState.settled` can be handed on, and what was found,
            in order.
        """
        found: list[Loss | Jump] = []
        for stamp in stamps.tolist():
            state = self._take(state, stamp, received, found)
        if state.doubtful and received - state.since >= 2 * self.confirm_s:
            state = self._condemn(state, received, found)
        return state, tuple(found)

    def finish(self, state: ClockState, received: float) -> ClockState:
        """Settle the samples in suspense at the end of a stream: undecided is not lost.

        Parameters
        ----------
        state
            From the last step; it is not changed.
        received
            When the stream ended, on the receiver's clock.
        """
        return self._acquit(state, received)

    def _tolerance(self, state: ClockState) -> float:
        return max(0.6 / self.rate_hz, 4.0 * state.lateness)

    def _take(self, state: ClockState, stamp: float, received: float, found: list[Loss | Jump]) -> ClockState:
        if state.settled == 0:
            return self._settle(replace(state, next=stamp), stamp, received)
        newest = state.doubtful[-1] if state.doubtful else state.last
        if stamp < newest - self.back_s:
            state = self._acquit(state, received)
            found.append(Jump(state.settled, state.last, stamp - state.next))
            return self._settle(replace(state, next=stamp, delay=math.inf), stamp, received)
        tolerance = self._tolerance(state)
        late = stamp - state.next - len(state.doubtful) / self.rate_hz
        if not state.doubtful:
            if late <= tolerance:
                return self._settle(state, stamp, received)
            return replace(state, doubtful=(stamp,), since=received)
        state = replace(state, doubtful=(*state.doubtful, stamp))
        if late < 0.5 * tolerance:
            return self._acquit(state, received)
        if stamp - state.doubtful[0] >= self.confirm_s:
            return self._condemn(state, received, found)
        return state

    def _settle(self, state: ClockState, stamp: float, received: float) -> ClockState:
        """Move the envelope by one sample: down at once to an early stamp, up slowly (over 0.5 s)."""
        late = stamp - state.next
        rise = late if late < 0 else 2.0 * late / self.rate_hz
        # One long hold-up must not blind the clock for long, so what it adds to the mean is capped.
        weight = min(1.0, 0.2 / self.rate_hz)
        excess = min(max(late, 0.0), 4.0 * self._tolerance(state)) - state.lateness
        return replace(
            state,
            settled=state.settled + 1,
            next=state.next + rise + 1.0 / self.rate_hz,
            last=stamp,
            delay=min(state.delay, received - stamp),
            lateness=state.lateness + weight * excess,
        )

    def _acquit(self, state: ClockState, received: float) -> ClockState:
        """The samples in suspense were late, and nothing is missing."""
        doubtful, state = state.doubtful, replace(state, doubtful=())
        for stamp in doubtful:
            state = self._settle(state, stamp, received)
        return state

    def _condemn(self, state: ClockState, received: float, found: list[Loss | Jump]) -> ClockState:
        """The samples in suspense stay where they are: what came before them is missing."""
        period = 1.0 / self.rate_hz
        rise = min(stamp - state.next - k * period for k, stamp in enumerate(state.doubtful))
        if received - state.doubtful[-1] < state.delay - self.ahead_s:
            found.append(Jump(state.settled, state.last, rise))
            state = replace(state, delay=math.inf)
        elif (lost := round(rise / period)) > 0:
            found.append(Loss(state.settled, state.last, lost, lost * period))
        return self._acquit(replace(state, next=state.next + rise), received)
