"""The marker stream that goes with an EEG stream."""

import threading
from collections.abc import Callable

import pylsl
from pylsl.util import LostError

from rtbci.errors import ContractError
from rtbci.stream.discovery import Found, StreamQuery
from rtbci.stream.events import StreamEvent
from rtbci.stream.link import Link, Presence, StreamLostError, patiently
from rtbci.stream.offset import ClockOffset

_WAIT_S = 0.1
_OPEN_TIMEOUT_S = 3.0
_GONE_S = 5.0


class MarkerStream:
    """Reads an irregular stream of strings, and finds it again when it is lost.

    Parameters
    ----------
    query
        Which stream; exactly one must match.
    on_marker
        Called in the stream's thread with a marker's text and its stamp on this machine's LSL clock.
    on_event
        Called with what befalls the stream (`Searching`, `Lost`, `Refused`), if anybody wants to know.
    """

    def __init__(
        self,
        query: StreamQuery,
        on_marker: Callable[[str, float], None],
        on_event: Callable[[StreamEvent], None] | None = None,
    ) -> None:
        self._on_marker = on_marker
        self._link = Link(query, self._serve, on_event or _ignore, "rtbci-markers")

    def start(self) -> None:
        """Start to search and receive."""
        self._link.start()

    def stop(self) -> None:
        """Stop receiving; returns within a second."""
        self._link.stop()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._link.alive

    def _serve(self, info: pylsl.StreamInfo, stop: threading.Event) -> None:
        found = Found.of(info)
        if found.format != "string" or found.channels != 1:
            raise ContractError(
                f"Stream {found.name!r} has {found.channels} channels of {found.format}, and markers are one "
                "of strings: choose another stream."
            )
        inlet = pylsl.StreamInlet(info, recover=False, processing_flags=pylsl.proc_none)
        patiently(inlet.open_stream, _OPEN_TIMEOUT_S, stop)
        offset = ClockOffset(inlet)
        offset.wait(1.0, stop)
        presence = Presence(info.uid(), _GONE_S)
        try:
            self._receive(inlet, offset, presence, stop)
        finally:
            offset.close()

    def _receive(
        self, inlet: pylsl.StreamInlet, offset: ClockOffset, presence: Presence, stop: threading.Event
    ) -> None:
        heard = pylsl.local_clock()
        while not stop.is_set():
            try:
                sample, stamp = inlet.pull_sample(timeout=_WAIT_S)
            except LostError as error:
                raise StreamLostError("the sender closed the connection") from error
            now = pylsl.local_clock()
            if sample is not None:
                heard = now
                self._on_marker(sample[0], stamp + offset.seconds)
            else:
                presence.check(now - heard)


def _ignore(event: StreamEvent) -> None:
    """Nobody wants to know."""
