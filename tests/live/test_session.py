"""The whole runtime over real LSL and real sockets, with a tiny bundle whose decoder knows nothing."""

import pytest

from devices.faults import FaultySender
from rtbci.errors import ContractError
from rtbci.montage import CHANNELS
from rtbci.record import read_xdf
from rtbci.wire.messages import EegChunk, Evidence, Notice, Picture, Quality, Status, StreamState


def test_from_stream_to_clip(source_id, start_session, tmp_path):
    recording = tmp_path / "session.xdf"
    with FaultySender(CHANNELS, source_id):
        watched = start_session(source_id, record=recording)
        for grade in ("preview", "keyframe", "clip"):
            watched.wait_for(Picture, grade=grade)
        for kind in (EegChunk, Quality, Evidence, Status, StreamState):
            watched.wait_for(kind)
        report = watched.session.stop()
    picture = watched.of(Picture)[0]
    evidence = next(e for e in watched.of(Evidence) if e.window == picture.window)
    t = picture.times
    assert 0 < t.newest <= t.received <= t.ready <= t.decoded <= t.drawn <= t.published
    assert evidence.times.newest == t.newest
    assert picture.bundle == report["bundle"]["id"]
    assert report["stream"]["lost_samples"] == 0
    assert report["counts"]["windows"] >= 1
    assert report["latency_ms"]["sample_to_clip"]["n"] >= 1
    assert report["decoding"]["trials"] == 0
    streams, _ = read_xdf(recording)
    eeg = next(s for s in streams if s["info"]["type"][0] == "EEG")
    assert len(eeg["time_series"]) == pytest.approx(report["stream"]["samples"], abs=1)


def test_a_decoder_that_knows_nothing_draws_nothing_crisp(source_id, start_session):
    with FaultySender(CHANNELS, source_id):
        watched = start_session(source_id)
        watched.wait_for(Picture, grade="clip")
        report = watched.session.stop()
    assert report["counts"]["crisp"] == 0
    assert report["evidence"]["strong"] == 0
    assert all(p.strength < 0.2 for p in watched.of(Picture))


def test_killed_sender_shows_at_once_and_decoding_resumes(source_id, start_session):
    with FaultySender(CHANNELS, source_id) as sender:
        watched = start_session(source_id)
        first = watched.wait_for(Evidence)
        sender.kill()
        watched.wait(lambda h: isinstance(h, StreamState) and h.phase in ("lost", "stalled"), seconds=2)
        watched.forget()
        sender.restart()
        watched.wait_for(StreamState, phase="streaming")
        again = watched.wait(lambda h: isinstance(h, Evidence) and h.window > first.window)
        report = watched.session.stop()
    assert again.context > first.context
    assert report["stream"]["losses"] == 1
    assert report["stream"]["connections"] == 2


def test_a_cap_that_comes_back_with_other_labels_is_checked_again(source_id, start_session):
    with FaultySender(CHANNELS, source_id) as sender:
        watched = start_session(source_id)
        watched.wait_for(Evidence)
        sender.kill()
        watched.wait(lambda h: isinstance(h, StreamState) and h.phase in ("lost", "stalled"))
        watched.forget()
        sender.restart(labels=tuple(CHANNELS[:32]))
        refused = watched.wait_for(StreamState, phase="refused")
        assert "30" in refused.sentence
        watched.forget()
        sender.restart(labels=tuple(reversed(CHANNELS)))
        watched.wait_for(StreamState, phase="streaming")
        watched.wait_for(Evidence)
        report = watched.session.stop()
    assert len(report["stream"]["refusals"]) == 1


def test_lost_samples_are_counted_and_told(source_id, start_session):
    with FaultySender(CHANNELS, source_id) as sender:
        watched = start_session(source_id)
        first = watched.wait_for(Evidence)
        sender.drop(10)
        watched.wait(lambda h: isinstance(h, Notice) and "10 samples" in h.sentence)
        sender.drop(200)
        watched.wait(lambda h: isinstance(h, Notice) and "200 samples" in h.sentence)
        watched.wait(lambda h: isinstance(h, Evidence) and h.window > first.window + 4)
        report = watched.session.stop()
    assert report["stream"]["lost_samples"] == 210
    assert report["stream"]["gaps"] == 2


def test_a_paused_sender_is_stalled_not_silently_old(source_id, start_session):
    with FaultySender(CHANNELS, source_id) as sender:
        watched = start_session(source_id)
        watched.wait_for(Evidence)
        sender.pause()
        watched.wait_for(StreamState, phase="stalled", seconds=2)
        sender.resume()
        watched.forget()
        watched.wait_for(StreamState, phase="streaming")


def test_what_never_fitted_ends_the_session_with_the_reason(source_id, start_session):
    with FaultySender(CHANNELS[:32], source_id):
        watched = start_session(source_id)
        assert watched.session.failed.wait(15)
        assert isinstance(watched.session.failure, ContractError)


def test_a_generator_that_dies_is_started_again_and_decoding_goes_on(source_id, start_session):
    import os
    import signal

    with FaultySender(CHANNELS, source_id):
        watched = start_session(source_id)
        watched.wait_for(Picture, grade="keyframe")
        pid = watched.session._pictures.pid
        os.kill(pid, signal.SIGKILL)
        watched.wait(lambda h: isinstance(h, Notice) and "started again" in h.sentence)
        watched.forget()
        watched.wait_for(Evidence)
        watched.wait_for(Picture, grade="keyframe")
        assert watched.session._pictures.pid != pid


def test_a_generator_that_is_stuck_is_started_again_and_no_window_is_missed(
    source_id, start_session, monkeypatch
):
    import os
    import signal

    import rtbci.live.pictures

    monkeypatch.setattr(rtbci.live.pictures, "STALL_S", 2.0)
    with FaultySender(CHANNELS, source_id):
        watched = start_session(source_id)
        watched.wait_for(Picture, grade="keyframe")
        pid = watched.session._pictures.pid
        os.kill(pid, signal.SIGSTOP)
        watched.wait(lambda h: isinstance(h, Notice) and "did not answer" in h.sentence)
        stuck_at = watched.of(Evidence)[-1].window
        watched.wait(lambda h: isinstance(h, Picture) and h.grade == "keyframe" and h.window > stuck_at)
        report = watched.session.stop()
    windows = [evidence.window for evidence in watched.of(Evidence)]
    assert windows == list(range(windows[0], windows[0] + len(windows)))
    assert report["counts"]["decoded"] == report["counts"]["windows"]


def test_a_break_in_the_eeg_flushes_the_generator(source_id, start_session, monkeypatch):
    with FaultySender(CHANNELS, source_id) as sender:
        watched = start_session(source_id)
        watched.wait_for(Picture, grade="keyframe")
        flushed = []
        link = watched.session._pictures
        monkeypatch.setattr(watched.session._acquisition, "_on_break", lambda: flushed.append(link.flush()))
        sender.drop(10)
        watched.wait(lambda h: isinstance(h, Notice) and "10 samples" in h.sentence)
        assert not flushed
        sender.kill()
        watched.wait(lambda h: isinstance(h, StreamState) and h.phase == "lost")
        assert flushed
