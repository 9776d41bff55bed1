"""The whole runtime over real LSL and real sockets, with a tiny bundle whose decoder knows nothing."""

import errno
import os
import signal

import numpy as np
import pylsl
import pytest
import zmq

from devices.faults import FaultySender
from rtbci.errors import ContractError, GeneratorError, StreamError
from rtbci.montage import CHANNELS
from rtbci.record import read_xdf
from rtbci.stream import StreamQuery
from rtbci.wearers import Adapter, Predicted, Profile, ProfileRecord, cap_hash
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
        gone = watched.wait(lambda h: isinstance(h, StreamState) and h.phase in ("lost", "stalled"))
        # Not only once it has not answered for seconds.
        assert gone.phase == "stalled" or "closed the connection" in gone.sentence
        watched.forget()
        sender.restart()
        watched.wait_for(StreamState, phase="streaming")
        # Of a window from before the loss, evidence may come even now.
        again = watched.wait(lambda h: isinstance(h, Evidence) and h.context > first.context)
        report = watched.session.stop()
    assert again.window > first.window
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
        watched.wait_for(StreamState, phase="stalled")
        sender.resume()
        watched.forget()
        watched.wait_for(StreamState, phase="streaming")


def test_what_never_fitted_ends_the_session_with_the_reason(source_id, start_session):
    with FaultySender(CHANNELS[:32], source_id):
        watched = start_session(source_id)
        assert watched.session.failed.wait(60)
        assert isinstance(watched.session.failure, ContractError)


def test_a_generator_that_dies_is_started_again_and_decoding_goes_on(source_id, start_session):
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
    import rtbci.live.pictures

    monkeypatch.setattr(rtbci.live.pictures, "STALL_S", 1000.0)
    with FaultySender(CHANNELS, source_id):
        watched = start_session(source_id)
        watched.wait_for(Picture, grade="keyframe")
        pid = watched.session._pictures.pid
        os.kill(pid, signal.SIGSTOP)
        watched.forget()
        # A busy machine may miss a window of its own accord; one that the generator held up missed every one.
        watched.wait(lambda h: isinstance(h, Evidence) and five_in_a_row(watched.of(Evidence)))
        monkeypatch.setattr(rtbci.live.pictures, "STALL_S", 2.0)
        watched.wait(lambda h: isinstance(h, Notice) and "did not answer" in h.sentence)
        stuck_at = watched.of(Evidence)[-1].window
        watched.wait(lambda h: isinstance(h, Picture) and h.grade == "keyframe" and h.window > stuck_at)


def five_in_a_row(evidence):
    windows = [one.window for one in evidence]
    return any(windows[i : i + 5] == list(range(windows[i], windows[i] + 5)) for i in range(len(windows) - 4))


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


class MarkerSender:
    """A marker stream that goes with an EEG stream."""

    def __init__(self, source_id):
        self._outlet = pylsl.StreamOutlet(
            pylsl.StreamInfo("markers", "Markers", 1, 0.0, "string", f"{source_id}-markers")
        )

    def wait_for_listener(self):
        assert self._outlet.wait_for_consumers(60)

    def send(self, text):
        self._outlet.push_sample([text])


def test_malformed_markers_are_recorded_and_told_once_and_the_session_goes_on(
    source_id, start_session, tmp_path
):
    bad = '{"rtbci":1,"event":"clip","concept":"unicorn","seed":5}'
    recording = tmp_path / "session.xdf"
    with FaultySender(CHANNELS, source_id):
        markers = MarkerSender(source_id)
        watched = start_session(source_id, record=recording)
        markers.wait_for_listener()
        markers.send(bad)
        markers.send(bad)
        watched.wait(lambda h: isinstance(h, Notice) and "unicorn" in h.sentence)
        watched.forget()
        markers.send('{"rtbci":2}')
        watched.wait(lambda h: isinstance(h, Notice) and "version 2" in h.sentence)
        watched.wait_for(Evidence)
        assert not [n for n in watched.of(Notice) if "unicorn" in n.sentence]
        watched.session.stop()
    assert watched.session.failure is None
    streams, _ = read_xdf(recording)
    heard = next(s for s in streams if s["info"]["name"][0] == "markers")
    assert [row[0] for row in heard["time_series"]] == [bad, bad, '{"rtbci":2}']


def test_a_generator_that_cannot_be_understood_ends_the_session_with_a_sentence(source_id, start_session):
    watched = start_session(source_id)
    stray = zmq.Context.instance().socket(zmq.PUSH)
    stray.connect(watched.session._pictures._outbox)
    stray.send_multipart([b"picture", b"no header"])
    assert watched.session.failed.wait(60)
    assert isinstance(watched.session.failure, GeneratorError)
    assert "generator" in str(watched.session.failure)
    stray.close(linger=0)


