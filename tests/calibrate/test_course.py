"""What the window and the command line share, without either."""

import threading
from types import SimpleNamespace

import numpy as np
import pylsl
import pytest

from rtbci.bundle import load_bundle
from rtbci.calibrate import Announcer, Course, CourseSettings, MarkerOutlet, Plan, standing
from rtbci.calibrate.findings import Share
from rtbci.calibrate.plain import left, outlook
from rtbci.errors import UsageError, WearerError
from rtbci.live.acquisition import Acquisition
from rtbci.live.latency import LatencyBook
from rtbci.montage import CHANNELS
from rtbci.stimuli.markers import ClipMarker, EndMarker, RestMarker, decode
from rtbci.stream import Connected
from rtbci.wearers import Adapter, Predicted, Profile, ProfileRecord, cap_hash, home
from tests.calibrate.journals import contract, noise, pieces, write_journal
from tests.tiny_bundle import write_tiny_bundle


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))


def test_a_pause_shifts_all_that_follows(source_id):
    heard, paused = [], threading.Event()

    def on_marker(text, stamp):
        heard.append((decode(text), stamp))
        if len(heard) == 1:
            announcer.hold(True)
            paused.set()

    clips = [ClipMarker(concept=name, seed=1, seconds=0.1) for name in ("cat", "dog", "ship")]
    plan = Plan(
        (*((0.1 * i, clip) for i, clip in enumerate(clips)), (0.3, EndMarker())),
        clips=3,
    )
    announcer = Announcer(MarkerOutlet(source_id, source_id, on_marker), plan)
    announcer.start()
    assert paused.wait(10)
    assert not announcer.ended.wait(0.5)
    assert len(heard) == 1
    assert announcer.left_s <= 0.3
    resumed = pylsl.local_clock()
    announcer.hold(False)
    assert announcer.ended.wait(20)
    announcer.stop()
    markers = [marker for marker, _ in heard]
    assert markers == [clips[0], RestMarker(seconds=2.0), clips[1], clips[2], EndMarker()]
    stamps = [stamp for _, stamp in heard]
    assert stamps[1] >= resumed
    assert stamps[2] - stamps[1] == pytest.approx(2.0)
    assert stamps[3] - stamps[2] == pytest.approx(0.1)


def test_a_pause_that_is_ended_by_stopping(source_id):
    announcer = Announcer(MarkerOutlet(source_id, source_id), Plan(((5.0, EndMarker()),), 0))
    announcer.hold(True)
    announcer.start()
    announcer.stop()
    assert announcer.ended.is_set()


def test_a_name_is_looked_up_before_anything_is_made():
    assert not standing("").usable
    assert "pseudonym" in standing("../w01").sentence
    assert standing("w01").usable
    assert not home().exists()
    write_journal(home() / "sittings" / "w01", clips=1)
    assert standing("w01").interrupted


def test_steps_in_the_wrong_order_are_refused():
    course = Course(None, CourseSettings())  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="name the wearer first"):
        _ = course.progress
    with pytest.raises(WearerError, match="pseudonym"):
        course.begin("a/b")


def profile_of(wearer, covariance):
    record = ProfileRecord(
        wearer=wearer,
        bundle_id="tiny",
        created="2026-01-01T00:00:00+00:00",
        method="none",
        predicted=Predicted(0.3, (0.25, 0.35), 0.025),
        cap_labels=CHANNELS,
        cap_hash=cap_hash(CHANNELS),
    )
    return Profile(record, Adapter.identity(), {}, covariance=covariance)


def windows_of(older, wearer, bundle, eeg):
    """What a calibration with `--update` makes of some EEG."""
    course = Course(bundle, CourseSettings(older=older))
    course.begin(wearer)
    course.collector.on_item(Connected(contract()))
    for piece in pieces(eeg):
        course.collector.on_item(piece)
    found = course.collector.sitting().z
    course.discard()
    return found


def test_an_update_aligns_as_a_session_with_the_profile_does(tmp_path):
    write_tiny_bundle(tmp_path / "tiny")
    bundle = load_bundle(tmp_path / "tiny")
    mixing = np.random.default_rng(1).standard_normal((62, 62))
    older = profile_of("w01", covariance=mixing @ mixing.T / 62)
    # Alignment is renewed once a second: the first windows rest on where it began.
    eeg = noise(4.0)
    arrivals = []
    live = Acquisition(
        bundle,
        SimpleNamespace(send=lambda *_: None),
        SimpleNamespace(put=arrivals.append, superseded=0),
        LatencyBook(),
        covariance=older.covariance,
    )
    live.on_item(Connected(contract()))
    for piece in pieces(eeg):
        live.on_item(piece)
    as_live = np.stack([arrival.window.z for arrival in arrivals])
    np.testing.assert_array_equal(windows_of(older, "w01", bundle, eeg), as_live)
    anew = windows_of(None, "w01", bundle, eeg)
    assert np.abs(anew - as_live).max() > 0.1
    # Of another wearer nothing is built on it, so that nothing begins with it either.
    np.testing.assert_array_equal(windows_of(older, "w02", bundle, eeg), anew)


def test_no_hope_that_is_noise():
    chance = 1 / 40
    nothing = outlook(40, Share(0.05, (0.013, 0.166)), chance)
    assert nothing.startswith("Nothing above chance yet after 40 clips")
    assert not any(word in nothing for word in ("5 %", "0.05", "one time in twenty"))
    something = outlook(80, Share(0.31, (0.22, 0.42)), chance)
    assert "22 to 42 in a hundred" in something
    assert "chance is one in forty" in something


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "a few seconds left"), (40, "less than a minute left"), (62, "about a minute left")],
)
def test_time_left_in_words(seconds, words):
    assert left(seconds) == words
    assert left(200) == "about 3 minutes left"
