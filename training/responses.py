"""What the known wearers answer to each concept, as the encoder sees it: New2Source's target by waveform.

A bundle holds no clip of anybody. The mean over all known wearers' windows of a concept, each through their
own spatial layer, is what is left of them: SAM-Net's centred subject, reduced to one window a concept.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtbci.calibrate.waveform import RESPONSES
from rtbci.wearers.adapter import OWN_BINS
from training.cohort import TRAIN, load_windows
from training.decoder import load_decoder
from training.decoder_settings import DecoderSettings
from training.hrt import QUESTIONS
from training.model_settings import STORED

__all__ = ["RESPONSES", "source_responses"]

_CLEAR_SHARE = 0.9
"""Windows count if one clip fills so much of them: they end where the windows do that calibration scores."""


def source_responses(settings: DecoderSettings, cache: Path) -> NDArray[np.float32]:
    """Mean window of each concept over the known wearers.

    Parameters
    ----------
    settings : DecoderSettings
        Of the trained decoder.
    cache : Path
        The cohort's windows; see `training.cohort.make_cohort`.

    Returns
    -------
    ndarray, shape (40, 62, 25)
        In averages over 80 ms, behind the spatial layers.
    """
    layers = load_decoder(settings).layers.weight.numpy()
    total = np.zeros((QUESTIONS["concept"], layers.shape[1], OWN_BINS))
    count = np.zeros(len(total))
    for place, number in enumerate(settings.cohort.known):
        windows = load_windows(cache, (number,), STORED)
        clear = windows.where((windows.purpose == TRAIN) & ~windows.null & (windows.share >= _CLEAR_SHARE))
        bins = clear.x.astype(np.float32).reshape(len(clear.x), layers.shape[1], OWN_BINS, -1).mean(axis=3)
        seen = layers[place + 1] @ bins
        concept = clear.clips[:, 0, 0]
        np.add.at(total, concept, seen)
        count += np.bincount(concept, minlength=len(total))
    return np.asarray(total / count[:, None, None], dtype=np.float32)
