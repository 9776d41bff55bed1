"""A live session: everything between the EEG stream and the wire, started and stopped as one."""

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pylsl import local_clock
from threadpoolctl import threadpool_limits

from rtbci.bundle import Bundle
from rtbci.decode import Decoder
from rtbci.errors import ContractError, RecordingError, RtbciError, StimulusError
from rtbci.live.acquisition import Acquisition, Arrival
from rtbci.live.decoding import DecodingLoop
from rtbci.live.drift import DriftWatch
from rtbci.live.latency import LatencyBook
from rtbci.live.mailbox import Mailbox
from rtbci.live.pictures import MEMORY, PictureLink
from rtbci.live.report import Resources, decoding_summary
from rtbci.live.trials import TrialScorer
from rtbci.record import Recorder
from rtbci.stream import (
    Chunk,
    Connected,
    EegStream,
    MarkerStream,
    Refused,
    StreamEvent,
    StreamQuery,
    StreamSettings,
)
from rtbci.wearers import Profile, check_cap
from rtbci.wire import Publisher
from rtbci.wire.messages import Notice, Status
from rtbci.wire.security import PublisherKeys

_log = logging.getLogger(__name__)

_STATUS_EVERY_S = 0.5
_JOIN_S = 1.0
_BAD_MARKERS_TOLD = 20
"""A sender whose every marker is wrong in its own way must not flood the notices."""


@dataclass(frozen=True)
class SessionOptions:
    """What a session is asked to do.

    Attributes
    ----------
    query : StreamQuery
        The EEG stream wanted.
    endpoint : str
        Where messages go out.
    settings : StreamSettings
        What the operator knows of the stream beyond what it says.
    keys : PublisherKeys or None
        For an endpoint that other machines can reach.
    profile : Profile or None
        A calibrated wearer.
    record : Path or None
        Where to record everything that comes in.
    surrogate : bool
        Decode surrogate EEG (the null control as a whole run).
    mains_hz : float or None
        Frequency of the mains here; None for the bundle's.
    realign : bool
        Whether alignment follows the EEG, or stays as the wearer's calibration found it.
    generator : tuple of str
        Module of the generator's process, and the options that it alone knows.
    """

    query: StreamQuery
    endpoint: str
    settings: StreamSettings = field(default_factory=StreamSettings)
    keys: PublisherKeys | None = None
    profile: Profile | None = None
    record: Path | None = None
    surrogate: bool = False
    mains_hz: float | None = None
    realign: bool = True
    generator: tuple[str, ...] = MEMORY


