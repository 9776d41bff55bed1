"""What one start of a calibration recorded, read back from its XDF file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rtbci.record import read_xdf, whole_length
from rtbci.record.xdf import MAGIC
from rtbci.stream import Chunk


class Restart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signal path began afresh after so many samples of the part's stream of that number."""

    restart: str
    stream: int
    after: int
    lost: int


@dataclass(frozen=True, eq=False)
class Stretch:
    """EEG without a break, and why there was one before it."""

    chunk: Chunk
    reason: str
    lost: int


@dataclass(frozen=True, eq=False)
class Part:
    """What one start of the calibration recorded.

    Attributes
    ----------
    stretches : tuple of Stretch
        In the order in which they came.
    markers : tuple of (str, float)
        Text and stamp.
    """

    stretches: tuple[Stretch, ...]
    markers: tuple[tuple[str, float], ...]

    def span(self) -> tuple[float, float]:
        """Return the first and the last stamp; both 0 if there is no EEG."""
        if not self.stretches:
            return 0.0, 0.0
        lows, highs = zip(
            *((s.chunk.stamps.min(), s.chunk.stamps.max()) for s in self.stretches), strict=True
        )
        return float(min(lows)), float(max(highs))

    def later(self, seconds: float) -> "Part":
        """Return the part with every stamp so much later."""
        if seconds == 0.0:
            return self
        moved = tuple(
            Stretch(
                Chunk(s.chunk.data, s.chunk.stamps + seconds, s.chunk.received + seconds), s.reason, s.lost
            )
            for s in self.stretches
        )
        return Part(moved, tuple((text, stamp + seconds) for text, stamp in self.markers))


def load_part(path: Path) -> Part:
    """Read a part up to its last whole chunk; one that was cut before its first holds nothing."""
    with path.open("rb") as file:
        if whole_length(file) <= len(MAGIC):
            return Part((), ())
    streams, _ = read_xdf(path, clocks=False)
    streams.sort(key=lambda stream: int(stream["info"]["stream_id"]))
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for stream in streams:
        by_kind.setdefault(stream["info"]["type"][0], []).append(stream)
    markers = tuple(_texts(by_kind.get("Markers", [])))
    restarts = [msgspec.json.decode(text, type=Restart) for text, _ in _texts(by_kind.get("Events", []))]
    stretches: list[Stretch] = []
    for number, stream in enumerate(by_kind.get("EEG", []), start=1):
        mine = [note for note in restarts if note.stream == number]
        stretches += _cut(stream, mine)
    return Part(tuple(stretches), markers)


def _cut(stream: dict[str, Any], notes: list[Restart]) -> Iterator[Stretch]:
    stamps: NDArray[np.float64] = np.asarray(stream["time_stamps"], dtype=np.float64)
    data = np.asarray(stream["time_series"], dtype=np.float64)
    begin, reason, lost = 0, "the stream was connected", 0
    for note in notes:
        # A note may be of samples that were not written any more.
        end = min(note.after, len(stamps))
        if end > begin:
            yield Stretch(Chunk(data[begin:end], stamps[begin:end], float(stamps[end - 1])), reason, lost)
            lost = 0
        begin, reason, lost = end, note.restart, lost + note.lost
    if len(stamps) > begin:
        yield Stretch(Chunk(data[begin:], stamps[begin:], float(stamps[-1])), reason, lost)


def _texts(streams: list[dict[str, Any]]) -> Iterator[tuple[str, float]]:
    for stream in streams:
        for row, stamp in zip(stream["time_series"], stream["time_stamps"], strict=True):
            yield row[0], float(stamp)
