"""From events on a timeline to a block's clips: rtbci's own markers, and names of concepts in event files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rtbci.errors import StimulusError
from rtbci.stimuli.captions import caption
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPT_NAMES
from rtbci.stimuli.markers import ClipMarker, EndMarker, HintMarker, Marker, decode
from rtbci.stimuli.spec import CLIP_SECONDS, ClipSpec
from training.source import Clip, Mark


@dataclass(frozen=True)
class Event:
    """Something on a recording's timeline.

    Attributes
    ----------
    onset, seconds : float
        On the recording's clock.
    kind : str
        hint, clip or rest.
    concept : int or None
        None for a rest.
    stimulus : int
    caption : str
    attributes : mapping of str to str
        As in `training.source.Clip`.
    """

    onset: float
    seconds: float
    kind: Literal["hint", "clip", "rest"]
    concept: int | None = None
    stimulus: int = -1
    caption: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def event_of_text(text: str, onset: float, seconds: float | None = None) -> Event | None:
    """Understand a marker or the description of an event.

    Parameters
    ----------
    text : str
        One of rtbci's markers (JSON), a concept's name (``cat``, ``clip/cat``), or ``hint/cat``. Anything
        else is not about clips.
    onset, seconds : float
        When, and for how long where the file says so; a clip without a duration lasts 2 s.

    Raises
    ------
    StimulusError
        If it is one of rtbci's markers, but malformed.
    """
    marker = decode(text)
    if marker is not None:
        return _of_marker(marker, onset)
    kind, _, name = text.strip().casefold().rpartition("/")
    if name not in CONCEPT_NAMES or kind not in ("", "clip", "hint", "stimulus", "stimulus/clip"):
        return None
    concept = CONCEPT_NAMES.index(name)
    if kind == "hint":
        return Event(onset, seconds or HintMarker(name).seconds, "hint", concept)
    return Event(onset, seconds or CLIP_SECONDS, "clip", concept)


def corpus_event(spec: ClipSpec, onset: float, seconds: float) -> Event:
    """A clip of rtbci's own corpus, of which caption and attributes are known."""
    attributes = {name: spec.attribute(name) for name in ATTRIBUTES}
    return Event(onset, seconds, "clip", spec.concept, spec.seed, caption(spec), attributes)


def to_block(
    events: Iterable[tuple[Event, int]], rate_hz: float, samples: int
) -> tuple[tuple[Clip, ...], tuple[Mark, ...]]:
    """Place events on a block's samples; those that do not lie within it are left out.

    Parameters
    ----------
    events : iterable of (Event, int)
        Each with its slot, from `with_slots`; onsets in seconds from the block's first sample.
    rate_hz : float
    samples : int
        The block's.
    """
    clips: list[Clip] = []
    marks: list[Mark] = []
    for event, slot in events:
        start, length = round(event.onset * rate_hz), round(event.seconds * rate_hz)
        if start < 0 or start + length > samples:
            continue
        marks.append(Mark(start, length, event.kind, event.concept))
        if event.kind == "clip" and event.concept is not None:
            place = clips[-1].place + 1 if clips and clips[-1].slot == slot else 0
            clips.append(
                Clip(
                    start, length, event.concept, slot, place, event.stimulus, event.caption, event.attributes
                )
            )
    return tuple(clips), tuple(marks)


def with_slots(events: Iterable[Event]) -> list[tuple[Event, int]]:
    """Order events in time and number the slots: clips of one concept in a row, ended by a hint too."""
    found: list[tuple[Event, int]] = []
    slot, shown = -1, None
    for event in sorted(events, key=lambda event: event.onset):
        if event.kind == "hint" or (event.kind == "clip" and event.concept != shown):
            slot, shown = slot + 1, event.concept
        found.append((event, slot))
    return found


def _of_marker(marker: Marker, onset: float) -> Event | None:
    if isinstance(marker, EndMarker):
        return None
    if isinstance(marker, ClipMarker) and marker.file:
        # A laboratory's own clip: its seed draws nothing that was shown.
        return Event(onset, marker.seconds, "clip", CONCEPT_NAMES.index(marker.concept))
    if isinstance(marker, ClipMarker):
        return corpus_event(marker.spec(), onset, marker.seconds)
    if isinstance(marker, HintMarker):
        return Event(onset, marker.seconds, "hint", CONCEPT_NAMES.index(marker.concept))
    return Event(onset, marker.seconds, "rest")


def events_of_texts(texts: Iterable[tuple[str, float, float | None]]) -> tuple[list[Event], list[str]]:
    """Understand all of (text, onset, seconds).

    Returns
    -------
    events : list of Event
    problems : list of str
        One sentence for each malformed marker of rtbci's.
    """
    events, problems = [], []
    for text, onset, seconds in texts:
        try:
            event = event_of_text(text, onset, seconds)
        except StimulusError as error:
            problems.append(str(error))
            continue
        if event is not None:
            events.append(event)
    return events, problems
