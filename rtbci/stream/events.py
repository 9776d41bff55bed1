"""What a stream hands on: chunks of samples, and events that say what became of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.stream.contract import StreamContract


@dataclass(frozen=True, eq=False)
class Chunk:
    """Samples as the device sent them.

    Attributes
    ----------
    data
        ``(n, channels)`` float64, in the device's units and channel order.
    stamps
        ``(n,)`` float64, seconds on this machine's LSL clock: the sender's own stamps, neither dejittered
        nor made monotone, shifted by the clock offset between the machines and by the device's delay.
    received
        LSL time at which the newest sample was pulled.
    """

    data: NDArray[np.float64]
    stamps: NDArray[np.float64]
    received: float


@dataclass(frozen=True)
class Searching:
    """No stream is connected; one is being looked for."""

    at: float


@dataclass(frozen=True)
class Connected:
    """A stream was found, checked and accepted; the chunks that follow come under this contract."""

    contract: StreamContract
    at: float = 0.0


@dataclass(frozen=True)
class Gap:
    """Samples are missing between the chunk before and the chunk after this event.

    `at` is the stamp of the last sample before the gap, `lost` the number of samples, `seconds` their
    duration.
    """

    at: float
    lost: int
    seconds: float


@dataclass(frozen=True)
class Jumped:
    """The sender's clock was set: stamps moved by `seconds` although no samples are known to be missing."""

    at: float
    seconds: float


@dataclass(frozen=True)
class Stalled:
    """Connected, but nothing has come for `silent_s` seconds."""

    at: float
    silent_s: float


@dataclass(frozen=True)
class Resumed:
    """Samples come again after a stall of `silent_s` seconds; a `Gap` follows where samples were lost."""

    at: float
    silent_s: float


@dataclass(frozen=True)
class Lost:
    """The connection is gone; a new search begins."""

    at: float
    reason: str


@dataclass(frozen=True)
class Refused:
    """What was found cannot be used, for this reason; the search goes on."""

    at: float
    reason: str


@dataclass(frozen=True)
class Failed:
    """Receiving ended for good, for a reason that nobody foresaw: nothing more will come."""

    at: float
    reason: str


@dataclass(frozen=True)
class Notice:
    """Something assumed or repaired that the operator should know, in one sentence."""

    at: float
    sentence: str


StreamEvent = Searching | Connected | Gap | Jumped | Stalled | Resumed | Lost | Refused | Failed | Notice
