"""XDF recordings: several streams, each with its own clock, and clocks that were reset on the way."""

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.replay.recording import Marks, Recording, Signal
from rtbci.errors import RecordingError

_log = logging.getLogger(__name__)
# A silence longer than this in all regular streams at once means that nobody recorded: it is shortened,
# so that a replay shows the break without making anyone wait for minutes.
_SILENCE_S = 2.0
_BREAK_S = 1.0


def read_xdf(path: Path) -> Recording:
    """Read all streams of an XDF file that hold samples.

    Stamps are the recorded ones on the recorder's clock (each stream's own clock offsets applied, segment
    by segment where a clock was reset), not dejittered; they are made never to go back. EEG streams that
    are one device's, recorded anew each time it came back, become one signal with holes; the recorder's own
    account of when chunks were received is no signal and is left out.
    """
    import pyxdf

    # It warns of what recorders of other makes leave out, which is none of the user's business; with
    # verbose=False it would set its level to warnings again.
    logging.getLogger("pyxdf").setLevel(logging.ERROR)
    streams, _ = pyxdf.load_xdf(
        path, synchronize_clocks=True, handle_clock_resets=True, dejitter_timestamps=False
    )
    streams = [stream for stream in streams if len(stream["time_stamps"])]
    numeric = [
        stream
        for stream in streams
        if _text(stream, "channel_format") != "string" and not _is_account(stream)
    ]
    if not numeric:
        raise RecordingError(f"The recording {path} holds no samples of any signal: choose another file.")
    numeric.sort(key=lambda stream: _text(stream, "type").casefold() != "eeg")
    numeric = _joined(numeric)
    strings = [stream for stream in streams if _text(stream, "channel_format") == "string"]
    first = _text(numeric[0], "name")
    strings.sort(key=lambda stream: _text(stream, "name") != f"{first}-markers")

    times = {id(stream): np.maximum.accumulate(stream["time_stamps"]) for stream in streams}
    regular = [times[id(s)] for s in numeric if _rate(s) > 0] or [times[id(s)] for s in numeric]
    begin = min(stamps[0] for stamps in regular)
    end = max(stamps[-1] for stamps in regular)
    holes = _holes(regular)
    if holes:
        _log.info("%s: %d breaks in which nothing was recorded are shortened", path.name, len(holes))
    rate = _rate(numeric[0])
    turn = _close(np.array([end]), holes)[0] - begin + (1.0 / rate if rate > 0 else 0.0)
    return Recording(
        tuple(_signal(stream, _close(times[id(stream)], holes) - begin) for stream in numeric),
        tuple(_marks(stream, _close(times[id(stream)], holes) - begin) for stream in strings),
        float(turn),
    )


def _is_account(stream: dict[str, Any]) -> bool:
    """Tell the stream in which the recorder keeps when each chunk was received."""
    return _text(stream, "type") == "Received" and _text(stream, "name").endswith("-received")


def _joined(numeric: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put together EEG streams alike in all but time; those that overlap are two devices and stay apart."""
    joined: list[dict[str, Any]] = []
    last: dict[str, dict[str, Any]] = {}
    for stream in sorted(numeric, key=lambda one: float(one["time_stamps"][0])):
        before = last.get(likeness := _likeness(stream))
        if (
            before is not None
            and _text(stream, "type").casefold() == "eeg"
            and before["time_stamps"].max() < stream["time_stamps"][0]
        ):
            for key in ("time_stamps", "time_series"):
                before[key] = np.concatenate([before[key], stream[key]])
        else:
            last[likeness] = stream
            joined.append(stream)
    return [stream for stream in numeric if any(stream is one for one in joined)]


def _likeness(stream: dict[str, Any]) -> str:
    kept = [_text(stream, key) for key in ("name", "type", "nominal_srate", "channel_format")]
    return repr((kept, np.shape(stream["time_series"])[1:], _channels(stream)))


def _holes(regular: list[NDArray[np.float64]]) -> list[tuple[float, float]]:
    """Intervals without samples in any regular stream."""
    stamps = np.sort(np.concatenate(regular))
    return [(float(stamps[k]), float(stamps[k + 1])) for k in np.flatnonzero(np.diff(stamps) > _SILENCE_S)]


def _close(stamps: NDArray[np.float64], holes: list[tuple[float, float]]) -> NDArray[np.float64]:
    """Times once each hole is shortened to `_BREAK_S`; what lies inside is squeezed in proportion."""
    if not holes:
        return stamps
    knots, moved = [holes[0][0]], [holes[0][0]]
    for begin, end in holes:
        moved += [moved[-1] + begin - knots[-1], moved[-1] + begin - knots[-1] + _BREAK_S]
        knots += [begin, end]
    before, after = stamps < knots[0], stamps > knots[-1]
    inside = np.interp(stamps, knots, moved)
    return np.where(before, stamps, np.where(after, stamps - knots[-1] + moved[-1], inside))


def _signal(stream: dict[str, Any], stamps: NDArray[np.float64]) -> Signal:
    data = np.asarray(stream["time_series"])
    description = _channels(stream)
    return Signal(
        name=_text(stream, "name"),
        type=_text(stream, "type"),
        labels=tuple(channel["label"] for channel in description),
        units=tuple(channel["unit"] for channel in description),
        types=tuple(channel["type"] for channel in description),
        channels=data.shape[1],
        rate_hz=_rate(stream),
        format=_text(stream, "channel_format"),
        stamps=stamps,
        read=lambda start, stop: data[start:stop],
    )


def _marks(stream: dict[str, Any], stamps: NDArray[np.float64]) -> Marks:
    return Marks(_text(stream, "name"), stamps, tuple(str(row[0]) for row in stream["time_series"]))


def _channels(stream: dict[str, Any]) -> list[dict[str, str]]:
    """Label, unit and type of each channel, as far as the stream's description has them."""
    description = (stream["info"].get("desc") or [None])[0] or {}
    listed = ((description.get("channels") or [None])[0] or {}).get("channel") or []
    return [
        {key: str((channel.get(key) or [""])[0] or "") for key in ("label", "unit", "type")}
        for channel in listed
    ]


def _text(stream: dict[str, Any], key: str) -> str:
    return str((stream["info"].get(key) or [""])[0] or "")


def _rate(stream: dict[str, Any]) -> float:
    rate = float(_text(stream, "nominal_srate") or 0.0)
    return rate if math.isfinite(rate) else 0.0
