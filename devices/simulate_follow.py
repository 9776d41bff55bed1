"""Following somebody else's markers: the simulated wearer watches what another program shows."""

import logging
from collections.abc import Iterator

import pylsl
from pylsl.util import LostError
from pylsl.util import TimeoutError as LslTimeoutError

from rtbci.stimuli.markers import Marker, decode

_LOG = logging.getLogger(__name__)


class MarkerFollower:
    """Reads a marker stream by name, whenever it is there; never waits.

    Parameters
    ----------
    name : str
        The LSL name of the marker stream.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._resolver = pylsl.ContinuousResolver("name", name)
        self._inlet: pylsl.StreamInlet | None = None

    @property
    def connected(self) -> bool:
        """Whether a stream was found and is not known to be lost."""
        return self._inlet is not None

    def poll(self) -> Iterator[tuple[Marker, float]]:
        """Markers that have come in since the last call, each with its stamp on the local clock.

        Raises
        ------
        StimulusError
            If a marker is ours but malformed.
        """
        if self._inlet is None:
            self._inlet = self._connect()
        if self._inlet is None:
            return
        try:
            texts, stamps = self._inlet.pull_chunk(timeout=0.0, max_samples=64)
        except LslTimeoutError:
            # The clocks were not compared in time, on a machine that is busy: the markers wait.
            return
        except LostError:
            _LOG.warning("the marker stream %s was lost; waiting for it to come back", self.name)
            self._inlet.close_stream()
            self._inlet = None
            return
        for (text, *_), stamp in zip(texts, stamps, strict=True):
            marker = decode(text)
            if marker is not None:
                yield marker, stamp

    def close(self) -> None:
        """Let go of the stream."""
        if self._inlet is not None:
            self._inlet.close_stream()
            self._inlet = None

    def _connect(self) -> pylsl.StreamInlet | None:
        found = self._resolver.results()
        if not found:
            return None
        inlet = pylsl.StreamInlet(found[0], recover=False, processing_flags=pylsl.proc_clocksync)
        try:
            inlet.open_stream(timeout=2.0)
        except (LostError, LslTimeoutError):
            _LOG.info("the marker stream %s is announced but does not answer yet", self.name)
            return None
        return inlet
