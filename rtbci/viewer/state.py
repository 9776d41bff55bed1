"""What there is to see, folded from the messages; knows nothing of Qt."""

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rtbci.montage import CHANNELS
from rtbci.viewer.clock import SenderClock
from rtbci.viewer.history import EegHistory
from rtbci.wire import Received
from rtbci.wire.messages import (
    EegChunk,
    Evidence,
    Notice,
    Phase,
    Picture,
    Quality,
    Status,
    StreamState,
    Trial,
)

SILENT_AFTER_S = 1.6
"""The runtime speaks twice a second; after so long without a word it is gone or stuck."""
STALE_AFTER_S = 1.0
"""Evidence older than this is shown as old once the stream is not streaming,"""
STUCK_AFTER_S = 3.0
"""and older than this in any case."""
BEHIND_AFTER_S = 1.75
"""A picture whose EEG is older than the evidence's by more than three windows and the time to draw one."""
WEAKER_AFTER_S = 0.25
"""How long a picture may claim more than the evidence: until the one of that evidence is drawn."""
PAIRS = 5
"""Trials whose pictures are kept."""
_HELD_S = 1.0
_SPARK_S = 60.0
_RANK = {"preview": 0, "keyframe": 1, "clip": 2}
_STRENGTHS = ("none", "weak", "moderate", "strong")

Situation = Phase | Literal["waiting", "silent"]


@dataclass(frozen=True)
class Shown:
    """The picture on show.

    Attributes
    ----------
    header : Picture
    pixels : ndarray, shape (frames, height, width, 3), uint8
    arrived : float
        When it came in, on this machine's clock.
    playing_since : float
        From when the clip's position counts; kept while pictures of the same thing follow each other, so
        that motion does not jump back.
    """

    header: Picture
    pixels: NDArray[np.uint8]
    arrived: float
    playing_since: float

    def frame(self, now: float) -> int:
        """Index of the frame to show."""
        fps = self.header.fps
        if self.header.frames == 1 or not 0 < fps < 1000:
            return 0
        return int(max(0.0, now - self.playing_since) * fps) % self.header.frames


@dataclass(frozen=True)
class Past:
    """Why the picture on show is not of the present.

    Attributes
    ----------
    sentence : str
        Short enough to be stamped on the picture.
    fault : bool
        Whether something is wrong, rather than on its way to change.
    """

    sentence: str
    fault: bool


@dataclass(frozen=True)
class Pair:
    """A trial with what was decoded of it: the last keyframe before the trial's end was told.

    Attributes
    ----------
    trial : Trial
    decoded : ndarray, shape (height, width, 3), uint8, or None
        None if no keyframe came during the trial.
    """

    trial: Trial
    decoded: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Banner:
    """State of the stream in one word and one sentence; `seconds` since it is so, where that matters."""

    situation: Situation
    sentence: str
    seconds: float | None = None


