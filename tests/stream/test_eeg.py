"""The EEG stream against a real LSL sender on loopback that misbehaves."""

import functools
import time

import numpy as np
import pylsl
import pytest

from devices.faults import waveform
from rtbci.montage import CHANNELS
from rtbci.stream import (
    Chunk,
    Connected,
    Gap,
    Jumped,
    Lost,
    Notice,
    Refused,
    Resumed,
    Searching,
    Stalled,
    StreamQuery,
    StreamSettings,
)

LABELS = (*CHANNELS, "M1", "M2")


@functools.cache
def first_channels() -> np.ndarray:
    return waveform(0, 10_000, len(LABELS)).astype(np.float32)[:, :3]


def find_in_waveform(row: np.ndarray) -> int:
    """Number of the sample that a received row is."""
    (found,) = np.flatnonzero((first_channels() == row[:3].astype(np.float32)).all(axis=1))
    return int(found)


def test_samples_arrive_exact_and_whole(faulty, listener, source_id):
    faulty(LABELS, name="cap")
    # A busy machine may hold the samples up for longer than it usually takes to call it a stall.
    listener.listen(StreamQuery(source_id=source_id), StreamSettings(stall_s=20.0))
    contract = listener.wait(Connected).contract
    listener.wait_samples(200)
    assert contract.name == "cap" and contract.labels == LABELS and contract.rate_hz == 200.0
    assert contract.unit == "uV" and contract.remap.set_aside == ("M1", "M2")
    data = listener.data()
    first = find_in_waveform(data[0])
    assert np.array_equal(data, waveform(first, len(data), len(LABELS)).astype(np.float32))
    assert data.dtype == np.float64
    assert np.allclose(np.diff(listener.stamps()), 0.005, atol=1e-3)
    assert not listener.of(Gap) and not listener.of(Stalled) and not listener.of(Notice)


def test_stamps_are_on_this_clock_less_the_devices_delay(faulty, listener, source_id):
    faulty(LABELS)
    listener.listen(StreamQuery(source_id=source_id), StreamSettings(delay_s=0.05))
    listener.wait(Connected)
    listener.wait_samples(100)
    # Of many the youngest: any may have been held up on its way.
    ages = [chunk.received - chunk.stamps[-1] for chunk in listener.of(Chunk)]
    assert 0.049 < min(ages) < 0.2


def test_dropped_samples_are_counted_where_they_are_missing(faulty, listener, source_id):
    sender = faulty(LABELS)
    listener.listen(StreamQuery(source_id=source_id))
    listener.wait(Connected)
    for count, lost in enumerate((1, 7, 100), 1):
        listener.wait_samples(60)
        sender.drop(lost)
        listener.wait(Gap, count)
    listener.wait_samples(20)
    assert [gap.lost for gap in listener.of(Gap)] == [1, 7, 100]
    before = 0
    for item in listener.items:
        if isinstance(item, Gap):
            jump = find_in_waveform(after(listener, item).data[0]) - before
            assert jump == item.lost + 1
        elif isinstance(item, Chunk):
            before = find_in_waveform(item.data[-1])


def after(listener, event) -> Chunk:
    at = listener.items.index(event)
    return next(item for item in listener.items[at:] if isinstance(item, Chunk))


def test_late_samples_are_not_lost_samples(faulty, listener, source_id):
    # Less than would be in doubt, and so taken for loss if a hold-up of the machine came just then.
    sender = faulty(LABELS, jitter_s=0.0025)
    listener.listen(StreamQuery(source_id=source_id))
    listener.wait(Connected)
    sender.hold(0.15)
    listener.wait_samples(200)
    assert not listener.of(Gap)
    data = listener.data()
    first = find_in_waveform(data[0])
    assert np.array_equal(data, waveform(first, len(data), len(LABELS)).astype(np.float32))


def test_a_pause_is_a_stall_then_a_gap(faulty, listener, source_id):
    sender = faulty(LABELS)
    listener.listen(StreamQuery(source_id=source_id))
    listener.wait(Connected)
    listener.wait_samples(50)
    sender.pause()
    listener.wait(Stalled)
    time.sleep(0.5)
    sender.resume()
    gap = listener.wait(Gap)
    items = listener.items
    before = items[: items.index(gap)]
    last = [item for item in before if isinstance(item, Chunk)][-1]
    assert find_in_waveform(after(listener, gap).data[0]) - find_in_waveform(last.data[-1]) == gap.lost + 1
    # A busy machine may have caused stalls of its own before.
    stalled, resumed = [item for item in before if isinstance(item, Stalled | Resumed)][-2:]
    assert isinstance(stalled, Stalled) and isinstance(resumed, Resumed)
    assert resumed.silent_s >= stalled.silent_s >= 0.25
    assert not listener.of(Lost)


def test_a_killed_sender_shows_at_once_and_its_return_is_checked(faulty, listener, source_id):
    sender = faulty(LABELS)
    listener.listen(StreamQuery(source_id=source_id))
    listener.wait(Connected)
    listener.wait_samples(50)
    sender.kill()
    lost = listener.wait(Lost)
    # By the end of its connection: it takes seconds to conclude it from silence.
    assert "closed the connection" in lost.reason
    last = listener.stamps()[-1]
    sender.restart()
    again = listener.wait(Connected, 2)
    assert again.contract.same_input(listener.of(Connected)[0].contract)
    missed = listener.wait(Gap)
    first = after(listener, missed).stamps[0]
    assert missed.lost == pytest.approx((first - last) * 200.0 - 1, abs=2)


