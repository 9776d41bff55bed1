import threading
import time

import numpy as np
import pylsl
from PySide6.QtGui import QImage

from rtbci.calibrate.screen import Programme, Screen
from rtbci.stimuli.draw import draw_frame
from rtbci.stimuli.markers import ClipMarker, EndMarker, RestMarker, encode
from rtbci.stream import StreamQuery


def test_each_clip_is_on_from_its_onset_to_its_end():
    programme = Programme()
    first, second = ClipMarker(concept="cat", seed=1_000_001), ClipMarker(concept="dog", seed=1_000_002)
    programme.on_marker(encode(RestMarker(seconds=1.0)), 0.0)
    programme.on_marker(encode(first), 10.0)
    programme.on_marker(encode(second), 12.0)
    programme.on_marker(encode(EndMarker()), 14.0)
    assert programme.at(9.99) is None
    assert programme.at(10.5) == (first.spec(), 0.5)
    assert programme.at(12.0) == (second.spec(), 0.0)
    assert programme.at(14.0) is None
    assert not programme.ended(13.9)
    assert programme.ended(14.0)


def test_the_screen_shows_what_a_marker_stream_announces(qtbot, source_id):
    info = pylsl.StreamInfo(f"{source_id}-clips", "Markers", 1, 0.0, "string", source_id)
    outlet = pylsl.StreamOutlet(info)
    stop = threading.Event()
    screen = Screen(StreamQuery(name=f"{source_id}-clips", type="Markers"), stop)
    qtbot.addWidget(screen)
    screen.resize(200, 160)
    screen.show()
    assert outlet.wait_for_consumers(10)
    blank = _pixels(screen)
    marker = ClipMarker(concept="panda", seed=1_000_003, seconds=30.0)
    outlet.push_sample([encode(marker)], pylsl.local_clock() - 0.2)
    qtbot.waitUntil(lambda: screen.programme.at(pylsl.local_clock()) is not None, timeout=10_000)
    shown = _pixels(screen)
    assert np.abs(shown - blank).mean() > 10
    truth = draw_frame(marker.spec(), 1.0, 160).astype(float)
    middle = shown[:, 20:180]
    assert np.corrcoef(middle.ravel(), truth.ravel())[0, 1] > 0.8
    outlet.push_sample([encode(EndMarker())], pylsl.local_clock())
    qtbot.waitUntil(stop.is_set, timeout=10_000)
    time.sleep(0.1)


def _pixels(screen: Screen) -> np.ndarray:
    image = screen.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(float)
