"""The wearer's screen: what is on when, how punctually, and what it says in between."""

import threading

import numpy as np
import pylsl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from rtbci.calibrate import OnClip, OnRest, Programme
from rtbci.stimuli.draw import draw_frame
from rtbci.stimuli.markers import ClipMarker, EndMarker, RestMarker, encode
from rtbci.stream import MarkerStream, StreamQuery
from rtbci.wizard.screen import CORNERS, Patch, Screen, Status


def test_each_item_is_on_from_its_onset_to_its_end():
    programme = Programme()
    first, second = ClipMarker(concept="cat", seed=1_000_001), ClipMarker(concept="dog", seed=1_000_002)
    programme.on_marker(encode(RestMarker(seconds=1.0, eyes="closed")), 0.0)
    programme.on_marker("something of another program", 5.0)
    programme.on_marker(encode(first), 10.0)
    programme.on_marker(encode(second), 12.0)
    programme.on_marker(encode(EndMarker()), 14.0)
    assert programme.at(0.5) == OnRest(until=1.0, seconds=1.0, eyes="closed")
    assert programme.at(9.99) is None
    assert programme.at(10.5) == OnClip(first.spec(), 10.0, 2.0)
    assert programme.coming(11.0) == OnClip(second.spec(), 12.0, 2.0)
    assert programme.coming(13.0) is None
    assert programme.at(12.0) == OnClip(second.spec(), 12.0, 2.0)
    assert programme.at(14.0) is None
    assert not programme.ended(13.9)
    assert programme.ended(14.0)
    programme.on_marker(encode(first), 20.0)
    assert not programme.ended(20.0)


def test_what_is_announced_takes_the_place_of_what_was():
    programme = Programme()
    clip = ClipMarker(concept="cat", seed=1_000_001)
    programme.on_marker(encode(RestMarker(seconds=15.0, eyes="open")), 0.0)
    programme.on_marker(encode(RestMarker(seconds=15.0, eyes="closed")), 15.0)
    # Skipped just before the eyes were to be closed; the clips begin soon after.
    programme.on_marker(encode(RestMarker(seconds=2.0)), 14.8)
    assert programme.at(14.7).eyes == "open"
    assert programme.at(15.5) == OnRest(until=16.8, seconds=2.0, eyes="")
    programme.on_marker(encode(clip), 16.0)
    assert programme.coming(15.5) == OnClip(clip.spec(), 16.0, 2.0)
    assert programme.at(16.5) == OnClip(clip.spec(), 16.0, 2.0)
    assert programme.at(18.5) is None


@pytest.fixture
def screen(qtbot):
    told = []
    made = Screen(Programme(), Patch("top-left", 24), lambda *shown: told.append(shown))
    made.told = told
    made.programme = made._programme
    qtbot.addWidget(made)
    made.resize(200, 160)
    made.show()
    return made


def test_the_screen_shows_what_a_marker_stream_announces(qtbot, source_id, screen):
    info = pylsl.StreamInfo(f"{source_id}-clips", "Markers", 1, 0.0, "string", source_id)
    outlet = pylsl.StreamOutlet(info)
    query = StreamQuery(name=f"{source_id}-clips", type="Markers")
    source = MarkerStream(query, on_marker=screen.programme.on_marker)
    source.start()
    assert outlet.wait_for_consumers(60)
    blank = pixels(screen)
    marker = ClipMarker(concept="panda", seed=1_000_003, seconds=30.0)
    outlet.push_sample([encode(marker)], pylsl.local_clock() - 0.2)
    qtbot.waitUntil(lambda: screen.programme.at(pylsl.local_clock()) is not None, timeout=60_000)
    # However late it is looked at.
    onset = screen.programme.at(pylsl.local_clock()).onset
    screen._now = lambda: onset + 1.0
    shown = pixels(screen)
    screen._now = pylsl.local_clock
    assert np.abs(shown - blank).mean() > 10
    truth = draw_frame(marker.spec(), 1.0, 160).astype(float)
    middle = shown[:, 20:180]
    assert np.corrcoef(middle[30:].ravel(), truth[30:].ravel())[0, 1] > 0.8
    closed = threading.Event()
    screen.closed.connect(closed.set)
    outlet.push_sample([encode(EndMarker())], pylsl.local_clock())
    qtbot.waitUntil(closed.is_set, timeout=60_000)
    source.stop()


