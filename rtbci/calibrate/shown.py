"""Which clips of a laboratory's own a calibration showed: noted down when it begins, told in its report."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Self

import msgspec

from rtbci.calibrate.sitting import WatchedClip
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.library import Library


class TableRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One clip that may be shown."""

    file: str
    concept: str
    caption: str


class ClipTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of a folder of clips, as a sitting keeps it."""

    folder: str
    fingerprint: str
    rows: tuple[TableRow, ...]

    @classmethod
    def of(cls, library: Library) -> Self:
        """Return a folder's."""
        rows = tuple(TableRow(clip.file, clip.concept, clip.caption) for clip in library.clips)
        return cls(library.folder.name, library.fingerprint, rows)


def shown_json(clips: Iterable[WatchedClip], table: ClipTable | None) -> dict[str, Any] | None:
    """Say what was shown of a laboratory's own, as a report holds it; None if nothing was.

    Parameters
    ----------
    clips : iterable of WatchedClip
    table : ClipTable or None
        Says what they are, where they were announced from here.

    Returns
    -------
    dict or None
        `table` (the fingerprint; None if the clips were announced elsewhere), `shown` (how many clips),
        `repeated` (how many of them had been shown before), `concepts`, and `clips` (file, concept, caption
        and `times` of each that was shown).
    """
    times = Counter((clip.file, CONCEPT_NAMES[clip.concept]) for clip in clips if clip.file)
    if not times:
        return None
    captions = {} if table is None else {(row.file, row.concept): row.caption for row in table.rows}
    present = {concept for _, concept in times}
    return {
        "table": None if table is None else table.fingerprint,
        "shown": times.total(),
        "repeated": times.total() - len(times),
        "concepts": [name for name in CONCEPT_NAMES if name in present],
        "clips": [
            {"file": file, "concept": concept, "caption": captions.get((file, concept), ""), "times": count}
            for (file, concept), count in sorted(times.items())
        ],
    }
