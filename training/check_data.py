"""Whatever folder of data a lab gives, as a source; and what is in it and what is wrong with it."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from rtbci.errors import UsageError
from rtbci.stimuli import film
from training.recordings import OwnRecordings, index_recordings
from training.seed_dv import SUBJECTS, EegFile, SeedDv, broken_values, index_eeg
from training.seed_dv_meta import read_metadata
from training.source import Source


@dataclass(frozen=True)
class Found:
    """One line of what is there."""

    what: str
    holds: str
    unit: str = ""
    whole: bool = True
    """Whether nothing is missing that some uses need."""


@dataclass(frozen=True)
class Inspection:
    """What a folder holds.

    Attributes
    ----------
    kind : str
        SEED-DV or own recordings.
    found : tuple of Found
    notes : tuple of str
        What is not wrong, but worth knowing; one sentence each.
    problems : tuple of str
        What is wrong; one sentence each.
    """

    kind: str
    found: tuple[Found, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def is_seed_dv(folder: Path) -> bool:
    """Whether a folder is laid out as SEED-DV, even in part."""
    names = ("EEG", "meta-info", "meta_info", "Video")
    return any((folder / name).is_dir() for name in names) or any(folder.glob("sub[0-9]*.npy"))


def open_source(folder: Path, subjects: str | None = None, unit: str | None = None) -> Source:
    """Open a folder of either kind; everything is checked before anything is read.

    Parameters
    ----------
    folder : Path
    subjects : str, optional
        Those to use, as the command line takes them: ``1-15,18`` for SEED-DV, ``w01,w02`` for own recordings.
    unit : str, optional
        Unit of the EEG, over what the files say.

    Raises
    ------
    DataError
        If anything is missing or malformed; every fault is listed.
    """
    if is_seed_dv(folder):
        return SeedDv.open(folder, parse_numbers(subjects), unit)
    return OwnRecordings.open(folder, _names(subjects), unit)


def inspect(
    folder: Path, subjects: str | None = None, unit: str | None = None, values: bool = False
) -> Inspection:
    """Say what a folder holds and what is wrong with it.

    Parameters
    ----------
    folder, subjects, unit
        As for `open_source`.
    values : bool
        Read every value of SEED-DV's EEG too, which takes minutes.
    """
    if is_seed_dv(folder):
        return _inspect_seed_dv(folder, subjects, unit, values)
    entries, problems = index_recordings(folder, _names(subjects), unit)
    found = [
        Found(
            entry.block.name,
            f"{len(entry.clips)} clips, {entry.block.samples / entry.block.rate_hz / 60:.1f} min, "
            f"{len(entry.block.remap().matched)} of 62 channels at {entry.block.rate_hz:g} Hz",
            entry.block.remap().unit,
        )
        for entry in entries
    ]
    return Inspection("own recordings", tuple(found), (), tuple(problems))


def parse_numbers(text: str | None) -> tuple[int, ...] | None:
    """Numbers as in ``1-15,18``."""
    if text is None:
        return None
    numbers: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        try:
            numbers.update(range(int(first), int(last or first) + 1))
        except ValueError as error:
            raise UsageError(f"'{text}' names no subjects; write numbers such as 1-15,18.") from error
    if not numbers or min(numbers) < 1 or max(numbers) > SUBJECTS:
        raise UsageError(f"'{text}' names subjects that SEED-DV does not have; it has 1-{SUBJECTS}.")
    return tuple(sorted(numbers))


def _names(text: str | None) -> Collection[str] | None:
    return None if text is None else tuple(name.strip().removeprefix("sub-") for name in text.split(","))


def _inspect_seed_dv(folder: Path, subjects: str | None, unit: str | None, values: bool) -> Inspection:
    files, problems = index_eeg(folder, parse_numbers(subjects), unit)
    metadata, more = read_metadata(folder)
    problems += more
    if values:
        problems += [problem for file in files for problem in broken_values(file)]
    found = [Found(_name(file), f"{film.BLOCKS} blocks, {file.header.dtype}", file.unit) for file in files]
    if metadata is not None:
        found.append(Found("labels, attributes", f"{film.BLOCKS} blocks of {film.SLOTS} slots"))
        found.append(Found("captions", f"{sum(map(len, metadata.captions))} lines"))
    films = [stem for stem in film.STEMS if (folder / "Video" / f"{stem}.mp4").is_file()]
    found.append(Found("films", f"{len(films)} of {film.BLOCKS}", whole=len(films) == film.BLOCKS))
    notes = []
    if not films:
        notes.append("The films are not there; only video latents and captions of your own need them.")
    elif len(films) < film.BLOCKS:
        missing = ", ".join(f"{stem}.mp4" for stem in film.STEMS if stem not in films)
        notes.append(f"{folder / 'Video'} lacks {missing}; only video latents and captions need them.")
    if unit is None and files:
        notes.append("SEED-DV does not say its unit; it is judged from the amplitude; give --unit to insist.")
    if len({file.unit for file in files}) > 1:
        notes.append("The files do not agree in their unit, which is odd; each is scaled by its own.")
    return Inspection("SEED-DV", tuple(found), tuple(notes), tuple(problems))


def _name(file: EegFile) -> str:
    return f"sub{file.subject}" + (f", session {file.session}" if file.session > 1 else "")
