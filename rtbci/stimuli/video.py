"""Films of any kind that PyAV reads, as a laboratory's clips: what a file holds, and its frames in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import StimulusError

if TYPE_CHECKING:
    from types import ModuleType

    from av import VideoFrame, VideoStream

MOST_RATE = 120.0
"""Frames a second that are taken at their word: some containers give their clock's ticks instead."""
MOST_BYTES = 192 * 2**20
"""Of one clip's decoded frames; larger ones are made smaller."""
_PIXEL_BYTES = 4
_EARLY = 0.25
"""A frame whose time is rounded to the container's clock may be so much of a frame early or late."""


@dataclass(frozen=True)
class VideoFacts:
    """What a film is.

    Attributes
    ----------
    rate : float
        Frames a second.
    """

    rate: float


def inspect_video(path: Path, seconds: float) -> VideoFacts:
    """Make sure that a file is a film of at least so many seconds.

    Its first frame is decoded; of the rest only the packets' times are read.

    Raises
    ------
    StimulusError
        If PyAV is not installed, or the file is missing, no film or too short.
    """
    av = need_av()
    if not path.is_file():
        raise StimulusError(f"The file {path} is not there; put it there or take its line out of the table.")
    try:
        with av.open(str(path)) as container:
            stream = _stream(path, container)
            rate = _rate(stream)
            next(container.decode(stream), None)
        with av.open(str(path)) as container:
            lasts = _lasts(container, _stream(path, container), seconds, rate)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise StimulusError(
            f"The file {path} cannot be read as a film ({error}); convert it to mp4 or webm."
        ) from error
    if lasts < seconds - 1.0 / rate:
        raise StimulusError(
            f"The film {path} lasts {lasts:.2f} s, and a clip takes {seconds:g} s; use a longer one."
        )
    return VideoFacts(rate)


def read_frames(path: Path, count: int, rate: float, box: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """Decode a film's beginning, upright and with square pixels.

    Parameters
    ----------
    path : Path
    count : int
        How many frames. The i-th is what the film shows i / `rate` seconds after its first frame; where it
        ends before, its last one stays.
    rate : float
        Frames a second.
    box : (int, int)
        Width and height that each frame is made to fit into, and smaller yet if all of them would take more
        than `MOST_BYTES`. None is enlarged: that is for whoever paints it.

    Yields
    ------
    ndarray, shape (height, width, 4), uint8
        Blue, green, red, and a byte without meaning; the same array where the film stands still.

    Raises
    ------
    StimulusError
        If it cannot be read.
    """
    av = need_av()
    shown = 0
    last: tuple[VideoFrame, float] | None = None
    try:
        with av.open(str(path)) as container:
            stream = _stream(path, container)
            aspect = float(stream.sample_aspect_ratio or 1)
            begin: float | None = None
            for frame in container.decode(stream):
                at = shown / rate if frame.time is None else frame.time
                begin = at if begin is None else begin
                due = _due(at - begin, rate)
                if last is not None and shown < min(due, count):
                    pixels = _pixels(last[0], aspect, count, box)
                    while shown < min(due, count):
                        yield pixels
                        shown += 1
                if shown >= count:
                    return
                last = frame, at
    except (av.FFmpegError, OSError) as error:
        raise StimulusError(f"The film {path} cannot be read any more ({error}); look after it.") from error
    if last is None:
        raise StimulusError(f"The film {path} holds no pictures; use another.")
    pixels = _pixels(last[0], aspect, count, box)
    for _ in range(shown, count):
        yield pixels


def need_av() -> "ModuleType":
    """Return PyAV.

    Raises
    ------
    StimulusError
        If it is not installed.
    """
    try:
        import av
    except ModuleNotFoundError as error:
        raise StimulusError(
            "Reading films needs PyAV, which is not installed; run: pip install 'rtbci[films]'."
        ) from error
    return av


def _stream(path: Path, container: Any) -> "VideoStream":
    if not container.streams.video:
        raise StimulusError(f"The file {path} holds no pictures; use a film.")
    stream: VideoStream = container.streams.video[0]
    return stream


def _rate(stream: "VideoStream") -> float:
    rates: tuple[Fraction | None, ...] = (stream.guessed_rate, stream.average_rate)
    return next((float(rate) for rate in rates if rate and 0 < rate <= MOST_RATE), MOST_RATE)


def _lasts(container: Any, stream: "VideoStream", seconds: float, rate: float) -> float:
    """Seconds of film that are there, read no further than need be."""
    first: float | None = None
    end = 0.0
    for packet in container.demux(stream):
        if packet.pts is None or packet.time_base is None:
            continue
        at = float(packet.pts * packet.time_base)
        first = at if first is None else min(first, at)
        end = max(end, at + (float(packet.duration * packet.time_base) if packet.duration else 1.0 / rate))
        if end - first >= seconds:
            break
    return 0.0 if first is None else end - first


def _due(at: float, rate: float) -> int:
    """How many frames of the clip are over when a film's frame begins."""
    return int(np.ceil(at * rate - _EARLY))


def _pixels(frame: "VideoFrame", aspect: float, count: int, box: tuple[int, int]) -> NDArray[np.uint8]:
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    width, height = frame.width * aspect, float(frame.height)
    across, down = (height, width) if turns % 2 else (width, height)
    scale = min(1.0, box[0] / across, box[1] / down)
    scale = min(scale, (MOST_BYTES / (_PIXEL_BYTES * count * width * height)) ** 0.5)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = frame.reformat(*size, format="bgra", interpolation="BILINEAR").to_ndarray()
    # The rotation is what turns the picture upright, counter-clockwise.
    return np.ascontiguousarray(np.rot90(pixels, turns), dtype=np.uint8)
