"""The messages that go out: one header type a topic, with raw buffers beside it.

On the wire a message is multipart: the topic, the header (msgpack, a tagged union with a version), then
the buffers in the order that the header's docstring gives. Nothing is ever unpickled.
"""

from typing import Literal

import msgspec

WIRE_VERSION = 1

Grade = Literal["preview", "keyframe", "clip"]
Phase = Literal["searching", "streaming", "stalled", "lost", "refused", "ended"]
Strength = Literal["none", "weak", "moderate", "strong"]


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """When each stage was done, in seconds on LSL's clock; 0 where a stage has not happened.

    `newest` is the stamp of the newest EEG sample that the item rests on.
    """

    newest: float = 0.0
    received: float = 0.0
    ready: float = 0.0
    decoded: float = 0.0
    drawn: float = 0.0
    published: float = 0.0


class StreamState(msgspec.Struct, frozen=True, kw_only=True, tag="stream"):
    """State of the EEG stream; sent at each change and twice a second."""

    phase: Phase
    sentence: str
    name: str = ""
    source_id: str = ""
    host: str = ""
    channels: int = 0
    rate_hz: float = 0.0
    unit: str = ""
    samples: int = 0
    lost_samples: int = 0
    gaps: int = 0
    interpolated: tuple[str, ...] = ()
    """Montage channels that the cap lacks and that are interpolated from the others."""
    repaired: tuple[str, ...] = ()
    """Montage channels that are there but bad just now, and are interpolated while they are."""
    set_aside: tuple[str, ...] = ()
    """Channels of the cap that the decoder does not use."""
    at: float = 0.0


class EegChunk(msgspec.Struct, frozen=True, kw_only=True, tag="eeg"):
    """Preprocessed EEG for display. One buffer: float32 (samples, 62), microvolt, at 200 Hz."""

    first: float
    rate_hz: float
    samples: int
    channels: int


class Quality(msgspec.Struct, frozen=True, kw_only=True, tag="quality"):
    """Quality of each of the 62 channels, once a second."""

    at: float
    verdicts: tuple[str, ...]
    """Per channel: good, flat, railed, noisy, mains, odd (unlike its neighbours) or missing."""
    scores: tuple[float, ...]
    """Per channel, 0 (useless) to 1 (good)."""


class Guess(msgspec.Struct, frozen=True):
    """A label and its probability."""

    label: str
    p: float


class Evidence(msgspec.Struct, frozen=True, kw_only=True, tag="evidence"):
    """What the decoder makes of the EEG until `times.newest`.

    Four buffers, all float32: posterior over the concepts (40,), text embedding (64,), latent (8, 16, 16),
    and the posteriors of the attributes one after the other in the bundle's order (8 + 3 + 2 + 13 + 4,).
    The shapes are the bundle's.
    """

    window: int
    context: int
    """Goes up by one each time the evidence starts afresh (loss, reset, change of what is watched)."""
    times: Times
    top: tuple[Guess, ...]
    attributes: dict[str, Guess]
    chance: float
    confidence: float
    """Calibrated probability of the first guess."""
    null_confidence: float
    """95th percentile of the same decoder's confidence on surrogate EEG, over the last minutes."""
    strength: float
    """0 (no better than chance) to 1 (crisp pictures allowed); the one curve is in `rtbci.decode`."""
    word: Strength
    clean: bool = True
    """Whether the newest EEG was fit to be decoded: few channels repaired, few values clipped; else the
    word is weak at most."""
    surrogate: bool = False
    """Whether the EEG itself was replaced by a surrogate (the null control as a whole run)."""


class Picture(msgspec.Struct, frozen=True, kw_only=True, tag="picture"):
    """A picture or clip. One buffer: uint8 (frames, height, width, 3), RGB."""

    grade: Grade
    window: int
    context: int
    times: Times
    frames: int
    height: int
    width: int
    fps: float
    guess: Guess
    caption: str
    chance: float
    strength: float
    word: Strength
    crisp: bool
    bundle: str
    wearer: str = ""
    surrogate: bool = False
    reused: bool = False
    """Whether the pixels were drawn from an earlier window of this context, whose evidence said the same."""


class StageTime(msgspec.Struct, frozen=True):
    """Percentiles of one stage, milliseconds, over the last minute."""

    p50: float
    p95: float
    n: int


class Status(msgspec.Struct, frozen=True, kw_only=True, tag="status"):
    """Health of the runtime, twice a second."""

    at: float
    bundle: str
    wearer: str
    uptime_s: float
    latency_ms: dict[str, StageTime]
    counts: dict[str, int]
    cpu_percent: float
    rss_mb: float
    drift: float | None = None
    """How far the EEG has gone from the wearer's calibration, in usual distances; None where unknown."""


class Trial(msgspec.Struct, frozen=True, kw_only=True, tag="trial"):
    """One watched clip whose truth was announced, and what had been decoded by its end."""

    truth: str
    guess: Guess
    rank: int
    correct: bool
    null_correct: bool
    trials: int
    hits: int
    null_hits: int
    chance: float
    at: float
    seed: int = 0
    """Seed of the clip in the corpus, so that a viewer can draw beside the decoded picture what was shown."""


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag="notice"):
    """Something that the operator should know: a gap, a repair, a change."""

    level: Literal["info", "warning", "error"]
    sentence: str
    at: float


Header = StreamState | EegChunk | Quality | Evidence | Picture | Status | Trial | Notice


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around each header.

    `number` counts the messages of one topic in one session without holes at the sender, so that a
    receiver knows how many it missed. `shapes` has one shape for each buffer that follows; their element
    types are fixed by the header's type.
    """

    version: int
    session: str
    number: int
    header: Header
    shapes: tuple[tuple[int, ...], ...] = ()


TOPICS: dict[type, bytes] = {
    StreamState: b"stream",
    EegChunk: b"eeg",
    Quality: b"quality",
    Evidence: b"evidence",
    Picture: b"picture",
    Status: b"status",
    Trial: b"trial",
    Notice: b"notice",
}
