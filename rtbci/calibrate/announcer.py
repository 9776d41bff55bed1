"""Announcing a plan's clips on a marker stream, on time."""

import threading
from collections.abc import Callable

import pylsl

from rtbci.calibrate.protocol import Plan
from rtbci.stimuli.markers import Marker, RestMarker, encode

LEAD_S = 0.5
"""How long before its onset an item is announced; its stamp is the onset."""
RESUME_S = 2.0
"""Rest between the end of a pause and the next clip."""
SHOWN = "-shown"
"""Behind a marker stream's name: that of the stream on which a screen elsewhere says what it showed."""
LINGER_S = 0.2
"""An outlet that is destroyed at once takes its last sample with it."""


class MarkerOutlet:
    """A marker stream that this process sends; calls may come on any thread.

    Parameters
    ----------
    name, source_id : str
        Of the marker stream.
    on_marker : callable, optional
        Gets each marker's text and stamp too, as if it had come over the stream.
    """

    def __init__(
        self, name: str, source_id: str, on_marker: Callable[[str, float], None] | None = None
    ) -> None:
        info = pylsl.StreamInfo(name, "Markers", 1, pylsl.IRREGULAR_RATE, pylsl.cf_string, source_id)
        self._outlet = pylsl.StreamOutlet(info)
        self._on_marker = on_marker

    def send(self, marker: Marker, stamp: float) -> None:
        """Send a marker."""
        text = encode(marker)
        self._outlet.push_sample([text], stamp)
        if self._on_marker is not None:
            self._on_marker(text, stamp)


class Announcer:
    """Sends a plan's markers; whoever shows or watches the clips listens.

    Parameters
    ----------
    outlet : MarkerOutlet
        Where to.
    plan : Plan
        What to announce.
    """

    def __init__(self, outlet: MarkerOutlet, plan: Plan) -> None:
        self._outlet = outlet
        self._plan = plan
        self._stop = threading.Event()
        self._flowing = threading.Event()
        self._flowing.set()
        self._start = 0.0
        self._next = 0.0
        self.ended = threading.Event()
        """Set when the last marker's time has come, or after `stop`."""
        self._thread = threading.Thread(target=self._run, name="announcer")

    def start(self) -> None:
        """Begin."""
        self._start = pylsl.local_clock() + LEAD_S
        self._thread.start()

    def stop(self) -> None:
        """End now."""
        self._stop.set()
        self._flowing.set()
        if self._thread.ident is not None:
            self._thread.join()

    def hold(self, held: bool) -> None:
        """Announce nothing more until this is called with False; what is announced already is still shown."""
        if held:
            self._flowing.clear()
        else:
            self._flowing.set()

    @property
    def held(self) -> bool:
        """Whether it is on hold."""
        return not self._flowing.is_set()

    @property
    def left_s(self) -> float:
        """Seconds until the last marker's time, without what a pause may still take."""
        at = self._next if self.held else max(0.0, pylsl.local_clock() - self._start)
        return max(0.0, self._plan.seconds - at)

    @property
    def end(self) -> float:
        """When the last marker's time is, on LSL's clock, if it is not put off."""
        return self._start + self._plan.seconds

    def _run(self) -> None:
        for offset, marker in self._plan.items:
            self._next = offset
            if self._stop.wait(max(0.0, self._start + offset - LEAD_S - pylsl.local_clock())):
                break
            if self.held:
                self._pause(offset)
                if self._stop.is_set():
                    break
            self._outlet.send(marker, self._start + offset)
        self._stop.wait(LEAD_S + LINGER_S)
        self.ended.set()

    def _pause(self, offset: float) -> None:
        """Wait; what follows then is as much later, after a moment to get ready in."""
        self._flowing.wait()
        again = pylsl.local_clock() + LEAD_S
        self._start = again + RESUME_S - offset
        if not self._stop.is_set():
            self._outlet.send(RestMarker(seconds=RESUME_S), again)
            self._stop.wait(RESUME_S)
