"""Sittings over real LSL streams."""

import threading
import time

import numpy as np
import pylsl
import pytest

from rtbci.bundle import load_bundle
from rtbci.calibrate import Announcer, Collector, Journal, MarkerOutlet, Plan, Programme, collect
from rtbci.calibrate.connection import Connection
from rtbci.errors import ContractError, StreamError, UsageError
from rtbci.montage import CHANNELS
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.markers import ClipMarker, EndMarker, RestMarker, ShownMarker, decode, encode
from rtbci.stream import StreamQuery
from tests.tiny_bundle import write_tiny_bundle

PLAN = Plan(
    (
        (0.0, RestMarker(seconds=1.5)),
        (1.5, ClipMarker(concept="cat", seed=1)),
        (3.5, ClipMarker(concept="piano", seed=2)),
        (5.5, EndMarker()),
    ),
    clips=2,
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrate") / "tiny"
    write_tiny_bundle(folder)
    return load_bundle(folder)


class Cap:
    """A sender of noise in real time, with its own marker outlet, that can be taken off and put on again."""

    def __init__(self, source_id, labels=CHANNELS, name="cap"):
        info = pylsl.StreamInfo(name, "EEG", len(labels), 200, "float32", source_id)
        channels = info.desc().append_child("channels")
        for label in labels:
            channel = channels.append_child("channel")
            channel.append_child_value("label", label)
            channel.append_child_value("unit", "uV")
        self.outlet = pylsl.StreamOutlet(info)
        marker_info = pylsl.StreamInfo(f"{name}-markers", "Markers", 1, 0, "string", f"{source_id}-markers")
        self.markers = pylsl.StreamOutlet(marker_info)
        self.until = np.inf
        """Up to when it sends, on LSL's clock."""
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.send, args=(len(labels),))
        self.thread.start()

    def send(self, channels):
        rng = np.random.default_rng(0)
        start, sent = pylsl.local_clock(), 0
        while not self.stop.wait(0.02):
            n = int((min(pylsl.local_clock(), self.until) - start) * 200) - sent
            if n > 0:
                block = 20 * rng.standard_normal((n, channels)).astype(np.float32)
                sent += n
                self.outlet.push_chunk(block, start + sent / 200)

    def off(self):
        self.stop.set()
        self.thread.join()
        del self.outlet, self.markers


@pytest.fixture
def cap(source_id):
    cap = Cap(source_id)
    yield cap
    if not cap.stop.is_set():
        cap.off()


def test_a_plan_is_announced_and_its_clips_meet_with_eeg(bundle, cap, source_id):
    heard = []
    listening = threading.Event()

    def listen():
        found = pylsl.resolve_byprop("source_id", f"{source_id}-calibration", timeout=20)
        inlet = pylsl.StreamInlet(found[0], recover=False)
        inlet.open_stream(timeout=10)
        listening.set()
        while True:
            sample, stamp = inlet.pull_sample(timeout=20)
            heard.append((decode(sample[0]), stamp))
            if isinstance(heard[-1][0], EndMarker):
                return

    listener = threading.Thread(target=listen)
    listener.start()
    progress = []
    got = collect(
        Collector(bundle),
        StreamQuery(source_id=source_id),
        clips=PLAN.clips,
        plan=PLAN,
        on_progress=lambda done, wanted: progress.append((done, wanted)),
    )
    listener.join(timeout=20)
    assert progress[-1] == (2, 2)
    clips = got.sitting.clips
    assert [clip.concept for clip in clips] == [0, 34]
    assert clips[1].onset - clips[0].onset == pytest.approx(2.0)
    assert listening.is_set()
    onsets = [stamp for marker, stamp in heard if isinstance(marker, ClipMarker)]
    assert onsets[-1] == pytest.approx(clips[1].onset, abs=1e-6)
    assert got.sitting.newest[-1] >= clips[1].onset + 1.7
    assert got.sitting.z.shape[1:] == (62, 400)
    assert np.isfinite(got.sitting.z).all()
    assert got.contract.labels == CHANNELS
    assert got.lost_samples == 0


def test_the_wearers_own_markers_are_heard(bundle, cap, source_id):
    done = threading.Event()

    def show():
        while not cap.markers.have_consumers() and not done.wait(0.05):
            pass
        onset = pylsl.local_clock() + 2.0
        cap.markers.push_sample(["something of another program"])
        for i, concept in enumerate(("dog", "dog", "ship")):
            cap.markers.push_sample([encode(ClipMarker(concept=concept, seed=i, seconds=1.0))], onset + i)

    shower = threading.Thread(target=show)
    shower.start()
    try:
        got = collect(Collector(bundle), StreamQuery(source_id=source_id), clips=3)
    finally:
        done.set()
        shower.join()
    assert [clip.concept for clip in got.sitting.clips] == [1, 1, 39]


def until_connected(collector):
    end = time.monotonic() + 60
    while not collector.connections and time.monotonic() < end:
        time.sleep(0.02)


def test_silence_is_said(bundle, cap, source_id):
    with pytest.raises(StreamError, match=r"No clip was announced for 5 s after 0 of 5 clips"):
        collect(Collector(bundle), StreamQuery(source_id=source_id), clips=5, silent_s=5.0)
    with pytest.raises(StreamError, match="No EEG stream was found within"):
        collect(Collector(bundle), StreamQuery(source_id=f"{source_id}-nobody"), clips=5, silent_s=0.5)


