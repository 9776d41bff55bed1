"""What is on the screen, as text on a marker stream.

A marker is one line of JSON, ``{"rtbci":1,"event":"clip","concept":"cat","seed":5,"seconds":2.0}``; its
stamp on the stream is the onset. A clip of a laboratory's own folder has its ``"file"`` too, as the folder's
table names it.
"""

from typing import Any, Literal

import msgspec

from rtbci.errors import StimulusError
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.spec import CLIP_SECONDS, ClipSpec, clip_spec

MARKER_VERSION = 1


class ClipMarker(msgspec.Struct, frozen=True, tag_field="event", tag="clip", forbid_unknown_fields=True):
    """A clip begins: which concept, from which seed, for how many seconds.

    `file` is empty for a clip of the drawn corpus; for one of a laboratory's own it is the name in the table
    of `rtbci.stimuli.library`, and the seed says which row.
    """

    concept: str
    seed: int
    seconds: float = CLIP_SECONDS
    file: str = ""

    def __post_init__(self) -> None:
        _check_concept(self.concept)
        _check_seconds(self.seconds)
        if self.seed < 0:
            raise ValueError("the seed is negative")

    def spec(self) -> ClipSpec:
        """What the clip of the drawn corpus shows; of another clip only the concept is true."""
        return clip_spec(self.concept, self.seed)


class HintMarker(msgspec.Struct, frozen=True, tag_field="event", tag="hint", forbid_unknown_fields=True):
    """The wearer is told which concept comes next."""

    concept: str
    seconds: float = 3.0

    def __post_init__(self) -> None:
        _check_concept(self.concept)
        _check_seconds(self.seconds)


class RestMarker(
    msgspec.Struct,
    frozen=True,
    tag_field="event",
    tag="rest",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """Nothing is shown, for so many seconds; `eyes` where the wearer is asked to hold them open or closed."""

    seconds: float
    eyes: Literal["", "open", "closed"] = ""

    def __post_init__(self) -> None:
        _check_seconds(self.seconds)


class EndMarker(msgspec.Struct, frozen=True, tag_field="event", tag="end", forbid_unknown_fields=True):
    """The presentation is over."""


class ShownMarker(
    msgspec.Struct,
    frozen=True,
    tag_field="event",
    tag="shown",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """A clip was shown, told when it is over; the stamp is that of its first frame.

    `late_ms` is how long after its announced onset that was, `frames` how many were painted, and `dropped`
    how many more the screen could have shown between the first and the last; `refresh_hz` is what the screen
    says of itself.
    """

    late_ms: float
    frames: int
    dropped: int
    refresh_hz: float | None = None


Marker = ClipMarker | HintMarker | RestMarker | ShownMarker | EndMarker


def encode(marker: Marker) -> str:
    """Write a marker as the text that goes onto the stream."""
    fields: dict[str, Any] = msgspec.to_builtins(marker)
    if isinstance(marker, ClipMarker) and not marker.file:
        # Clips of the drawn corpus are announced as they always were.
        del fields["file"]
    return msgspec.json.encode({"rtbci": MARKER_VERSION, **fields}).decode()


def decode(text: str) -> Marker | None:
    """Read a marker's text.

    Returns
    -------
    marker or None
        None for any text that is not one of ours: other programs share marker streams.

    Raises
    ------
    StimulusError
        If the text is ours but of another version, incomplete or out of range.
    """
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    if not isinstance(fields, dict) or "rtbci" not in fields:
        return None
    version = fields.pop("rtbci")
    if version != MARKER_VERSION or isinstance(version, bool):
        raise StimulusError(
            f"A marker of version {version} came in, and this program reads version {MARKER_VERSION}; "
            "use the same release of rtbci on both sides."
        )
    try:
        marker: Marker = msgspec.convert(fields, Marker)
    except msgspec.ValidationError as error:
        raise StimulusError(f"The marker {text} is malformed ({error}); check what sends it.") from error
    return marker


def _check_concept(concept: str) -> None:
    if concept not in CONCEPT_NAMES:
        raise ValueError(f"there is no concept '{concept}'")


def _check_seconds(seconds: float) -> None:
    if not 0 < seconds < float("inf"):
        raise ValueError("the duration is not above 0 s")
