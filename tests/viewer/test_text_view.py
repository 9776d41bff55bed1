"""The text view: the same facts without a display."""

import io
import subprocess
import sys
import threading
import time

import pytest
from rich.console import Console

from rtbci.viewer import textview
from rtbci.viewer.state import ViewState
from rtbci.viewer.textview import line, render, run_text_view
from rtbci.wire import Publisher, Received, Subscriber
from tests.viewer.fake_session import FakeSession, replayed


def folded(situation: str) -> tuple[ViewState, float]:
    state, now = ViewState(), 1000.0
    for due, message in replayed(FakeSession(situation, side=16), 6 if situation == "hung" else 3):  # type: ignore[arg-type]
        state.fold(message, due)
        now = due
    return state, now


def printed(state: ViewState, now: float) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=False)
    console.print(render(state, now))
    out = console.file
    assert isinstance(out, io.StringIO)
    # Without the frame and the line breaks.
    return " ".join(out.getvalue().replace("│", " ").split())


def test_it_says_what_the_window_says() -> None:
    text = printed(*folded("strong"))
    for fact in (
        "streaming",
        "SimulatedEEG",
        "panda",
        "81 %",
        "strong evidence",
        "chance 2.5%",
        "preview 18 ms",
    ):
        assert fact in text


@pytest.mark.parametrize(
    ("situation", "words"),
    [
        ("chance", "a guess at chance level"),
        ("weak", "(a guess)"),
        ("refused", "32 of the 62 channels"),
        ("searching", "Looking for"),
        ("repaired", "repaired 6, not in cap 4"),
    ],
)
def test_situations(situation: str, words: str) -> None:
    assert words in printed(*folded(situation))


def test_old_is_said_to_be_old() -> None:
    state, now = folded("strong")
    state.fold(Received(FakeSession().stream(now, "stalled"), (), 0, 0, "fake"), now + 5)
    text = printed(state, now + 5)
    assert "Last seen 5 s ago" in text
    assert "strong evidence" not in text
    assert "old (5 s)" in line(state, now + 5)


def test_a_generator_that_hangs_is_not_taken_for_the_present() -> None:
    state, now = folded("hung")
    assert not state.is_old(now)
    text = printed(state, now)
    assert "Not live: 4 s behind the EEG: panda (clip)" in text
    assert "strong evidence" not in text
    assert "picture: Not live: 4 s behind the EEG" in line(state, now)


def test_the_end_is_no_fault() -> None:
    state, now = folded("ended")
    text = printed(state, now + 60)
    assert "● ended" in text
    assert "The session has ended." in text
    assert "The session's last picture: panda" in text


def test_nothing_yet() -> None:
    text = printed(ViewState(), 0.0)
    assert "waiting" in text
    assert "no picture yet" in text


@pytest.mark.parametrize("terminal", [True, False])
def test_it_follows_a_real_socket_until_told_to_stop(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=terminal)
    sign = "panda" if terminal else "streaming: "
    out = console.file
    assert isinstance(out, io.StringIO)
    stop, heard = threading.Event(), threading.Event()
    take = textview._take

    def heard_in(subscriber: Subscriber, state: ViewState, timeout: float) -> None:
        take(subscriber, state, timeout)
        if state.picture is not None:
            heard.set()

    monkeypatch.setattr(textview, "_take", heard_in)
    with Publisher("tcp://127.0.0.1:0", "s") as publisher:

        def send() -> None:
            end = time.monotonic() + 60
            while time.monotonic() < end and not (heard.is_set() and sign in out.getvalue()):
                for _, message in replayed(FakeSession("moderate", side=16), 1):
                    publisher.send(message.header, *message.buffers)
                time.sleep(0.1)
            stop.set()

        thread = threading.Thread(target=send)
        thread.start()
        state = run_text_view(publisher.endpoint, stop=stop, console=console)
        thread.join()
    assert state.picture is not None
    assert sign in out.getvalue()


def test_where_lines_are_printed_changes_are_said_at_once_and_the_end_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # No line is due, so that only changes are said.
    monkeypatch.setattr(textview, "_LINE_EVERY_S", 1000.0)
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=False)
    stop = threading.Event()
    with Publisher("tcp://127.0.0.1:0", "s") as publisher:

        def send() -> None:
            for phase in ("streaming", "stalled", "ended"):
                said = False
                while not said:
                    publisher.send(FakeSession().stream(1.0, phase))
                    time.sleep(0.05)
                    said = f"{phase}: " in out.getvalue()
            # From here on a line would be due at every turn.
            monkeypatch.setattr(textview, "_LINE_EVERY_S", 0.0)
            time.sleep(0.5)
            stop.set()

        thread = threading.Thread(target=send)
        thread.start()
        run_text_view(publisher.endpoint, stop=stop, console=console)
        thread.join()
    assert out.getvalue().count("ended: The session has ended.") == 1


def test_the_text_view_loads_no_qt() -> None:
    code = "import sys, rtbci.viewer.textview; print(any('PySide6' in name for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