def test_a_generator_that_cannot_be_started_again_ends_the_session_with_a_sentence(
    source_id, start_session, monkeypatch
):
    def fail(*_, **__):
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    watched = start_session(source_id)
    monkeypatch.setattr("rtbci.live.pictures.subprocess.Popen", fail)
    os.kill(watched.session._pictures.pid, signal.SIGKILL)
    assert watched.session.failed.wait(60)
    assert isinstance(watched.session.failure, GeneratorError)
    assert "Resource temporarily unavailable" in str(watched.session.failure)


def test_a_sender_that_returns_under_another_id_is_heard_with_its_markers(source_id, start_session):
    other = f"{source_id}-other"
    with FaultySender(CHANNELS, source_id, name=source_id) as sender:
        first, second = MarkerSender(source_id), MarkerSender(other)
        watched = start_session(source_id, StreamQuery(name=source_id))
        # Markers of other versions are told, so that it shows when they have been heard.
        first.wait_for_listener()
        first.send('{"rtbci":2}')
        watched.wait(lambda h: isinstance(h, Notice) and "version 2" in h.sentence)
        sender.kill()
        watched.wait_for(StreamState, phase="lost")
        watched.forget()
        sender.restart(source_id=other)
        watched.wait_for(StreamState, phase="streaming")
        second.wait_for_listener()
        second.send('{"rtbci":3}')
        watched.wait(lambda h: isinstance(h, Notice) and "version 3" in h.sentence)


def test_a_receiver_that_fails_ends_the_session_with_a_sentence(source_id, start_session, monkeypatch):
    import rtbci.stream.eeg as eeg

    def fail(*_):
        raise OSError("no such device")

    with FaultySender(CHANNELS, source_id):
        monkeypatch.setattr(eeg, "_receive", fail)
        watched = start_session(source_id)
        assert watched.session.failed.wait(60)
    assert isinstance(watched.session.failure, StreamError)
    assert "no such device" in str(watched.session.failure)


def test_the_operators_mains_reach_the_filters(source_id, start_session):
    with FaultySender(CHANNELS, source_id):
        watched = start_session(source_id, mains_hz=60.0)
        watched.wait_for(StreamState, phase="streaming")
        assert watched.session._acquisition._chain.settings.condition.quality.mains == 60.0


def test_a_normal_end_is_the_last_that_is_said(source_id, start_session):
    with FaultySender(CHANNELS, source_id):
        watched = start_session(source_id)
        watched.wait_for(Evidence)
        watched.session.stop()
    watched.listen(60, lambda: any(state.phase == "ended" for state in watched.of(StreamState)))
    watched.listen(1)
    last = watched.received[-1].header
    assert isinstance(last, StreamState)
    assert last.phase == "ended"
    assert "has ended after" in last.sentence


def test_a_session_that_fails_does_not_say_that_it_ended_well(source_id, start_session):
    with FaultySender(CHANNELS[:32], source_id):
        watched = start_session(source_id)
        assert watched.session.failed.wait(60)
        watched.session.stop()
    watched.listen(60, lambda: any(state.phase == "refused" for state in watched.of(StreamState)))
    watched.listen(1)
    phases = {state.phase for state in watched.of(StreamState)}
    assert "refused" in phases
    assert "ended" not in phases


def test_a_wearers_drift_is_watched_and_told(source_id, start_session, monkeypatch):
    monkeypatch.setattr("rtbci.live.drift._SETTLED_S", 1.0)
    covariance = np.diag(np.geomspace(1e-3, 1e3, 62))
    record = ProfileRecord(
        wearer="w01",
        bundle_id="b",
        created="2026-01-01",
        method="none",
        predicted=Predicted(0.3, (0.2, 0.4), 0.025),
        cap_labels=CHANNELS,
        cap_hash=cap_hash(CHANNELS),
        spread=0.2,
    )
    profile = Profile(record, Adapter.identity(), {}, covariance=covariance)
    with FaultySender(CHANNELS, source_id):
        watched = start_session(source_id, profile=profile, realign=False)
        status = watched.wait(lambda h: isinstance(h, Status) and h.drift is not None)
        watched.wait(
            lambda h: isinstance(h, Notice) and "rtbci calibrate --wearer w01 --update" in h.sentence
        )
        report = watched.session.stop()
    assert status.drift > 2
    assert report["drift"]["large"] == 1.0
