"""The frames of clips, read from SEED-DV's films or drawn, and brought to one size."""

import functools
import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from rtbci.errors import UsageError
from rtbci.stimuli import film
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.draw import draw_clip, draw_frame
from rtbci.stimuli.spec import clip_spec
from training.seed_dv_meta import LINES
from training.targets.shown import Key, Shown

Fit = Literal["crop", "stretch"]


@dataclass(frozen=True)
class Frames:
    """How a clip becomes pictures.

    Attributes
    ----------
    count : int
        Frames, at equal steps from the clip's first; of a film's clip it divides 48.
    height, width : int
        In pixels.
    fit : {"crop", "stretch"}
        What happens to pictures of another shape: their middle is cut out, or they are distorted.
    """

    count: int
    height: int
    width: int
    fit: Fit = "crop"

    def __post_init__(self) -> None:
        if min(self.count, self.height, self.width) < 1:
            raise UsageError(
                f"{self.count} frames of {self.height} x {self.width} px cannot be made; "
                "give at least one frame and one pixel."
            )


class Pictures:
    """Frames of the clips that were shown; one clip at a time is in memory.

    Parameters
    ----------
    shown : Shown
    frames : Frames
    """

    def __init__(self, shown: Shown, frames: Frames) -> None:
        self.films = shown.films
        self.frames = frames
        lines = [stimulus for _, stimulus in shown.pictured] if shown.films else []
        self._last = {line // LINES: line % LINES for line in sorted(lines)}

    def check(self) -> None:
        """Read the last clip that is needed of every film, so that nothing is found missing later.

        Raises
        ------
        StimulusError
            If a film is missing, cannot be read, or is not SEED-DV's.
        """
        if self.films is None:
            return
        for block in self._last:
            film.film_path(self.films, block)
        for block, line in self._last.items():
            film.read_clip(self.films, block, *divmod(line, film.CLIPS), self.frames.count)

    def identity(self) -> dict[str, Any]:
        """What decides the pictures: the films' content, or how the corpus is drawn at present."""
        settings = {name: getattr(self.frames, name) for name in Frames.__dataclass_fields__}
        if self.films is None:
            return {"frames": settings, "drawn": _hash_of_drawings()}
        hashes = {path.name: file_hash(path) for path in (film.film_path(self.films, b) for b in self._last)}
        return {"frames": settings, "films": hashes}

    def read(self, keys: Sequence[Key]) -> Generator[NDArray[np.uint8], None, None]:
        """Frames of some clips, in order of stimulus.

        Yields
        ------
        ndarray, shape (count, height, width, 3), uint8
            RGB.
        """
        size = (self.frames.height, self.frames.width)
        for frames in self._drawn(keys) if self.films is None else self._filmed(self.films, keys):
            yield fit_pictures(frames, *size, self.frames.fit)

    def _drawn(self, keys: Sequence[Key]) -> Generator[NDArray[np.uint8], None, None]:
        # Clips of the corpus are shown as squares, and their layout depends on the shape.
        side = max(self.frames.height, self.frames.width)
        for key in keys:
            yield draw_clip(clip_spec(*key), self.frames.count, side)

    def _filmed(self, films: Path, keys: Sequence[Key]) -> Generator[NDArray[np.uint8], None, None]:
        for block, of_block in groupby(keys, lambda key: key[1] // LINES):
            places = [divmod(stimulus % LINES, film.CLIPS) for _, stimulus in of_block]
            yield from film.read_clips(films, block, places, self.frames.count)


def fit_pictures(pictures: NDArray[np.uint8], height: int, width: int, fit: Fit) -> NDArray[np.uint8]:
    """Bring pictures (n, h, w, 3) to a size: bicubic, smoothed where they shrink."""
    _, had_height, had_width, _ = pictures.shape
    if fit == "crop":
        scale = max(height / had_height, width / had_width)
        keep_height = min(had_height, round(height / scale))
        keep_width = min(had_width, round(width / scale))
        top, left = (had_height - keep_height) // 2, (had_width - keep_width) // 2
        pictures = pictures[:, top : top + keep_height, left : left + keep_width]
    if pictures.shape[1:3] == (height, width):
        return pictures
    out = np.empty((len(pictures), height, width, 3), dtype=np.uint8)
    for row, picture in zip(out, pictures, strict=True):
        values = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float()
        resized = F.interpolate(values, (height, width), mode="bicubic", antialias=True)
        row[:] = resized[0].round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    return out


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def _hash_of_drawings() -> str:
    """A few small pictures of every concept, hashed: it changes when the drawing does."""
    digest = hashlib.sha256()
    for concept in range(len(CONCEPTS)):
        for seed in range(2):
            digest.update(draw_frame(clip_spec(concept, seed), 0.5, 64).tobytes())
    return digest.hexdigest()
