"""A laboratory's own clips on the wearer's screen and in the wizard, over real LSL."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QFileDialog

from rtbci.bundle import load_bundle
from rtbci.calibrate import Course, CourseSettings, Programme
from rtbci.reports.content import read
from rtbci.reports.page import html_page
from rtbci.stimuli.library import open_library
from rtbci.stimuli.markers import ClipMarker, encode
from rtbci.stream import StreamQuery, StreamSettings
from rtbci.wizard.films import MOST_DECODED, Films
from rtbci.wizard.screen import Patch, Screen, fitted
from rtbci.wizard.window import WizardOptions, WizardWindow
from tests.own_clips import write_folder
from tests.tiny_bundle import write_tiny_bundle
from tests.wizard.test_screen import pixels
from tests.wizard.wearers import SimulatedWearer

RATE = 10


@pytest.fixture
def films(tmp_path):
    return open_library(write_folder(tmp_path / "films", {"cat": 2, "ship": 2}, 1.2, RATE), 1.0)


@pytest.fixture
def screen(qtbot, films):
    told, said, clock = [], [], [0.0]
    made = Screen(
        Programme(films), Patch("top-left", 16), lambda *shown: told.append(shown), lambda: clock[0]
    )
    made.unseen.connect(said.append)
    made.told, made.said, made.clock = told, said, clock
    qtbot.addWidget(made)
    made.resize(240, 240)
    made.show()
    yield made
    made.close()


def announce(screen, clip, onset, file=None):
    marker = ClipMarker(clip.concept, clip.seed, 1.0, file or clip.file)
    screen._programme.on_marker(encode(marker), onset)


def test_a_film_is_decoded_before_its_onset_and_shown_at_its_own_rate(qtbot, screen, films):
    clip = films.clips[0]
    announce(screen, clip, 10.0)
    screen.clock[0] = 9.6
    coming = screen._programme.coming(9.6)
    qtbot.waitUntil(lambda: screen._films.ready(coming, 9, screen._box()) == 9, timeout=60_000)
    screen.clock[0] = 10.0
    first = pixels(screen)
    # A film of 4 to 3 in a square: grey above and below, and its bright left quarter.
    assert len(np.unique(first[20, 100:])) <= 3
    assert first[120, 20].min() > 230
    levels = []
    for screen.clock[0] in np.arange(10.0, 11.0, 0.05) + 1e-6:
        levels.append(pixels(screen)[120, 180].mean())
    assert levels[::2] == levels[1::2]
    assert (np.diff(levels[::2]) > 0).all()
    screen.clock[0] = 11.1
    pixels(screen)
    ((told, stamp),) = screen.told
    assert (told.late_ms, told.frames, told.dropped) == (0.0, RATE, 0)
    assert stamp == pytest.approx(10.0)
    assert screen.said == []


def test_no_more_than_two_clips_are_in_memory(screen, films):
    decoded = Films()
    for number, clip in enumerate(films.clips):
        announce(screen, clip, 10.0 + number)
        decoded.prepare(screen._programme.at(10.0 + number), films, (64, 48))
        assert len(decoded._reels) <= MOST_DECODED
    on = screen._programme.at(13.0)
    # The newest are kept, and asking again decodes nothing anew.
    reels = list(decoded._reels.values())
    decoded.prepare(on, films, (64, 48))
    assert list(decoded._reels.values()) == reels
    decoded.close()
    assert decoded.ready(on, 0, (64, 48)) is None


def test_a_screen_that_lacks_the_film_says_so_and_hides_the_concept(screen, films):
    pictures = []
    for onset, (clip, file) in enumerate(((films.clips[0], "cat-of-ours.mp4"), (films.clips[2], "b.mp4"))):
        announce(screen, clip, 10.0 + onset, file)
        screen.clock[0] = 10.5 + onset
        pictures.append(pixels(screen))
    # Whatever it is, the wearer sees the same card.
    np.testing.assert_array_equal(*pictures)
    assert len(np.unique(pictures[0].reshape(-1, 3), axis=0)) > 4
    assert [sentence for sentence in screen.said if "cat-of-ours.mp4" in sentence and "--clips" in sentence]
    screen.clock[0] = 12.5
    screen._tick()
    assert [(told.frames, told.dropped, stamp) for told, stamp in screen.told] == [
        (0, 24, 10.0),
        (0, 24, 11.0),
    ]


def test_a_film_that_vanished_is_said(qtbot, screen, films):
    films.path(films.clips[1]).unlink()
    announce(screen, films.clips[1], 10.0)
    screen.clock[0] = 10.2

    def said():
        pixels(screen)
        return bool(screen.said)

    qtbot.waitUntil(said, timeout=60_000)
    assert "cannot be read any more" in screen.said[0]


def test_pictures_keep_their_shape():
    from PySide6.QtGui import QImage

    wide = QImage(400, 100, QImage.Format.Format_RGB32)
    assert fitted(wide, QRectF(10, 10, 200, 200)) == QRectF(10, 85, 200, 50)


def test_a_calibration_with_own_clips_in_the_wizard(qtbot, tmp_path, source_id, monkeypatch):
    """The folder is chosen on the page, its films are shown and watched, and the report tells of them."""
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    write_tiny_bundle(tmp_path / "bundle")
    folder = write_folder(tmp_path / "films", {"cat": 2, "ship": 2, "pizza": 2}, 1.2, RATE)
    settings = CourseSettings(
        query=StreamQuery(source_id=source_id),
        stream=StreamSettings(judge_s=0.3),
        minutes=12.2 * 0.7 / 60,
        clip_s=0.7,
        lead_s=0.5,
    )
    window = WizardWindow(
        Course(load_bundle(tmp_path / "bundle"), settings), WizardOptions("w01", window_px=160)
    )
    seen = []
    try:
        with SimulatedWearer(source_id, seen.append, seed=3):
            window.show()
            window.start()
            window.go_to("Wearer")
            page = window.wearer
            # A folder with a fault is refused in a sentence, and the drawn corpus stays.
            (tmp_path / "empty").mkdir()
            page.open_folder(tmp_path / "empty")
            qtbot.waitUntil(lambda: "no table clips.csv" in window.said, timeout=60_000)
            assert page.pictures.currentIndex() == 0
            monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *asked: str(folder))
            page.pictures.activated.emit(1)
            qtbot.waitUntil(lambda: "6 clips of 3 concepts" in page.holds.text(), timeout=60_000)
            page.consent.setChecked(True)
            qtbot.waitUntil(lambda: window.main_button.isEnabled(), timeout=60_000)
            page.act()
            assert window.page.step == "Clips", window.said
            window.page.act()
            qtbot.waitUntil(lambda: window.clips.mirror.seen.__class__.__name__ == "QImage", timeout=60_000)
            mirrored = window.clips.mirror.seen
            assert mirrored.width() == pytest.approx(mirrored.height() * 4 / 3, abs=1)
            qtbot.waitUntil(lambda: window.page.step == "Report", timeout=120_000)
    finally:
        window.close()
        window.deleteLater()
    assert window.crash is None
    own = window.profile.report["own_clips"]
    assert own["table"] == open_library(folder, 0.7).fingerprint
    assert (own["shown"], own["repeated"]) == (12, 6)
    assert own["concepts"] == ["cat", "pizza", "ship"]
    assert own["clips"][0] == {"file": "f00.mp4", "concept": "cat", "caption": "the cat, film 0", "times": 2}
    assert "6 of the 12 that were watched" in html_page(read(window.profile.report))
    # The simulated wearer answered to the same concepts, by row.
    rows = {(event.spec.name, event.spec.seed) for event in seen}
    assert rows == {(clip.concept, clip.seed) for clip in open_library(folder, 0.7).clips}
