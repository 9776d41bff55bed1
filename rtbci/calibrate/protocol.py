"""What is shown in a calibration: whole rounds of clips, every concept as often as time allows."""

from collections.abc import Iterator
from dataclasses import dataclass

from rtbci.errors import UsageError
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.library import Library
from rtbci.stimuli.markers import ClipMarker, EndMarker, Marker, RestMarker
from rtbci.stimuli.playlist import Playlist
from rtbci.stimuli.spec import CLIP_SECONDS

LEAD_S = 10.0
"""Rest at the start, in which filters settle and the running covariance becomes the wearer's."""
REST_S = 6.0
"""Rest after each round, for blinking."""
FEWEST_ROUNDS = 2
"""Of own clips: a concept that comes once is never both learnt and held out, and nothing is known of it."""
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
    minutes: float,
    seed: int,
    skip: int = 0,
    *,
    lead_s: float = LEAD_S,
    clip_s: float = CLIP_SECONDS,
    library: Library | None = None,
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
    library : Library, optional
        Clips of a laboratory's own, in place of the drawn corpus. The wearer rests after about as many.

    Raises
    ------
    UsageError
        If there would be fewer than ten clips, or two of each of the library's concepts.
    """
    clips = int(minutes * 60 / clip_s)
    if clips < 10:
        raise UsageError(
            f"{minutes:g} minutes are {clips} clips, too few to fit anything; give at least half a minute."
        )
    if library is not None:
        check_rounds(library, clips, clip_s)
    rest_after = len(CONCEPTS)
    if library is not None:
        rest_after = len(library.concepts) * max(1, round(len(CONCEPTS) / len(library.concepts)))
    items: list[tuple[float, Marker]] = [(0.0, RestMarker(seconds=lead_s))]
    at = lead_s
    for number, marker in zip(range(clips), _markers(seed, clip_s, library), strict=False):
        if number < skip:
            continue
        if number > skip and number % rest_after == 0:
            items.append((at, RestMarker(seconds=REST_S)))
            at += REST_S
        items.append((at, marker))
        at += clip_s
    items.append((at, EndMarker()))
    return Plan(tuple(items), max(0, clips - skip))


def check_rounds(library: Library, clips: int, clip_s: float = CLIP_SECONDS) -> None:
    """Make sure that so many clips hold each concept often enough to be learnt and held out.

    Raises
    ------
    UsageError
        If not.
    """
    needed = FEWEST_ROUNDS * len(library.concepts)
    if clips < needed:
        raise UsageError(
            f"The films in {library.folder} are of {len(library.concepts)} concepts, and {clips} clips are "
            f"too few to show each {FEWEST_ROUNDS} times, as an estimate needs; give at least "
            f"{needed * clip_s / 60 + 0.05:.1f} minutes."
        )


def _markers(seed: int, clip_s: float, library: Library | None) -> Iterator[ClipMarker]:
    if library is None:
        for spec in Playlist(seed).rounds():
            yield ClipMarker(spec.name, spec.seed, clip_s)
    else:
        for clip in library.rounds(seed):
            yield ClipMarker(clip.concept, clip.seed, clip_s, clip.file)


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
