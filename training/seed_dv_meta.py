"""SEED-DV's labels, attributes and captions: what was shown in each slot and clip of the seven films."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import StimulusError
from rtbci.stimuli import film
from rtbci.stimuli.concepts import CONCEPTS, NUMBERS, SPEEDS

LINES = film.SLOTS * film.CLIPS
FAST_FLOW = 1.799
"""A clip is fast whose mean optical flow is above this, about the median, as the authors have it."""
COLOURS: tuple[str | None, ...] = (None, "red", "green", "blue", "yellow", "white", "grey")
"""Main colour by SEED-DV's codes; 0 is many colours or none, and such clips are left out of the task."""
YES_NO = ("no", "yes")
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "colour": tuple(name for name in COLOURS if name),
    "number": NUMBERS,
    "speed": SPEEDS,
    "face": YES_NO,
    "human": YES_NO,
}
"""Every attribute's name and its possible values."""

_FOLDERS = ("meta-info", "meta_info", "Video/meta-info", "Video/meta_info")
_CAPTION_FOLDERS = ("BLIP-caption", "BLIP_caption", "Video/BLIP-caption", "Video/BLIP_caption")


@dataclass(frozen=True)
class _Table:
    """One of the arrays: its file, what it holds, and what its values may be."""

    file: str
    width: int
    least: float
    most: float
    whole: bool = True


_TABLES = {
    "concept": _Table("All_video_label.npy", film.SLOTS, 1, len(CONCEPTS)),
    "colour": _Table("All_video_color.npy", LINES, 0, len(COLOURS) - 1),
    "number": _Table("All_video_obj_number.npy", LINES, 1, len(NUMBERS)),
    "face": _Table("All_video_face_apperance.npy", LINES, 0, 1),
    "human": _Table("All_video_human_apperance.npy", LINES, 0, 1),
    "flow": _Table("All_video_optical_flow_score.npy", LINES, 0, np.inf, whole=False),
}


@dataclass(frozen=True, eq=False)
class Metadata:
    """What was shown, the same for every wearer.

    Attributes
    ----------
    concept : ndarray, shape (7, 40), int64
        By block and slot; index into `CONCEPTS`, from 0 (the files count from 1).
    colour, number, face, human : ndarray, shape (7, 200), int64
        By block and line (``5 slot + clip``); SEED-DV's own codes.
    flow : ndarray, shape (7, 200), float64
        Mean optical flow.
    captions : tuple of tuple of str
        By block and line, blanks at either end taken off.
    """

    concept: NDArray[np.int64]
    colour: NDArray[np.int64]
    number: NDArray[np.int64]
    face: NDArray[np.int64]
    human: NDArray[np.int64]
    flow: NDArray[np.float64]
    captions: tuple[tuple[str, ...], ...]

    def attributes(self, block: int, slot: int, clip: int) -> dict[str, str]:
        """A clip's attributes in words; the colour is left out where SEED-DV ignores it."""
        at = (block, film.caption_line(slot, clip))
        found = {
            "colour": COLOURS[self.colour[at]],
            "number": NUMBERS[self.number[at] - 1],
            "speed": SPEEDS[int(self.flow[at] > FAST_FLOW)],
            "face": YES_NO[self.face[at]],
            "human": YES_NO[self.human[at]],
        }
        return {name: value for name, value in found.items() if value is not None}

    def caption(self, block: int, slot: int, clip: int) -> str:
        """A clip's caption."""
        return self.captions[block][film.caption_line(slot, clip)]


def read_metadata(folder: Path) -> tuple[Metadata | None, list[str]]:
    """Read all files, each checked.

    Parameters
    ----------
    folder : Path
        Of the data set: ``meta-info`` and ``BLIP-caption`` lie in it or in its ``Video``.

    Returns
    -------
    metadata : Metadata or None
        None if anything is wrong.
    problems : list of str
        One sentence for each file that is missing or malformed.
    """
    problems: list[str] = []
    tables: dict[str, Any] = {}
    arrays = _find(folder, _FOLDERS, [table.file for table in _TABLES.values()])
    for name, table in _TABLES.items():
        _collect(problems, tables, name, lambda table=table: _read_table(arrays / table.file, table))
    captions: dict[int, tuple[str, ...]] = {}
    texts = _find(folder, _CAPTION_FOLDERS, [f"{stem}.txt" for stem in film.STEMS])
    for block in range(film.BLOCKS):
        _collect(problems, captions, block, lambda block=block: _read_captions(texts, block))
    if problems:
        return None, problems
    concept = tables.pop("concept") - 1
    return Metadata(concept=concept, captions=tuple(captions[b] for b in range(film.BLOCKS)), **tables), []


def _find(folder: Path, places: tuple[str, ...], names: list[str]) -> Path:
    """The first of several places that holds any of the files; the first of all if none does."""
    found = (folder / place for place in places if any((folder / place / name).exists() for name in names))
    return next(found, folder / places[0])


def _collect(problems: list[str], into: dict[Any, Any], key: Any, read: Callable[[], Any]) -> None:
    try:
        into[key] = read()
    except StimulusError as error:
        problems.append(str(error))


def _read_table(path: Path, table: _Table) -> NDArray[Any]:
    if not path.is_file():
        raise StimulusError(f"{path} is missing; copy it from SEED-DV.")
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StimulusError(f"{path} is no array that can be read; copy it from SEED-DV again.") from error
    shape = (film.BLOCKS, table.width)
    if values.shape != shape or values.dtype.kind not in "iuf":
        raise StimulusError(
            f"{path} holds {values.dtype} of shape {values.shape}, not numbers of shape {shape}; "
            "copy it from SEED-DV again."
        )
    good = (values >= table.least) & (values <= table.most) & np.isfinite(values)
    if table.whole:
        good &= values == np.round(values)
    if not good.all():
        block, place = np.argwhere(~good)[0]
        raise StimulusError(
            f"{path} has {values[block, place]:g} in block {block + 1} at place {place + 1}, outside "
            f"{table.least:g} to {table.most:g}; copy it from SEED-DV again."
        )
    if table.width == film.SLOTS:
        _check_orders(path, values)
    return values.astype(np.int64) if table.whole else values.astype(np.float64)


def _check_orders(path: Path, labels: NDArray[Any]) -> None:
    """Every concept is shown once a block."""
    for block, row in enumerate(labels):
        if len(np.unique(row)) < len(row):
            raise StimulusError(
                f"{path} names a concept twice in block {block + 1}, and each is shown once a block; "
                "copy it from SEED-DV again."
            )


def _read_captions(folder: Path, block: int) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in film.read_block_captions(folder, block))
    if "" in lines:
        path = folder / f"{film.STEMS[block]}.txt"
        raise StimulusError(f"Line {lines.index('') + 1} of {path} is blank; write the clip's caption.")
    return lines
