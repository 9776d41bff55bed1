import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from rtbci.stream import Chunk, EegStream, MarkerStream, StreamQuery, StreamSettings
from rtbci.stream.link import Link


def until_ended(stream: EegStream | MarkerStream | Link) -> None:
    """A stream that was stopped ends within a second, and somewhat later where its thread had to wait."""
    end = time.monotonic() + 5.0
    while stream.alive:
        assert time.monotonic() < end, "it goes on though it was stopped"
        time.sleep(0.01)


class Listener:
    """Keeps what an `EegStream` hands on, and waits for what is expected."""

    def __init__(self) -> None:
        self.items: list[object] = []
        self._changed = threading.Condition()
        self._streams: list[EegStream] = []

    def __call__(self, item: object) -> None:
        with self._changed:
            self.items.append(item)
            self._changed.notify_all()

    def listen(self, query: StreamQuery, settings: StreamSettings | None = None) -> EegStream:
        settings = settings or StreamSettings()
        # A third of the usual beginning is enough of these waves, and saves time.
        settings = replace(settings, judge_s=min(settings.judge_s, 0.3))
        stream = EegStream(query, settings=settings, on_item=self)
        self._streams.append(stream)
        stream.start()
        return stream

    def of(self, kind: type) -> list:
        with self._changed:
            return [item for item in self.items if isinstance(item, kind)]

    def wait(self, kind: type, count: int = 1, timeout: float = 30.0):
        """The count-th item of a kind."""
        with self._changed:
            there = self._changed.wait_for(
                lambda: sum(isinstance(i, kind) for i in self.items) >= count, timeout
            )
            assert there, f"no {kind.__name__} number {count}; there are {self.events()}"
        return self.of(kind)[count - 1]

    def wait_samples(self, n: int, timeout: float = 30.0) -> None:
        """Until so many more samples came."""
        already = len(self.data())
        deadline = time.monotonic() + timeout
        while len(self.data()) < already + n:
            assert time.monotonic() < deadline, f"samples stopped coming; there are {self.events()}"
            time.sleep(0.02)

    def data(self) -> np.ndarray:
        chunks = self.of(Chunk)
        return np.concatenate([c.data for c in chunks]) if chunks else np.empty((0, 1))

    def stamps(self) -> np.ndarray:
        return np.concatenate([c.stamps for c in self.of(Chunk)])

    def events(self) -> list[object]:
        return [item for item in self.items if not isinstance(item, Chunk)]

    def close(self) -> None:
        for stream in self._streams:
            stream.stop()
            until_ended(stream)


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def faulty(source_id: str) -> Iterator[Callable]:
    """Starts faulty senders, and ends them with the test."""
    from devices.faults import FaultySender

    senders: list[FaultySender] = []

    def start(labels, **settings) -> FaultySender:
        senders.append(FaultySender(labels, settings.pop("source_id", source_id), **settings))
        return senders[-1]

    yield start
    for sender in senders:
        sender.close()
