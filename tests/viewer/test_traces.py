"""What the scrolling EEG is drawn from: the choice of channels, the points, the gain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.montage import CHANNELS, REGIONS
from rtbci.viewer.gain import Gain, scale_bar
from rtbci.viewer.traces import TEN_TWENTY, lost_stretches, picks, region_bounds, thinned


def test_all_stands_for_every_region_and_a_region_shows_all_of_its_own() -> None:
    every = picks("all", len(CHANNELS))
    assert {CHANNELS[i] for i in every} == TEN_TWENTY
    assert len(every) == 21
    bounds = region_bounds(every)
    assert [name for name, _, _ in bounds] == list(REGIONS)
    assert (bounds[0][1], bounds[-1][2]) == (0, 21)
    for name, first, end in bounds:
        assert set(every[first:end]) <= set(REGIONS[name])
    assert sorted(i for name in REGIONS for i in picks(name, len(CHANNELS))) == list(range(len(CHANNELS)))
    np.testing.assert_array_equal(picks("frontal", 5), range(5))


@given(st.integers(0, 300), st.integers(1, 200), st.integers(1, 40), st.integers(0, 2**31))
def test_thinning_loses_no_extreme_and_invents_nothing(
    start: int, count: int, per_bin: int, seed: int
) -> None:
    data = np.random.default_rng(seed).normal(size=(count, 3))
    numbers, values = thinned(start, data, per_bin)
    for channel in range(3):
        at = numbers[:, channel].astype(int) - start
        assert (np.diff(at) >= 0).all()
        np.testing.assert_array_equal(data[at, channel], values[:, channel])
    np.testing.assert_array_equal(values.max(axis=0), data.max(axis=0))
    np.testing.assert_array_equal(values.min(axis=0), data.min(axis=0))
    if per_bin > 2:
        assert len(values) <= 2 * (count / per_bin + 2)


@given(st.integers(0, 50), st.integers(3, 9), st.integers(0, 2**31))
def test_complete_bins_do_not_change_while_scrolling(shift: int, per_bin: int, seed: int) -> None:
    data = np.random.default_rng(seed).normal(size=(200, 1))
    first = thinned(0, data[:150], per_bin)
    later = thinned(shift, data[shift:], per_bin)
    drawn = [
        {
            (float(n), float(v))
            for n, v in zip(numbers[:, 0], values[:, 0], strict=True)
            if shift + per_bin <= n < 150 - per_bin
        }
        for numbers, values in (first, later)
    ]
    assert drawn[0] == drawn[1]


def test_lost_time_stays_lost() -> None:
    data = np.ones((100, 2))
    data[40:60] = np.nan
    assert lost_stretches(data) == [(40, 60)]
    numbers, values = thinned(0, data, 5)
    lost = (numbers >= 40) & (numbers < 60)
    assert lost.any()
    np.testing.assert_array_equal(np.isnan(values), lost)


@given(st.floats(0.01, 1e5), st.integers(0, 2**31))
def test_a_lane_is_four_and_a_half_spreads_whatever_one_electrode_does(size: float, seed: int) -> None:
    data = np.random.default_rng(seed).normal(0, size, (2000, 21))
    data[:, 4] *= 1000
    data[500:520] += 50 * size
    gain = Gain()
    gain.follow(data, 0.0)
    assert gain.lane == pytest.approx(4.5 * size, rel=0.1)


def test_the_gain_does_not_pump_but_gets_there() -> None:
    data = np.random.default_rng(0).normal(size=(2000, 21))
    gain = Gain()
    gain.follow(data, 0.0)
    before = gain.lane
    gain.follow(data * 1.08, 1.0)
    assert gain.lane == before
    lanes = []
    for second in range(2, 32):
        gain.follow(data * 10, float(second))
        lanes.append(gain.lane)
    assert (np.diff(lanes) >= 0).all()
    assert lanes[0] < 2 * before
    assert lanes[-1] == pytest.approx(10 * before, rel=0.11)
    gain.forget()
    gain.follow(data, 33.0)
    assert gain.lane == before


def test_no_signal_leaves_the_gain_alone() -> None:
    gain = Gain()
    for data in (np.zeros((10, 2)), np.full((10, 2), np.nan), np.empty((0, 2))):
        gain.follow(data, 0.0)
        assert gain.lane == 1.0


@given(st.floats(1e-3, 1e6), st.floats(1, 200), st.floats(10, 60))
def test_the_scale_bar_is_round_and_as_long_as_it_says(
    lane_uv: float, lane_px: float, longest: float
) -> None:
    microvolt, length = scale_bar(lane_uv, lane_px, longest)
    assert 0.39 * longest < length <= longest * (1 + 1e-6)
    assert length / lane_px * lane_uv == pytest.approx(microvolt)
    assert f"{microvolt:.0e}"[0] in "125"
