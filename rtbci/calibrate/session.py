"""A calibration sitting without a screen: clips are announced, or heard of, until there are enough."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from rtbci.calibrate.collector import Collector
from rtbci.calibrate.connection import SILENT_S, Connection
from rtbci.calibrate.protocol import Plan
from rtbci.calibrate.quality import QualityTally
from rtbci.calibrate.rest import Alpha
from rtbci.calibrate.sitting import Sitting
from rtbci.errors import UsageError
from rtbci.signal import Usual
from rtbci.stream import StreamContract, StreamQuery, StreamSettings


@dataclass(frozen=True)
class Collected:
    """What a sitting yielded, from which stream, and how good signal and screen were.

    Attributes
    ----------
    sitting : Sitting
    contract : StreamContract
    lost_samples : int
    quality : QualityTally
    rest : Alpha or None
        What the rest before the clips found, if there was one.
    timing : dict or None
        How punctually the clips were shown, if a screen told; see `TimingTally.to_json`.
    light : dict or None
        What a photodiode saw of them; see `Light.to_json`.
    usual : Usual or None
        What the EEG was like, to see later how far it has gone from that.
    """

    sitting: Sitting
    contract: StreamContract
    lost_samples: int
    quality: QualityTally = field(default_factory=QualityTally)
    rest: Alpha | None = None
    timing: dict[str, Any] | None = None
    light: dict[str, Any] | None = None
    usual: Usual | None = None

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
        light = collector.light()
        return cls(
            collector.sitting(),
            collector.contract,
            collector.lost_samples,
            collector.quality,
            collector.rest.found(),
            collector.timing.to_json(),
            None if light is None else light.to_json(),
            collector.usual.usual(),
        )


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
    connection = Connection(collector, query, settings=settings, markers=markers, silent_s=silent_s)
    try:
        connection.open(stop)
        connection.watch(clips, plan, stop=stop, enough=enough, on_progress=on_progress)
    finally:
        connection.close()
    if collector.watched == 0:
        raise UsageError("The calibration ended before a clip was watched; begin again.")
    return Collected.of(collector)
