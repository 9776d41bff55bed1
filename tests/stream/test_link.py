"""The thread that keeps a stream connected, when what it serves fails."""

import re
import threading

import pytest

import rtbci.stream.link as link_module
from rtbci.errors import RecordingError
from rtbci.stream import Failed, Searching, StreamQuery
from rtbci.stream.link import Link


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            RuntimeError("could not create stream inlet.\nand more"),
            r"RuntimeError: could not create stream inlet\)",
        ),
        (ValueError(), r"\(ValueError\)"),
        (RecordingError("The recording is closed."), r"^The recording is closed\.$"),
    ],
)
def test_what_nobody_foresaw_is_told_before_the_thread_ends(monkeypatch, error, reason):
    class Info:
        def source_id(self):
            return "cap"

    def serve(info, stop):
        raise error

    events = []
    failed = threading.Event()

    def emit(event):
        events.append(event)
        if isinstance(event, Failed):
            failed.set()

    link = Link(StreamQuery(), serve, emit, "tested")
    monkeypatch.setattr(link_module.Link, "_search", lambda self: Info())
    link.start()
    assert failed.wait(10)
    link.stop()
    assert not link.alive
    assert [type(event) for event in events] == [Searching, Failed]
    assert re.search(reason, events[-1].reason) and "\n" not in events[-1].reason
