"""EEG in over LSL: discovery, the contract check, raw clock, gaps, stalls, loss and return."""

from rtbci.stream.clock import ClockState, Jump, Loss, RawClock
from rtbci.stream.contract import Description, StreamContract, StreamSettings
from rtbci.stream.discovery import Found, StreamQuery, find_streams, resolve_one
from rtbci.stream.eeg import EegStream, inspect
from rtbci.stream.events import (
    Chunk,
    Connected,
    Failed,
    Gap,
    Jumped,
    Lost,
    Notice,
    Refused,
    Resumed,
    Searching,
    Stalled,
    StreamEvent,
)
from rtbci.stream.lsl import configure_lsl, quieten_lsl
from rtbci.stream.markers import MarkerStream

__all__ = [
    "Chunk",
    "ClockState",
    "Connected",
    "Description",
    "EegStream",
    "Failed",
    "Found",
    "Gap",
    "Jump",
    "Jumped",
    "Loss",
    "Lost",
    "MarkerStream",
    "Notice",
    "RawClock",
    "Refused",
    "Resumed",
    "Searching",
    "Stalled",
    "StreamContract",
    "StreamEvent",
    "StreamQuery",
    "StreamSettings",
    "configure_lsl",
    "find_streams",
    "inspect",
    "quieten_lsl",
    "resolve_one",
]
