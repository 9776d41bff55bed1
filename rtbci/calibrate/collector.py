"""Collecting a sitting: EEG through the live signal path, and the clips that markers announce."""

import threading

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Bundle
from rtbci.calibrate.sitting import Sitting, WatchedClip
from rtbci.errors import ContractError, RtbciError, StreamError
from rtbci.signal import Chain, ChainSettings
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.markers import ClipMarker, EndMarker, decode
from rtbci.stream import Chunk, Connected, Failed, Gap, Jumped, Lost, Refused, StreamContract, StreamEvent


class Collector:
    """Takes what an `EegStream` and a marker stream hand on; each may come on its own thread.

    Parameters
    ----------
    bundle : Bundle
        Says how EEG is to be prepared.
    mains_hz : float, optional
        Frequency of the mains here, if it is not the bundle's.

    Attributes
    ----------
    contract : StreamContract or None
        Of the stream, once it is connected.
    failure : RtbciError or None
        Why this sitting can no longer be used, if so.
    lost_samples : int
    ended : bool
        Whether an end marker came.
    """

    def __init__(self, bundle: Bundle, mains_hz: float | None = None) -> None:
        self._preprocessing = bundle.manifest.preprocessing
        self._prior = bundle.array("prior_covariance")
        self._mains_hz = mains_hz
        self._lock = threading.Lock()
        self._chain: Chain | None = None
        self._z: list[NDArray[np.float32]] = []
        self._newest: list[float] = []
        self._clips: list[WatchedClip] = []
        self.contract: StreamContract | None = None
        self.failure: RtbciError | None = None
        self.lost_samples = 0
        self.ended = False

    def on_item(self, item: Chunk | StreamEvent) -> None:
        """Take a chunk or an event of the stream."""
        match item:
            case Chunk():
                self._take(item)
            case Connected(contract=contract):
                self._connect(contract)
            case Gap(lost=lost):
                self.lost_samples += lost
                self._restart("a gap in the stream")
            case Jumped():
                self._restart("the sender's clock was set")
            case Lost():
                self._restart("the stream was lost")
            case Refused(reason=reason):
                self.failure = self.failure or ContractError(reason)
            case Failed():
                self.on_marker_event(item)

    def on_marker_event(self, event: StreamEvent) -> None:
        """Take an event of the marker stream: only its failure matters here."""
        if isinstance(event, Failed):
            self.failure = self.failure or StreamError(event.reason)

    def on_marker(self, text: str, stamp: float) -> None:
        """Take a marker."""
        marker = decode(text)
        if isinstance(marker, EndMarker):
            self.ended = True
        if isinstance(marker, ClipMarker):
            clip = WatchedClip(stamp, marker.seconds, CONCEPT_NAMES.index(marker.concept))
            with self._lock:
                self._clips.append(clip)

    @property
    def announced(self) -> int:
        """How many clips have been announced."""
        with self._lock:
            return len(self._clips)

    @property
    def watched(self) -> int:
        """How many clips are over, EEG of the whole of them included."""
        with self._lock:
            if not self._newest:
                return 0
            until = self._newest[-1] + 0.5 * self._preprocessing.hop_s - self._preprocessing.lag_s
            return sum(clip.onset + clip.seconds <= until for clip in self._clips)

    def sitting(self) -> Sitting:
        """Return what was collected until now."""
        p = self._preprocessing
        with self._lock:
            empty = np.empty((0, *self._shape()), dtype=np.float32)
            return Sitting(
                np.stack(self._z) if self._z else empty,
                np.array(self._newest),
                tuple(sorted(self._clips, key=lambda clip: clip.onset)),
                window_s=p.window_s,
                hop_s=p.hop_s,
                lag_s=p.lag_s,
            )

    def _shape(self) -> tuple[int, int]:
        return len(self._prior), round(self._preprocessing.window_s * self._preprocessing.rate_hz)

    def _take(self, chunk: Chunk) -> None:
        if self._chain is None or len(chunk.data) == 0:
            return
        for window in self._chain.push(chunk.data, chunk.stamps):
            with self._lock:
                # A clock that was set back makes stamps that cannot be told from earlier ones.
                if not self._newest or window.newest > self._newest[-1]:
                    self._z.append(window.z)
                    self._newest.append(window.newest)

    def _connect(self, contract: StreamContract) -> None:
        if self.contract is None:
            settings = ChainSettings.from_preprocessing(
                self._preprocessing,
                contract.rate_hz,
                contract.remap,
                self._prior,
                mains_hz=self._mains_hz,
            )
            self._chain = Chain(settings)
            self.contract = contract
        elif not contract.same_input(self.contract):
            self.failure = ContractError(
                f"Stream '{contract.name}' came back as another cap in the middle of the calibration; "
                "calibrate again from the start."
            )

    def _restart(self, reason: str) -> None:
        if self._chain is not None:
            self._chain.reset(reason)
