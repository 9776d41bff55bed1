"""A calibration's report as its JSON holds it: what the picture and the page rest on."""

from collections.abc import Mapping
from typing import Any

import msgspec

from rtbci.errors import WearerError


class Share(msgspec.Struct, frozen=True):
    """A share of clips decoded right, with its 95 % interval."""

    top1: float
    ci95: tuple[float, float]


class Candidate(Share, frozen=True):
    """One way to fit."""

    name: str
    seconds: float


class Predicted(Share, frozen=True):
    """What to expect."""

    chance: float


class Group(msgspec.Struct, frozen=True):
    """One group of concepts."""

    name: str
    clips: int
    before: Share
    after: Share


class Bin(Share, frozen=True):
    """Clips of about the same confidence."""

    claimed: float
    clips: int


class Point(Share, frozen=True):
    """Accuracy after learning from so many clips."""

    clips: int


class Amount(msgspec.Struct, frozen=True):
    """The learning curve, and of which candidate."""

    candidate: str
    points: tuple[Point, ...]


class Electrode(msgspec.Struct, frozen=True):
    """What was said of a channel most often, and the share of time in which it was good."""

    verdict: str
    good: float


class Quality(msgspec.Struct, frozen=True):
    """Signal quality."""

    channels: dict[str, Electrode]
    clean: float


class Named(msgspec.Struct, frozen=True):
    """The bundle."""

    id: str


class Stream(msgspec.Struct, frozen=True):
    """The EEG stream."""

    name: str
    lost_samples: int


class Late(msgspec.Struct, frozen=True):
    """How long after its announced onset a clip's first frame was painted, in milliseconds."""

    p50: float
    p95: float
    max: float


class Timing(msgspec.Struct, frozen=True):
    """How punctually clips were shown."""

    clips: int
    frames: int
    dropped: int
    late_ms: Late
    refresh_hz: float | None = None


class Delay(msgspec.Struct, frozen=True):
    """Percentiles, in milliseconds."""

    p5: float
    p50: float
    p95: float


class LightSeen(msgspec.Struct, frozen=True):
    """What a photodiode saw of the clips; no delays where it saw none."""

    clips: int
    missed: int
    delay_ms: Delay | None = None

    @property
    def warning(self) -> str:
        """What to look at where it saw none; else empty."""
        if self.delay_ms is not None:
            return ""
        return (
            f"The photodiode's channel did not see {self.missed} clips begin: they are cut by their markers "
            "alone. Check that it lies on the square, and which channel it is."
        )


class Rest(msgspec.Struct, frozen=True):
    """Alpha with the eyes closed over alpha with the eyes open."""

    ratio: float
    ci95: tuple[float, float]
    peak_hz: float | None


class Table(msgspec.Struct, frozen=True):
    """Clips of a laboratory's own that were shown."""

    table: str | None
    shown: int
    repeated: int
    concepts: tuple[str, ...]


class Content(msgspec.Struct, frozen=True):
    """The report; what is not drawn is left out."""

    wearer: str
    created: str
    bundle: Named
    stream: Stream
    plain: tuple[str, str]
    decodable: bool
    chosen: str
    predicted: Predicted
    clips: int
    candidates: tuple[Candidate, ...]
    groups: tuple[Group, ...]
    reliability: tuple[Bin, ...]
    amount: Amount
    quality: Quality
    timing: Timing | None = None
    light: LightSeen | None = None
    rest: Rest | None = None
    own_clips: Table | None = None

    @property
    def chance(self) -> float:
        """What guessing gives."""
        return self.predicted.chance

    @property
    def before(self) -> Share:
        """The bundle as it comes."""
        # After an update the profile as it was stands before it.
        return next((c for c in self.candidates if c.name == "none"), self.candidates[0])

    @property
    def after(self) -> Share:
        """What was chosen."""
        return self.predicted


def read(report: Mapping[str, Any]) -> Content:
    """Read a report.

    Raises
    ------
    WearerError
        If it lacks something.
    """
    try:
        return msgspec.convert(dict(report), Content)
    except msgspec.ValidationError as error:
        raise WearerError(
            f"The calibration's report cannot be drawn ({error}); calibrate the wearer again."
        ) from error
