"""One long step at a time on a thread of its own, for a window that must not wait."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Task(Generic[T]):
    """A step that runs; it is asked, it does not call back.

    Parameters
    ----------
    work : callable
        Gets an event at which it ends early.

    Attributes
    ----------
    error : Exception or None
        What ended it, once it is over.
    """

    def __init__(self, work: Callable[[threading.Event], T]) -> None:
        self._work = work
        self._stop = threading.Event()
        self._results: list[T] = []
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="calibration-step", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._work(self._stop))
        except Exception as error:
            # Whoever asks decides: a sentence for the user is shown, anything else ends the window.
            self.error = error

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    @property
    def result(self) -> T | None:
        """What it returned, once it is over without an error."""
        return self._results[0] if self._results and not self.running else None

    def wait(self) -> T:
        """Wait for its end; returns what it returned, or raises what ended it."""
        self._thread.join()
        if self.error is not None:
            raise self.error
        return self._results[0]

    def stop(self) -> None:
        """Ask it to end early, and wait for that."""
        self._stop.set()
        self._thread.join()
