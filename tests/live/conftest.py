import time
from collections.abc import Callable

import pytest

from rtbci.bundle import load_bundle
from rtbci.live import LiveSession, SessionOptions
from rtbci.stream import StreamQuery
from rtbci.wire import Subscriber
from tests.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live") / "bundle"
    write_tiny_bundle(folder)
    return load_bundle(folder)


class Watched:
    """A running session and what it has sent so far."""

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        self.received = []
        self._subscriber = Subscriber(session.endpoint)
        # A subscription takes a moment to reach the session; nothing is to be missed before.
        end = time.monotonic() + 60.0
        while not self.received and time.monotonic() < end:
            session._acquisition.send_state()
            self.listen(0.02)

    def wait(self, condition: Callable[[object], bool], seconds: float = 60.0):
        """The first message, past or to come, whose header fulfils the condition."""
        for message in self.received:
            if condition(message.header):
                return message.header
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            fresh = self._subscriber.poll(0.1)
            self.received += fresh
            for message in fresh:
                if condition(message.header):
                    return message.header
            if self.session.failed.is_set():
                raise AssertionError(f"the session ended: {self.session.failure}")
        raise AssertionError(f"nothing of the kind came; last {[m.header for m in self.received[-3:]]}")

    def wait_for(self, kind: type, seconds: float = 60.0, **fields):
        """The first message of a type with these fields."""
        return self.wait(
            lambda h: isinstance(h, kind) and all(getattr(h, k) == v for k, v in fields.items()), seconds
        )

    def of(self, kind: type) -> list:
        """All messages of a type so far."""
        return [m.header for m in self.received if isinstance(m.header, kind)]

    def listen(self, seconds: float, until: Callable[[], object] = lambda: False) -> None:
        """Take what comes in these seconds or until a sign, whether the session goes on or has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            self.received += self._subscriber.poll(min(0.1, seconds))

    def forget(self) -> None:
        """Look only at what is to come."""
        self.received.clear()

    def close(self):
        self._subscriber.close()


@pytest.fixture
def start_session(tiny_bundle):
    """Start sessions on a source id; they are stopped at the end."""
    running = []

    def start(source_id: str, query: StreamQuery | None = None, **options) -> Watched:
        query = query or StreamQuery(source_id=source_id)
        session = LiveSession(
            tiny_bundle, SessionOptions(query=query, endpoint="tcp://127.0.0.1:0", **options)
        )
        watched = Watched(session)
        running.append(watched)
        session.start()
        return watched

    yield start
    for watched in running:
        watched.session.stop()
        watched.close()
