"""LSL outlets for what a recording holds, and the schedule by which samples leave."""

import math

import numpy as np
import pylsl

from devices.replay.recording import Marks, Signal

_CHUNK_S = 0.02


class SignalOutlet:
    """Sends one signal, each sample stamped with the time at which it is due.

    At another speed than 1 the announced rate is the nominal one times the speed: that is the rate at which
    samples truly come and by which their stamps advance, so that a receiver that checks loss, stalls and
    latency finds nothing wrong. The recording's own rate stands in the description, at ``replay/rate``.
    """

    def __init__(self, signal: Signal, name: str, source_id: str, speed: float) -> None:
        self._signal = signal
        self._speed = speed
        self._next = 0
        self._chunk = max(1, round(signal.rate_hz * speed * _CHUNK_S))
        info = pylsl.StreamInfo(
            name, signal.type, signal.channels, signal.rate_hz * speed, signal.format, source_id
        )
        if signal.labels:
            channels = info.desc().append_child("channels")
            for label, unit, kind in zip(signal.labels, signal.units, signal.types, strict=True):
                channel = channels.append_child("channel")
                channel.append_child_value("label", label)
                channel.append_child_value("unit", unit)
                channel.append_child_value("type", kind)
        replay = info.desc().append_child("replay")
        replay.append_child_value("rate", repr(signal.rate_hz))
        replay.append_child_value("speed", repr(speed))
        self._outlet = pylsl.StreamOutlet(info)

    def has_receiver(self) -> bool:
        """Whether somebody listens."""
        return bool(self._outlet.have_consumers())

    def rewind(self) -> None:
        """Begin the recording again."""
        self._next = 0

    def due(self) -> float:
        """Return when the next chunk is complete, in seconds of the recording; infinity at the end."""
        if self._next >= len(self._signal.stamps):
            return math.inf
        return float(self._signal.stamps[self._stop() - 1])

    def send(self, base: float) -> None:
        """Send the next chunk; `base` is the LSL time of the recording's beginning."""
        stop = self._stop()
        stamps = base + self._signal.stamps[self._next : stop] / self._speed
        data = np.ascontiguousarray(self._signal.read(self._next, stop))
        self._outlet.push_chunk(data, stamps.tolist())
        self._next = stop

    def _stop(self) -> int:
        """End of the next chunk, which never spans a hole."""
        stamps = self._signal.stamps
        stop = min(self._next + self._chunk, len(stamps))
        late = stamps[self._next : stop] - stamps[self._next] > 10 * _CHUNK_S * self._speed
        return self._next + int(np.argmax(late)) if late.any() else stop


class MarkOutlet:
    """Sends markers when they are due."""

    def __init__(self, marks: Marks, name: str, source_id: str, speed: float) -> None:
        self._marks = marks
        self._speed = speed
        self._next = 0
        info = pylsl.StreamInfo(name, "Markers", 1, pylsl.IRREGULAR_RATE, "string", source_id)
        self._outlet = pylsl.StreamOutlet(info)

    def rewind(self) -> None:
        """Begin the recording again."""
        self._next = 0

    def due(self) -> float:
        """Return when the next marker is due, in seconds of the recording; infinity at the end."""
        return float(self._marks.stamps[self._next]) if self._next < len(self._marks.stamps) else math.inf

    def send(self, base: float) -> None:
        """Send it."""
        self._outlet.push_sample([self._marks.texts[self._next]], base + self.due() / self._speed)
        self._next += 1
