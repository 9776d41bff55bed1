import threading
from collections.abc import Iterator

import pylsl
import pytest

from rtbci.stream import Lost, MarkerStream, Refused, StreamQuery
from tests.stream.conftest import until_ended


class Heard:
    def __init__(self):
        self.markers: list[tuple[str, float]] = []
        self.events: list[object] = []
        self.changed = threading.Condition()

    def marker(self, text, stamp):
        with self.changed:
            self.markers.append((text, stamp))
            self.changed.notify_all()

    def event(self, event):
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def wait(self, done, timeout=30.0):
        with self.changed:
            assert self.changed.wait_for(lambda: done(self), timeout), (self.markers, self.events)


@pytest.fixture
def heard(source_id) -> Iterator[Heard]:
    heard = Heard()
    query = StreamQuery(type="Markers", source_id=source_id)
    stream = MarkerStream(query, heard.marker, heard.event)
    stream.start()
    yield heard
    stream.stop()
    until_ended(stream)


def outlet(source_id, channels=1, kind="string"):
    return pylsl.StreamOutlet(pylsl.StreamInfo("m", "Markers", channels, 0.0, kind, source_id))


def test_markers_come_with_their_stamps_and_again_after_a_loss(heard, source_id):
    sender = outlet(source_id)
    assert sender.wait_for_consumers(30.0)
    at = pylsl.local_clock() + 1.5  # announced ahead of time
    sender.push_sample(["first, ünïcode"], at)
    heard.wait(lambda h: len(h.markers) == 1)
    assert heard.markers[0] == ("first, ünïcode", pytest.approx(at, abs=0.01))
    del sender
    heard.wait(lambda h: any(isinstance(event, Lost) for event in h.events))
    sender = outlet(source_id)
    assert sender.wait_for_consumers(30.0)
    sender.push_sample(["second"])
    heard.wait(lambda h: len(h.markers) == 2)
    assert heard.markers[1][0] == "second"


def test_numbers_are_no_markers(heard, source_id):
    sender = outlet(source_id, 2, "float32")
    heard.wait(lambda h: any(isinstance(event, Refused) for event in h.events))
    (refused,) = [event for event in heard.events if isinstance(event, Refused)]
    assert "2 channels of float32" in refused.reason
    del sender