def test_it_tells_how_punctually_each_clip_was_shown_and_turns_the_patch(screen):
    clock = [0.0]
    screen._now = lambda: clock[0]
    for i in range(3):
        marker = ClipMarker(concept="cat", seed=1_000_001 + i, seconds=0.5)
        screen.programme.on_marker(encode(marker), 10.0 + 0.5 * i)
    brightness = []
    # The second clip begins 20 ms late, and two of its frames are never painted.
    whole = [10.0, *(10.001 + i / 24 for i in range(1, 12))]
    for clock[0] in (9.0, *whole, 10.52, *np.arange(10.645, 11.0, 1 / 24), 11.1, 11.6):
        brightness.append(int(pixels(screen)[4, 4, 0]))
    assert brightness[0] == 0
    assert brightness[1:13] == [255] * 12
    assert set(brightness[13:-2]) == {0}
    assert brightness[-2:] == [255, 255]
    (first, _), (second, stamp), (third, _) = screen.told
    assert (first.late_ms, first.frames, first.dropped) == (0.0, 12, 0)
    assert (second.late_ms, second.frames, second.dropped) == (20.0, 10, 2)
    assert stamp == pytest.approx(10.52)
    assert (third.late_ms, third.frames, third.dropped) == (100.0, 1, 11)


@pytest.mark.parametrize("corner", CORNERS)
def test_the_patch_lies_in_its_corner(corner):
    place = Patch(corner, 50).place(1000, 700)
    assert (place.left() == 0) == corner.endswith("left")
    assert (place.right() == 1000) == corner.endswith("right")
    assert (place.top() == 0) == corner.startswith("top")
    assert (place.width(), place.height()) == (50, 50)


def test_breaks_pauses_and_trouble_look_different(screen):
    now = pylsl.local_clock()
    pictures = [pixels(screen)]
    screen.status = Status(held=True, share=0.4, words="84 of 210 clips")
    pictures.append(pixels(screen))
    screen.status = Status(trouble="No EEG for 5 s. The clips wait for it.")
    pictures.append(pixels(screen))
    screen.status = Status(share=0.4, words="84 of 210 clips")
    screen.programme.on_marker(encode(RestMarker(seconds=60.0, eyes="closed")), now)
    pictures.append(pixels(screen))
    screen.programme.clear()
    screen.programme.on_marker(encode(RestMarker(seconds=60.0)), now)
    pictures.append(pixels(screen))
    for i, one in enumerate(pictures):
        assert all(np.abs(one - other).max() > 20 for other in pictures[:i])


def test_space_pauses_and_escape_leaves(qtbot, screen):
    with qtbot.waitSignal(screen.space):
        qtbot.keyClick(screen, Qt.Key.Key_Space)
    with qtbot.waitSignal(screen.closed):
        qtbot.keyClick(screen, Qt.Key.Key_Escape)


def pixels(screen: Screen) -> np.ndarray:
    image = screen.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(float)


def test_a_clip_that_came_and_went_while_the_screen_stood_still_is_told_as_unseen(qtbot, screen):
    at = [100.0]
    screen._timer.stop()
    screen._now = lambda: at[0]
    for onset, concept in ((100.0, "cat"), (102.0, "dog"), (104.0, "panda")):
        screen.programme.on_marker(encode(ClipMarker(concept=concept, seed=1_000_001)), onset)

    def look(now):
        at[0] = now
        screen._tick()
        pixels(screen)

    look(100.01)
    # Held up for the whole of the second clip.
    look(104.01)
    assert [(shown.frames > 0, stamp) for shown, stamp in screen.told] == [(False, 102.0), (True, 100.01)]
    assert screen.told[0][0].dropped == 48
    # And through the end of the third.
    look(107.0)
    screen.close()
    assert [(shown.frames > 0, stamp) for shown, stamp in screen.told[2:]] == [(True, 104.01)]


def test_a_clip_that_is_on_unpainted_when_the_screen_closes_is_told_as_unseen(screen):
    screen._timer.stop()
    screen._now = lambda: 100.5
    screen.programme.on_marker(encode(ClipMarker(concept="cat", seed=1_000_001)), 100.0)
    screen.close()
    assert [(shown.frames, stamp) for shown, stamp in screen.told] == [(0, 100.0)]
