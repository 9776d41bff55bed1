"""From pulled samples to chunks and events: everything between the inlet and the consumer, without LSL."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import ContractError
from rtbci.stream.clock import Jump, Loss, RawClock
from rtbci.stream.contract import Description, StreamContract, StreamSettings, settle
from rtbci.stream.events import Chunk, Connected, Gap, Jumped, Notice, Resumed, Stalled, StreamEvent
from rtbci.stream.rate import RateState, RateWatch, stamped_rate

Floats = NDArray[np.float64]
Item = Chunk | StreamEvent
# How long the first samples wait for the sender's clock to be measured; over a network that takes a second.
_OFFSET_WAIT_S = 1.5


class Offset(Protocol):
    """What the intake needs to know of the sender's clock."""

    @property
    def seconds(self) -> float:
        """What must be added to a raw stamp."""

    @property
    def by_arrival(self) -> bool:
        """Whether it rests on arrival times."""

    @property
    def measured(self) -> bool:
        """Whether the sender's clock was measured yet."""

    def anchor(self, raw: float, received: float) -> None:
        """Decide anew whether the stamps are on LSL's clock."""

    def follow(self, raw: float, received: float) -> bool:
        """Decide again if a measurement came since that can turn the decision; say whether it did."""


class Intake:
    """One connection's samples on their way to the consumer.

    Parameters
    ----------
    description
        What `contract.check` accepted.
    settings
        The operator's.
    offset
        The sender's clock against this one.
    emit
        Where chunks and events go, in order.
    now
        LSL time at which the connection was opened.
    before
        Newest stamp of the connection before, if there was one: what was missed since counts as lost.
    """

    def __init__(
        self,
        description: Description,
        settings: StreamSettings,
        offset: Offset,
        emit: Callable[[Item], None],
        now: float,
        before: float | None = None,
    ) -> None:
        self._description = description
        self._settings = settings
        self._offset = offset
        self._emit = emit
        rate = description.found.rate_hz
        self._clock, self._watch = RawClock(rate), RateWatch(rate)
        self._state, self._rate = self._clock.start(), RateState()
        width = description.found.channels
        self._held: Floats = np.empty((0, width))
        self._held_stamps: Floats = np.empty(0)
        self._last_row: Floats = np.zeros(width)
        self._last_stamp = -np.inf
        self._broken: set[int] = set()
        self._told_duplicates = False
        self._beginning: list[tuple[Floats, Floats, float]] = []
        self._arrived = now
        self._stalled = False
        self._before = before
        self.contract: StreamContract | None = None
        self.newest: float | None = None
        """Stamp of the newest sample handed on."""

    @property
    def measured_rate_hz(self) -> float | None:
        """Samples a second as they arrive, over the last seconds."""
        return self._rate.measured_hz

    def silent_s(self, now: float) -> float:
        """Seconds since something came."""
        return now - self._arrived

    def take(self, data: Floats, stamps: Floats, now: float) -> None:
        """Take samples as they were pulled.

        Raises
        ------
        ContractError
            If the stream turns out not to be what it announces.
        """
        if self._stalled:
            self._emit(Resumed(now, self.silent_s(now)))
            self._stalled = False
        self._arrived = now
        if self.contract is not None and self._offset.follow(float(stamps[-1]), now):
            self._tell_clock(float(stamps[-1]), now)
        data = self._finite(data, now)
        fresh = self._fresh(data, stamps, now)
        self._last_row, self._last_stamp = data[-1], float(stamps[-1])
        self._check_rate(int(fresh.sum()), now)
        if self.contract is None:
            self._begin(data[fresh], stamps[fresh], now)
        else:
            self._advance(data[fresh], stamps[fresh], now)

    def idle(self, now: float) -> None:
        """Let time pass without samples: decides what is in suspense, and notices a stall."""
        if self._state.doubtful:
            self._advance(self._held[:0], self._held_stamps[:0], now)
        if not self._stalled and self.silent_s(now) >= self._settings.stall_s:
            self._stalled = True
            self._rate = self._watch.interrupt(self._rate)
            self._emit(Stalled(now, self.silent_s(now)))

    def close(self, now: float) -> None:
        """Hand on what is still in suspense: as late, for what nothing followed was not proven lost."""
        self._state = self._clock.finish(self._state, now)
        self._hand_on(self._held, self._held_stamps, now)
        self._held, self._held_stamps = self._held[:0], self._held_stamps[:0]

    def _check_rate(self, samples: int, now: float) -> None:
        self._rate = self._watch.step(self._rate, samples, now)
        if self._watch.false(self._rate):
            found = self._description.found
            raise ContractError(
                f"Stream {found.name!r} announces {found.rate_hz:g} Hz and delivers "
                f"{self._rate.measured_hz:.1f} samples a second: have the sender announce its true rate."
            )

    def _anchor(self, raw: float, now: float) -> None:
        self._offset.anchor(raw, now)
        if self._offset.by_arrival:
            self._tell_clock(raw, now)

    def _tell_clock(self, raw: float, now: float) -> None:
        name = self._description.found.name
        if self._offset.by_arrival:
            sentence = (
                f"The stamps of stream {name!r} are {raw - now:+.1f} s off LSL's clock: its times are taken "
                "from their arrival."
            )
        else:
            sentence = f"The clock of stream {name!r} is measured now: its times are its stamps' again."
        self._emit(Notice(now, sentence))

    def _finite(self, data: Floats, now: float) -> Floats:
        """Replace what is no number by the channel's last value: one NaN would poison every filter."""
        bad = ~np.isfinite(data)
        if bad.any():
            data = data.copy()
            for channel in np.flatnonzero(bad.any(axis=0)):
                column = data[:, channel]
                for row in np.flatnonzero(bad[:, channel]):
                    column[row] = column[row - 1] if row else self._last_row[channel]
                if channel not in self._broken:
                    self._broken.add(int(channel))
                    label = self._description.labels[channel]
                    self._emit(
                        Notice(
                            now,
                            f"Channel {label!r} sends values that are no numbers: its last value is held.",
                        )
                    )
        return data

    def _fresh(self, data: Floats, stamps: Floats, now: float) -> NDArray[np.bool_]:
        """Tell which samples do not repeat the one before them, stamp and values alike."""
        same = np.diff(stamps, prepend=self._last_stamp) == 0.0
        if same.any():
            same &= (np.diff(data, axis=0, prepend=self._last_row[None]) == 0.0).all(axis=1)
            same &= np.ptp(data, axis=1) > 0.0  # a flat cap behind a coarse clock is no repetition
        if same.any() and not self._told_duplicates:
            self._told_duplicates = True
            name = self._description.found.name
            self._emit(Notice(now, f"Stream {name!r} sends samples twice: the repetitions are dropped."))
        fresh: NDArray[np.bool_] = ~same
        return fresh

    def _advance(self, data: Floats, stamps: Floats, now: float) -> None:
        """Pass samples through the clock and hand on those that are beyond doubt, with events between."""
        base = self._state.settled
        self._state, found = self._clock.step(self._state, stamps, now)
        if len(self._held):
            data = np.concatenate([self._held, data])
            stamps = np.concatenate([self._held_stamps, stamps])
        done = 0
        for event in found:
            self._hand_on(data[done : event.index - base], stamps[done : event.index - base], now)
            done = event.index - base
            self._tell(event, stamps[done:], now)
        settled = self._state.settled - base
        self._hand_on(data[done:settled], stamps[done:settled], now)
        self._held, self._held_stamps = data[settled:], stamps[settled:]

    def _tell(self, event: Loss | Jump, following: Floats, now: float) -> None:
        self._rate = self._watch.interrupt(self._rate)
        at = self._local(event.at)
        if isinstance(event, Loss):
            self._emit(Gap(at, event.lost, event.seconds))
        else:
            self._emit(Jumped(at, event.seconds))
            self._anchor(float(following[-1]), now)

    def _local(self, raw: float) -> float:
        return raw + self._offset.seconds - self._settings.delay_s

    def _hand_on(self, data: Floats, stamps: Floats, now: float) -> None:
        if len(stamps) == 0:
            return
        chunk = Chunk(data, stamps + (self._offset.seconds - self._settings.delay_s), now)
        self.newest = float(chunk.stamps[-1])
        self._emit(chunk)

    def _begin(self, data: Floats, stamps: Floats, now: float) -> None:
        """Keep samples back until there are enough to make the contract, then hand everything on."""
        self._beginning.append((data, stamps, now))
        found = self._description.found
        first = np.concatenate([pull[0] for pull in self._beginning])
        if len(first) < self._settings.judge_s * found.rate_hz:
            return
        if not self._offset.measured and now - self._beginning[0][2] < _OFFSET_WAIT_S:
            return
        self.contract = settle(self._description, self._settings, first)
        self._emit(Connected(self.contract, now))
        for sentence in self.contract.notices:
            self._emit(Notice(now, sentence))
        all_stamps = np.concatenate([pull[1] for pull in self._beginning])
        self._anchor(float(all_stamps[-1]), now)
        rate = stamped_rate(all_stamps, found.rate_hz)
        if rate != found.rate_hz:
            self._clock = RawClock(rate)
            self._emit(
                Notice(
                    now,
                    f"Stream {found.name!r} announces {found.rate_hz:g} Hz and comes at {rate:.1f}: all "
                    "frequencies are off by as much; have the sender announce its true rate.",
                )
            )
        self._tell_missed(self._local(float(all_stamps[0])))
        for pull in self._beginning:
            self._advance(*pull)
        self._beginning.clear()

    def _tell_missed(self, first: float) -> None:
        """Count what came between the connection before and this one's first sample as lost."""
        if self._before is None:
            return
        rate = self._description.found.rate_hz
        lost = round((first - self._before) * rate) - 1
        if lost > 0:
            self._emit(Gap(self._before, lost, lost / rate))
