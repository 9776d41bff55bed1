"""Loss, lateness and set clocks on stamps alone, without LSL."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtbci.stream import Jump, Loss, RawClock


def run(stamps, rate=200.0, chunk=4, arrivals=None):
    """All that the clock finds, and its last state."""
    clock = RawClock(rate)
    state, found = clock.start(), []
    for begin in range(0, len(stamps), chunk):
        part = stamps[begin : begin + chunk]
        arrived = part.max() if arrivals is None else arrivals[begin : begin + chunk][-1]
        state, events = clock.step(state, part, arrived)
        found += events
    return found, state


def steady(seconds=30.0, rate=200.0):
    return 100.0 + np.arange(round(seconds * rate)) / rate


def without(stamps, *holes):
    kept = np.ones(len(stamps), bool)
    for at, n in holes:
        kept[at : at + n] = False
    return stamps[kept]


@settings(max_examples=30, deadline=None)
@given(
    rate=st.sampled_from([100.0, 128.0, 160.0, 200.0, 250.0, 512.0, 1000.0]),
    holes=st.lists(st.integers(1, 150), max_size=3),
    chunk=st.integers(1, 64),
    drift=st.floats(-1e-4, 1e-4),
)
def test_every_hole_is_found_with_its_size(rate, holes, chunk, drift):
    stamps = steady(8.0, rate) * (1 + drift)
    spacing = len(stamps) // 4
    stamps = without(stamps, *[(spacing * (k + 1), n) for k, n in enumerate(holes)])
    found, state = run(stamps, rate, chunk)
    assert [event.lost for event in found] == holes
    assert state.settled == len(stamps)
    lost = 0
    for k, event in enumerate(found):
        assert isinstance(event, Loss)
        assert event.index == spacing * (k + 1) - lost
        assert event.seconds == pytest.approx(event.lost / rate)
        lost += event.lost


@settings(max_examples=20, deadline=None)
@given(chunk=st.integers(1, 50), seed=st.integers(0, 99), jitter=st.floats(0.0, 0.01))
def test_chunking_does_not_matter(chunk, seed, jitter):
    rng = np.random.default_rng(seed)
    stamps = without(steady(6.0), (400, 30), (700, 250))
    stamps = stamps + rng.uniform(0.0, jitter, len(stamps))
    assert run(stamps, chunk=chunk)[0] == run(stamps, chunk=1)[0]


@pytest.mark.parametrize("jitter", [0.0005, 0.002, 0.01])
def test_jitter_is_no_loss(jitter):
    stamps = steady() + np.random.default_rng(0).exponential(jitter, len(steady()))
    assert run(stamps)[0] == []


def test_holes_are_found_through_jitter():
    rng = np.random.default_rng(1)
    stamps = without(steady(), (2000, 40), (4000, 4))
    found, _ = run(stamps + rng.exponential(0.002, len(stamps)))
    assert [event.lost for event in found] == [40, 4]


def bursts(n, size):
    """Stamps of a sender that stamps each burst as it leaves."""
    ends = 100.0 + (np.arange(size - 1, n, size)) / 200.0
    return (ends[:, None] + 1e-5 * np.arange(size)).ravel()


def test_bursts_are_no_loss_and_lost_bursts_are():
    whole = bursts(6400, 32)
    assert run(whole, chunk=32)[0] == []
    found, _ = run(without(whole, (3200, 32)), chunk=32)
    assert [event.lost for event in found] == [32]


def test_a_hold_up_is_no_loss_and_does_not_blind_the_clock():
    stamps = steady()
    held = stamps.copy()
    held[1000:1060] = np.maximum(held[1000:1060], held[1060])
    found, _ = run(without(held, (1100, 3)))
    assert [event.lost for event in found] == [3]


@pytest.mark.parametrize("deviation", [-0.005, -0.001, 0.001, 0.005])
def test_a_rate_slightly_off_is_no_loss(deviation):
    assert run(100.0 + (steady() - 100.0) * (1 + deviation))[0] == []


def test_repeated_stamps_are_no_loss():
    assert run(np.repeat(steady(5.0), 2))[0] == []


@pytest.mark.parametrize("seconds", [3600.0, 2.0, -0.5, -3600.0])
def test_a_set_clock_is_told_from_loss_by_the_time_that_passed(seconds):
    arrivals = steady()
    stamps = arrivals.copy()
    stamps[3000:] += seconds
    found, state = run(stamps, arrivals=arrivals)
    assert [type(event) for event in found] == [Jump]
    assert found[0].index == 3000 and found[0].seconds == pytest.approx(seconds)
    assert state.settled == len(stamps)


def test_a_pause_of_that_length_is_loss():
    found, _ = run(without(steady(), (2000, 400)))
    assert found == [Loss(2000, pytest.approx(109.995), 400, pytest.approx(2.0))]


def test_suspense_ends_when_time_passes():
    clock = RawClock(200.0)
    stamps = steady(2.0)
    state, _ = clock.step(clock.start(), stamps[:200], stamps[199])
    state, found = clock.step(state, stamps[204:206], stamps[205])
    assert found == () and state.settled == 200 and len(state.doubtful) == 2
    state, found = clock.step(state, stamps[:0], stamps[205] + 0.3)
    assert [event.lost for event in found] == [4] and state.settled == 202


def test_the_argument_is_not_changed():
    clock = RawClock(200.0)
    state, _ = clock.step(clock.start(), steady(1.0), 101.0)
    before, stamps = repr(state), steady(1.0) + 1.5
    copy = stamps.copy()
    clock.step(state, stamps, 102.5)
    assert repr(state) == before and np.array_equal(stamps, copy)
