"""The thread that keeps a stream connected, when what it serves fails."""

import re
import threading

import pytest

import rtbci.stream.link as link_module
from rtbci.errors import RecordingError
from rtbci.stream import Failed, Searching, StreamQuery
from rtbci.stream.link import Link, Presence, StreamLostError
from tests.stream.conftest import until_ended


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
    until_ended(link)
    assert [type(event) for event in events] == [Searching, Failed]
    assert re.search(reason, events[-1].reason) and "\n" not in events[-1].reason


class Nobody:
    """A search that nobody answers."""

    def infos(self):
        return {}


@pytest.mark.parametrize("noticed_s", [1.5, 2.9, 3.1, 60.0], ids=lambda s: f"noticed after {s} s")
def test_a_silent_sender_has_its_time_to_answer_however_late_the_silence_is_noticed(monkeypatch, noticed_s):
    monkeypatch.setattr(link_module, "Finder", Nobody)
    presence = Presence("uid", gone_s=3.0)
    presence.check(0.3)
    presence.check(noticed_s)
    presence.check(noticed_s + 1.4)
    with pytest.raises(StreamLostError, match="no longer answers"):
        presence.check(noticed_s + 1.6)
