"""The EEG stream: an inlet in a thread of its own that never waits for anybody."""

import threading
from collections.abc import Callable

import numpy as np
import pylsl
from pylsl.util import LostError

from rtbci.errors import ContractError
from rtbci.stream.contract import StreamContract, StreamSettings, check, describe
from rtbci.stream.discovery import Found, StreamQuery
from rtbci.stream.intake import Intake, Item
from rtbci.stream.link import Link, Presence, StreamLostError, patiently
from rtbci.stream.offset import ClockOffset

# Long enough for any pause of this process; what is older than that is of no use live.
_BUFFER_S = 60
_WAIT_S = 0.05
# A sender's chunks come whole up to here (cut up, the last sample of one comes a millisecond later), and no
# sender holds samples back for longer.
_MOST_HELD_S = 0.02
_MOST_SAMPLES = 4096


class EegStream:
    """Receives one EEG stream and stays with it: checked at the start, watched, found again after a loss.

    Parameters
    ----------
    query
        Which stream is meant; exactly one must match.
    settings
        What the operator knows of it beyond its own description.
    on_item
        Called in the stream's thread with each `Chunk` and event, in order. It must return soon: samples
        wait in LSL's queue meanwhile.

    Notes
    -----
    Stamps are raw: LSL's dejittering hides loss. LSL's own recovery is off: it would resume with other
    labels or another rate without a word.
    """

    def __init__(
        self, query: StreamQuery, *, settings: StreamSettings | None = None, on_item: Callable[[Item], None]
    ) -> None:
        self._settings = settings or StreamSettings()
        self._on_item = on_item
        self._intake: Intake | None = None
        self._newest: float | None = None
        self._link = Link(query, self._serve, on_item, "rtbci-eeg")

    def start(self) -> None:
        """Start to search and receive."""
        self._link.start()

    def stop(self) -> None:
        """Stop receiving; returns within a second."""
        self._link.stop()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._link.alive

    @property
    def contract(self) -> StreamContract | None:
        """The present connection's contract, None while there is none."""
        intake = self._intake
        return intake.contract if intake is not None else None

    @property
    def measured_rate_hz(self) -> float | None:
        """Samples a second as they arrive, over the last seconds without loss or stall."""
        intake = self._intake
        return intake.measured_rate_hz if intake is not None else None

    def _serve(self, info: pylsl.StreamInfo, stop: threading.Event) -> None:
        inlet = pylsl.StreamInlet(
            info,
            max_buflen=_BUFFER_S,
            max_chunklen=max(1, round(_MOST_HELD_S * info.nominal_srate())),
            recover=False,
            processing_flags=pylsl.proc_none,
        )
        full = patiently(inlet.info, self._settings.open_timeout_s, stop)
        description = check(describe(full), self._settings)
        patiently(inlet.open_stream, self._settings.open_timeout_s, stop)
        inlet.flush()
        offset = ClockOffset(inlet)
        now = pylsl.local_clock()
        intake = Intake(description, self._settings, offset, self._on_item, now, before=self._newest)
        self._intake = intake
        try:
            _receive(inlet, intake, Presence(info.uid(), self._settings.gone_s), stop)
        finally:
            self._intake = None
            offset.close()
            intake.close(pylsl.local_clock())
            self._newest = intake.newest if intake.newest is not None else self._newest


def _receive(inlet: pylsl.StreamInlet, intake: Intake, presence: Presence, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            data, stamps = inlet.pull_chunk(
                timeout=_WAIT_S, max_samples=_MOST_SAMPLES, min_samples=1, as_numpy=True
            )
        except LostError as error:
            raise StreamLostError("the sender closed the connection") from error
        now = pylsl.local_clock()
        if len(stamps):
            intake.take(data.astype(np.float64), stamps, now)
        else:
            intake.idle(now)
            presence.check(intake.silent_s(now))


def inspect(found: Found, settings: StreamSettings | None = None, timeout: float = 2.0) -> str:
    """Say in one line whether a stream that was found could be decoded.

    Its full description is read; its samples are not.
    """
    infos = pylsl.resolve_byprop("uid", found.uid, timeout=timeout)
    if not infos:
        return "gone"
    inlet = pylsl.StreamInlet(infos[0], recover=False)
    settings = settings or StreamSettings()
    try:
        description = check(describe(patiently(inlet.info, timeout, threading.Event())), settings)
    except ContractError as error:
        return f"no: {error}"
    except StreamLostError as error:
        return f"unknown: {error}"
    return f"yes, {len(description.labels)} channels"
