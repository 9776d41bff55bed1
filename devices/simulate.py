"""A simulated wearer on the network: an LSL EEG stream, and the markers of what it watches."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import pylsl
from threadpoolctl import threadpool_limits

from devices.screen import LIGHT, SimulatedScreen
from devices.simulate_follow import MarkerFollower
from devices.wearer import Wearer
from rtbci.montage import CHANNELS
from rtbci.stimuli.markers import ClipMarker, EndMarker, Marker, RestMarker, encode
from rtbci.stimuli.playlist import Playlist
from rtbci.stimuli.spec import CLIP_SECONDS, ClipSpec

CHUNK = 4
"""Samples sent at once: 20 ms at 200 Hz, as caps do."""
LEAD_S = 0.5
"""How long before its onset a clip is announced."""
FIRST_CLIP_S = 2.0
"""Nothing is shown for so long, so that whoever listens can connect."""
# An outlet that is destroyed at once takes its last sample with it.
_LINGER_S = 0.1


@dataclass(frozen=True, slots=True)
class SimulatorStarted:
    """The streams can be found; `at` is the stamp of the first sample on LSL's clock."""

    name: str
    source_id: str
    at: float


@dataclass(frozen=True, slots=True)
class SimulatorClip:
    """The wearer was shown a clip; `onset` is on LSL's clock."""

    spec: ClipSpec
    seconds: float
    onset: float


SimulatorEvent = SimulatorStarted | SimulatorClip


def run_simulator(
    name: str = "rtbci-simulator",
    *,
    stop: threading.Event,
    seed: int = 1,
    snr: float = 1.0,
    rate: float = 200.0,
    follow_markers: str | None = None,
    playlist_seed: int = 0,
    clip_seconds: float = CLIP_SECONDS,
    source_id: str | None = None,
    surrogate: bool = False,
    screen_delay_s: float | None = None,
    refresh_hz: float = 60.0,
    on_event: Callable[[SimulatorEvent], None] | None = None,
) -> None:
    """Be a wearer until `stop` is set.

    The EEG stream has the 62 channels of `rtbci.montage.CHANNELS` in microvolt, with chunks of four samples
    due on an absolute schedule: a late wake-up delays a chunk, but neither its stamps nor the next chunk.

    Parameters
    ----------
    name : str
        Name of the EEG stream; its own markers are `name` with "-markers" behind it.
    stop : threading.Event
        Ends it; an end marker is sent.
    seed, snr, surrogate
        Who the wearer is, how clear, and whether the answers are replaced by a null; see `Wearer`.
    rate : float
        Samples a second.
    follow_markers : str, optional
        Name of another program's marker stream whose clips are watched. Otherwise the wearer watches its own
        playlist of clips, one after the other, and announces each `LEAD_S` before its onset with a marker
        stamped exactly at the onset.
    playlist_seed : int
        Seed of the own playlist.
    clip_seconds : float
        Duration of the own playlist's clips.
    source_id : str, optional
        LSL's source id of the EEG stream; made from name and seed if not given.
    screen_delay_s : float, optional
        The wearer looks at a screen that shows clips so much late and at its own refreshes, and the stream
        has the channel of a photodiode in front of it, `devices.screen.LIGHT`. Without it they see each clip
        at its onset.
    refresh_hz : float
        Of that screen.
    on_event : callable, optional
        Told when the streams stand and of every clip.
    """
    # Products of 62 by a few samples: a second BLAS thread would only spin, beside the runtime it feeds.
    threadpool_limits(1, "blas")
    source_id = source_id or f"rtbci-simulator-{name}-{seed}"
    tell = on_event or (lambda event: None)
    wearer = Wearer(seed, snr, rate, surrogate=surrogate)
    screen = None if screen_delay_s is None else SimulatedScreen(screen_delay_s, refresh_hz, rate, seed)
    info = eeg_info(name, rate, source_id, light=screen is not None)
    outlet = pylsl.StreamOutlet(info, chunk_size=CHUNK, max_buffered=120)
    if follow_markers is None:
        shows: _OwnPlaylist | _Followed = _OwnPlaylist(
            name, source_id, Playlist(playlist_seed).rounds(), clip_seconds
        )
    else:
        shows = _Followed(follow_markers)
    start = pylsl.local_clock()
    tell(SimulatorStarted(name, source_id, start))
    try:
        for chunk in count():
            last = start + ((chunk + 1) * CHUNK - 1) / rate
            for marker, onset in shows.due(last, start):
                if isinstance(marker, ClipMarker) and screen is not None:
                    onset = start + screen.show(onset - start)
                first = round((onset - start) * rate)
                if isinstance(marker, ClipMarker):
                    wearer.watch(marker.spec(), first, marker.seconds)
                    tell(SimulatorClip(marker.spec(), marker.seconds, onset))
                elif isinstance(marker, RestMarker) and marker.eyes == "closed":
                    wearer.close_eyes(first, marker.seconds)
            # Made before it is due, as a cap's samples are: the stamp is not to pay for the simulation.
            data = np.ascontiguousarray(wearer.render(CHUNK), dtype=np.float32)
            if screen is not None:
                light = screen.render(CHUNK).astype(np.float32)
                data = np.ascontiguousarray(np.column_stack([data, light]))
            if stop.wait(max(0.0, last - pylsl.local_clock())):
                break
            outlet.push_chunk(data, last)
    finally:
        shows.close()


def eeg_info(name: str, rate: float, source_id: str, light: bool = False) -> pylsl.StreamInfo:
    """What the EEG stream says of itself; with `light` it has a photodiode's channel too."""
    described = [(label, "microvolts", "EEG") for label in CHANNELS]
    if light:
        described.append((LIGHT, "none", "AUX"))
    info = pylsl.StreamInfo(name, "EEG", len(described), rate, pylsl.cf_float32, source_id)
    description = info.desc()
    description.append_child_value("manufacturer", "rtbci simulated wearer")
    channels = description.append_child("channels")
    for label, unit, kind in described:
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", unit)
        channel.append_child_value("type", kind)
    return info


class _OwnPlaylist:
    """Clips back to back, announced on the wearer's own marker stream."""

    def __init__(self, name: str, source_id: str, clips: Iterator[ClipSpec], seconds: float) -> None:
        info = pylsl.StreamInfo(
            f"{name}-markers", "Markers", 1, pylsl.IRREGULAR_RATE, pylsl.cf_string, f"{source_id}-markers"
        )
        self._outlet = pylsl.StreamOutlet(info)
        self._clips = clips
        self._seconds = seconds
        self._shown = 0

    def due(self, until: float, start: float) -> Iterator[tuple[Marker, float]]:
        """Announce and yield the clips whose onset is near."""
        while (onset := start + FIRST_CLIP_S + self._shown * self._seconds) <= until + LEAD_S:
            spec = next(self._clips)
            marker = ClipMarker(spec.name, spec.seed, self._seconds)
            self._outlet.push_sample([encode(marker)], onset)
            self._shown += 1
            yield marker, onset

    def close(self) -> None:
        """Say that it is over, and stay long enough for it to be heard."""
        self._outlet.push_sample([encode(EndMarker())])
        time.sleep(_LINGER_S)


class _Followed:
    """Clips that another program shows."""

    def __init__(self, name: str) -> None:
        self._follower = MarkerFollower(name)

    def due(self, until: float, start: float) -> Iterator[tuple[Marker, float]]:
        """What was announced since the last call."""
        yield from self._follower.poll()

    def close(self) -> None:
        """Let go of the stream."""
        self._follower.close()
