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


@dataclass(frozen=True)
class Plan:
    """A presentation.

    Attributes
    ----------
    items : tuple of (float, Marker)
        What is shown, and when it begins in seconds from the start; an end marker is last.
    clips : int
        Number of clips.
    """

    items: tuple[tuple[float, Marker], ...]
    clips: int

    @property
    def seconds(self) -> float:
        """Length of the presentation."""
        return self.items[-1][0]


def plan(minutes: float, seed: int, skip: int = 0) -> Plan:
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

    Raises
    ------
    UsageError
        If there would be fewer than ten clips.
    """
    clips = int(minutes * 60 / CLIP_SECONDS)
    if clips < 10:
        raise UsageError(
            f"{minutes:g} minutes are {clips} clips, too few to fit anything; give at least half a minute."
        )
    items: list[tuple[float, Marker]] = [(0.0, RestMarker(seconds=LEAD_S))]
    at = LEAD_S
    for number, spec in zip(range(clips), Playlist(seed).rounds(), strict=False):
        if number < skip:
            continue
        if number > skip and number % len(CONCEPTS) == 0:
            items.append((at, RestMarker(seconds=REST_S)))
            at += REST_S
        items.append((at, ClipMarker(concept=spec.name, seed=spec.seed)))
        at += CLIP_SECONDS
    items.append((at, EndMarker()))
    return Plan(tuple(items), max(0, clips - skip))
