"""What stands between two stages: room for one item, the newest wins, the superseded are counted."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A mailbox of size one.

    A slow reader gets the newest item and never holds up the writer; what it missed is counted in
    `superseded`.
    """

    def __init__(self) -> None:
        self._item: T | None = None
        self._closed = False
        self._condition = threading.Condition()
        self.superseded = 0

    def put(self, item: T) -> None:
        """Leave an item, replacing one that has not been taken."""
        with self._condition:
            if self._item is not None:
                self.superseded += 1
            self._item = item
            self._condition.notify()

    def get(self, timeout: float | None = None) -> T | None:
        """Take the newest item; None once closed, or after `timeout` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Wake the reader for good."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed
