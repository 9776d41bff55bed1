"""What is on the wearer's screen at a time."""

import threading
from collections import deque
from dataclasses import dataclass

from rtbci.stimuli.library import Library, LibraryClip
from rtbci.stimuli.markers import ClipMarker, EndMarker, RestMarker, decode
from rtbci.stimuli.spec import CLIP_FPS, ClipSpec


@dataclass(frozen=True)
class OnClip:
    """A clip is on, since `onset` on LSL's clock and for so many seconds.

    `file` is that of a laboratory's own clip, and `own` the clip, where there is a folder that has it.
    """

    spec: ClipSpec
    onset: float
    seconds: float
    file: str = ""
    own: LibraryClip | None = None

    @property
    def rate(self) -> float:
        """Frames a second."""
        return CLIP_FPS if self.own is None else self.own.rate

    @property
    def frames(self) -> int:
        """How many it has."""
        return round(self.seconds * self.rate)

    @property
    def lacking(self) -> bool:
        """Whether it cannot be shown, for want of its file."""
        return bool(self.file) and self.own is None


@dataclass(frozen=True)
class OnRest:
    """Nothing is shown until `until` on LSL's clock; `eyes` as in `RestMarker`."""

    until: float
    seconds: float
    eyes: str


class Programme:
    """What is on at a time; filled by one thread, read by another.

    Markers come before their onset, so that each item can begin exactly on time. One thing is on at a time:
    what is announced ends what is on then, and takes the place of what was announced for later.

    Parameters
    ----------
    library : Library, optional
        Where clips of a laboratory's own are.
    """

    def __init__(self, library: Library | None = None) -> None:
        self.library = library
        self._lock = threading.Lock()
        self._items: deque[tuple[float, float, OnClip | OnRest]] = deque()
        self._over: list[OnClip] = []
        self._end: float | None = None

    def on_marker(self, text: str, onset: float) -> None:
        """Take an announcement."""
        marker = decode(text)
        with self._lock:
            if isinstance(marker, ClipMarker):
                on: OnClip | OnRest = OnClip(
                    marker.spec(), onset, marker.seconds, marker.file, self._own(marker)
                )
            elif isinstance(marker, RestMarker):
                on = OnRest(onset + marker.seconds, marker.seconds, marker.eyes)
            else:
                self._end = onset if isinstance(marker, EndMarker) else self._end
                return
            self._cut(onset)
            self._items.append((onset, onset + marker.seconds, on))
            self._end = None

    def _cut(self, onset: float) -> None:
        """Let nothing reach beyond this: a rest that was stopped must not hide the clips that follow."""
        kept = [(begin, min(end, onset), on) for begin, end, on in self._items if begin < onset]
        self._items = deque(kept)

    def _own(self, marker: ClipMarker) -> LibraryClip | None:
        if not marker.file or self.library is None:
            return None
        return self.library.find(marker.file, marker.concept)

    def clear(self) -> None:
        """Forget all: nothing is on any more."""
        with self._lock:
            self._items.clear()
            self._over.clear()
            self._end = None

    def at(self, now: float) -> OnClip | OnRest | None:
        """What is on, or None."""
        with self._lock:
            self._drop_over(now)
            if not self._items or self._items[0][0] > now:
                return None
            return self._items[0][2]

    def over(self, now: float) -> list[OnClip]:
        """Clips that are over, each once: for a screen to see which of them it never looked at."""
        with self._lock:
            self._drop_over(now)
            over, self._over = self._over, []
        return over

    def _drop_over(self, now: float) -> None:
        while self._items and self._items[0][1] <= now:
            on = self._items.popleft()[2]
            if isinstance(on, OnClip):
                self._over.append(on)

    def coming(self, now: float) -> OnClip | None:
        """The clip that was announced but is not on yet, or None."""
        with self._lock:
            later = next((on for onset, _, on in self._items if onset > now), None)
        return later if isinstance(later, OnClip) else None

    def ended(self, now: float) -> bool:
        """Whether the end was announced and has come."""
        with self._lock:
            return self._end is not None and now >= self._end
