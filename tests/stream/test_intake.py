"""Rates and beginnings on a clock of the test's own, without LSL."""

import time

import numpy as np
import pytest
from pylsl.util import TimeoutError as LslTimeoutError

import rtbci.stream.offset as offset_module
from devices.faults import waveform
from rtbci.errors import ContractError
from rtbci.montage import CHANNELS
from rtbci.stream import Chunk, Connected, Description, Found, Gap, Notice, Resumed, Stalled, StreamSettings
from rtbci.stream.intake import Intake
from rtbci.stream.offset import ClockOffset


class Here:
    """The offset of a sender on this machine."""

    seconds = 0.0
    by_arrival = False
    measured = True

    def anchor(self, raw, received):
        self.anchored = (raw, received)

    def follow(self, raw, received):
        return False


def intake(emit, rate=200.0, before=None, offset=None, **settings):
    found = Found("cap", "EEG", "id", "host", 62, rate, "float32", "uid")
    description = Description(found, CHANNELS, ("uV",) * 62, ("EEG",) * 62)
    return Intake(description, StreamSettings(**settings), offset or Here(), emit, 100.0, before)


def play(taker, seconds, rate, chunk=10, first=0, stamps_rate=None):
    """Push chunks that arrive at `rate` and are stamped at `stamps_rate`."""
    for begin in range(first, first + round(seconds * rate), chunk):
        index = np.arange(begin, begin + chunk)
        taker.take(
            waveform(begin, chunk, 62), 100.0 + index / (stamps_rate or rate), 100.0 + index[-1] / rate
        )


def test_nothing_comes_before_the_contract_and_nothing_is_left_out():
    items = []
    play(intake(items.append), 2.0, 200.0)
    kinds = [type(item) for item in items]
    assert kinds[0] is Connected and set(kinds[1:]) == {Chunk}
    assert np.array_equal(np.concatenate([c.data for c in items[1:]]), waveform(0, 400, 62))


@pytest.mark.parametrize("true", [150.0, 300.0])
def test_a_false_rate_is_refused_whatever_the_stamps_say(true):
    with pytest.raises(ContractError, match=f"announces 200 Hz and delivers {true:.0f}"):
        play(intake(lambda item: None), 20.0, true, stamps_rate=200.0)


def test_a_rate_somewhat_off_is_said_and_not_taken_for_loss():
    items = []
    play(intake(items.append), 20.0, 186.0)
    assert [item.sentence for item in items if isinstance(item, Notice)] == [
        "Stream 'cap' announces 200 Hz and comes at 186.0: all frequencies are off by as much; "
        "have the sender announce its true rate."
    ]
    assert not any(isinstance(item, Gap) for item in items)


def test_the_true_rate_is_measured():
    taker = intake(lambda item: None)
    play(taker, 10.0, 201.0)
    assert taker.measured_rate_hz == pytest.approx(201.0, rel=0.01)


def test_stall_and_resumption_are_told_once_each():
    items = []
    taker = intake(items.append)
    play(taker, 2.0, 200.0)
    for now in (102.1, 102.2, 102.3, 102.5):
        taker.idle(now)
    play(taker, 0.5, 200.0, first=600)
    events = [item for item in items if isinstance(item, Stalled | Resumed | Gap)]
    assert [type(event) for event in events] == [Stalled, Resumed, Gap]
    assert events[0].at == 102.3 and events[2].lost == 200
    assert events[1].silent_s == pytest.approx(1.05)


def test_what_was_missed_between_two_connections_counts_as_lost():
    items = []
    play(intake(items.append, before=90.0), 2.0, 200.0)
    gaps = [item for item in items if isinstance(item, Gap)]
    assert gaps == [Gap(90.0, 1999, 1999 / 200.0)]
    assert isinstance(items[1], Gap)


def test_samples_in_suspense_are_handed_on_at_the_end_and_not_called_lost():
    items = []
    taker = intake(items.append)
    play(taker, 2.0, 200.0)
    play(taker, 0.05, 200.0, first=408)
    held = sum(len(item.data) for item in items if isinstance(item, Chunk))
    taker.close(102.1)
    chunks = [item for item in items if isinstance(item, Chunk)]
    assert (held, sum(len(chunk.data) for chunk in chunks)) == (400, 410)
    assert chunks[-1].received == 102.1
    assert not any(isinstance(item, Gap) for item in items)
    taker.close(102.2)
    assert sum(isinstance(item, Chunk) for item in items) == len(chunks)


class LateInlet:
    """Answers for the sender's clock when it is told to."""

    def __init__(self):
        self.correction = None

    def time_correction(self, timeout):
        time.sleep(0.001)
        if self.correction is None:
            raise LslTimeoutError
        return self.correction


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.001)


@pytest.fixture
def late_clock(monkeypatch):
    """A sender's clock that answers when the test says so."""
    monkeypatch.setattr(offset_module, "_EVERY_S", 0.005)
    inlet = LateInlet()
    clock = ClockOffset(inlet)

    def answer(correction):
        inlet.correction = correction
        until(lambda: clock._measured == correction)
        # It is counted after it is taken: one more, and this one has been.
        counted = clock._count
        until(lambda: clock._count > counted)

    clock.answer = answer
    yield clock
    clock.close()


def pulls(taker, begin, seconds, off):
    """Samples of a sender whose clock is `off` seconds ahead of this one's; 5 ms on the way."""
    for k in range(round(seconds * 20)):
        first = begin + k / 20
        own = first + np.arange(10) / 200.0
        taker.take(waveform(round(first * 200), 10, 62), own + off, own[-1] + 0.005)


def ages(items):
    return [chunk.received - chunk.stamps[-1] for chunk in items if isinstance(chunk, Chunk)]


def test_a_sender_on_another_machine_is_corrected_when_its_clock_answers_in_time(late_clock):
    items = []
    taker = intake(items.append, offset=late_clock)
    pulls(taker, 100.0, 1.2, 5000.0)
    assert items == []
    late_clock.answer(-5000.0)
    pulls(taker, 101.2, 1.0, 5000.0)
    assert not late_clock.by_arrival
    assert not any(isinstance(item, Notice | Gap) for item in items)
    assert sum(len(item.data) for item in items if isinstance(item, Chunk)) == 440
    assert ages(items)[-1] == pytest.approx(0.005)


def test_a_clock_that_answers_after_the_beginning_is_followed_from_then_on(late_clock):
    items = []
    taker = intake(items.append, offset=late_clock)
    pulls(taker, 100.0, 2.0, 5000.0)
    assert late_clock.by_arrival and ages(items)[-1] == pytest.approx(0.0)
    late_clock.answer(-5000.0)
    pulls(taker, 102.0, 1.0, 5000.0)
    assert not late_clock.by_arrival and ages(items)[-1] == pytest.approx(0.005)
    late_clock.answer(-5000.002)
    pulls(taker, 103.0, 1.0, 5000.0)
    assert ages(items)[-1] == pytest.approx(0.007)
    said = [item.sentence for item in items if isinstance(item, Notice)]
    assert len(said) == 2 and "from their arrival" in said[0] and "measured now" in said[1]


def test_stamps_that_are_on_no_clock_stay_on_their_arrival(late_clock):
    items = []
    late_clock.answer(0.001)
    taker = intake(items.append, offset=late_clock)
    pulls(taker, 100.0, 2.0, 5000.0)
    late_clock.answer(0.002)
    pulls(taker, 102.0, 1.0, 5000.0)
    assert late_clock.by_arrival and ages(items)[-1] == pytest.approx(0.0)
    assert sum(isinstance(item, Notice) for item in items) == 1
