"""A folder of one's own recordings as a source: what `rtbci record` writes (XDF), and BIDS-EEG.

Whose a recording is, its name or its folder says: ``FOLDER/WEARER/anything.xdf``, or BIDS's
``sub-WEARER_…_eeg``; nothing is guessed, because a wearer taken for two makes a split leak.
"""

import functools
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from devices.replay import Recording, read_recording
from rtbci.errors import RecordingError, RtbciError, UsageError
from rtbci.montage import CHANNELS, judge_unit, parse_unit
from training.bids import BidsFile, find_bids, read_events
from training.own_clips import Event, events_of_texts, to_block, with_slots
from training.source import Block, Clip, DataError, Mark, file_version
from training.xdf_stretches import read_stretches

_XDF = re.compile(r".+\.xdfz?", re.IGNORECASE)
_SUBJECT = re.compile(r"sub-([A-Za-z0-9]+)(?:_(.+))?")
_JUDGED_S = 10.0


@dataclass(frozen=True)
class _Entry:
    """A block, where its samples are, and what was on the screen."""

    block: Block
    path: Path
    stretch: int
    """Which of the file's."""
    clips: tuple[Clip, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, eq=False)
class OwnRecordings:
    """Own recordings as a `training.source.Source`; `open` checks everything and makes one."""

    folder: Path
    entries: tuple[_Entry, ...]

    @classmethod
    def open(cls, folder: Path, subjects: Collection[str] | None = None, unit: str | None = None) -> Self:
        """Index a folder.

        Parameters
        ----------
        folder : Path
        subjects : collection of str, optional
            Those that must be there, and all that are used; by default all that are there.
        unit : str, optional
            Unit of the EEG, over what the recordings say.

        Raises
        ------
        DataError
            If anything is missing or malformed; every fault is listed.
        """
        entries, problems = index_recordings(folder, subjects, unit)
        if problems:
            raise DataError(folder, problems)
        return cls(folder, tuple(entries))

    def subjects(self) -> tuple[str, ...]:
        """All wearers, in order of name."""
        return tuple(sorted({entry.block.subject for entry in self.entries}))

    def number(self, subject: str) -> int:
        """A wearer's place among them, from 1."""
        if subject not in self.subjects():
            raise UsageError(
                f"There is no '{subject}' in {self.folder}; there are {', '.join(self.subjects())}."
            )
        return self.subjects().index(subject) + 1

    def blocks(self, subject: str) -> tuple[Block, ...]:
        """The wearer's unbroken stretches of EEG that hold clips."""
        self.number(subject)
        return tuple(entry.block for entry in self.entries if entry.block.subject == subject)

    def clips(self, block: Block) -> tuple[Clip, ...]:
        """The clips that lie within the block."""
        return self._entry(block).clips

    def marks(self, block: Block) -> tuple[Mark, ...]:
        """The block's timeline."""
        return self._entry(block).marks

    def eeg(self, block: Block, start: int = 0, stop: int | None = None) -> NDArray[np.floating[Any]]:
        """Samples of the block. One XDF file at a time is kept in memory; other formats are read as asked."""
        entry = self._entry(block)
        if _XDF.fullmatch(entry.path.name):
            stretches, _ = _load_xdf(entry.path, file_version(entry.path))
            return stretches[entry.stretch].data[start:stop]
        begin, end, _ = slice(start, stop).indices(block.samples)
        read = _open_mne(entry.path, file_version(entry.path)).signals[0].read(begin, end)
        return np.asarray(read, dtype=np.float32)

    def version(self, block: Block) -> str:
        """Of the file."""
        return file_version(self._entry(block).path)

    def _entry(self, block: Block) -> _Entry:
        return next(entry for entry in self.entries if entry.block == block)


def index_recordings(
    folder: Path, subjects: Collection[str] | None = None, unit: str | None = None
) -> tuple[list[_Entry], list[str]]:
    """Find and check the recordings of a folder.

    Parameters
    ----------
    folder, subjects, unit
        As for `OwnRecordings.open`.

    Returns
    -------
    entries
        The good ones' blocks, by wearer and session.
    problems : list of str
        One sentence for each fault.
    """
    if unit is not None and parse_unit(unit) is None:
        raise UsageError(f"'{unit}' is not a unit of EEG; use V, mV, uV or nV.")
    if not folder.is_dir():
        return [], [f"There is no folder {folder}; check the path."]
    entries: list[_Entry] = []
    problems: list[str] = []
    seen: dict[tuple[str, str], Path] = {}
    found = [(file, True) for file in find_bids(folder)]
    bids = {file.path for file, _ in found}
    for path in sorted(folder.rglob("*")):
        if path in bids or not _XDF.fullmatch(path.name) or path.name.startswith("."):
            continue
        named = _named(folder, path)
        if named is None:
            problems.append(
                f"{path} does not say whose it is; put it into a folder named for the wearer, such as "
                f"{folder / 'w01' / path.name}, or name it {'sub-w01_' + path.name}."
            )
        else:
            found.append((named, False))
    for file, is_bids in found:
        if subjects is not None and file.subject not in subjects:
            continue
        twin = seen.setdefault((file.subject, file.session), file.path)
        if twin is not file.path:
            problems.append(f"{file.path} is the same session of {file.subject} as {twin}; rename one.")
            continue
        try:
            more, faults = (_index_mne if is_bids else _index_xdf)(file, unit)
        except RtbciError as error:
            problems.append(_naming(file.path, str(error)))
            continue
        problems += [_naming(file.path, fault) for fault in faults]
        entries += more
    if not found and not problems:
        problems.append(f"{folder} holds neither SEED-DV, nor XDF files, nor BIDS-EEG; check the path.")
    there = {file.subject for file, _ in found}
    problems += [
        f"There is no recording of {name} in {folder}." for name in subjects or () if name not in there
    ]
    return sorted(entries, key=lambda e: (e.block.subject, e.block.session, e.block.number)), problems


