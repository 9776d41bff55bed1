"""Stopping cleanly, and the processes that a command starts beside itself."""

import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

_BESIDE = "RTBCI_ENDS_WITH_STDIN"
_PATIENCE_S = 4.0
"""How long after the first Ctrl-C a further one is not heeded."""


def stop_on_signals() -> threading.Event:
    """Return an event that Ctrl-C, a termination or the end of the parent command sets.

    Ending and writing the report takes a second or two, in which a further Ctrl-C must not get in the way.
    One that comes later than that ends the process at once, whatever it hangs in.
    """
    stop = threading.Event()
    asked: list[float] = []

    def handle(signum: int, frame: FrameType | None) -> None:
        stop.set()
        asked.append(time.monotonic())
        if signum == signal.SIGINT and asked[-1] - asked[0] > _PATIENCE_S:
            os.write(2, b"rtbci: Ended at once; what was not written yet is lost.\n")
            # Not an exception: it would end in the wait for threads that do not end.
            os._exit(130)

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    if os.environ.get(_BESIDE):
        threading.Thread(target=_follow, args=(stop,), name="parent-watch", daemon=True).start()
    return stop


def _follow(stop: threading.Event) -> None:
    """Wait for the end of standard input: the parent has asked for the end, or is gone."""
    # Not `sys.stdin`, whose lock a thread that still reads would hold at the interpreter's end.
    while os.read(0, 64):
        pass
    stop.set()


class Child:
    """Another rtbci command, run beside this one and ended with it.

    It gets a process group of its own, so that a Ctrl-C in the terminal reaches the parent alone and the
    parent decides on the order in which things end. It is asked to end by the end of its standard input, and
    not by a signal: one that has hardly begun would die of that, and leave nothing behind.

    Parameters
    ----------
    *arguments : str
        The command and its options.
    environment : dict, optional
        Environment variables that it gets beside those of this process.
    """

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rtbci", *arguments],
            env={**os.environ, **(environment or {}), _BESIDE: "1"},
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def ended(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._process.poll()

    def ask_to_end(self) -> None:
        """Ask it to end; does not wait."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def wait(self, seconds: float) -> None:
        """Wait until it has ended; end it by force after `seconds`."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def end_all(children: list[Child], seconds: float = 1.5) -> None:
    """Ask all to end, then wait for them together."""
    for child in children:
        child.ask_to_end()
    deadline = time.monotonic() + seconds
    for child in children:
        child.wait(max(0.05, deadline - time.monotonic()))
