"""EEG-like noise, settings, and ways to cut a stream into chunks."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from rtbci.bundle.schema import Preprocessing
from rtbci.montage import CHANNELS, plan_remap, positions
from rtbci.signal import ChainSettings


def eeg_like(n: int, seed: int = 0, uv: float = 20.0) -> np.ndarray:
    """(n, 62) microvolt: 40 smooth sources seen by neighbouring electrodes alike, with some noise."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(40, 3))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    leadfield = np.exp(4 * (positions(CHANNELS) @ places.T - 1))
    sources = np.empty((n, 40))
    value = np.zeros(40)
    for i, kick in enumerate(rng.normal(size=(n, 40))):
        value = 0.9 * value + kick
        sources[i] = value
    data = sources @ leadfield.T
    return uv * data / data.std() + rng.normal(size=(n, 62)) * uv / 20


def settings(rate: float = 200.0, labels: tuple[str, ...] = CHANNELS, **preprocessing: Any) -> ChainSettings:
    remap = plan_remap(labels, ["uV"] * len(labels))
    return ChainSettings.from_preprocessing(Preprocessing(**preprocessing), rate, remap)


def cuts(n: int) -> st.SearchStrategy[list[int]]:
    """Borders that cut n samples into chunks, some of them empty."""
    return st.lists(st.integers(0, n), max_size=12).map(lambda inner: [0, *sorted(inner), n])


def pieces(x: np.ndarray, borders: list[int]) -> Iterator[np.ndarray]:
    for start, stop in itertools.pairwise(borders):
        yield x[start:stop]


def run(step: Callable[..., Any], state: Any, x: np.ndarray, borders: list[int]) -> np.ndarray:
    """Output of a transform over chunks, each of which is checked to be left unchanged and then spoiled."""
    outputs = []
    for piece in pieces(x, borders):
        given = piece.copy()
        state, y = step(state, given)
        np.testing.assert_array_equal(given, piece)
        # Senders reuse their buffers: nothing may be kept that is not a copy.
        given[:] = np.nan
        outputs.append(y)
    return np.concatenate(outputs)