def test_a_sender_that_returns_otherwise_is_planned_anew_or_refused(faulty, listener, source_id):
    sender = faulty(LABELS)
    listener.listen(StreamQuery(source_id=source_id))
    listener.wait(Connected)
    sender.kill()
    listener.wait(Lost)
    sender.restart(labels=LABELS[:20])
    refused = listener.wait(Refused)
    assert "lacks 42" in refused.reason and refused.reason.count(".") <= 2
    sender.kill()
    turned = tuple(reversed(LABELS))
    sender.restart(labels=turned, rate=250.0)
    again = listener.wait(Connected, 2).contract
    assert again.labels == turned and again.rate_hz == 250.0
    assert again.remap.matched["FP1"] == turned.index("FP1")
    assert not again.same_input(listener.of(Connected)[0].contract)


def test_a_frozen_sender_is_lost_and_found_again(faulty, listener, source_id):
    sender = faulty(LABELS)
    listener.listen(StreamQuery(source_id=source_id), StreamSettings(gone_s=1.5))
    listener.wait(Connected)
    sender.freeze()
    lost = listener.wait(Lost)
    assert "no longer answers" in lost.reason
    # Long before it is given up, it is told that it is silent.
    stalled = [event for event in listener.of(Stalled) if event.at < lost.at - 0.5]
    assert stalled and stalled[-1].silent_s >= 0.25
    sender.thaw()
    listener.wait(Connected, 2)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"labels": LABELS[:32]}, "at most 16"),
        ({"unit": "furlongs"}, "V, mV, uV"),
        ({"announced_rate": 0.0}, "irregular rate"),
        ({"described": False}, "names none of its 64 channels"),
    ],
    ids=["32 channels", "wrong unit", "irregular", "unnamed"],
)
def test_what_cannot_fit_is_refused_in_one_sentence(faulty, listener, source_id, fault, words):
    faulty(fault.pop("labels", LABELS), **fault)
    listener.listen(StreamQuery(source_id=source_id))
    refused = listener.wait(Refused)
    assert words in refused.reason and "\n" not in refused.reason
    time.sleep(0.3)
    assert len(listener.of(Refused)) == 1 and not listener.of(Connected)


def test_an_unsaid_unit_is_judged_aloud(faulty, listener, source_id):
    faulty(LABELS, unit=None, gain=1e-6, format="double64")
    listener.listen(StreamQuery(source_id=source_id))
    contract = listener.wait(Connected).contract
    assert contract.unit == "V" and "judged" in listener.wait(Notice).sentence
    listener.wait_samples(20)
    assert 5.0 < np.std(listener.data() @ contract.remap.matrix.T) < 50.0


def test_whole_numbers_are_fine(faulty, listener, source_id):
    faulty(LABELS, format="int16", unit="nanovolts", gain=1000.0)
    listener.listen(StreamQuery(source_id=source_id))
    assert listener.wait(Connected).contract.format == "int16"
    listener.wait_samples(50)
    data = listener.data()
    assert np.array_equal(data, np.trunc(data)) and np.std(data) > 1000.0


def test_repeated_samples_are_dropped_once_said(faulty, listener, source_id):
    sender = faulty(LABELS)
    listener.listen(StreamQuery(source_id=source_id))
    listener.wait(Connected)
    sender.duplicate(5)
    assert "twice" in listener.wait(Notice).sentence
    listener.wait_samples(100)
    data = listener.data()
    first = find_in_waveform(data[0])
    assert np.array_equal(data, waveform(first, len(data), len(LABELS)).astype(np.float32))
    assert not listener.of(Gap) and len(listener.of(Notice)) == 1


def test_no_nan_comes_through(faulty, listener, source_id):
    sender = faulty(LABELS)
    listener.listen(StreamQuery(source_id=source_id))
    listener.wait(Connected)
    sender.poison(3)
    assert "AF3" in listener.wait(Notice).sentence
    listener.wait_samples(100)
    data = listener.data()
    assert np.isfinite(data).all() and np.ptp(data[-50:, 3]) == 0 and np.ptp(data[-50:, 4]) > 1


def test_a_clock_that_is_set_is_no_loss(faulty, listener, source_id):
    sender = faulty(LABELS)
    listener.listen(StreamQuery(source_id=source_id))
    listener.wait(Connected)
    listener.wait_samples(50)
    sender.jump(5000.0)
    assert listener.wait(Jumped).seconds == pytest.approx(5000.0, abs=0.1)
    listener.wait_samples(50)
    assert not listener.of(Gap)
    assert abs(listener.of(Chunk)[-1].stamps[-1] - pylsl.local_clock()) < 20.0
    sender.jump(-5000.0)
    assert listener.wait(Jumped, 2).seconds == pytest.approx(-5000.0, abs=0.1)


def test_two_streams_of_one_name_are_refused_until_one_is_gone(faulty, listener, source_id, monkeypatch):
    # On a busy machine the second may take longer to answer than a user should have to wait.
    monkeypatch.setattr("rtbci.stream.link.SETTLE_S", 3.0)
    name = f"cap {source_id}"
    faulty(LABELS, name=name)
    other = faulty(LABELS, name=name, source_id=f"{source_id}-2")
    listener.listen(StreamQuery(name=name))
    reason = listener.wait(Refused).reason
    assert "several streams named" in reason and "--source-id" in reason
    other.kill()
    assert listener.wait(Connected).contract.source_id == source_id


def test_stop_while_searching(listener, source_id):
    listener.listen(StreamQuery(source_id=f"nobody-{source_id}"))
    listener.wait(Searching)
