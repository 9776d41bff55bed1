"""EEG like a wearer's in which nothing is to be found."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def phase_randomised(eeg: NDArray[np.floating[Any]], rng: np.random.Generator) -> NDArray[np.float32]:
    """Redraw the phases of a whole block, the same shift for all channels (Prichard and Theiler 1994).

    Spectra and the covariance between channels stay; when anything happened is lost. Phases are those of the
    block and not of a window, which would keep the power of its rhythms and so a part of the answer.

    Parameters
    ----------
    eeg : ndarray, shape (n, channels)
        One block.
    rng : Generator

    Returns
    -------
    ndarray, shape (n, channels), float32
    """
    spectrum = np.fft.rfft(np.asarray(eeg, dtype=np.float64), axis=0)
    turn = np.exp(2j * np.pi * rng.random(len(spectrum)))
    # These have no phase: they are real.
    turn[0] = 1.0
    if len(eeg) % 2 == 0:
        turn[-1] = 1.0
    return np.fft.irfft(spectrum * turn[:, None], n=len(eeg), axis=0).astype(np.float32)
