"""What the window and the command line share, without either."""

import threading

import pylsl
import pytest

from rtbci.calibrate import Announcer, Course, CourseSettings, MarkerOutlet, Plan, standing
from rtbci.calibrate.findings import Share
from rtbci.calibrate.plain import left, outlook
from rtbci.errors import UsageError, WearerError
from rtbci.stimuli.markers import ClipMarker, EndMarker, RestMarker, decode
from rtbci.wearers import home
from tests.calibrate.journals import write_journal


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
