"""Everything that was watched, each clip once: its concept, its caption and where its pictures are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import UsageError
from rtbci.stimuli import film
from rtbci.stimuli.captions import caption
from rtbci.stimuli.spec import clip_spec
from training.check_data import is_seed_dv, open_source
from training.seed_dv import shown_clips
from training.seed_dv_meta import read_metadata
from training.source import Clip, DataError

Key = tuple[int, int]
"""Concept and stimulus, as in `training.cohort.Windows.clips`."""


@dataclass(frozen=True)
class Shown:
    """The distinct clips of some data.

    Attributes
    ----------
    captions : mapping of Key to str
        Of the clips that have one, in order of stimulus.
    pictured : tuple of Key
        The clips whose pictures can be had, in order of stimulus.
    films : Path or None
        Folder of SEED-DV's films; None where the clips are those of the drawn corpus.
    notes : tuple of str
        What was left out and why; one sentence each.
    """

    captions: Mapping[Key, str]
    pictured: tuple[Key, ...]
    films: Path | None = None
    notes: tuple[str, ...] = ()


def open_shown(folder: Path, subjects: str | None = None) -> Shown:
    """Find out what a folder's wearers watched. Of SEED-DV the EEG is not needed, and not looked at.

    Parameters
    ----------
    folder : Path
        SEED-DV, or own recordings.
    subjects : str, optional
        Of own recordings: those that count; by default all.

    Raises
    ------
    DataError
        If anything is missing or malformed; every fault is listed.
    """
    if is_seed_dv(folder):
        metadata, problems = read_metadata(folder)
        if metadata is None:
            raise DataError(folder, problems)
        clips = [clip for block in range(film.BLOCKS) for clip in shown_clips(metadata, block)]
        return _collect(clips, folder / "Video")
    source = open_source(folder, subjects)
    blocks = (block for subject in source.subjects() for block in source.blocks(subject))
    return _collect([clip for block in blocks for clip in source.clips(block)], None)


def corpus_shown(clips: NDArray[np.int64]) -> Shown:
    """What clips of the drawn corpus show, such as the simulated cohort's.

    Parameters
    ----------
    clips : ndarray, shape (..., 2)
        Concept and seed.
    """
    keys = sorted({(int(concept), int(seed)) for concept, seed in clips.reshape(-1, 2)}, key=_in_order)
    return Shown({key: caption(clip_spec(*key)) for key in keys}, tuple(keys))


def _in_order(key: Key) -> tuple[int, int]:
    return key[1], key[0]


def _collect(clips: Iterable[Clip], films: Path | None) -> Shown:
    said: dict[Key, set[str]] = defaultdict(set)
    for clip in clips:
        said[clip.concept, clip.stimulus].add(clip.caption)
    keys = sorted(said, key=_in_order)
    captions = {key: next(iter(said[key])) for key in keys if len(said[key]) == 1 and said[key] != {""}}
    pictured = tuple(key for key in keys if key[1] >= 0)
    notes = []
    if len(captions) < len(keys):
        notes.append(
            f"{len(keys) - len(captions)} of {len(keys)} kinds of clips have no caption, or several; "
            "they get no text embedding."
        )
    if len(pictured) < len(keys):
        notes.append(
            f"Clips of {len(keys) - len(pictured)} concepts do not say which they were (a column `seed`); "
            "they get no video latents."
        )
    if not keys:
        raise UsageError("The data hold no clips; look at them with `rtbci train check-data`.")
    return Shown(captions, pictured, films, tuple(notes))
