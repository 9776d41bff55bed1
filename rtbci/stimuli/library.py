"""A laboratory's own clips: a folder of films, and a table of what each shows.

``clips.csv`` has the columns ``file``, ``concept`` and, if wanted, ``caption``. All of it is checked before
anything is shown.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from rtbci.errors import StimulusError
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.playlist import WATCHED_SEEDS, Playlist
from rtbci.stimuli.spec import CLIP_SECONDS
from rtbci.stimuli.video import inspect_video, need_av

TABLE = "clips.csv"
FEWEST_FILES = 2
"""Different clips that a concept needs: with one alone, what is held out is the picture that was learnt."""
MOST_SAID = 5
"""Faults that are said at once."""
_COLUMNS = ("file", "concept", "caption")


@dataclass(frozen=True)
class LibraryClip:
    """A clip of a laboratory's own.

    Attributes
    ----------
    row : int
        Its place in the table, from 0.
    file : str
        As the table names it, relative to the folder.
    concept : str
    caption : str
        May be empty.
    rate : float
        Frames a second.
    """

    row: int
    file: str
    concept: str
    caption: str
    rate: float

    @property
    def seed(self) -> int:
        """Stands for the clip where one of the drawn corpus has its seed; no training data have it."""
        return WATCHED_SEEDS[self.row]


class LibraryError(StimulusError):
    """A folder of clips is not what it should be; the first faults are listed, one sentence each.

    Parameters
    ----------
    folder : Path
        Which.
    faults : tuple of str
        At least one.
    """

    def __init__(self, folder: Path, faults: tuple[str, ...]) -> None:
        self.folder, self.faults = folder, faults
        count = f"{len(faults)} things are" if len(faults) > 1 else "One thing is"
        said = list(faults[:MOST_SAID])
        if len(faults) > MOST_SAID:
            said.append(f"… and {len(faults) - MOST_SAID} more.")
        super().__init__("\n- ".join([f"{count} wrong with the clips in {folder}:", *said]))


@dataclass(frozen=True)
class Library:
    """A folder of clips that can be shown.

    Attributes
    ----------
    folder : Path
    clips : tuple of LibraryClip
        In the order of the table.
    fingerprint : str
        A hash of the table's rows and the films' sizes: the same where the same clips are shown.
    """

    folder: Path
    clips: tuple[LibraryClip, ...]
    fingerprint: str

    @property
    def concepts(self) -> tuple[str, ...]:
        """Those that are in the table, in the order of the corpus."""
        present = {clip.concept for clip in self.clips}
        return tuple(name for name in CONCEPT_NAMES if name in present)

    def path(self, clip: LibraryClip) -> Path:
        """Where a clip's film is."""
        return self.folder / clip.file

    def find(self, file: str, concept: str) -> LibraryClip | None:
        """Return the clip that the table names so, or None: a marker never names a path."""
        return next((clip for clip in self.clips if (clip.file, clip.concept) == (file, concept)), None)

    def rounds(self, seed: int) -> Iterator[LibraryClip]:
        """Single clips without end, in the order of concepts of `Playlist.rounds`.

        Of each concept every clip comes once, in an order of its own, before any comes again.
        """
        rng = np.random.default_rng((seed, len(self.clips)))
        waiting: dict[str, list[LibraryClip]] = {name: [] for name in self.concepts}
        last: dict[str, LibraryClip] = {}
        for spec in Playlist(seed, [CONCEPT_NAMES.index(name) for name in self.concepts]).rounds():
            queue = waiting[spec.name]
            if not queue:
                mine = [clip for clip in self.clips if clip.concept == spec.name]
                queue += [mine[index] for index in rng.permutation(len(mine))]
                if queue[-1] is last.get(spec.name):
                    queue.reverse()
            last[spec.name] = queue.pop()
            yield last[spec.name]


