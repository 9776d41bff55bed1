"""SEED-DV exactly as it is laid out: 7 blocks of 40 slots a recording, read from the files where they lie.

``EEG/subN.npy`` and ``EEG/subN_sessionM.npy`` hold (7, 62, 104000) samples at 200 Hz. The files stay memory
mapped: what is not asked for is never read.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import ContractError, RecordingError, UsageError
from rtbci.montage import CHANNELS, SCALES, judge_unit, parse_unit
from rtbci.stimuli import film
from training.npy_header import NpyHeader, read_header
from training.seed_dv_meta import LINES, Metadata, read_metadata
from training.source import Block, Clip, DataError, Mark, file_version

SUBJECTS = 20
BLOCK_SAMPLES = film.SLOTS * film.SLOT_SECONDS * film.EEG_RATE
SHAPE = (film.BLOCKS, len(CHANNELS), BLOCK_SAMPLES)

_NAME = re.compile(r"sub([1-9]\d*)(?:_session([1-9]\d*))?\.npy")
# Every eighth channel in the first clip of each block: enough to tell the unit and a dead or broken block,
# and little to read even from a slow disk.
_SPOT_CHANNELS = slice(0, None, 8)
_SPOT = film.segment(0, 0)


@dataclass(frozen=True)
class EegFile:
    """One recording: whose it is, in which unit, and what its file holds."""

    path: Path
    subject: int
    session: int
    header: NpyHeader
    unit: str

    def map(self) -> NDArray[np.floating[Any]]:
        """The whole recording, (7, 62, 104000), mapped and not read."""
        mapped: NDArray[np.floating[Any]] = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return mapped


@dataclass(frozen=True, eq=False)
class SeedDv:
    """SEED-DV as a `training.source.Source`; `open` checks everything and makes one.

    Attributes
    ----------
    folder : Path
    files : tuple of EegFile
        In order of subject and session.
    metadata : Metadata
        What was shown.
    """

    folder: Path
    files: tuple[EegFile, ...]
    metadata: Metadata

    @classmethod
    def open(cls, folder: Path, subjects: Collection[int] | None = None, unit: str | None = None) -> Self:
        """Index a folder: headers, sizes, a few spots of every block, and all that was shown.

        Parameters
        ----------
        folder : Path
            Holds ``EEG``, ``meta-info`` and ``BLIP-caption`` (the last two may lie in ``Video``).
        subjects : collection of int, optional
            Those that must be there, and all that are used; by default 1 to 20.
        unit : str, optional
            Unit of the EEG: V, mV, uV or nV. SEED-DV does not say: by default it is judged by the
            amplitude.

        Raises
        ------
        DataError
            If anything is missing or malformed; every fault is listed.
        """
        files, problems = index_eeg(folder, subjects, unit)
        metadata, more = read_metadata(folder)
        if metadata is None or problems:
            raise DataError(folder, problems + more)
        return cls(folder, tuple(files), metadata)

    def subjects(self) -> tuple[str, ...]:
        """``sub1`` and so on, by number."""
        return tuple(dict.fromkeys(f"sub{file.subject}" for file in self.files))

    def number(self, subject: str) -> int:
        """The number in a subject's name."""
        return self._of(subject)[0].subject

    def blocks(self, subject: str) -> tuple[Block, ...]:
        """Seven a session."""
        return tuple(
            Block(
                subject=subject,
                session=str(file.session),
                number=number,
                rate_hz=float(film.EEG_RATE),
                samples=BLOCK_SAMPLES,
                labels=CHANNELS,
                units=(file.unit,) * len(CHANNELS),
            )
            for file in self._of(subject)
            for number in range(film.BLOCKS)
        )

    def clips(self, block: Block) -> tuple[Clip, ...]:
        """The block's 200 clips. A clip's stimulus is ``200 block + 5 slot + clip``."""
        return shown_clips(self.metadata, block.number)

    def marks(self, block: Block) -> tuple[Mark, ...]:
        """Each slot's hint of 600 samples and its five clips of 400; they fill the block."""
        hint = film.HINT_SECONDS * film.EEG_RATE
        marks = []
        for clip in self.clips(block):
            if clip.place == 0:
                marks.append(Mark(clip.start - hint, hint, "hint", clip.concept))
            marks.append(Mark(clip.start, clip.samples, "clip", clip.concept))
        return tuple(marks)

    def eeg(self, block: Block, start: int = 0, stop: int | None = None) -> NDArray[np.floating[Any]]:
        """Samples of a block, (n, 62), as a view of the mapped file: read when they are used."""
        return self._file(block).map()[block.number, :, start:stop].T

    def version(self, block: Block) -> str:
        """Of the file."""
        return file_version(self._file(block).path)

    def _file(self, block: Block) -> EegFile:
        return next(file for file in self._of(block.subject) if str(file.session) == block.session)

    def _of(self, subject: str) -> list[EegFile]:
        found = [file for file in self.files if f"sub{file.subject}" == subject]
        if not found:
            raise UsageError(
                f"There is no '{subject}' in {self.folder}; there are {', '.join(self.subjects())}."
            )
        return found


