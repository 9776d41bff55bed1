"""The state behind the window: what any sequence of messages makes of it."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtbci.viewer.clock import SenderClock
from rtbci.viewer.history import EegHistory
from rtbci.viewer.state import SILENT_AFTER_S, ViewState
from rtbci.wire import Received
from rtbci.wire.messages import EegChunk, Evidence, Picture, StreamState, Trial
from tests.viewer.fake_session import FakeSession, replayed

ALL = [received for _, received in replayed(FakeSession("strong", side=16), 4)]
SESSION = FakeSession("moderate", side=16)


def received(header, buffers=(), missed=0, session="fake"):  # type: ignore[no-untyped-def]
    return Received(header, buffers, 0, missed, session)


def picture(window, grade="keyframe", label="cat", word="strong", context=1, frames=1, newest=99.9):  # type: ignore[no-untyped-def]
    header = next(r.header for r in ALL if isinstance(r.header, Picture))
    guess = msgspec.structs.replace(header.guess, label=label)
    header = msgspec.structs.replace(
        header,
        window=window,
        grade=grade,
        guess=guess,
        word=word,
        context=context,
        frames=frames,
        times=msgspec.structs.replace(header.times, newest=newest),
    )
    return received(header, (np.zeros((frames, 16, 16, 3), np.uint8),))


def evidence(window, context=1, newest=99.9, published=100.0, word="strong"):  # type: ignore[no-untyped-def]
    header, buffers = next((r.header, r.buffers) for r in ALL if isinstance(r.header, Evidence))
    times = msgspec.structs.replace(header.times, newest=newest, published=published)
    changes = {"window": window, "context": context, "times": times, "word": word}
    return received(msgspec.structs.replace(header, **changes), buffers)


@settings(max_examples=40, deadline=None)
@given(
    order=st.permutations(range(len(ALL))),
    steps=st.lists(st.floats(0, 3), min_size=len(ALL), max_size=len(ALL)),
)
def test_messages_may_come_in_any_order_and_nothing_older_wins(order: list[int], steps: list[float]) -> None:
    state, now, seen = ViewState(), 50.0, 0
    windows = []
    for i, step in zip(order, steps, strict=True):
        now += step
        state.fold(ALL[i], now)
        header = ALL[i].header
        if isinstance(header, Evidence):
            seen = max(seen, header.window)
            assert state.evidence is not None
            assert state.evidence.window == seen
        if state.picture is not None:
            windows.append(state.picture.header.window)
            assert 0 <= state.picture.frame(now) < state.picture.header.frames
        state.banner(now), state.is_old(now), state.evidence_age(now), state.is_overtaken()
    assert windows == sorted(windows)
    assert state.trials.maxlen
    assert len(state.trials) == sum(type(r.header).__name__ == "Trial" for r in ALL)


def test_before_anything_came_it_waits_and_is_not_live() -> None:
    state = ViewState()
    assert state.banner(5.0).situation == "waiting"
    assert state.is_old(5.0)
    assert state.evidence_age(5.0) is None


@pytest.mark.parametrize("phase", ["stalled", "lost", "refused", "searching", "ended"])
def test_old_evidence_is_old_when_the_stream_does_not_stream(phase: str) -> None:
    state = ViewState()
    state.fold(received(SESSION.stream(0.0, "streaming")), 100.0)
    state.fold(evidence(1), 100.0)
    assert not state.is_old(100.5)
    state.fold(received(SESSION.stream(0.0, phase)), 101.2)  # type: ignore[arg-type]
    assert state.is_old(101.2)
    assert state.banner(101.2).situation == phase


def test_a_stuck_decoder_is_old_even_while_the_stream_streams() -> None:
    state = ViewState()
    state.fold(evidence(1), 100.0)
    for k in range(8):
        state.fold(received(SESSION.stream(0.0, "streaming")), 100.0 + k / 2)
    assert state.banner(103.5).situation == "streaming"
    assert state.is_old(103.5)


def test_a_silent_runtime_is_said_to_be_silent() -> None:
    state = ViewState()
    state.fold(received(SESSION.stream(0.0, "streaming")), 100.0)
    assert state.banner(100.0 + SILENT_AFTER_S - 0.1).situation == "streaming"
    banner = state.banner(107.0)
    assert (banner.situation, banner.seconds) == ("silent", 7.0)
    state.fold(received(SESSION.stream(0.0, "ended")), 108.0)
    assert state.banner(120.0).situation == "ended"


def test_a_stall_counts_from_the_last_sample() -> None:
    state = ViewState()
    state.fold(received(*SESSION.eeg(0.0)), 100.0)
    state.fold(received(SESSION.stream(0.0, "stalled")), 100.3)
    assert state.banner(101.5).seconds == pytest.approx(1.5)


def test_age_counts_from_the_newest_sample_not_from_arrival() -> None:
    state = ViewState()
    state.fold(evidence(1, newest=99.6, published=100.0), 500.0)
    assert state.evidence_age(500.5) == pytest.approx(0.9)


def test_a_clip_is_not_cut_off_by_the_next_preview_of_the_same() -> None:
    state = ViewState()
    state.fold(picture(1, "clip", frames=8), 100.0)
    state.fold(picture(2, "preview"), 100.3)
    assert state.picture is not None
    assert state.picture.header.grade == "clip"
    state.fold(picture(2, "clip", frames=8), 100.5)
    assert state.picture.header.window == 2
    # The motion goes on where it was.
    assert state.picture.playing_since == 100.0
    state.fold(picture(3, "preview"), 101.8)
    assert state.picture.header.window == 3


@pytest.mark.parametrize("change", [{"label": "dog"}, {"word": "none"}, {"context": 2}])
def test_what_changes_the_message_is_shown_at_once(change: dict[str, str]) -> None:
    state = ViewState()
    state.fold(picture(1, "clip", frames=8), 100.0)
    state.fold(picture(2, "preview", **change), 100.1)  # type: ignore[arg-type]
    assert state.picture is not None
    assert state.picture.header.window == 2


def test_a_new_context_overtakes_the_picture() -> None:
    state = ViewState()
    state.fold(picture(4), 100.0)
    assert not state.is_overtaken()
    state.fold(evidence(5, context=2), 100.1)
    assert state.is_overtaken()
    state.fold(picture(5, context=2), 100.2)
    assert not state.is_overtaken()


def test_a_picture_that_no_longer_follows_the_evidence_is_old() -> None:
    state = ViewState()
    for window in range(12):
        now = 100.0 + window / 2
        state.fold(evidence(window, newest=now - 0.1, published=now), now)
        if window < 4:
            state.fold(picture(window, newest=now - 0.1), now + 0.03)
        past = state.past(now + 0.1)
        if window <= 6:
            assert past is None
        else:
            assert not state.is_old(now + 0.1)
            assert past is not None
            assert past.fault
    assert past.sentence == "Not live: 4 s behind the EEG"
    state.fold(picture(12, newest=105.4), 105.6)
    assert state.past(105.6) is None


def test_a_picture_that_claims_more_than_the_evidence_is_old_unless_the_next_comes_at_once() -> None:
    state = ViewState()
    state.fold(evidence(1, newest=99.9, published=100.0, word="strong"), 100.0)
    state.fold(picture(1, newest=99.9, word="strong"), 100.03)
    state.fold(evidence(2, newest=100.4, published=100.5, word="weak"), 100.5)
    assert state.past(100.6) is None
    past = state.past(100.8)
    assert past is not None
    assert not past.fault
    state.fold(evidence(3, newest=100.9, published=101.0, word="none"), 101.0)
    assert state.past(101.0) is not None
    state.fold(picture(3, newest=100.9, word="none"), 101.03)
    assert state.past(101.03) is None
    # More evidence than the picture claims makes nobody believe too much.
    state.fold(evidence(4, newest=101.4, published=101.5, word="strong"), 101.5)
    assert state.past(102.0) is None


def test_an_ended_session_has_a_last_picture_and_no_fault() -> None:
    state = ViewState()
    state.fold(evidence(1), 100.0)
    state.fold(picture(1), 100.1)
    state.fold(received(SESSION.stream(0.0, "ended")), 100.3)
    assert state.past(100.3) is None
    past = state.past(160.0)
    assert past is not None
    assert not past.fault


def test_another_session_starts_afresh_and_losses_add_up() -> None:
    state = ViewState()
    state.fold(picture(9), 100.0)
    state.fold(received(SESSION.stream(0.0), missed=3), 100.0)
    state.fold(received(SESSION.stream(0.0), missed=2, session="next"), 101.0)
    assert state.picture is None
    assert state.missed[StreamState] == 5


@pytest.mark.parametrize("fps", [0.0, -3.0, math.nan, math.inf, 1e300])
def test_a_clip_with_a_senseless_rate_stands_still(fps: float) -> None:
    state = ViewState()
    made = picture(1, "clip", frames=8)
    state.fold(received(msgspec.structs.replace(made.header, fps=fps), made.buffers), 100.0)
    assert state.picture is not None
    assert state.picture.frame(107.3) == 0


def test_a_trial_is_paired_with_the_last_keyframe_before_it() -> None:
    trial = next(r for r in ALL if isinstance(r.header, Trial))
    state = ViewState()
    for window, level in ((1, 10), (2, 20)):
        made = picture(window, "keyframe")
        state.fold(received(made.header, (made.buffers[0] + np.uint8(level),)), 100.0)
    state.fold(picture(2, "clip", frames=8), 100.2)
    state.fold(trial, 100.3)
    state.fold(trial, 102.3)
    decoded = state.pairs[0].decoded
    assert decoded is not None
    assert (decoded == 20).all()
    # Nothing was decoded of the second one.
    assert state.pairs[1].decoded is None


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"interpolated": ("PO5",)}, False),
        ({"repaired": ("O1",)}, False),
        ({"lost_samples": 3}, False),
        ({"phase": "stalled"}, False),
    ],
)
def test_when_all_is_well_the_banner_says_so(change: dict[str, object], good: bool) -> None:
    state = ViewState()
    header = msgspec.structs.replace(SESSION.stream(0.0, "streaming"), **change)
    state.fold(received(header), 100.0)
    said = state.banner(100.1).sentence
    assert said == ("All 62 channels are in, nothing lost." if good else header.sentence)


# ---- the ring of EEG ------------------------------------------------------------------------------


@given(sizes=st.lists(st.integers(0, 700), min_size=1, max_size=12))
def test_the_ring_holds_the_newest_samples_however_they_come(sizes: list[int]) -> None:
    history = EegHistory(seconds=2.0)
    total = sum(sizes)
    truth = np.arange(total, dtype=np.float32)[:, None]
    at = 0
    for size in sizes:
        history.add(truth[at : at + size], first=at / 200, rate=200.0)
        at += size
    start, data = history.since(0)
    assert (history.total, start) == (total, max(0, total - 400))
    np.testing.assert_array_equal(data, truth[start:] if total else data)


@given(lost=st.integers(20, 5000))
def test_lost_time_is_there_as_nan_of_its_true_length(lost: int) -> None:
    history = EegHistory(seconds=10.0)
    chunk = np.ones((10, 3), np.float32)
    history.add(chunk, 0.0, 200.0)
    history.add(chunk, (10 + lost) / 200, 200.0)
    _, data = history.since(0)
    assert np.isnan(data).any(axis=1).sum() == min(lost, history.capacity - 10)


@given(firsts=st.lists(st.floats(), min_size=1, max_size=6), rate=st.floats())
def test_senseless_stamps_and_rates_never_break_the_ring(firsts: list[float], rate: float) -> None:
    history = EegHistory(seconds=1.0)
    for first in firsts:
        history.add(np.ones((5, 2), np.float32), first, rate)
        history.add(np.ones((5, 2), np.float32), first, 200.0)
    _, data = history.since(0)
    assert len(data) <= 200
    np.testing.assert_array_equal(data[-5:], 1)


def test_other_channels_or_another_rate_start_the_ring_afresh() -> None:
    history = EegHistory()
    history.add(np.ones((5, 2), np.float32), 0.0, 200.0)
    history.add(np.ones((5, 3), np.float32), 0.025, 200.0)
    assert (history.total, history.channels, history.resets) == (5, 3, 2)


def test_the_eeg_of_the_state_follows_the_messages() -> None:
    state = ViewState()
    for _, message in replayed(FakeSession("strong", side=16), 3):
        if isinstance(message.header, EegChunk):
            state.fold(message, 10.0)
    assert state.eeg.total == 600
    assert np.isfinite(state.eeg.since(0)[1]).all()


# ---- the sender's clock ---------------------------------------------------------------------------


@given(
    offset=st.floats(-1e6, 1e6),
    transits=st.lists(st.floats(0.0005, 0.04), min_size=5, max_size=50),
)
def test_ages_need_no_common_clock(offset: float, transits: list[float]) -> None:
    clock = SenderClock()
    for i, transit in enumerate(transits):
        clock.heard(2e6 + i * 0.1, 2e6 + i * 0.1 + offset + transit)
    age = clock.age(2e6 + 5, 2e6 + 5 + offset + 0.25)
    assert age == pytest.approx(0.25 - min(transits), abs=1e-6)


def test_a_clock_that_has_heard_nothing_gives_no_age() -> None:
    clock = SenderClock()
    clock.heard(math.nan, 5.0)
    clock.heard(0.0, 5.0)
    assert clock.age(3.0, 4.0) is None
