"""All concepts on one picture, to look at the corpus at a glance."""

import math

import numpy as np
from numpy.typing import NDArray

from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.draw import draw_frame
from rtbci.stimuli.draw.layout import MIDDLE_S
from rtbci.stimuli.spec import clip_spec


def contact_sheet(seed: int = 0, size: int = 192, columns: int = 8) -> NDArray[np.uint8]:
    """Draw one clip of every concept, in order, row by row.

    Parameters
    ----------
    seed : int
        Seed of all the clips.
    size : int
        Width and height of one picture in pixels.
    columns : int
        Pictures in a row.

    Returns
    -------
    ndarray, shape (rows * size, columns * size, 3), uint8
        RGB; places left over are black.
    """
    rows = math.ceil(len(CONCEPT_NAMES) / columns)
    sheet = np.zeros((rows, size, columns, size, 3), np.uint8)
    for index in range(len(CONCEPT_NAMES)):
        row, column = divmod(index, columns)
        sheet[row, :, column] = draw_frame(clip_spec(index, seed), MIDDLE_S, size)
    return sheet.reshape(rows * size, columns * size, 3)