def shown_clips(shown: Metadata, block: int) -> tuple[Clip, ...]:
    """The 200 clips of one of the seven blocks, as every wearer saw them."""
    return tuple(
        Clip(
            start=film.segment(slot, clip).start,
            samples=film.CLIP_SAMPLES,
            concept=int(shown.concept[block, slot]),
            slot=film.SLOTS * block + slot,
            place=clip,
            stimulus=LINES * block + film.caption_line(slot, clip),
            caption=shown.caption(block, slot, clip),
            attributes=shown.attributes(block, slot, clip),
        )
        for slot in range(film.SLOTS)
        for clip in range(film.CLIPS)
    )


def index_eeg(
    folder: Path, subjects: Collection[int] | None = None, unit: str | None = None
) -> tuple[list[EegFile], list[str]]:
    """Find and check the EEG files.

    Parameters
    ----------
    folder, subjects, unit
        As for `SeedDv.open`.

    Returns
    -------
    files : list of EegFile
        The good ones, by subject and session.
    problems : list of str
        One sentence for each file that is missing or malformed.
    """
    if unit is not None and parse_unit(unit) is None:
        raise UsageError(f"'{unit}' is not a unit of EEG; use one of {', '.join(SCALES)}.")
    wanted = sorted(subjects) if subjects is not None else range(1, SUBJECTS + 1)
    if not (folder / "EEG").is_dir():
        return [], [f"{folder / 'EEG'} is missing; put SEED-DV's sub1.npy, sub2.npy and so on there."]
    there: dict[tuple[int, int], Path] = {}
    problems = []
    for path in sorted((folder / "EEG").glob("[!.]*.npy")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            problems.append(f"{path} has no name of SEED-DV's, such as sub1.npy; rename it or take it away.")
        elif int(match[1]) in wanted:
            there[int(match[1]), int(match[2] or 1)] = path
    for subject in wanted:
        if (subject, 1) not in there:
            problems.append(
                f"{folder / 'EEG' / f'sub{subject}.npy'} is missing; copy it, or leave the subject out."
            )
    files: list[EegFile] = []
    prints: dict[bytes, Path] = {}
    for (subject, session), path in sorted(there.items()):
        try:
            file, spots = _check_file(path, subject, session, unit)
        except RecordingError as error:
            problems.append(str(error))
            continue
        twin = prints.setdefault(spots.tobytes(), path)
        if twin is not path:
            problems.append(f"{path} holds the same EEG as {twin}; copy the right one from SEED-DV.")
            continue
        files.append(file)
    return files, problems


def broken_values(file: EegFile) -> list[str]:
    """Read all of a file, a block at a time, and say which channels hold what no decoder can use.

    Returns
    -------
    list of str
        One sentence for each block with values that are no numbers or channels that never change.
    """
    problems = []
    for number, block in enumerate(file.map()):
        bad, flat = [], []
        for name, samples in zip(CHANNELS, block, strict=True):
            if not np.isfinite(samples).all():
                bad.append(name)
            elif samples.min() == samples.max():
                flat.append(name)
        where = f"Block {number + 1} of {file.path}"
        if bad:
            problems.append(f"{where} has no numbers in {', '.join(bad)}; copy the file again.")
        if flat:
            problems.append(f"{where} never changes in {', '.join(flat)}; copy the file again.")
    return problems


def _check_file(
    path: Path, subject: int, session: int, unit: str | None
) -> tuple[EegFile, NDArray[np.floating[Any]]]:
    """Check a file's header, size and spots; also returns the spots."""
    header = read_header(path)
    if header.shape != SHAPE:
        raise RecordingError(
            f"{path} has the shape {header.shape}, not {SHAPE} (blocks, channels, samples); "
            "copy the file from SEED-DV."
        )
    if header.dtype.kind != "f" or header.dtype.itemsize not in (4, 8):
        raise RecordingError(f"{path} holds {header.dtype}, not float32 or float64; copy it from SEED-DV.")
    if header.excess < 0:
        raise RecordingError(f"{path} is cut off, {-header.excess} bytes are missing; copy it again.")
    if header.excess > 0:
        raise RecordingError(f"{path} has {header.excess} bytes after its end; copy it again.")
    mapped: NDArray[np.floating[Any]] = np.load(path, mmap_mode="r", allow_pickle=False)
    spots = np.array(mapped[:, _SPOT_CHANNELS, _SPOT])
    for number, spot in enumerate(spots):
        if not np.isfinite(spot).all():
            raise RecordingError(f"Block {number + 1} of {path} has no numbers in places; copy it again.")
        if (spot == spot[:, :1]).all():
            raise RecordingError(f"Block {number + 1} of {path} is flat in its first clip; copy it again.")
    try:
        found = parse_unit(unit) if unit else judge_unit(spots.reshape(-1, spots.shape[2]).T)[0]
    except ContractError as error:
        raise RecordingError(f"{path}: {error}") from error
    assert found is not None, "checked by the caller"
    return EegFile(path, subject, session, header, found), spots
