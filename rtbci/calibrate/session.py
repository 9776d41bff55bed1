"""A calibration sitting without a screen: clips are announced, or heard of, until there are enough."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from rtbci.bundle import Bundle
from rtbci.calibrate.announcer import Announcer
from rtbci.calibrate.collector import Collector
from rtbci.calibrate.protocol import Plan
from rtbci.calibrate.sitting import Sitting
from rtbci.errors import StreamError, UsageError
from rtbci.stream import EegStream, MarkerStream, StreamContract, StreamQuery, StreamSettings

SILENT_S = 30.0
"""How long to wait for a next clip before giving up."""
_POLL_S = 0.1


@dataclass(frozen=True)
class Collected:
    """What a sitting yielded, and from which stream."""

    sitting: Sitting
    contract: StreamContract
    lost_samples: int


def collect(
    bundle: Bundle,
    query: StreamQuery,
    *,
    clips: int,
    plan: Plan | None = None,
    markers: str | None = None,
    settings: StreamSettings | None = None,
    stop: threading.Event | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    silent_s: float = SILENT_S,
    mains_hz: float | None = None,
) -> Collected:
    """Collect a wearer's EEG while they watch clips.

    Parameters
    ----------
    bundle : Bundle
        That the wearer is to be calibrated for.
    query : StreamQuery
        The EEG stream.
    clips : int
        How many clips to collect. With a plan, no more than it has.
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
    on_progress : callable, optional
        Gets the numbers of clips watched and wanted whenever the first has changed.
    silent_s : float
        How long to wait for the stream and for each next clip.
    mains_hz : float, optional
        Frequency of the mains here, if it is not the bundle's.

    Raises
    ------
    StreamError
        If no stream, no clip or no EEG came for `silent_s`.
    ContractError
        If the stream does not fit, or came back as another cap.
    UsageError
        If it was stopped before any clip.
    """
    stop = stop or threading.Event()
    collector = Collector(bundle, mains_hz)
    stream = EegStream(query, settings=settings, on_item=collector.on_item)
    source: Announcer | MarkerStream | None = None
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
        _watch(collector, clips, stop, silent_s, on_progress or _ignore)
    finally:
        if source is not None:
            source.stop()
        stream.stop()
    return Collected(collector.sitting(), contract, collector.lost_samples)


def _connected(collector: Collector, stop: threading.Event, silent_s: float) -> StreamContract:
    deadline = time.monotonic() + silent_s
    while collector.contract is None:
        _raise(collector)
        if stop.wait(_POLL_S):
            raise UsageError("The calibration was stopped before the stream was found; begin again.")
        if time.monotonic() > deadline:
            raise StreamError(
                f"No EEG stream was found within {silent_s:g} s; see `rtbci streams` for what there is."
            )
    return collector.contract


def _watch(
    collector: Collector,
    clips: int,
    stop: threading.Event,
    silent_s: float,
    on_progress: Callable[[int, int], None],
) -> None:
    watched, moved = 0, time.monotonic()
    while watched < clips and not stop.wait(_POLL_S):
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
                "presentation, and calibrate again."
            )
    if watched == 0:
        raise UsageError("The calibration ended before a clip was watched; begin again.")


def _raise(collector: Collector) -> None:
    if collector.failure is not None:
        raise collector.failure


def _ignore(watched: int, wanted: int) -> None:
    """Nobody wants to know."""