class LiveSession:
    """Owns the threads and the generator's process of one session.

    Parameters
    ----------
    bundle : Bundle
        Decoder and generator.
    options : SessionOptions
        What to do.

    Attributes
    ----------
    failure : BaseException or None
        What ended the session from within, if anything did; `failed` is set then.
    """

    def __init__(self, bundle: Bundle, options: SessionOptions) -> None:
        self.failure: BaseException | None = None
        self.failed = threading.Event()
        self._bundle = bundle
        self._options = options
        self._began = local_clock()
        self._resources = Resources()
        self._latency = LatencyBook()
        self._windows: Mailbox[Arrival] = Mailbox()
        self._markers: MarkerStream | None = None
        self._markers_query: StreamQuery | None = None
        self._told: set[str] = set()
        self._ended = threading.Event()
        self._one_blas_thread: threadpool_limits | None = None
        with ExitStack() as undo:
            self._publisher = Publisher(options.endpoint, f"{self._began:.6f}", options.keys)
            undo.callback(self._publisher.close)
            self._recorder = _recorder(options.record, self._publisher)
            if self._recorder is not None:
                undo.callback(self._recorder.close)
            profile = options.profile
            decoder = Decoder(
                bundle, profile.adapter if profile else None, encoder=profile.encoder if profile else None
            )
            self._drift = DriftWatch(profile)
            self._scorer = _scorer(bundle)
            self._pictures = PictureLink(
                bundle,
                self._publisher,
                self._latency,
                wearer=profile.wearer if profile else "",
                guard=self._guarded,
                generator=options.generator,
            )
            undo.callback(self._pictures.stop)
            self._acquisition = Acquisition(
                bundle,
                self._publisher,
                self._windows,
                self._latency,
                self._recorder,
                mains_hz=options.mains_hz,
                covariance=profile.covariance if profile else None,
                realign=options.realign,
                on_break=self._pictures.flush,
            )
            self._loop = DecodingLoop(
                bundle,
                decoder,
                self._windows,
                self._publisher,
                self._pictures,
                self._latency,
                self._scorer,
                exponent=profile.adapter.exponent if profile else None,
                surrogate=options.surrogate,
                recorder=self._recorder,
            )
            self._stream = EegStream(
                options.query, settings=options.settings, on_item=self._guarded(self._on_item)
            )
            undo.pop_all()
        self._threads = [
            threading.Thread(target=self._guarded(self._loop.run), name="decoder", daemon=True),
            threading.Thread(target=self._guarded(self._send_status), name="status", daemon=True),
        ]

    @property
    def endpoint(self) -> str:
        """Where messages go out."""
        return self._publisher.endpoint

    def start(self) -> None:
        """Start the generator, the threads and the inlet."""
        # The matrices are small: a second BLAS thread spins more than it works, at the generator's cost.
        self._one_blas_thread = threadpool_limits(1, "blas")
        self._pictures.start()
        for thread in self._threads:
            thread.start()
        self._stream.start()

    def stop(self) -> dict[str, Any]:
        """Stop everything and return the report."""
        # First of all: whatever fails below, no thread is left waiting.
        self._ended.set()
        self._windows.close()
        report_cpu = self._resources.total_percent(self._pictures.pid)
        self._stream.stop()
        if self._markers is not None:
            self._markers.stop()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(_JOIN_S)
        self._pictures.stop()
        if self.failure is None:
            # Last of all, or a viewer would take what comes after it for a session that goes on.
            self._acquisition.end(local_clock() - self._began)
        if self._recorder is not None:
            try:
                self._recorder.close()
            except RecordingError as error:
                self.failure = self.failure or error
        self._publisher.close()
        if self._one_blas_thread is not None:
            self._one_blas_thread.restore_original_limits()
        return self._report(report_cpu)

    # ---- threads -------------------------------------------------------------------------------

    def _guarded(self, work: Callable[..., None]) -> Callable[..., None]:
        """Wrap work of another thread so that its failure ends the session rather than one thread."""

        def guarded(*arguments: object) -> None:
            try:
                work(*arguments)
            except RtbciError as error:
                self._fail(error)
            except BaseException as error:
                self._fail(error)
                raise

        return guarded

    def _fail(self, error: BaseException) -> None:
        self.failure = self.failure or error
        self.failed.set()

    def _on_item(self, item: Chunk | StreamEvent) -> None:
        if isinstance(item, Connected) and self._options.profile is not None:
            check_cap(self._options.profile.record, item.contract.labels)
        self._acquisition.on_item(item)
        if isinstance(item, Refused) and self._acquisition.connections == 0:
            # Nothing was decoded yet: better to end with the reason than to wait for another cap.
            raise ContractError(item.reason)
        if isinstance(item, Connected):
            self._hear_markers_of(item.contract.source_id)

    def _hear_markers_of(self, source_id: str) -> None:
        """Listen to the marker stream that goes with a sender; it may have come back under another id."""
        query = StreamQuery(type="Markers", source_id=f"{source_id}-markers")
        if self._markers is not None:
            if query == self._markers_query:
                return
            self._markers.stop()
        self._markers_query = query
        self._markers = MarkerStream(query, on_marker=self._guarded(self._on_marker))
        self._markers.start()

    def _on_marker(self, text: str, stamp: float) -> None:
        # Recorded first: a recording keeps what came, whatever it is worth.
        if self._recorder is not None:
            self._recorder.marker(text, stamp)
        try:
            self._scorer.on_marker(text, stamp)
        except StimulusError as error:
            self._tell_once(str(error))

    def _tell_once(self, sentence: str) -> None:
        """Send a warning, unless it was sent before or too many of its kind were."""
        if sentence in self._told or len(self._told) >= _BAD_MARKERS_TOLD:
            return
        self._told.add(sentence)
        notice = Notice(level="warning", sentence=sentence, at=local_clock())
        _log.warning(sentence)
        self._publisher.send(notice)
        if self._recorder is not None:
            self._recorder.event(sentence, notice.at)

    def _send_status(self) -> None:
        while not self._ended.wait(_STATUS_EVERY_S):
            cpu, rss = self._resources.sample(self._pictures.pid)
            self._acquisition.send_state_if_silent()
            self._watch_drift()
            self._publisher.send(
                Status(
                    at=local_clock(),
                    bundle=self._bundle.manifest.id,
                    wearer=self._options.profile.wearer if self._options.profile else "",
                    uptime_s=local_clock() - self._began,
                    latency_ms=self._latency.recent(),
                    counts=self._counts(),
                    cpu_percent=cpu,
                    rss_mb=rss,
                    drift=self._drift.now,
                )
            )

    def _watch_drift(self) -> None:
        state = self._acquisition.state
        streamed_s = state.samples / state.rate_hz if state.rate_hz else 0.0
        sentence = self._drift.look(self._acquisition.covariance, streamed_s)
        if sentence is None:
            return
        _log.info(sentence)
        at = local_clock()
        level: Literal["warning", "info"] = "warning" if self._drift.large else "info"
        self._publisher.send(Notice(level=level, sentence=sentence, at=at))
        if self._recorder is not None:
            self._recorder.event(sentence, at)

    # ---- the report ----------------------------------------------------------------------------

    def _counts(self) -> dict[str, int]:
        return {
            "windows": self._acquisition.window_count,
            "decoded": self._loop.decoded,
            **self._pictures.counts(),
            "superseded": self._windows.superseded + self._pictures.superseded,
        }

    def _report(self, cpu_percent: float) -> dict[str, Any]:
        state = self._acquisition.state
        return {
            "stream": {
                "name": state.name,
                "channels": state.channels,
                "rate_hz": state.rate_hz,
                "unit": state.unit,
                "samples": state.samples,
                "lost_samples": state.lost_samples,
                "gaps": state.gaps,
                "repaired_channels": sorted({*state.interpolated, *self._acquisition.repaired_ever}),
                "interpolated_channels": list(state.interpolated),
                "set_aside_channels": list(state.set_aside),
                "connections": self._acquisition.connections,
                "losses": self._acquisition.losses,
                "refusals": self._acquisition.refusals,
            },
            "bundle": {"id": self._bundle.manifest.id},
            "wearer": self._options.profile.wearer if self._options.profile else None,
            "drift": self._drift.report(),
            "surrogate": self._options.surrogate,
            "seconds": round(local_clock() - self._began, 3),
            "first_keyframe_s": self._pictures.first_keyframe_after(self._began),
            "counts": self._counts(),
            "evidence": dict(self._loop.words),
            "latency_ms": self._latency.summary(),
            "decoding": decoding_summary(
                self._scorer.trials,
                self._scorer.hits,
                self._scorer.null_hits,
                len(self._bundle.manifest.concepts),
            ),
            "resources": {
                "cpu_percent": round(cpu_percent, 1),
                "rss_mb": round(self._resources.peak_rss_mb, 1),
            },
        }


def _recorder(path: Path | None, publisher: Publisher) -> Recorder | None:
    """Make the recorder; a disk that fills up is told at once, and decoding goes on."""

    def tell(error: RecordingError) -> None:
        publisher.send(Notice(level="error", sentence=str(error), at=local_clock()))

    return None if path is None else Recorder(path, on_failure=tell)


def _scorer(bundle: Bundle) -> TrialScorer:
    preprocessing = bundle.manifest.preprocessing
    return TrialScorer(bundle.manifest.concepts, lag_s=preprocessing.lag_s, hop_s=preprocessing.hop_s)
