"""What is shown in a calibration: whole rounds of clips, every concept as often as time allows."""

from dataclasses import dataclass

from rtbci.errors import UsageError
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.markers import ClipMarker, EndMarker, Marker, RestMarker
from rtbci.stimuli.playlist import Playlist
from rtbci.stimuli.spec import CLIP_SECONDS

LEAD_S = 10.0
"""Rest at the start, in which filters settle and the running covariance becomes the wearer's."""
REST_S = 6.0
"""Rest after each round, for blinking."""
EYES_S = 15.0
"""Rest with the eyes open, and again with the eyes closed, before the clips."""


@dataclass(frozen=True)
class Plan:
    """A presentation.

    Attributes
    ----------
    items : tuple of (float, Marker)
        What is shown, and when it begins in seconds from the start; the last one ends it.
    clips : int
        Number of clips.
    """

    items: tuple[tuple[float, Marker], ...]
    clips: int

    @property
    def seconds(self) -> float:
        """Length of the presentation."""
        return self.items[-1][0]


def plan(
    minutes: float, seed: int, skip: int = 0, *, lead_s: float = LEAD_S, clip_s: float = CLIP_SECONDS
) -> Plan:
    """Plan a calibration.

    Each round shows every concept once in a new order, so the clips of a concept lie minutes apart, and no
    hint names a concept before it is seen: what a fold holds out cannot be known from its neighbours.

    Parameters
    ----------
    minutes : float
        Time spent watching clips, without the rests.
    seed : int
        Decides order and clips.
    skip : int
        Clips that were watched before; the plan is of the rest.
    lead_s : float
        Rest at the start.
    clip_s : float
        Duration of a clip.

    Raises
    ------
    UsageError
        If there would be fewer than ten clips.
    """
    clips = int(minutes * 60 / clip_s)
    if clips < 10:
        raise UsageError(
            f"{minutes:g} minutes are {clips} clips, too few to fit anything; give at least half a minute."
        )
    items: list[tuple[float, Marker]] = [(0.0, RestMarker(seconds=lead_s))]
    at = lead_s
    for number, spec in zip(range(clips), Playlist(seed).rounds(), strict=False):
        if number < skip:
            continue
        if number > skip and number % len(CONCEPTS) == 0:
            items.append((at, RestMarker(seconds=REST_S)))
            at += REST_S
        items.append((at, ClipMarker(concept=spec.name, seed=spec.seed, seconds=clip_s)))
        at += clip_s
    items.append((at, EndMarker()))
    return Plan(tuple(items), max(0, clips - skip))


def rest_plan(seconds: float = EYES_S) -> Plan:
    """Plan the rest before the clips: the eyes open, then closed.

    Parameters
    ----------
    seconds : float
        Of each.
    """
    lead = min(2.0, seconds / 5)
    return Plan(
        (
            (0.0, RestMarker(seconds=lead)),
            (lead, RestMarker(seconds=seconds, eyes="open")),
            (lead + seconds, RestMarker(seconds=seconds, eyes="closed")),
            (lead + 2 * seconds, RestMarker(seconds=lead)),
        ),
        0,
    )
