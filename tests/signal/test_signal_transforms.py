"""What every transform promises: any chunking the same bits, empty chunks pass, inputs stay as they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtbci.signal import (
    Align,
    BandPass,
    Cascade,
    ChannelQuality,
    Linear,
    Notch,
    Repair,
    Resample,
    RunningScale,
    Windower,
)
from rtbci.signal.grid import Grid
from tests.signal.signal_helpers import cuts, eeg_like, pieces, run

N = 700
X = eeg_like(N) + 5000.0
RNG = np.random.default_rng(3)

TRANSFORMS = {
    "linear": Linear(RNG.normal(size=(62, 62))),
    "linear to fewer": Linear(RNG.normal(size=(7, 62))),
    "resample 1:1": Resample(200.0),
    "resample 160": Resample(160.0),
    "resample 1000": Resample(1000.0),
    "resample 499.9": Resample(499.9),
    "band-pass": BandPass(1.0, 45.0, 4, 200.0),
    "notch": Notch(50.0, 200.0),
    "both at once": Cascade((BandPass(1.0, 45.0, 4, 200.0), Notch(50.0, 200.0))),
    "notch beyond the rate": Notch(60.0, 100.0),
    "scale": RunningScale(),
    "align": Align(),
    "align with prior": Align(prior=np.cov(X.T)),
    "repair": Repair(frozenset({51, 55})),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@given(borders=cuts(N))
@settings(max_examples=15, deadline=None)
def test_any_chunking_gives_the_same_bits(name: str, borders: list[int]) -> None:
    transform = TRANSFORMS[name]
    whole = run(transform.step, transform.start(), X, [0, N])
    np.testing.assert_array_equal(run(transform.step, transform.start(), X, borders), whole)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_sample_by_sample_gives_the_same_bits(name: str) -> None:
    transform = TRANSFORMS[name]
    whole = run(transform.step, transform.start(), X, [0, N])
    assert len(whole) > 0
    np.testing.assert_array_equal(run(transform.step, transform.start(), X, list(range(N + 1))), whole)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_state_can_be_stepped_twice(name: str) -> None:
    transform = TRANSFORMS[name]
    state, _ = transform.step(transform.start(), X[:333])
    first = transform.step(state, X[333:])[1]
    np.testing.assert_array_equal(transform.step(state, X[333:])[1], first)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_an_empty_chunk_gives_nothing_and_changes_nothing(name: str) -> None:
    transform = TRANSFORMS[name]
    state, y = transform.step(transform.start(), X[:0])
    assert len(y) == 0
    whole = transform.step(transform.start(), X)[1]
    np.testing.assert_array_equal(transform.step(state, X)[1], whole)


@given(borders=cuts(N), length=st.integers(1, 90), hop=st.integers(1, 120))
@settings(max_examples=40, deadline=None)
def test_windows_do_not_depend_on_chunks(borders: list[int], length: int, hop: int) -> None:
    windower = Windower(length, hop)
    state, found = windower.start(), []
    for piece in pieces(X, borders):
        given_piece = piece.copy()
        state, ready = windower.step(state, given_piece)
        given_piece[:] = np.nan
        found += ready
    assert [end for end, _ in found] == list(range(length - 1, N, hop))
    for end, window in found:
        np.testing.assert_array_equal(window, X[end + 1 - length : end + 1])


@given(borders=cuts(1300))
@settings(max_examples=10, deadline=None)
def test_verdicts_do_not_depend_on_chunks(borders: list[int]) -> None:
    raw = eeg_like(1300, seed=1)
    raw[600:, 7] = 0.0
    quality = ChannelQuality()
    whole = quality.step(quality.start(), raw, raw)[1]
    state, found = quality.start(), []
    for piece in pieces(raw, borders):
        given_piece = piece.copy()
        state, verdicts = quality.step(state, given_piece, given_piece)
        np.testing.assert_array_equal(given_piece, piece)
        given_piece[:] = np.nan
        found += verdicts
    assert found == whole
    assert found[-1].verdicts[7] == "flat"
    assert [v.at for v in found] == [230, 430, 630, 830, 1030, 1230]


@given(st.integers(0, 50), st.integers(1, 50), st.integers(1, 40), st.integers(0, 200))
def test_the_grid_covers_every_sample_once(done: int, first: int, every: int, n: int) -> None:
    grid = Grid(first, every)
    parts = list(grid.pieces(done, n))
    assert [i for start, stop, _ in parts for i in range(start, stop)] == list(range(n))
    marks = [done + stop for _, stop, mark in parts if mark]
    assert marks == [c for c in range(done + 1, done + n + 1) if c >= first and (c - first) % every == 0]
