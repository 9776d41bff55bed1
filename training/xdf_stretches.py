"""XDF recordings as unbroken stretches of EEG, each on a clock without jitter."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import RecordingError
from rtbci.montage import SCALES, has_position
from rtbci.record import read_xdf
from rtbci.stream.clock import Loss, RawClock
from rtbci.stream.rate import stamped_rate

BRIDGED_S = 0.1
"""Losses up to this are bridged by straight lines, as the runtime bridges them; longer ones end a stretch."""
_OWN = ("rtbci-events", "rtbci-decoded")


@dataclass(frozen=True, eq=False)
class Stretch:
    """EEG without a gap.

    Attributes
    ----------
    data : ndarray, shape (n, channels)
        In the device's unit.
    start : float
        Stamp of the first sample.
    period : float
        Seconds between two samples by the stamps; they are fitted by a line, as they jitter.
    rate_hz : float
        Nominal.
    labels, units : tuple of str
    unit : str or None
        What the recorder took the EEG's unit to be, where it says so.
    """

    data: NDArray[np.floating[Any]]
    start: float
    period: float
    rate_hz: float
    labels: tuple[str, ...]
    units: tuple[str, ...]
    unit: str | None


def read_stretches(path: Path) -> tuple[list[Stretch], list[tuple[str, float]]]:
    """Read a recording of `rtbci record` or any other LSL recorder.

    Returns
    -------
    stretches : list of Stretch
        In order of time; a sender that came back begins a new one.
    markers : list of (str, float)
        Text and stamp of every marker.

    Raises
    ------
    RecordingError
        If the file cannot be read or holds no EEG.
    """
    try:
        streams, _ = read_xdf(path)
    except RecordingError:
        raise
    # pyxdf raises whatever its parsers do on a file that is not what it claims to be.
    except Exception as error:
        raise RecordingError(
            f"{path} is damaged ({type(error).__name__} in reading it); record it again."
        ) from error
    streams = [stream for stream in streams if len(stream["time_stamps"])]
    eeg = [stream for stream in streams if _text(stream, "type").casefold() == "eeg"]
    stretches = [stretch for stream in eeg for stretch in _stretches(stream)]
    if not stretches:
        raise RecordingError(f"{path} holds no EEG stream with samples; take it away or record it again.")
    markers = [
        (str(row[0]), float(stamp))
        for stream in streams
        if _text(stream, "channel_format") == "string" and _text(stream, "name") not in _OWN
        for row, stamp in zip(stream["time_series"], stream["time_stamps"], strict=True)
    ]
    return sorted(stretches, key=lambda stretch: stretch.start), sorted(markers, key=lambda m: m[1])


def _stretches(stream: dict[str, Any]) -> Iterator[Stretch]:
    rate = float(_text(stream, "nominal_srate") or 0)
    data, stamps = np.asarray(stream["time_series"]), np.asarray(stream["time_stamps"], dtype=np.float64)
    if rate <= 0 or data.ndim != 2 or not np.issubdtype(data.dtype, np.number):
        return
    labels, units = _channels(stream)
    taken = str(((stream["info"].get("desc") or [None])[0] or {}).get("unit_taken", [""])[0])
    lost = _losses(stamps, rate)
    ends = [after for after, count in lost if not 0 < count <= BRIDGED_S * rate]
    for begin, end in zip([0, *ends], [*ends, len(stamps)], strict=True):
        inside = [(after - begin, count) for after, count in lost if begin < after < end]
        values, where = _bridged(data[begin:end], inside)
        period, start = 1.0 / rate, float(stamps[begin])
        if end - begin > 1:
            middle = where.mean()
            slope, offset = np.polyfit(where - middle, stamps[begin:end] - start, 1)
            period, start = float(slope), float(start + offset - slope * middle)
        yield Stretch(values, start, period, rate, labels, units, taken if taken in SCALES else None)


def _losses(stamps: NDArray[np.float64], rate: float) -> list[tuple[int, int]]:
    """Where samples are missing, as the live runtime finds it: index of the first sample after, and how many.

    The number is 0 where the sender's clock was set.
    """
    if len(stamps) < 2 or np.abs(np.diff(stamps) * rate - 1.0).max() < 0.4:
        return []
    clock = RawClock(stamped_rate(stamps[: round(rate)], rate))
    # Nothing is known of arrivals: as if all had come at the end of time.
    _, found = clock.step(clock.start(), stamps, math.inf)
    return [(event.index, event.lost if isinstance(event, Loss) else 0) for event in found]


def _bridged(
    data: NDArray[np.floating[Any]], losses: list[tuple[int, int]]
) -> tuple[NDArray[np.floating[Any]], NDArray[np.float64]]:
    """Put straight lines where few samples were lost; also each recorded sample's place among them."""
    where = np.arange(len(data), dtype=np.float64)
    if not losses:
        return data, where
    for after, count in losses:
        where[after:] += count
    whole = np.empty((int(where[-1]) + 1, data.shape[1]), dtype=data.dtype)
    for channel in range(data.shape[1]):
        whole[:, channel] = np.interp(np.arange(len(whole)), where, data[:, channel])
    return whole, where


def _channels(stream: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels and units; an electrode declared to be no EEG is named so that none takes it."""
    description = (stream["info"].get("desc") or [None])[0] or {}
    listed = ((description.get("channels") or [None])[0] or {}).get("channel") or []
    width = int(_text(stream, "channel_count"))
    rows = [[str((c.get(key) or [""])[0] or "") for key in ("label", "unit", "type")] for c in listed]
    rows += [["", "", ""]] * (width - len(rows))
    known = any(kind.casefold() == "eeg" for _, _, kind in rows)
    labels = tuple(
        f"{label} ({kind})" if known and kind and kind.casefold() != "eeg" and has_position(label) else label
        for label, _, kind in rows
    )
    return labels[:width], tuple(unit for _, unit, _ in rows)[:width]


def _text(stream: dict[str, Any], key: str) -> str:
    return str((stream["info"].get(key) or [""])[0] or "")
