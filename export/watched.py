"""The pictures of what was watched, which those that are drawn are held against."""

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.experiments.material import Material
from training.seed_dv import SeedDv
from training.targets.pictures import Frames, Pictures
from training.targets.shown import Shown

Indices = NDArray[np.int64]


def pictured(material: Material, rows: Indices) -> Indices:
    """Those of some clips whose pictures can be had.

    Raises
    ------
    UsageError
        If there are some clips, but pictures of none.
    """
    kept = rows[material.clips.stimulus[rows] >= 0]
    if len(rows) and not len(kept):
        raise UsageError(
            f"The recordings in {material.source.folder} name the concept of each test clip, not which clip "
            "it was, so there are no pictures to hold the drawn ones against; add a column `seed`."
        )
    return kept


def watched_clips(material: Material, rows: Indices, frames: Frames) -> NDArray[np.uint8]:
    """Frames of some clips, as they were on the screen: of SEED-DV's films, or drawn.

    Parameters
    ----------
    material : Material
    rows : ndarray, shape (n,)
        Of its clips; from `pictured`.
    frames : Frames

    Returns
    -------
    ndarray, shape (n, count, height, width, 3), uint8

    Raises
    ------
    StimulusError
        If a film is missing or cannot be read.
    """
    clips, source = material.clips, material.source
    each = [(int(clips.concept[row]), int(clips.stimulus[row])) for row in rows]
    # Films are gone through from their beginning.
    keys = sorted(set(each), key=lambda key: (key[1], key[0]))
    films = source.folder / "Video" if isinstance(source, SeedDv) else None
    pictures = Pictures(Shown({}, tuple(keys), films), frames)
    pictures.check()
    found = dict(zip(keys, pictures.read(keys), strict=True))
    return np.stack([found[key] for key in each])
