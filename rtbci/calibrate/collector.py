"""Collecting a sitting: EEG through the live signal path, and the clips that markers announce."""

import threading
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Bundle
from rtbci.calibrate.journal import Journal
from rtbci.calibrate.parts import Part
from rtbci.calibrate.photodiode import Light, Photodiode, channel_of
from rtbci.calibrate.quality import QualityTally
from rtbci.calibrate.rest import RestTally
from rtbci.calibrate.sitting import Sitting, WatchedClip
from rtbci.calibrate.timing import TimingTally
from rtbci.errors import ContractError, RtbciError, StreamError
from rtbci.signal import Chain, ChainSettings, UsualTally, Verdict
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.markers import ClipMarker, EndMarker, Marker, RestMarker, ShownMarker, decode
from rtbci.stream import Chunk, Connected, Failed, Gap, Jumped, Lost, Refused, StreamContract, StreamEvent

_REPLAY_SAMPLES = 100
_SAME_S = 0.1
"""The onset of a clip as a screen on another machine tells it differs by the error of the clocks' offset."""


class Collector:
    """Takes what an `EegStream` and a marker stream hand on; each may come on its own thread.

    Parameters
    ----------
    bundle : Bundle
        Says how EEG is to be prepared.
    journal : Journal, optional
        Gets everything that comes in, before anything is made of it.
    mains_hz : float, optional
        Frequency of the mains here, if it is not the bundle's.
    photodiode : str, optional
        Label of the channel of a photodiode: clips then begin when it saw them begin.
    covariance : ndarray, shape (62, 62), optional
        Of an older profile that is built on, from which alignment begins as it does live; by default the
        cohort's.

    Attributes
    ----------
    contract : StreamContract or None
        Of the stream, once it is connected.
    failure : RtbciError or None
        Why this sitting can no longer be used, if so.
    quality : QualityTally
        How good the signal was until now.
    rest : RestTally
        What was found while the wearer rested.
    timing : TimingTally
        How punctually the screen showed the clips.
    heard : float
        When the newest chunk came, on LSL's clock; minus infinity before the first.
    connections : int
        How often a stream was connected.
    lost_samples : int
    ended : bool
        Whether an end marker came.
    """

    def __init__(
        self,
        bundle: Bundle,
        journal: Journal | None = None,
        mains_hz: float | None = None,
        photodiode: str | None = None,
        covariance: NDArray[np.float64] | None = None,
    ) -> None:
        self.journal = journal
        self._mains_hz = mains_hz
        self._label = photodiode
        self._photodiode: Photodiode | None = None
        self._preprocessing = bundle.manifest.preprocessing
        self._prior = bundle.array("prior_covariance") if covariance is None else covariance
        self._lock = threading.Lock()
        self._chain: Chain | None = None
        self._z: list[NDArray[np.float32]] = []
        self._newest: list[float] = []
        self._clips: list[WatchedClip] = []
        self.contract: StreamContract | None = None
        self.failure: RtbciError | None = None
        self.connections = 0
        self.quality = QualityTally()
        self.rest = RestTally(self._preprocessing.window_s, self._preprocessing.rate_hz)
        self.timing = TimingTally()
        self.heard = -np.inf
        self.usual = UsualTally()
        self.lost_samples = 0
        self.ended = False

    def on_item(self, item: Chunk | StreamEvent) -> None:
        """Take a chunk or an event of the stream."""
        match item:
            case Chunk():
                if self.journal is not None:
                    self.journal.eeg(item)
                self.heard = item.received
                self._take(item)
            case Connected(contract=contract):
                self._connect(contract)
            case Gap(at=at, lost=lost):
                self._restart("a gap in the stream", at, lost)
            case Jumped(at=at):
                self._restart("the sender's clock was set", at)
            case Lost(at=at):
                self._restart("the stream was lost", at)
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
        if self.journal is not None:
            self.journal.marker(text, stamp)
        marker = decode(text)
        if isinstance(marker, EndMarker):
            self.ended = True
        self._add(marker, stamp)

    def replay(self, contract: StreamContract, parts: Iterable[Part]) -> None:
        """Take what was recorded before; the stream that comes next goes on from there.

        A clip that was cut off in the middle is forgotten: its EEG is not whole.

        Parameters
        ----------
        contract : StreamContract
            Of the cap that it was recorded with.
        parts : iterable of Part
            In order of time.
        """
        self._begin(contract)
        for part in parts:
            for text, stamp in part.markers:
                self._add(decode(text), stamp)
            for stretch in part.stretches:
                self.lost_samples += stretch.lost
                if self._chain is not None:
                    self._chain.reset(stretch.reason)
                data, stamps = stretch.chunk.data, stretch.chunk.stamps
                for first in range(0, len(data), _REPLAY_SAMPLES):
                    piece = slice(first, first + _REPLAY_SAMPLES)
                    self._take(Chunk(data[piece], stamps[piece], stretch.chunk.received))
            with self._lock:
                until = self._until()
                self._clips = [clip for clip in self._clips if clip.onset + clip.seconds <= until]
        if self._chain is not None:
            self._chain.reset("the calibration was interrupted")

    def _add(self, marker: Marker | None, stamp: float) -> None:
        match marker:
            case ClipMarker():
                concept = CONCEPT_NAMES.index(marker.concept)
                clip = WatchedClip(stamp, marker.seconds, concept, marker.file)
                with self._lock:
                    self._clips.append(clip)
            case RestMarker():
                self.rest.period(marker, stamp)
            case ShownMarker(frames=0):
                # The screen could not show it: what the EEG holds then is no answer to it.
                with self._lock:
                    self._clips = [clip for clip in self._clips if abs(clip.onset - stamp) > _SAME_S]
            case ShownMarker():
                self.timing.add(marker)

    @property
    def verdict(self) -> Verdict | None:
        """What is said of the electrodes now."""
        return None if self._chain is None else self._chain.quality

    @property
    def announced(self) -> int:
        """How many clips have been announced."""
        with self._lock:
            return len(self._clips)

    @property
    def watched(self) -> int:
        """How many clips are over, EEG of the whole of them included."""
        with self._lock:
            until = self._until()
            return sum(clip.onset + clip.seconds <= until for clip in self._clips)

    @property
    def until(self) -> float:
        """When a clip must be over for its EEG to be whole, on LSL's clock."""
        with self._lock:
            return self._until()

    def _until(self) -> float:
        """When a clip must be over for its EEG to be whole."""
        if not self._newest:
            return -np.inf
        return self._newest[-1] + 0.5 * self._preprocessing.hop_s - self._preprocessing.lag_s

    def sitting(self) -> Sitting:
        """Return what was collected until now."""
        p = self._preprocessing
        light = self.light()
        with self._lock:
            empty = np.empty((0, *self._shape()), dtype=np.float32)
            return Sitting(
                np.stack(self._z) if self._z else empty,
                np.array(self._newest),
                tuple(sorted(_corrected(self._clips, light), key=lambda clip: clip.onset)),
                window_s=p.window_s,
                hop_s=p.hop_s,
                lag_s=p.lag_s,
            )

    def light(self) -> Light | None:
        """What the photodiode saw of the clips that are over, if there is one and there are any."""
        with self._lock:
            if self._photodiode is None:
                return None
            until = self._until()
            onsets = [clip.onset for clip in self._clips if clip.onset + clip.seconds <= until]
            return self._photodiode.found(np.array(onsets))

    def _shape(self) -> tuple[int, int]:
        return len(self._prior), round(self._preprocessing.window_s * self._preprocessing.rate_hz)

    def _take(self, chunk: Chunk) -> None:
        if self._chain is None or len(chunk.data) == 0:
            return
        if self._photodiode is not None:
            with self._lock:
                self._photodiode.push(chunk.data, chunk.stamps)
        windows = self._chain.push(chunk.data, chunk.stamps)
        if self.contract is not None:
            self.usual.add(self._chain.covariance, len(chunk.data) / self.contract.rate_hz)
        for window in windows:
            with self._lock:
                # A clock that was set back makes stamps that cannot be told from earlier ones.
                if not self._newest or window.newest > self._newest[-1]:
                    self._z.append(window.z)
                    self._newest.append(window.newest)
                    self.quality.window(window.clean)
                    self.rest.window(window.uv, window.newest)
        self.quality.verdict(self._chain.quality)

    def _connect(self, contract: StreamContract) -> None:
        if self.journal is not None:
            try:
                self.journal.connected(contract)
            except RtbciError as error:
                self.failure = self.failure or error
                return
        if self.contract is None:
            try:
                self._begin(contract)
            except ContractError as error:
                self.failure = self.failure or error
                return
        elif not contract.same_input(self.contract):
            self.failure = ContractError(
                f"Stream '{contract.name}' came back as another cap in the middle of the calibration; "
                "calibrate again from the start."
            )
        self.connections += 1

    def _begin(self, contract: StreamContract) -> None:
        settings = ChainSettings.from_preprocessing(
            self._preprocessing,
            contract.rate_hz,
            contract.remap,
            self._prior,
            mains_hz=self._mains_hz,
        )
        self._photodiode = None if self._label is None else Photodiode(channel_of(contract, self._label))
        self._chain = Chain(settings)
        self.contract = contract

    def _restart(self, reason: str, at: float, lost: int = 0) -> None:
        self.lost_samples += lost
        if self.journal is not None:
            self.journal.restarted(reason, lost, at)
        if self._chain is not None:
            self._chain.reset(reason)


def _corrected(clips: list[WatchedClip], light: Light | None) -> list[WatchedClip]:
    """Clips from when they were seen to begin; those that are not over yet, from when they usually do."""
    if light is None or light.blind:
        return clips
    later = light.corrections
    return [replace(clip, onset=clip.onset + later.get(clip.onset, light.usual)) for clip in clips]
