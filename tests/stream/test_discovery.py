import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pylsl
import pytest

from rtbci.errors import StoppedError, StreamError
from rtbci.stream import Found, StreamQuery, configure_lsl, find_streams, inspect, resolve_one
from rtbci.stream.discovery import choose


def found(name="cap", type="EEG", source_id="a", host="h1", uid="u"):
    return Found(name, type, source_id, host, 64, 200.0, "float32", uid)


def test_exactly_one_must_match():
    one, other = found(), found(name="other", source_id="b")
    assert choose(StreamQuery(name="cap"), [one, other]) is one
    assert choose(StreamQuery(type="eeg", name="cap"), [one, other]) is one
    assert choose(StreamQuery(type="Markers"), [one, other]) is None
    assert choose(StreamQuery(source_id="b", type=None), [one, other]) is other


@pytest.mark.parametrize(
    ("second", "remedy"),
    [
        (found(name="other", source_id="b"), "--name"),
        (found(source_id="b"), "several streams named 'cap'.*--source-id"),
        (found(host="h2"), "--host"),
        (found(uid="v"), "stop all but one"),
    ],
)
def test_several_are_told_apart_by_what_differs(second, remedy):
    with pytest.raises(StreamError, match=remedy):
        choose(StreamQuery(), [found(), second])


def test_the_stream_that_was_there_before_is_preferred():
    one, other = found(), found(source_id="b")
    assert choose(StreamQuery(), [one, other], prefer_source="b") is other


LOOKS = (1.0, 4.0, 16.0)
"""Seconds to look for streams: a machine that is busy may need more than one look to hear from all."""


@pytest.fixture
def outlets(source_id) -> Iterator[list[pylsl.StreamOutlet]]:
    yield [
        pylsl.StreamOutlet(pylsl.StreamInfo(f"cap {source_id}", "EEG", 2, 100.0, "float32", source_id)),
        pylsl.StreamOutlet(pylsl.StreamInfo(f"m {source_id}", "Markers", 1, 0.0, "string", f"{source_id}-m")),
    ]


def test_streams_are_found_and_listed(outlets, source_id):
    assert resolve_one(StreamQuery(source_id=source_id), timeout=30.0).name() == f"cap {source_id}"
    for seconds in LOOKS:
        listed = [one for one in find_streams(seconds) if source_id in one.source_id]
        if len(listed) == 2:
            break
    assert [one.type for one in listed] == ["EEG", "Markers"]
    assert listed[0].channels == 2 and listed[1].rate_hz == 0.0 and listed[1].format == "string"
    assert "names none" in inspect(listed[0])
    said = why_not(StreamQuery(name="nobody's"), source_id)
    assert re.search(f"cap {source_id}.* with --name or --source-id", said)
    said = why_not(StreamQuery(type="EMG"), source_id)
    assert re.search(f"cap {source_id}.* announce its type as 'EMG'", said)


def why_not(query, source_id) -> str:
    """Why there is no such stream, in a sentence that tells of the one that there is."""
    for seconds in LOOKS:
        with pytest.raises(StreamError) as caught:
            resolve_one(query, timeout=seconds)
        if source_id in str(caught.value):
            break
    return str(caught.value)


def test_a_search_that_is_stopped_ends_at_once():
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError, match="nobody's"):
        resolve_one(StreamQuery(name="nobody's"), timeout=600.0, stop=stop)
    assert isinstance(find_streams(600.0, stop), list)


def test_configuration_reaches_this_process_and_its_children(tmp_path):
    (tmp_path / "lsl_api.cfg").write_text("[lab]\nSessionID = stray\n")
    child = "import pylsl; i = pylsl.StreamInfo('n', 't', 1, 0, 'string', 's'); print(i.session_id())"
    script = (
        "import subprocess, sys\n"
        "from rtbci.stream import configure_lsl\n"
        "configure_lsl('lab-7', 'machine')\n"
        f"{child}\n"
        f"subprocess.run([sys.executable, '-c', {child!r}], check=True)\n"
    )
    # The session id is stamped on an outlet's description when the outlet is made.
    child_outlet = child.replace("print(i.", "print(pylsl.StreamOutlet(i).get_info().")
    environment = {key: value for key, value in os.environ.items() if key != "LSLAPICFG"}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    result = subprocess.run(
        [sys.executable, "-c", script.replace(child, child_outlet)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert result.stdout.split() == ["lab-7", "lab-7"]


def test_a_wrong_configuration_is_refused(monkeypatch):
    monkeypatch.delenv("LSLAPICFG")
    with pytest.raises(StreamError, match="machine, link"):
        configure_lsl(scope="galaxy")
    with pytest.raises(StreamError, match="session id"):
        configure_lsl(session_id="two\nlines")
    assert "LSLAPICFG" not in os.environ
