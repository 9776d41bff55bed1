"""Stopping cleanly, and the processes that a command starts beside itself."""

import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

_PARENT = "RTBCI_PARENT_PID"
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
    parent = os.environ.get(_PARENT)
    if parent:
        threading.Thread(target=_follow, args=(int(parent), stop), name="parent-watch", daemon=True).start()
    return stop


def _follow(parent: int, stop: threading.Event) -> None:
    while not stop.wait(0.5):
        if os.getppid() != parent:
            stop.set()


class Child:
    """Another rtbci command, run beside this one and ended with it.

    It gets a process group of its own, so that a Ctrl-C in the terminal reaches the parent alone and the
    parent decides on the order in which things end.

    Parameters
    ----------
    *arguments : str
        The command and its options.
    environment : dict, optional
        Environment variables that it gets beside those of this process.
    """

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        environment = {**os.environ, **(environment or {}), _PARENT: str(os.getpid())}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rtbci", *arguments], env=environment, start_new_session=True
        )

    @property
    def ended(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._process.poll()

    def ask_to_end(self) -> None:
        """Ask it to end; does not wait."""
        if self._process.poll() is None:
            self._process.terminate()

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