def test_stopping_early(bundle, cap, source_id):
    stop = threading.Event()
    stop.set()
    with pytest.raises(UsageError, match="stopped before the stream"):
        collect(Collector(bundle), StreamQuery(source_id=source_id), clips=5, stop=stop)
    collector = Collector(bundle)
    stopper = threading.Thread(target=lambda: (until_connected(collector), stop.set()))
    stop.clear()
    stopper.start()
    with pytest.raises(UsageError, match="before a clip was watched"):
        collect(collector, StreamQuery(source_id=source_id), clips=5, stop=stop)
    stopper.join()


def test_what_a_screen_elsewhere_could_not_show_is_left_out(bundle, cap, source_id):
    collector, name = Collector(bundle), f"{source_id}-clips"
    screen = MarkerOutlet(f"{name}-shown", f"{name}-shown")
    connection = Connection(collector, StreamQuery(source_id=source_id), markers=name)
    try:
        connection.open(threading.Event())
        connection.prepare()
        assert screen._outlet.wait_for_consumers(20)
        now = pylsl.local_clock()
        for i in range(3):
            connection._outlet.send(ClipMarker(concept="cat", seed=i), now + 2.0 * i)
        # The clocks of two machines agree to a few milliseconds.
        screen.send(ShownMarker(0.0, 0, 48), now + 2.003)
        screen.send(ShownMarker(3.0, 47, 1), now + 4.003)
        # What is no word on what was shown is nothing that a screen may say.
        screen.send(ClipMarker(concept="dog", seed=9), now)
        deadline = time.monotonic() + 20
        while collector.timing.to_json() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
    finally:
        connection.close()
    assert [clip.onset for clip in collector.sitting().clips] == [now, now + 4.0]
    assert {clip.concept for clip in collector.sitting().clips} == {CONCEPT_NAMES.index("cat")}
    assert collector.timing.to_json()["clips"] == 1


def test_a_rest_that_is_stopped_is_over_for_all(bundle, cap, source_id):
    programme, heard, stop = Programme(), [], threading.Event()
    collector = Collector(bundle)

    def on_marker(text, stamp):
        heard.append(decode(text))
        programme.on_marker(text, stamp)

    connection = Connection(collector, StreamQuery(source_id=source_id), on_marker=on_marker)
    eyes = Plan(((0.0, RestMarker(seconds=60.0, eyes="closed")), (60.0, RestMarker(seconds=1.0))), clips=0)
    try:
        connection.open(threading.Event())
        resting = threading.Thread(target=connection.rest, args=(eyes, stop))
        resting.start()
        deadline = time.monotonic() + 20
        while programme.at(pylsl.local_clock()) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        stop.set()
        resting.join()
        on = programme.at(pylsl.local_clock())
    finally:
        stop.set()
        connection.close()
    assert [marker.eyes for marker in heard] == ["closed", ""]
    assert on is None or on.eyes == ""


def test_a_cap_that_comes_back_as_another_ends_the_sitting(bundle, cap, source_id):
    other, collector = [], Collector(bundle)

    def swap():
        until_connected(collector)
        cap.off()
        other.append(Cap(source_id, labels=tuple(reversed(CHANNELS))))

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        with pytest.raises(ContractError, match="came back as another cap"):
            collect(collector, StreamQuery(source_id=source_id), clips=5, silent_s=30.0)
    finally:
        swapper.join()
        other[0].off()


def test_an_announcer_can_be_stopped_at_once(source_id):
    announcer = Announcer(MarkerOutlet("cap-calibration", source_id), PLAN)
    announcer.start()
    announcer.stop()
    assert announcer.ended.is_set()
    # Not at the end of what it had to announce.
    assert announcer.left_s > 0


def test_a_stream_that_dies_loses_nothing(bundle, cap, source_id, tmp_path):
    """One sentence says how to go on, and the clips are there when it does."""

    def show_and_die():
        while not cap.markers.have_consumers() and not cap.stop.wait(0.05):
            pass
        onset = pylsl.local_clock() + 2.0
        for i, concept in enumerate(("dog", "cat", "ship", "car", "face")):
            cap.markers.push_sample([encode(ClipMarker(concept=concept, seed=i, seconds=1.0))], onset + i)
        # In the middle of the fourth, however late that is noticed.
        cap.until = onset + 3.5
        while pylsl.local_clock() < cap.until + 0.5:
            time.sleep(0.05)
        cap.off()

    journal = Journal(tmp_path / "w01", 0)
    shower = threading.Thread(target=show_and_die)
    shower.start()
    try:
        with pytest.raises(
            StreamError, match=r"No EEG for 7 s after 3 of 5 clips; .* it goes on from there\."
        ):
            collect(Collector(bundle, journal), StreamQuery(source_id=source_id), clips=5, silent_s=7.0)
    finally:
        shower.join()
    journal._lock.close()
    back = Journal(tmp_path / "w01", 0)
    collector = Collector(bundle, back)
    collector.replay(back.contract, back.parts(pylsl.local_clock()))
    assert collector.watched == 3
