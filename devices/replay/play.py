"""Reading a recording and sending it on time."""

import configparser
import struct
import threading
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable
from pathlib import Path

import pylsl

from devices.replay.mne_files import read_mne
from devices.replay.outlets import MarkOutlet, SignalOutlet
from devices.replay.recording import Recording
from devices.replay.xdf_files import read_xdf
from rtbci.errors import RecordingError, UsageError

_LEAD_S = 0.3
# The last samples must leave LSL's queues before the streams are closed.
_LINGER_S = 0.3
_PROGRESS_S = 0.1
_XDF = (".xdf", ".xdfz", ".xdf.gz")
# What the readers' parsers raise on files that are not what they claim to be.
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    ET.ParseError,
    ImportError,
    configparser.Error,
    struct.error,
    zlib.error,
)


def read_recording(path: Path) -> Recording:
    """Open a recording of any format that MNE or pyxdf reads.

    Raises
    ------
    RecordingError
        If there is no such file, or it cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise RecordingError(f"There is no recording at {path}: check the path.")
    try:
        return read_xdf(path) if path.name.lower().endswith(_XDF) else read_mne(path)
    except _DAMAGE as error:
        raise RecordingError(
            f"The recording {path} cannot be read{_cause(error)}: it must be a whole EDF, BDF, FIF, "
            "BrainVision (.vhdr), EEGLAB (.set), CNT or XDF file."
        ) from error


def _cause(error: BaseException) -> str:
    """Return what the reader says, where it says something: parsers that stumble over rubbish do not."""
    if isinstance(error, UnicodeError) or not isinstance(error, OSError | ValueError | ImportError):
        return ""
    lines = str(error).splitlines()
    return f" ({lines[0][:150].rstrip('.')})" if lines else ""


def run_replay(
    path: Path,
    *,
    name: str | None = None,
    speed: float = 1.0,
    loop: bool = False,
    stop: threading.Event | None = None,
    on_progress: Callable[[float], None] | None = None,
    wait_s: float = 0.0,
) -> None:
    """Send a recording as LSL streams, with its own labels, units, rates and markers.

    Samples leave on an absolute schedule and carry the time at which they were due, so that nothing drifts
    however long it runs. A looped recording goes on without a break in the stamps.

    Parameters
    ----------
    path
        The recording.
    name
        Name of the EEG stream, whose markers are ``NAME-markers``; default: the recording's own.
    speed
        Times real time. Rates are announced as they then are: the nominal rate times the speed.
    loop
        Whether to begin again at the end.
    stop
        Ends the replay when it is set.
    on_progress
        Called with the fraction of the recording that was sent, some ten times a second.
    wait_s
        How long to wait for a receiver of the EEG before the first sample is sent.

    Raises
    ------
    RecordingError
        If the recording cannot be read.
    UsageError
        If the speed is not a positive number.
    """
    if not 0.0 < speed < float("inf"):
        raise UsageError(f"The speed {speed} makes no sense: give a positive number, 1 for real time.")
    stop = stop or threading.Event()
    recording = read_recording(Path(path))
    signals, marks = _outlets(recording, name, speed)
    deadline = pylsl.local_clock() + wait_s
    while not signals[0].has_receiver() and pylsl.local_clock() < deadline and not stop.wait(0.02):
        pass
    base = pylsl.local_clock() + _LEAD_S
    told = 0.0
    outlets: list[SignalOutlet | MarkOutlet] = [*signals, *marks]
    while True:
        outlet = min(outlets, key=lambda one: one.due())
        due = outlet.due()
        if due > recording.seconds:
            if not loop:
                break
            base += recording.seconds / speed
            for one in outlets:
                one.rewind()
            continue
        if stop.wait(max(0.0, base + due / speed - pylsl.local_clock())):
            return
        outlet.send(base)
        if on_progress is not None and pylsl.local_clock() - told > _PROGRESS_S:
            told = pylsl.local_clock()
            on_progress(min(1.0, max(0.0, due / recording.seconds)))
    if on_progress is not None:
        on_progress(1.0)
    stop.wait(_LINGER_S)


def _outlets(
    recording: Recording, name: str | None, speed: float
) -> tuple[list[SignalOutlet], list[MarkOutlet]]:
    """Make an outlet for each stream; the source ids keep a replay from being taken for the device."""
    first = name or recording.signals[0].name
    source = f"rtbci-replay-{first}"
    signals = [SignalOutlet(recording.signals[0], first, source, speed)]
    signals += [
        SignalOutlet(signal, signal.name, f"{source}-{k}", speed)
        for k, signal in enumerate(recording.signals[1:], start=2)
    ]
    marks = []
    for k, stream in enumerate(recording.marks):
        own = f"{first}-markers" if k == 0 and (name or not stream.name) else stream.name
        marks.append(MarkOutlet(stream, own, f"{source}-markers" + (f"-{k + 1}" if k else ""), speed))
    return signals, marks