def _named(folder: Path, path: Path) -> BidsFile | None:
    """Wearer and session of an XDF file: by its name, or the first folder on the way to it."""
    parts = path.relative_to(folder).parts
    stem = path.name[: path.name.rfind(".")]
    match = _SUBJECT.fullmatch(re.sub(r"_eeg$", "", stem))
    if match:
        return BidsFile(path, match[1], match[2] or "1")
    if len(parts) < 2:
        return None
    return BidsFile(path, parts[0].removeprefix("sub-"), "/".join([*parts[1:-1], stem]))


def _naming(path: Path, sentence: str) -> str:
    return sentence if str(path.parent) in sentence else f"{path}: {sentence}"


def _index_xdf(file: BidsFile, unit: str | None) -> tuple[list[_Entry], list[str]]:
    stretches, markers = _load_xdf(file.path, file_version(file.path))
    events, problems = events_of_texts((text, stamp, None) for text, stamp in markers)
    slots = with_slots(events)
    entries = []
    for place, stretch in enumerate(stretches):
        # Seconds of the sender's clock are counted in its samples, at the rate that it keeps in truth.
        tempo = 1.0 / (stretch.period * stretch.rate_hz)
        onsets = [(replace(e, onset=(e.onset - stretch.start) * tempo), slot) for e, slot in slots]
        clips, marks = to_block(onsets, stretch.rate_hz, len(stretch.data))
        if not clips:
            continue
        given = unit or stretch.unit
        block = Block(
            subject=file.subject,
            session=file.session,
            number=len(entries),
            rate_hz=stretch.rate_hz,
            samples=len(stretch.data),
            labels=stretch.labels,
            units=stretch.units,
            unit=given,
        )
        block = _with_unit(block, stretch.data[: round(_JUDGED_S * stretch.rate_hz)])
        block.remap()
        entries.append(_Entry(block, file.path, place, clips, marks))
    return entries, problems + _without_clips(file, events, entries)


def _index_mne(file: BidsFile, unit: str | None) -> tuple[list[_Entry], list[str]]:
    recording = _open_mne(file.path, file_version(file.path))
    signal = recording.signals[0]
    if file.events.is_file():
        events, problems = read_events(file.events)
    else:
        marks = [(t, float(s), None) for m in recording.marks for t, s in zip(m.texts, m.stamps, strict=True)]
        events, problems = events_of_texts(marks)
    clips, timeline = to_block(with_slots(events), signal.rate_hz, len(signal.stamps))
    if not clips:
        return [], problems + _without_clips(file, events, [])
    block = Block(
        subject=file.subject,
        session=file.session,
        number=0,
        rate_hz=signal.rate_hz,
        samples=len(signal.stamps),
        labels=signal.labels,
        units=signal.units,
        unit=unit,
    )
    first = np.asarray(signal.read(0, min(block.samples, round(_JUDGED_S * block.rate_hz))))
    block = _with_unit(block, first)
    block.remap()
    return [_Entry(block, file.path, 0, clips, timeline)], problems


def _with_unit(block: Block, beginning: NDArray[np.generic]) -> Block:
    """Judge the unit where the recording says none for any of the 62."""
    if block.unit is not None:
        return block
    matched = replace(block, unit="uV").remap().matched
    if any(parse_unit(block.units[matched[name]]) for name in CHANNELS if name in matched):
        return block
    return replace(block, unit=judge_unit(beginning[:, sorted(matched.values())])[0])


def _without_clips(file: BidsFile, events: list[Event], entries: list[_Entry]) -> list[str]:
    if entries:
        return []
    if any(event.kind == "clip" for event in events):
        return [f"None of the clips of {file.path} lies within its EEG; check the markers' clock."]
    return [f"{file.path} has no markers of clips, so nothing says what was watched; record them too."]


@functools.lru_cache(maxsize=1)
def _load_xdf(path: Path, version: str) -> Any:
    """Only the last file is kept: it holds its EEG."""
    return read_stretches(path)


@functools.lru_cache(maxsize=4)
def _open_mne(path: Path, version: str) -> Recording:
    """Opened files hold no EEG."""
    recording = read_recording(path)
    if not recording.signals[0].labels:
        raise RecordingError(f"{path} names none of its channels; export it again with labels.")
    return recording
