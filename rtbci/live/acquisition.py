"""What happens on the inlet's own thread: EEG into windows, and word of everything that befell the stream."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from pylsl import local_clock

from rtbci.bundle import Bundle
from rtbci.errors import StreamError
from rtbci.live.latency import LatencyBook
from rtbci.live.mailbox import Mailbox
from rtbci.record import Recorder
from rtbci.signal import Chain, ChainSettings, RepairChange, Window
from rtbci.stream import (
    Chunk,
    Connected,
    Failed,
    Gap,
    Jumped,
    Lost,
    Refused,
    Resumed,
    Searching,
    Stalled,
    StreamContract,
    StreamEvent,
)
from rtbci.stream import Notice as StreamNotice
from rtbci.wire import Publisher
from rtbci.wire.messages import EegChunk, Notice, Quality, StreamState

_log = logging.getLogger(__name__)

FILLED_GAP_S = 0.1
"""Gaps up to this length are bridged by straight lines; longer ones start the window afresh."""
_DISPLAY_SAMPLES = 10
_STATE_EVERY_S = 0.5
_CAP = {
    "": ("info", "The cap looks like EEG again."),
    "quiet": (
        "warning",
        "The whole cap is too quiet to be EEG, and evidence counts as weak at most: check the unit and that "
        "the cap is on.",
    ),
    "loud": (
        "warning",
        "The whole cap is too loud to be EEG, and evidence counts as weak at most: check the unit, ground "
        "and reference.",
    ),
    "unlike EEG": (
        "warning",
        "The cap does not look like EEG (channels do not resemble their neighbours), and evidence counts as "
        "weak at most: check ground, reference and the order of the labels.",
    ),
}


@dataclass(frozen=True)
class Arrival:
    """A window on its way to the decoder.

    Attributes
    ----------
    window : Window
        The EEG.
    number : int
        Counts the windows of the session.
    epoch : int
        Counts the unbroken stretches of EEG; evidence does not cross from one to the next.
    received, ready : float
        When its newest sample came in and when the window was ready, on LSL's clock.
    """

    window: Window
    number: int
    epoch: int
    received: float
    ready: float


class Acquisition:
    """Receives chunks and events from an `EegStream`, on its thread, and never waits.

    Parameters
    ----------
    bundle : Bundle
        Says how EEG is to be prepared.
    publisher : Publisher
        Where the state of the stream, EEG for display and channel quality go.
    windows : Mailbox of Arrival
        Where windows go.
    latency : LatencyBook
        Takes the time from sample to window.
    recorder : Recorder, optional
        Gets everything that came in, as it came in.
    clock : callable, optional
        LSL's clock.
    mains_hz : float, optional
        Frequency of the mains here, if it is not the bundle's.
    covariance : ndarray, shape (62, 62), optional
        Of the wearer's own EEG, from which alignment begins; by default the cohort's.
    realign : bool
        Whether alignment follows what comes, or keeps to that covariance.
    on_break : callable, optional
        Called when the EEG to come is not continuous with the EEG before; must not wait.
    """

    def __init__(
        self,
        bundle: Bundle,
        publisher: Publisher,
        windows: Mailbox[Arrival],
        latency: LatencyBook,
        recorder: Recorder | None = None,
        clock: Callable[[], float] = local_clock,
        *,
        mains_hz: float | None = None,
        covariance: NDArray[np.float64] | None = None,
        realign: bool = True,
        on_break: Callable[[], None] | None = None,
    ) -> None:
        self._bundle = bundle
        self._publisher = publisher
        self._windows = windows
        self._latency = latency
        self._recorder = recorder
        self._clock = clock
        self._mains_hz = mains_hz
        self._on_break = on_break
        self._prior = bundle.array("prior_covariance") if covariance is None else covariance
        self._realign = realign
        self._chain: Chain | None = None
        self._contract: StreamContract | None = None
        self._last: NDArray[np.float64] | None = None
        self._pending_gap: Gap | None = None
        self._display: list[NDArray[np.float32]] = []
        self._quality_seen: object = None
        self._cap = ""
        self._state_sent = 0.0
        self.window_count = 0
        self.epoch = 0
        self.repaired_ever: set[str] = set()
        self.connections = 0
        self.losses = 0
        self.refusals: list[str] = []
        self.state = StreamState(phase="searching", sentence="Looking for the EEG stream.")

    def on_item(self, item: Chunk | StreamEvent) -> None:
        """Take one chunk or event."""
        if isinstance(item, Chunk):
            self._on_chunk(item)
        else:
            self._on_event(item)

    # ---- samples -------------------------------------------------------------------------------

    def _on_chunk(self, chunk: Chunk) -> None:
        if self._recorder is not None:
            self._recorder.eeg(chunk)
        if self._chain is None or len(chunk.data) == 0:
            return
        data, stamps = chunk.data, chunk.stamps
        if self._pending_gap is not None:
            data, stamps = self._bridge(self._pending_gap, data, stamps)
            self._pending_gap = None
        for window in self._chain.push(data, stamps):
            self._send_window(window, chunk.received)
        self._last = chunk.data[-1]
        self._update_state(samples=self.state.samples + len(chunk.data))
        self._after_push(float(chunk.stamps[-1]))

    def _send_window(self, window: Window, received: float) -> None:
        ready = self._clock()
        self.window_count += 1
        self._windows.put(Arrival(window, self.window_count, self.epoch, received, ready))
        self._latency.add("sample_to_window", ready - window.newest)

    def _bridge(
        self, gap: Gap, data: NDArray[np.float64], stamps: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Put straight lines where samples were lost, or start afresh after a long gap."""
        assert self._contract is not None
        if gap.seconds > FILLED_GAP_S or self._last is None or gap.lost < 1:
            self._restart("a gap in the stream")
            return data, stamps
        steps = np.arange(1, gap.lost + 1) / (gap.lost + 1)
        bridge = self._last + steps[:, None] * (data[0] - self._last)
        times = stamps[0] + (steps - 1.0) * (gap.lost + 1) / self._contract.rate_hz
        return np.concatenate([bridge, data]), np.concatenate([times, stamps])

    def _restart(self, reason: str) -> None:
        if self._chain is not None:
            self._chain.reset(reason)
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self.epoch += 1
        self._last = None
        if self._on_break is not None:
            self._on_break()

    # ---- what goes out beside the windows ------------------------------------------------------

    def _after_push(self, newest: float) -> None:
        assert self._chain is not None
        if len(self._chain.uv_tail):
            self._display.append(self._chain.uv_tail.astype(np.float32))
        count = sum(map(len, self._display))
        if count >= _DISPLAY_SAMPLES:
            block = np.concatenate(self._display)
            self._display.clear()
            first = newest - (count - 1) / 200.0
            self._publisher.send(
                EegChunk(first=first, rate_hz=200.0, samples=count, channels=block.shape[1]), block
            )
        if self._chain.quality is not self._quality_seen:
            self._quality_seen = self._chain.quality
            self._send_quality(newest)
        for change in self._chain.events:
            self._on_repair(change)
        if self._clock() - self._state_sent > _STATE_EVERY_S:
            self.send_state()

    def _send_quality(self, at: float) -> None:
        assert self._chain is not None
        quality = self._chain.quality
        if quality is None:
            return
        if quality.cap != self._cap:
            self._cap = quality.cap
            self._notice(*_CAP[self._cap])
        self._publisher.send(
            Quality(at=at, verdicts=quality.verdicts, scores=tuple(map(float, quality.scores)))
        )

    def _on_repair(self, change: RepairChange) -> None:
        self.repaired_ever.update(change.repaired)
        self._update_state(repaired=tuple(change.repaired))
        for name in change.fresh:
            self._notice("warning", f"{name} is {change.repaired[name]}: repaired from its neighbours.")
        if change.returned:
            self._notice("info", f"{', '.join(change.returned)} good again.")

    @property
    def covariance(self) -> NDArray[np.float64] | None:
        """Running covariance of the wearer's scaled EEG; may be asked for on any thread."""
        chain = self._chain
        return None if chain is None else chain.covariance

    def send_state(self) -> None:
        """Publish the state of the stream."""
        self._state_sent = self._clock()
        self._publisher.send(msgspec.structs.replace(self.state, at=self._state_sent))

    def send_state_if_silent(self) -> None:
        """Publish the state if no samples have done so lately, so that late viewers hear of it."""
        if self._clock() - self._state_sent > _STATE_EVERY_S:
            self.send_state()

    def end(self, seconds: float) -> None:
        """Publish that the session ended as it should, after so many seconds; to be called last."""
        self._update_state(phase="ended", sentence=f"The session has ended after {seconds:.0f} s.")
        self.send_state()

    def _update_state(self, **changes: object) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)

    def _notice(self, level: str, sentence: str) -> None:
        _log.info(sentence)
        notice = Notice(level=level, sentence=sentence, at=self._clock())  # type: ignore[arg-type]
        self._publisher.send(notice)
        if self._recorder is not None:
            self._recorder.event(sentence, notice.at)

    # ---- events --------------------------------------------------------------------------------

    def _on_event(self, event: StreamEvent) -> None:
        match event:
            case Connected(contract=contract):
                self._connect(contract)
            case Gap():
                self._pending_gap = event
                self._update_state(
                    lost_samples=self.state.lost_samples + event.lost, gaps=self.state.gaps + 1
                )
                self._notice("warning", f"{event.lost} samples ({event.seconds * 1e3:.0f} ms) were lost.")
            case Stalled():
                self._phase("stalled", "The stream is silent: its sender is there but sends nothing.")
            case Resumed():
                self._phase("streaming", f"Samples are coming again after {event.silent_s:.1f} s.")
            case Lost():
                self.losses += 1
                self._restart("the stream was lost")
                self._phase("lost", f"The stream was lost ({event.reason}); looking for it again.")
            case Refused():
                self.refusals.append(event.reason)
                self._phase("refused", event.reason)
            case Jumped():
                self._notice("warning", f"The sender's clock was set by {event.seconds:+.3f} s.")
            case Failed():
                # Ends the session: nothing more will come.
                raise StreamError(event.reason)
            case StreamNotice():
                self._notice("warning", event.sentence)
            case Searching():
                # After a connection the reason why it is gone stays on show, and it says that one searches.
                if self.connections == 0 and self.state.phase != "refused":
                    self._phase("searching", "Looking for the EEG stream.")

    def _connect(self, contract: StreamContract) -> None:
        settings = ChainSettings.from_preprocessing(
            self._bundle.manifest.preprocessing,
            contract.rate_hz,
            contract.remap,
            self._prior,
            mains_hz=self._mains_hz,
            realign=self._realign,
        )
        self._chain = Chain(settings)
        self._contract = contract
        self._pending_gap = None
        self.connections += 1
        self._begin_epoch()
        if self._recorder is not None:
            self._recorder.add_eeg_stream(contract)
        remap = contract.remap
        again = "again " if self.connections > 1 else ""
        self._update_state(
            name=contract.name,
            source_id=contract.source_id,
            host=contract.host,
            channels=len(contract.labels),
            rate_hz=contract.rate_hz,
            unit=remap.unit,
            interpolated=remap.interpolated,
            repaired=(),
            set_aside=remap.set_aside,
        )
        parts = [f"{len(contract.labels)} channels at {contract.rate_hz:g} Hz"]
        if remap.interpolated:
            parts.append(f"{len(remap.interpolated)} interpolated")
        if remap.set_aside:
            parts.append(f"{len(remap.set_aside)} set aside")
        self._phase("streaming", f"Connected {again}to '{contract.name}': {', '.join(parts)}.")

    def _phase(self, phase: str, sentence: str) -> None:
        self._update_state(phase=phase, sentence=sentence)
        self.send_state()
        level = {"streaming": "info", "searching": "info", "refused": "error"}.get(phase, "warning")
        self._notice(level, sentence)
