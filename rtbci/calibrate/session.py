"""A calibration sitting without a screen: clips are announced, or heard of, until there are enough."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from rtbci.calibrate.announcer import Announcer
from rtbci.calibrate.collector import Collector
from rtbci.calibrate.protocol import Plan
from rtbci.calibrate.quality import QualityTally
from rtbci.calibrate.sitting import Sitting
from rtbci.errors import StreamError, UsageError
from rtbci.stream import EegStream, MarkerStream, StreamContract, StreamQuery, StreamSettings

SILENT_S = 30.0
"""How long to wait for a next clip before giving up."""
_POLL_S = 0.1


@dataclass(frozen=True)
class Collected:
    """What a sitting yielded, from which stream, and how good the signal was."""

    sitting: Sitting
    contract: StreamContract
    lost_samples: int
    quality: QualityTally = field(default_factory=QualityTally)

    @classmethod
    def of(cls, collector: Collector) -> Self:
        """Return what a collector has until now.

        Raises
        ------
        UsageError
            If it was never connected to a stream.
        """
        if collector.contract is None:
            raise UsageError("The calibration was stopped before the stream was found; begin again.")
        return cls(collector.sitting(), collector.contract, collector.lost_samples, collector.quality)


def collect(
    collector: Collector,
    query: StreamQuery,
    *,
    clips: int,
    plan: Plan | None = None,
    markers: str | None = None,
    settings: StreamSettings | None = None,
    stop: threading.Event | None = None,
    enough: threading.Event | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    silent_s: float = SILENT_S,
) -> Collected:
    """Collect a wearer's EEG while they watch clips.

    Parameters
    ----------
    collector : Collector
        Takes what comes; one that was filled from a journal goes on.
    query : StreamQuery
        The EEG stream.
    clips : int
        How many clips the collector shall have in the end. With a plan, no more than it has are added.
    plan : Plan, optional
        Clips to announce here; without it, the marker stream that belongs to the EEG stream (source id with
        "-markers" behind it) is listened to.
    markers : str, optional
        Name of the marker stream that announces the plan; by default the EEG stream's name with
        "-calibration" behind it.
    settings : StreamSettings, optional
        What the operator knows of the stream.
    stop : threading.Event, optional
        Ends the sitting early; what was collected is returned.
    enough : threading.Event, optional
        Ends it early as well, because more would not help.
    on_progress : callable, optional
        Gets the numbers of clips watched and wanted whenever the first has changed.
    silent_s : float
        How long to wait for the stream and for each next clip.

    Raises
    ------
    StreamError
        If no stream, no clip or no EEG came for `silent_s`.
    ContractError
        If the stream does not fit, or came back as another cap.
    RecordingError
        If what comes in can no longer be kept.
    UsageError
        If it was stopped before any clip.
    """
    stop = stop or threading.Event()
    collector.ended = False
    stream = EegStream(query, settings=settings, on_item=collector.on_item)
    source: Announcer | MarkerStream | None = None
    if collector.journal is not None:
        collector.journal.start()
    stream.start()
    try:
        contract = _connected(collector, stop, silent_s)
        if plan is None:
            listened = StreamQuery(type="Markers", source_id=f"{contract.source_id}-markers")
            source = MarkerStream(listened, on_marker=collector.on_marker, on_event=collector.on_marker_event)
        else:
            name = markers or f"{contract.name}-calibration"
            source = Announcer(name, f"{contract.source_id}-calibration", plan, collector.on_marker)
        source.start()
        _watch(collector, clips, (stop, enough or threading.Event()), silent_s, on_progress or _ignore)
    finally:
        if source is not None:
            source.stop()
        stream.stop()
        if collector.journal is not None:
            collector.journal.close()
    if collector.watched == 0:
        raise UsageError("The calibration ended before a clip was watched; begin again.")
    return Collected.of(collector)


def _connected(collector: Collector, stop: threading.Event, silent_s: float) -> StreamContract:
    deadline = time.monotonic() + silent_s
    while collector.connections == 0:
        _raise(collector)
        if stop.wait(_POLL_S):
            raise UsageError("The calibration was stopped before the stream was found; begin again.")
        if time.monotonic() > deadline:
            raise StreamError(
                f"No EEG stream was found within {silent_s:g} s; see `rtbci streams` for what there is."
            )
    assert collector.contract is not None
    return collector.contract


def _watch(
    collector: Collector,
    clips: int,
    ends: tuple[threading.Event, threading.Event],
    silent_s: float,
    on_progress: Callable[[int, int], None],
) -> None:
    stop, enough = ends
    watched, moved = collector.watched, time.monotonic()
    while watched < clips and not enough.is_set() and not stop.wait(_POLL_S):
        _raise(collector)
        if collector.watched != watched:
            watched, moved = collector.watched, time.monotonic()
            on_progress(min(watched, clips), clips)
        elif collector.ended and watched == collector.announced:
            break
        elif time.monotonic() - moved > silent_s:
            what = "EEG" if collector.announced > watched else "clip was announced"
            raise StreamError(
                f"No {what} for {silent_s:g} s after {watched} of {clips} clips; check the sender and the "
                f"presentation, and {_again(collector)}."
            )


def _again(collector: Collector) -> str:
    kept = collector.journal is not None and collector.watched
    return "start the same command again: it goes on from there" if kept else "calibrate again"


def _raise(collector: Collector) -> None:
    if collector.failure is not None:
        raise collector.failure
    if collector.journal is not None and collector.journal.failure is not None:
        raise collector.journal.failure


def _ignore(watched: int, wanted: int) -> None:
    """Nobody wants to know."""
