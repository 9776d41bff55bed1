"""Announcing a plan's clips on a marker stream, on time."""

import threading
from collections.abc import Callable

import pylsl

from rtbci.calibrate.protocol import Plan
from rtbci.stimuli.markers import encode

LEAD_S = 0.5
"""How long before its onset an item is announced; its stamp is the onset."""
# An outlet that is destroyed at once takes its last sample with it.
_LINGER_S = 0.2


class Announcer:
    """Sends a plan's markers; whoever shows or watches the clips listens.

    Parameters
    ----------
    name, source_id : str
        Of the marker stream.
    plan : Plan
        What to announce.
    on_marker : callable, optional
        Gets each marker's text and onset too, as if it had come over the stream.
    """

    def __init__(
        self, name: str, source_id: str, plan: Plan, on_marker: Callable[[str, float], None] | None = None
    ) -> None:
        info = pylsl.StreamInfo(name, "Markers", 1, pylsl.IRREGULAR_RATE, pylsl.cf_string, source_id)
        self._outlet = pylsl.StreamOutlet(info)
        self._plan = plan
        self._on_marker = on_marker
        self._stop = threading.Event()
        self.ended = threading.Event()
        """Set when the last marker's time has come, or after `stop`."""
        self._thread = threading.Thread(target=self._run, name="announcer")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End now."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        start = pylsl.local_clock() + LEAD_S
        for offset, marker in self._plan.items:
            onset = start + offset
            if self._stop.wait(max(0.0, onset - LEAD_S - pylsl.local_clock())):
                break
            text = encode(marker)
            self._outlet.push_sample([text], onset)
            if self._on_marker is not None:
                self._on_marker(text, onset)
        self._stop.wait(LEAD_S + _LINGER_S)
        self.ended.set()
