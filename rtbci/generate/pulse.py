"""The pulse of the generator's process: says that it starts, or is at work, while no picture can say so."""

import threading
import time
from types import TracebackType
from typing import Self

import zmq

STARTING = b"starting"
"""The generator is being opened."""
WORKING = b"working"
"""It is open, and is drawing."""
BEAT_S = 1.0
OPENING_S = 3600.0
"""A generator that is not open after so long is taken for hung: engines of the largest networks are built in
less."""
_QUEUE = 4


class Pulse:
    """Sends one of the two words every second, for as long as the step that goes on may take.

    From a thread of its own: what opens a generator, and what runs a network, leave Python's other threads
    alone. A stopped process has no pulse, and neither has one whose step never ends.

    Parameters
    ----------
    address : str
        ZeroMQ address that the parent has bound a PULL socket to.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._ending = threading.Event()
        self._said = (STARTING, time.monotonic() + OPENING_S)
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def step(self, patience_s: float) -> None:
        """Begin a step of drawing that may take so long; 0 if there is nothing to do."""
        self._said = (WORKING, time.monotonic() + patience_s)

    def __enter__(self) -> Self:
        """Say at once that the generator starts."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """End the thread."""
        self._ending.set()
        self._thread.join()

    def _beat(self) -> None:
        with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.SNDHWM, _QUEUE)
            socket.connect(self._address)
            while not self._ending.is_set():
                word, until = self._said
                # A parent that does not listen needs no more of them.
                if time.monotonic() < until and socket.poll(0, zmq.POLLOUT):
                    socket.send(word)
                self._ending.wait(BEAT_S)
