"""Which channels are shown, and the points that their traces are drawn from; knows nothing of Qt."""

from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from rtbci.montage import CHANNELS, REGIONS

EVERY = "all"
TEN_TWENTY = frozenset(
    (
        *("FP1", "FPZ", "FP2", "F7", "F3", "FZ", "F4", "F8"),
        *("T7", "C3", "CZ", "C4", "T8", "P7", "P3", "PZ", "P4", "P8"),
        *("O1", "OZ", "O2"),
    )
)
"""The 21 electrodes of the 10–20 system: they stand for all 62, which would be a solid block."""


def picks(region: str, channels: int) -> NDArray[np.intp]:
    """Channels on show, from front to back; for "all", those of the 10–20 system.

    Parameters
    ----------
    region : str
        A key of `REGIONS`, or "all".
    channels : int
        How many come in; unless these are the montage's 62, each is shown.
    """
    if channels != len(CHANNELS):
        return np.arange(channels)
    if region != EVERY:
        return np.array(REGIONS[region], dtype=np.intp)
    members = [i for region in REGIONS.values() for i in region if CHANNELS[i] in TEN_TWENTY]
    return np.array(members, dtype=np.intp)


def region_bounds(shown: NDArray[np.intp]) -> list[tuple[str, int, int]]:
    """Name, first and end position of each region among the channels shown, where these are in order."""
    chosen = frozenset(shown.tolist())
    sizes = [len(chosen.intersection(members)) for members in REGIONS.values()]
    ends = list(accumulate(sizes))
    bounds = zip(REGIONS, sizes, ends, strict=True)
    return [(name, end - size, end) for name, size, end in bounds if size]


def thinned(
    start: int, data: NDArray[np.floating], per_bin: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The lowest and the highest sample of each bin of time, in the order in which they came.

    The bins are fixed in time, not to the screen, so that a trace does not flicker while it scrolls. A bin
    with lost samples is lost.

    Parameters
    ----------
    start : int
        Number of the first sample.
    data : ndarray, shape (samples, channels)
    per_bin : int
        Samples a bin; with 2 or fewer nothing is left out.

    Returns
    -------
    numbers, values : ndarray, shape (points, channels)
        Number of the sample and its value.
    """
    if per_bin <= 2 or not len(data):
        numbers = np.arange(start, start + len(data), dtype=np.float64)
        return np.broadcast_to(numbers[:, None], data.shape), data
    count, channels = data.shape
    before, after = start % per_bin, -(start + count) % per_bin
    binned = np.pad(data, ((before, after), (0, 0)), mode="edge").reshape(-1, per_bin, channels)
    places = np.sort(np.stack((binned.argmin(axis=1), binned.argmax(axis=1)), axis=1), axis=1)
    values = np.take_along_axis(binned, places, axis=1)
    numbers = start - before + np.arange(len(binned))[:, None, None] * per_bin + places
    # What was padded repeats the first or the last sample, and is placed on it.
    numbers = np.clip(numbers, start, start + count - 1).astype(np.float64)
    return numbers.reshape(-1, channels), values.reshape(-1, channels)


def lost_stretches(data: NDArray[np.floating]) -> list[tuple[int, int]]:
    """First and end sample of each stretch in which every channel was lost."""
    lost = np.isnan(data).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], lost.view(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
