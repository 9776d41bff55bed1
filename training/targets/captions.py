"""Captions that BLIP writes, kept as tokens beside the other targets, and as the text files of SEED-DV."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.stimuli import film
from rtbci.stimuli.concepts import CONCEPT_NAMES
from training.seed_dv_meta import LINES
from training.targets.blip import BEAMS, MOST_TOKENS, Captioner
from training.targets.cache import Progress, Recipe, fill, open_values, write_text
from training.targets.pictures import Frames, Pictures
from training.targets.shown import Key, Shown

_SIDE = 384
"""Of the pictures that BLIP is given; its processor scales them to what the model takes."""
_FRAMES = 2
"""The second of two frames at equal steps is the clip's middle."""
_CLIPS_AT_ONCE = 20


@dataclass(frozen=True)
class Written:
    """Captions that were written.

    Attributes
    ----------
    folder : Path
        With the tokens, and for SEED-DV ``1st_10min.txt`` to ``7th_10min.txt``, laid out as BLIP-caption.
    captions : mapping of Key to str
    notes : tuple of str
    """

    folder: Path
    captions: Mapping[Key, str]
    notes: tuple[str, ...]


def caption_clips(
    captioner: Captioner, shown: Shown, out: Path, batch: int, on_progress: Progress | None = None
) -> Written:
    """Caption the middle frame of every clip, or go on, or find it done.

    A clip of which nothing was said is called by its concept.
    """
    keys = shown.pictured
    pictures = Pictures(shown, Frames(_FRAMES, _SIDE, _SIDE, "stretch"))
    recipe = Recipe(
        kind="captions",
        shape=(MOST_TOKENS,),
        dtype="int32",
        items=[f"{concept} {stimulus}" for concept, stimulus in keys],
        clips=[(*key, row) for row, key in enumerate(keys)],
        made_by={
            "model": captioner.model.identity(),
            "beams": BEAMS,
            "pictures": pictures.identity(),
        },
    )

    def compute(start: int, stop: int) -> NDArray[Any]:
        middles = np.stack([frames[_FRAMES // 2] for frames in pictures.read(keys[start:stop])])
        parts = [captioner(middles[first : first + batch]) for first in range(0, len(middles), batch)]
        return np.concatenate(parts)

    folder = fill(out, recipe, compute, _CLIPS_AT_ONCE, on_progress)
    tokens, _ = open_values(folder)
    said = captioner.texts(tokens)
    empty = sum(not text for text in said)
    notes = (f"{empty} captions came out empty; the concept's name stands for them.",) if empty else ()
    captions = {key: text or CONCEPT_NAMES[key[0]] for key, text in zip(keys, said, strict=True)}
    if shown.films is not None:
        _write_like_seed_dv(folder, captions)
    return Written(folder, captions, notes)


def _write_like_seed_dv(folder: Path, captions: Mapping[Key, str]) -> None:
    by_line = {stimulus: caption for (_, stimulus), caption in captions.items()}
    for block in sorted({stimulus // LINES for stimulus in by_line}):
        lines = [by_line.get(LINES * block + line, "") for line in range(LINES)]
        write_text(folder / f"{film.STEMS[block]}.txt", "\n".join([*lines, ""]))
