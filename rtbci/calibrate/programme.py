"""What is on the wearer's screen at a time."""

import threading
from collections import deque
from dataclasses import dataclass

from rtbci.stimuli.markers import ClipMarker, EndMarker, RestMarker, decode
from rtbci.stimuli.spec import ClipSpec


@dataclass(frozen=True)
class OnClip:
    """A clip is on, since `onset` on LSL's clock and for so many seconds."""

    spec: ClipSpec
    onset: float
    seconds: float


@dataclass(frozen=True)
class OnRest:
    """Nothing is shown until `until` on LSL's clock; `eyes` as in `RestMarker`."""

    until: float
    seconds: float
    eyes: str


class Programme:
    """What is on at a time; filled by one thread, read by another.

    Markers come before their onset, so that each item can begin exactly on time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: deque[tuple[float, float, OnClip | OnRest]] = deque()
        self._end: float | None = None

    def on_marker(self, text: str, onset: float) -> None:
        """Take an announcement."""
        marker = decode(text)
        with self._lock:
            if isinstance(marker, ClipMarker):
                on: OnClip | OnRest = OnClip(marker.spec(), onset, marker.seconds)
            elif isinstance(marker, RestMarker):
                on = OnRest(onset + marker.seconds, marker.seconds, marker.eyes)
            else:
                self._end = onset if isinstance(marker, EndMarker) else self._end
                return
            self._items.append((onset, onset + marker.seconds, on))
            self._end = None

    def clear(self) -> None:
        """Forget all: nothing is on any more."""
        with self._lock:
            self._items.clear()
            self._end = None

    def at(self, now: float) -> OnClip | OnRest | None:
        """What is on, or None."""
        with self._lock:
            while self._items and self._items[0][1] <= now:
                self._items.popleft()
            if not self._items or self._items[0][0] > now:
                return None
            return self._items[0][2]

    def coming(self, now: float) -> ClipSpec | None:
        """The clip that was announced but is not on yet, or None."""
        with self._lock:
            later = next((on for onset, _, on in self._items if onset > now), None)
        return later.spec if isinstance(later, OnClip) else None

    def ended(self, now: float) -> bool:
        """Whether the end was announced and has come."""
        with self._lock:
            return self._end is not None and now >= self._end