class ViewState:
    """Everything on show. `fold` messages into it; ask it with the present time (monotonic seconds)."""

    session: str
    heard: float | None
    stream: StreamState | None
    phase_since: float
    eeg: EegHistory
    eeg_heard: float | None
    quality: Quality | None
    evidence: Evidence | None
    evidence_heard: float | None
    picture: Shown | None
    status: Status | None
    trials: deque[Trial]
    pairs: deque[Pair]
    notices: deque[tuple[float, Notice]]
    preview_ms: deque[tuple[float, float]]
    _keyframe: NDArray[np.uint8] | None
    _weaker_since: float | None
    clock: SenderClock

    def __init__(self) -> None:
        self.missed: Counter[type] = Counter()
        self.refused = 0
        self.refusal = ""
        self._start_afresh("")

    def fold(self, received: Received, now: float) -> None:
        """Take in one message; messages may come in any order."""
        if received.session != self.session:
            self._start_afresh(received.session)
        self.heard = now if self.heard is None else max(now, self.heard)
        self.missed[type(received.header)] += received.missed
        match received.header:
            case StreamState() as header:
                self._take_stream(header, now)
            case EegChunk() as header:
                self.eeg.add(received.buffers[0], header.first, header.rate_hz)
                self.eeg_heard = now
            case Quality() as header:
                self.quality = header
            case Evidence() as header:
                self._take_evidence(header, now)
            case Picture() as header:
                self._take_picture(header, received.buffers[0], now)
            case Status() as header:
                self.status = header
            case Trial() as header:
                self.trials.append(header)
                self.pairs.append(Pair(header, self._keyframe))
                # What comes next belongs to the next trial.
                self._keyframe = None
            case Notice() as header:
                self.notices.append((now, header))

    # ---- questions -----------------------------------------------------------------------------

    def banner(self, now: float) -> Banner:
        """What to say of the stream."""
        if self.heard is None:
            return Banner("waiting", "Waiting for the runtime: nothing has been received yet.")
        silent = now - self.heard
        ended = self.stream is not None and self.stream.phase == "ended"
        if silent > SILENT_AFTER_S and not ended:
            return Banner("silent", "The runtime has gone silent; what is shown is old.", silent)
        if self.stream is None:
            return Banner("waiting", "Connected; waiting for the state of the stream.")
        since = None
        if self.stream.phase in ("stalled", "lost"):
            since = now - (self.eeg_heard if self.eeg_heard is not None else self.phase_since)
        return Banner(self.stream.phase, self._sentence(self.stream), since)

    def _sentence(self, stream: StreamState) -> str:
        faults = stream.interpolated or stream.repaired or stream.lost_samples
        if stream.phase == "streaming" and not faults:
            return f"All {len(CHANNELS)} channels are in, nothing lost."
        return stream.sentence

    def evidence_age(self, now: float) -> float | None:
        """Seconds since the newest EEG sample in the evidence; None if there is none."""
        if self.evidence is None or self.evidence_heard is None:
            return None
        since = now - self.evidence_heard
        times = self.evidence.times
        inside = times.published - times.newest
        return since + (inside if times.newest > 0 and 0 < inside < 3600 else 0.0)

    def is_old(self, now: float) -> bool:
        """Whether pictures and evidence must be shown as old."""
        age = self.evidence_age(now)
        if age is None:
            return self.banner(now).situation != "streaming"
        return age > (STALE_AFTER_S if self.banner(now).situation != "streaming" else STUCK_AFTER_S)

    def is_overtaken(self) -> bool:
        """Whether the picture belongs to a context that has ended (loss, reset, change)."""
        newest = self.evidence.context if self.evidence else 0
        return self.picture is not None and self.picture.header.context < newest

    def past(self, now: float) -> Past | None:
        """Why the picture must be shown as old; None while it may be taken for the present."""
        if self.is_old(now):
            if self.banner(now).situation == "ended":
                return Past("The session's last picture", fault=False)
            age = self.evidence_age(now)
            return Past("Not live" if age is None else f"Last seen {age:.0f} s ago", fault=True)
        if self.is_overtaken():
            return Past("From before: starting afresh", fault=False)
        if self.picture is None or self.evidence is None:
            return None
        behind = self.evidence.times.newest - self.picture.header.times.newest
        if behind > BEHIND_AFTER_S:
            # The generator hangs or has been given up; the decoder goes on.
            return Past(f"Not live: {behind:.0f} s behind the EEG", fault=True)
        if self._weaker_since is not None and now - self._weaker_since > WEAKER_AFTER_S:
            return Past("From before: weaker evidence now", fault=False)
        return None

    # ---- folding -------------------------------------------------------------------------------

    def _start_afresh(self, session: str) -> None:
        self.session = session
        self.heard = None
        self.stream = None
        self.phase_since = 0.0
        self.eeg = EegHistory()
        self.eeg_heard = None
        self.quality = None
        self.evidence = None
        self.evidence_heard = None
        self.picture = None
        self.status = None
        self.trials = deque(maxlen=200)
        self.pairs = deque(maxlen=PAIRS)
        self._keyframe = None
        self._weaker_since = None
        self.notices = deque(maxlen=20)
        self.preview_ms = deque(maxlen=600)
        self.clock = SenderClock()

    def _take_stream(self, header: StreamState, now: float) -> None:
        if self.stream is None or self.stream.phase != header.phase:
            self.phase_since = now
        self.stream = header

    def _take_evidence(self, header: Evidence, now: float) -> None:
        if self.evidence is not None and _order(header) < _order(self.evidence):
            return
        self.clock.heard(header.times.published, now)
        self.evidence = header
        self.evidence_heard = now
        self._compare(now)

    def _take_picture(self, header: Picture, pixels: NDArray[Any], now: float) -> None:
        self.clock.heard(header.times.published, now)
        times = header.times
        # A picture that is sent again tells nothing of how long drawing takes.
        if header.grade == "preview" and not header.reused and 0 < times.newest < times.published:
            self.preview_ms.append((now, (times.published - times.newest) * 1e3))
            while now - self.preview_ms[0][0] > _SPARK_S:
                self.preview_ms.popleft()
        if header.grade == "keyframe":
            self._keyframe = pixels[0]
        if self.picture is None:
            self.picture = Shown(header, pixels, now, now)
        elif _replaces(header, self.picture, now):
            old = self.picture
            goes_on = (old.header.context, old.header.guess.label) == (header.context, header.guess.label)
            self.picture = Shown(header, pixels, now, old.playing_since if goes_on else now)
        self._compare(now)

    def _compare(self, now: float) -> None:
        """Note since when the picture claims more than the evidence."""
        if self.picture is None or self.evidence is None:
            return
        claimed, known = self.picture.header.word, self.evidence.word
        if _STRENGTHS.index(claimed) <= _STRENGTHS.index(known):
            self._weaker_since = None
        elif self._weaker_since is None:
            self._weaker_since = now


def _order(header: Evidence | Picture) -> tuple[int, int]:
    return header.context, header.window


def _replaces(new: Picture, shown: Shown, now: float) -> bool:
    """Whether a picture should take the place of the one on show.

    Newer beats older. But a preview of the same thing does not push a clip aside at once, or clips would
    be cut off each time that a window is ready; what changes the message (another guess, another strength)
    is never held back.
    """
    old = shown.header
    if _order(new) != _order(old):
        if _order(new) < _order(old):
            return False
        says_else = (new.context, new.guess.label, new.word) != (old.context, old.guess.label, old.word)
        return says_else or _RANK[new.grade] >= _RANK[old.grade] or now - shown.arrived > _HELD_S
    return _RANK[new.grade] > _RANK[old.grade]
