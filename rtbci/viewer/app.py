"""The window as a programme: wire in, thirty pictures a second out."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer

from rtbci.viewer.snapshot import ensure_application
from rtbci.viewer.state import ViewState
from rtbci.viewer.window import Window
from rtbci.wire import DEFAULT_ENDPOINT, Subscriber, ViewerKeys

FPS = 30


class Feed:
    """Takes what the wire brings into the state, and the state into the window."""

    def __init__(self, subscriber: Subscriber, window: Window) -> None:
        self.state = ViewState()
        self._subscriber = subscriber
        self._window = window

    def step(self) -> None:
        """Do it once; never waits."""
        received = self._subscriber.poll(0.0)
        now = time.monotonic()
        for message in received:
            self.state.fold(message, now)
        self.state.refused = self._subscriber.refused
        self.state.refusal = self._subscriber.refusal
        self._window.show_state(self.state, now)


def run_viewer(
    endpoint: str = DEFAULT_ENDPOINT,
    keys: ViewerKeys | None = None,
    on_closed: Callable[[], None] | None = None,
    stop: threading.Event | None = None,
    pictures: Path | None = None,
) -> ViewState:
    """Show the window until it is closed; to be called from the main thread.

    Parameters
    ----------
    endpoint : str
        Where the runtime publishes.
    keys : ViewerKeys, optional
        For a runtime on another machine.
    on_closed : callable, optional
        Called once when the window is gone.
    stop : threading.Event, optional
        Closes the window when set, from any thread.
    pictures : Path, optional
        Where S saves; the present folder by default.

    Returns
    -------
    ViewState
        What was on show last.

    Raises
    ------
    WireError
        If the address is not acceptable.
    """
    application = ensure_application()
    with Subscriber(endpoint, keys=keys) as subscriber:
        window = Window(pictures or Path.cwd())
        window.closed.connect(application.quit)
        feed = Feed(subscriber, window)

        failures: list[Exception] = []
        interrupted = threading.Event()

        def tick() -> None:
            if interrupted.is_set() or (stop is not None and stop.is_set()):
                window.close()
                return
            try:
                feed.step()
            except Exception as error:
                # Qt would print it and go on; it ends the window and is raised below instead.
                failures.append(error)
                window.close()

        timer = QTimer()
        timer.timeout.connect(tick)
        timer.start(1000 // FPS)
        # The timer also lets Python see Ctrl-C, which Qt's own loop would keep from it.
        before = _note_interrupts(interrupted)
        window.show()
        try:
            application.exec()
        finally:
            timer.stop()
            if before is not None:
                signal.signal(signal.SIGINT, before)
    if on_closed is not None:
        on_closed()
    if failures:
        raise failures[0]
    return feed.state


def _note_interrupts(interrupted: threading.Event) -> signal.Handlers | Callable[..., object] | int | None:
    """Have Ctrl-C noted, for the window to be closed by its timer: one that comes before it is shown too."""
    if threading.current_thread() is not threading.main_thread():
        return None
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        # The caller has its own way to end, such as setting `stop`.
        return None
    return signal.signal(signal.SIGINT, lambda *_: interrupted.set())
