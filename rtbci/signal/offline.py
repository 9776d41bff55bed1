"""The same signal path for recordings: what training sees is, bit for bit, what the runtime sees."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rtbci.errors import UsageError
from rtbci.montage import CHANNELS
from rtbci.signal.chain import ChainSettings

Array = NDArray[np.float64]

# Seconds of input at a time, to bound memory; no result depends on it.
_BLOCK_S = 60


def process_recording(settings: ChainSettings, data: ArrayLike) -> tuple[Array, Array]:
    """Run a whole recording through the chain.

    Parameters
    ----------
    settings : ChainSettings
        As for `Chain`.
    data : array-like (n, n_in)
        Samples in the device's units.

    Returns
    -------
    uv : ndarray (m, 62)
        Microvolt, as in `Chain.uv_tail`.
    z : ndarray (m, 62)
        Normalised sample by sample, each by what was in force when it came. Windows for a decoder come
        from `windows_at`: they are normalised as a whole by what is in force at their end.
    """
    uv, z = [np.empty((0, len(CHANNELS)))], [np.empty((0, len(CHANNELS)))]
    state = settings.normalise.start()
    for piece in _conditioned(settings, data):
        state, normalised = settings.normalise.step(state, piece)
        uv.append(piece)
        z.append(normalised)
    return np.concatenate(uv), np.concatenate(z)


def windows_at(settings: ChainSettings, data: ArrayLike, ends: Sequence[int]) -> NDArray[np.float32]:
    """The decoder's inputs for windows that end at given samples.

    Parameters
    ----------
    settings : ChainSettings
        As for `Chain`.
    data : array-like (n, n_in)
        Samples in the device's units, from the recording's start: the past shapes the normalisation.
    ends : sequence of int
        Index, at the decoder's rate, of each window's newest sample, as in `Window.end`; any order.

    Returns
    -------
    ndarray (n_windows, 62, length) float32
        `Window.z` as the live chain would give it.

    Raises
    ------
    UsageError
        If a window does not lie within the recording.
    """
    uv = np.concatenate([np.empty((0, len(CHANNELS))), *_conditioned(settings, data)])
    length = settings.windower.length
    wanted = np.asarray(ends, dtype=np.int64)
    if wanted.size and not (length - 1 <= wanted.min() and wanted.max() < len(uv)):
        raise UsageError(
            f"Windows of {length} samples were asked to end between {wanted.min()} and {wanted.max()}, but "
            f"the recording allows {length - 1} to {len(uv) - 1}: cut the timeline to the recording."
        )
    out = np.empty((wanted.size, len(CHANNELS), length), dtype=np.float32)
    state, done = settings.normalise.start(), 0
    for place in np.argsort(wanted, kind="stable"):
        stop = int(wanted[place]) + 1
        state = settings.normalise.observe(state, uv[done:stop])
        done = stop
        window = np.ascontiguousarray(uv[stop - length : stop].T, dtype=np.float32)
        out[place] = settings.normalise.window(state, window)[0]
    return out


def scaled_covariance(settings: ChainSettings, data: ArrayLike) -> Array:
    """Mean covariance (62, 62) of a recording's robustly scaled EEG: what `prior_covariance` averages.

    Parameters
    ----------
    settings : ChainSettings
        As for `Chain`.
    data : array-like (n, n_in)
        Samples in the device's units.
    """
    total, samples = np.zeros((len(CHANNELS), len(CHANNELS))), 0
    state = settings.normalise.scale.start()
    for piece in _conditioned(settings, data):
        state, scaled = settings.normalise.scale.step(state, piece)
        total += scaled.T @ scaled
        samples += len(scaled)
    return total / max(samples, 1)


def _conditioned(settings: ChainSettings, data: ArrayLike) -> Iterator[Array]:
    data = np.asarray(data)
    step = max(1, round(_BLOCK_S * settings.condition.resample.rate_in))
    state = settings.condition.start()
    for start in range(0, len(data), step):
        state, uv, _ = settings.condition.step(state, data[start : start + step])
        yield uv
