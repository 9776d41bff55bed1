"""What is decided before a calibration, and how far one is."""

from collections.abc import Callable
from dataclasses import dataclass, field

from rtbci.bundle import Bundle
from rtbci.calibrate.adaptive import Estimate
from rtbci.calibrate.candidates import Candidate
from rtbci.calibrate.connection import SILENT_S
from rtbci.calibrate.protocol import LEAD_S
from rtbci.calibrate.report import NotTried
from rtbci.stimuli.library import Library
from rtbci.stimuli.spec import CLIP_SECONDS
from rtbci.stream import StreamQuery, StreamSettings
from rtbci.wearers import Profile

Gradients = Callable[[Bundle], tuple[tuple[Candidate, ...], tuple[NotTried, ...]]]


@dataclass(frozen=True)
class CourseSettings:
    """What is decided before a calibration.

    Attributes
    ----------
    query : StreamQuery
    stream : StreamSettings
    wait_s : float
        How long to wait for the stream.
    minutes : float
        Of clips, in all.
    whole : bool
        Not to end before, even if more would not help.
    mains_hz : float or None
        Frequency of the mains here; None is the bundle's.
    seed : int
        Order of the clips.
    rest_s : float
        Of rest with the eyes open, and again closed, before the clips; 0 for none.
    lead_s, clip_s : float
        Rest before the first clip, and duration of a clip.
    silent_s : float
        How long to wait for EEG or a clip before giving up.
    photodiode : str or None
        Label of the channel of a photodiode in front of the screen.
    gradients : callable or None
        Gives candidates that the base install has not, and those that cannot be tried, for a bundle; asked
        for when it is time to fit.
    older : Profile or None
        An older profile of the wearer, to build on.
    library : Library or None
        Clips of a laboratory's own, to show in place of the drawn corpus.
    """

    query: StreamQuery = field(default_factory=StreamQuery)
    stream: StreamSettings = field(default_factory=StreamSettings)
    wait_s: float = 10.0
    minutes: float = 7.0
    whole: bool = False
    mains_hz: float | None = None
    seed: int = 0
    rest_s: float = 0.0
    lead_s: float = LEAD_S
    clip_s: float = CLIP_SECONDS
    silent_s: float = SILENT_S
    photodiode: str | None = None
    gradients: Gradients | None = None
    older: Profile | None = None
    library: Library | None = None

    @property
    def clips(self) -> int:
        """How many clips that is."""
        return round(self.minutes * 60 / self.clip_s)


@dataclass(frozen=True)
class Progress:
    """How far the watching is.

    Attributes
    ----------
    watched, wanted : int
        Clips.
    left_s : float
        Until the last of them is over, without what pauses may still take.
    estimate : Estimate or None
        The newest.
    verdict : str or None
        Why it ends before all are watched, if it does.
    held : bool
        Whether it is paused.
    quiet_s : float
        For how long no EEG has come, if that is too long; else 0.
    """

    watched: int
    wanted: int
    left_s: float
    estimate: Estimate | None = None
    verdict: str | None = None
    held: bool = False
    quiet_s: float = 0.0