def open_library(
    folder: Path, seconds: float = CLIP_SECONDS, concepts: Collection[str] = CONCEPT_NAMES
) -> Library:
    """Read a folder's table, and make sure that all of it can be shown.

    Parameters
    ----------
    folder : Path
    seconds : float
        Of a clip: no film may be shorter.
    concepts : collection of str
        Those that the bundle knows.

    Raises
    ------
    LibraryError
        If anything is wrong.
    StimulusError
        If PyAV is not installed.
    """
    need_av()
    rows = _read(folder)
    faults: list[str] = []
    clips: list[LibraryClip] = []
    for number, row in enumerate(rows):
        found = _fault_of(row, rows[:number], concepts)
        if found:
            faults.append(f"Line {row.line} of {TABLE} {found}.")
            continue
        try:
            facts = inspect_video(folder / row.file, seconds)
        except StimulusError as error:
            faults.append(str(error))
            continue
        clips.append(LibraryClip(number, row.file, row.concept, row.caption, facts.rate))
    unknown = {row.concept for row in rows} - set(concepts)
    if unknown:
        faults.append(f"The bundle knows these concepts: {', '.join(concepts)}.")
    faults += _too_few([row.concept for row in rows if row.concept not in unknown])
    if faults:
        raise LibraryError(folder, tuple(faults))
    return Library(folder, tuple(clips), _fingerprint(folder, clips))


@dataclass(frozen=True)
class _Row:
    line: int
    file: str
    concept: str
    caption: str


def _read(folder: Path) -> list[_Row]:
    path = folder / TABLE
    if not path.is_file():
        raise LibraryError(
            folder, (f"There is no table {TABLE}; make one with the columns {_named()} beside the films.",)
        )
    try:
        with path.open(encoding="utf-8-sig", newline="") as table:
            reader = csv.reader(table)
            lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LibraryError(
            folder, (f"The table {TABLE} is no UTF-8 text with commas ({error}); save it as such.",)
        ) from error
    header = [name.casefold() for name in lines[0][1]] if lines else []
    faults = _faults_of_shape(header, lines[1:])
    if faults:
        raise LibraryError(folder, tuple(faults))
    rows = []
    for line, cells in lines[1:]:
        named = dict(zip(header, cells, strict=False))
        file = PurePosixPath(named.get("file", "")).as_posix()
        rows.append(_Row(line, file, named.get("concept", "").casefold(), named.get("caption", "")))
    return rows


def _faults_of_shape(header: list[str], lines: list[tuple[int, list[str]]]) -> list[str]:
    faults = [
        f"The table {TABLE} has an unknown column '{name}'; it may have {_named()}, with commas between."
        for name in header
        if name not in _COLUMNS
    ]
    faults += [
        f"The table {TABLE} has no column '{name}'; its first line names the columns {_named()}."
        for name in _COLUMNS[:2]
        if name not in header
    ]
    if not faults and len(set(header)) < len(header):
        faults.append(f"The table {TABLE} names a column twice; it may have {_named()}.")
    return faults + [
        f"Line {line} of {TABLE} has {len(cells)} cells for {len(header)} columns; put a text with commas "
        "into quotes."
        for line, cells in lines
        if len(cells) > len(header)
    ]


def _fault_of(row: _Row, before: list[_Row], concepts: Collection[str]) -> str:
    """What is wrong with a row itself, the films aside; empty if nothing is."""
    path = PurePosixPath(row.file)
    if path.is_absolute() or ".." in path.parts or path == PurePosixPath():
        return f"names the file '{row.file}'; name one that lies in the folder"
    again = next((other.line for other in before if other.file == row.file), None)
    if again is not None:
        return f"names {row.file} again, as line {again} does; keep one of the two"
    if row.concept not in concepts:
        return f"has the concept '{row.concept}', which the bundle does not know; choose one that it knows"
    return ""


def _too_few(concepts: list[str]) -> list[str]:
    counts = Counter(concepts)
    if len(counts) < 2:
        return [
            f"The table {TABLE} names {len(counts)} of the bundle's concepts; there is nothing to tell apart "
            "with fewer than two."
        ]
    return [
        f"The concept '{name}' has one clip only; give it {FEWEST_FILES} different ones, or what is held out "
        "to judge the fit is the very picture that was learnt."
        for name, count in counts.items()
        if count < FEWEST_FILES
    ]


def _fingerprint(folder: Path, clips: list[LibraryClip]) -> str:
    digest = hashlib.sha256()
    for clip in clips:
        size = (folder / clip.file).stat().st_size
        digest.update("\0".join((clip.file, clip.concept, clip.caption, str(size), "")).encode())
    return digest.hexdigest()[:16]


def _named() -> str:
    return f"{_COLUMNS[0]}, {_COLUMNS[1]} and, if wanted, {_COLUMNS[2]}"
