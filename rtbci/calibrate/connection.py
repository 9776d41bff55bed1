"""A wearer's stream while it is recorded, and what is announced to them meanwhile."""

import threading
import time
from collections.abc import Callable

from pylsl import local_clock

from rtbci.calibrate.announcer import LINGER_S, RESUME_S, SHOWN, Announcer, MarkerOutlet
from rtbci.calibrate.collector import Collector
from rtbci.calibrate.protocol import Plan
from rtbci.errors import StreamError, UsageError
from rtbci.stimuli.markers import EndMarker, RestMarker, ShownMarker, decode
from rtbci.stream import EegStream, MarkerStream, StreamContract, StreamQuery, StreamSettings

SILENT_S = 30.0
"""How long to wait for a next clip before giving up."""
QUIET_S = 2.0
"""Without EEG for so long, no clip is announced: nobody would see what it did."""
_POLL_S = 0.1


class Connection:
    """A wearer's EEG stream while it is recorded, and the marker stream that says what they see.

    Parameters
    ----------
    collector : Collector
        Takes what comes; one that was filled from a journal goes on.
    query : StreamQuery
        The EEG stream.
    settings : StreamSettings, optional
        What the operator knows of the stream.
    markers : str, optional
        Name of the marker stream that announces what is shown; by default the EEG stream's name with
        "-calibration" behind it.
    silent_s : float
        How long to wait for the stream and for each next clip.
    on_marker : callable, optional
        Gets what is announced here too, with its onset.
    """

    def __init__(
        self,
        collector: Collector,
        query: StreamQuery,
        *,
        settings: StreamSettings | None = None,
        markers: str | None = None,
        silent_s: float = SILENT_S,
        on_marker: Callable[[str, float], None] | None = None,
    ) -> None:
        self._collector = collector
        self._silent_s = silent_s
        self._markers = markers
        self._on_marker = on_marker
        self._stream = EegStream(query, settings=settings, on_item=collector.on_item)
        self._before = collector.connections
        self._contract: StreamContract | None = None
        self._outlet: MarkerOutlet | None = None
        self._announcer: Announcer | None = None
        self._screens: MarkerStream | None = None
        self._held = False

    def open(self, stop: threading.Event) -> None:
        """Begin to record, and wait for the stream; `close` it whatever happens.

        Raises
        ------
        StreamError
            If no stream came.
        ContractError
            If it does not fit.
        RecordingError
            If it cannot be recorded.
        UsageError
            If it was stopped before.
        """
        if self._collector.journal is not None:
            self._collector.journal.start()
        self._stream.start()
        deadline = time.monotonic() + self._silent_s
        while self._collector.connections == self._before:
            _raise(self._collector)
            if stop.wait(_POLL_S) and self._collector.connections == self._before:
                raise UsageError("The calibration was stopped before the stream was found; begin again.")
            if time.monotonic() > deadline:
                raise StreamError(
                    f"No EEG stream was found within {self._silent_s:g} s; see `rtbci streams` for what "
                    "there is."
                )
        self._contract = self._collector.contract

    def close(self) -> None:
        """End the recording; what came in is kept."""
        if self._announcer is not None:
            self._announcer.stop()
        if self._screens is not None:
            self._screens.stop()
        self._stream.stop()
        if self._collector.journal is not None:
            self._collector.journal.close()

    @property
    def left_s(self) -> float | None:
        """Seconds until what is announced here is over; None where nothing is."""
        announcer = self._announcer
        return None if announcer is None or announcer.ended.is_set() else announcer.left_s

    @property
    def quiet_s(self) -> float:
        """For how long no EEG has come."""
        return float(local_clock() - self._collector.heard)

    def hold(self, held: bool) -> None:
        """Pause what is announced here, or go on."""
        self._held = held
        if self._announcer is not None:
            self._announcer.hold(held)

    @property
    def held(self) -> bool:
        """Whether it is paused."""
        return self._held

    def shown(self, marker: ShownMarker, stamp: float) -> None:
        """Record, and tell whoever listens, how punctually a clip was shown."""
        if self._outlet is not None:
            self._outlet.send(marker, stamp)

    def prepare(self) -> None:
        """Open the marker stream already, so that whoever follows it finds it in time."""
        assert self._contract is not None
        if self._outlet is None:
            name = self._markers or f"{self._contract.name}-calibration"
            self._outlet = MarkerOutlet(name, f"{self._contract.source_id}-calibration", self._heard)
            elsewhere = StreamQuery(name=f"{name}{SHOWN}", type="Markers")
            self._screens = MarkerStream(elsewhere, self._shown_elsewhere)
            self._screens.start()

    def rest(self, plan: Plan, stop: threading.Event) -> None:
        """Announce a rest and record it to its end, or until stopped.

        Raises
        ------
        StreamError
            If the stream fell silent.
        RecordingError
            If what comes in can no longer be kept.
        """
        announcer = self._announce(plan)
        # Announced to its end, and the EEG of all of it has come.
        while not (announcer.ended.is_set() and self._collector.until >= announcer.end) and not stop.wait(
            _POLL_S
        ):
            _raise(self._collector)
            if self.quiet_s > self._silent_s:
                raise StreamError(f"No EEG for {self._silent_s:g} s; check the sender, and begin again.")
        announcer.stop()
        if stop.is_set() and self._outlet is not None:
            # Else whoever shows or records it goes by what was announced: closed eyes, for as long as that.
            self._outlet.send(RestMarker(seconds=RESUME_S), local_clock())

    def watch(
        self,
        clips: int,
        plan: Plan | None,
        *,
        stop: threading.Event,
        enough: threading.Event | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Announce a plan, or listen to the stream's own markers, until there are so many clips.

        Parameters and errors are those of `collect`.
        """
        source: Announcer | MarkerStream
        if plan is None:
            assert self._contract is not None
            listened = StreamQuery(type="Markers", source_id=f"{self._contract.source_id}-markers")
            collector = self._collector
            source = MarkerStream(listened, collector.on_marker, collector.on_marker_event)
            source.start()
        else:
            source = self._announce(plan)
        try:
            self._watch(clips, (stop, enough or threading.Event()), on_progress or _ignore)
        finally:
            source.stop()
            self._say_end()

    def _say_end(self) -> None:
        """Let screens elsewhere know that it is over, if the plan was not shown to its end."""
        if self._announcer is not None and self._outlet is not None and not self._collector.ended:
            self._outlet.send(EndMarker(), local_clock())
            time.sleep(LINGER_S)

    def _announce(self, plan: Plan) -> Announcer:
        self.prepare()
        assert self._outlet is not None
        self._collector.ended = False
        self._announcer = Announcer(self._outlet, plan)
        self._announcer.hold(self._held)
        self._announcer.start()
        return self._announcer

    def _heard(self, text: str, stamp: float) -> None:
        self._collector.on_marker(text, stamp)
        if self._on_marker is not None:
            self._on_marker(text, stamp)

    def _shown_elsewhere(self, text: str, stamp: float) -> None:
        if isinstance(decode(text), ShownMarker):
            self._collector.on_marker(text, stamp)

    def _watch(
        self,
        clips: int,
        ends: tuple[threading.Event, threading.Event],
        on_progress: Callable[[int, int], None],
    ) -> None:
        collector, silent_s = self._collector, self._silent_s
        stop, enough = ends
        watched, moved = collector.watched, time.monotonic()
        while watched < clips and not enough.is_set() and not stop.wait(_POLL_S):
            _raise(collector)
            if self._announcer is not None:
                self._announcer.hold(self._held or self.quiet_s > QUIET_S)
            if collector.watched != watched:
                watched, moved = collector.watched, time.monotonic()
                on_progress(min(watched, clips), clips)
            elif self._held and self.quiet_s < QUIET_S:
                moved = time.monotonic()
            elif collector.ended and watched == collector.announced:
                break
            elif time.monotonic() - moved > silent_s:
                quiet = collector.announced > watched or self.quiet_s > QUIET_S
                raise StreamError(
                    f"No {'EEG' if quiet else 'clip was announced'} for {silent_s:g} s after {watched} of "
                    f"{clips} clips; check the sender and the presentation, and {_again(collector)}."
                )


def _again(collector: Collector) -> str:
    kept = collector.journal is not None and collector.watched
    return "begin again: it goes on from there" if kept else "calibrate again"


def _raise(collector: Collector) -> None:
    if collector.failure is not None:
        raise collector.failure
    if collector.journal is not None and collector.journal.failure is not None:
        raise collector.journal.failure


def _ignore(watched: int, wanted: int) -> None:
    """Nobody wants to know."""
