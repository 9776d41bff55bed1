import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from rtbci.bundle.schema import Preprocessing
from rtbci.errors import UsageError
from rtbci.montage import CHANNELS, plan_remap, positions, spherical_spline
from rtbci.signal import Chain, ChainSettings, Window, process_recording, scaled_covariance, windows_at
from tests.signal.signal_helpers import cuts, eeg_like, settings

C3 = CHANNELS.index("C3")
GOOD = eeg_like(2600, seed=4)
# Everything happens in it: an electrode dies and returns, another is loose, values are missing.
EVENTFUL = GOOD.copy()
EVENTFUL[700:1500, C3] = 0.0
EVENTFUL[400:, 30] += np.random.default_rng(1).normal(size=2200) * 300
EVENTFUL[900:905, 10] = np.nan
EVENTFUL[950, 11] = np.inf


def live(s: ChainSettings, data: np.ndarray, borders: list[int]) -> tuple[np.ndarray, list[Window], list]:
    """All that the chain gives for these chunks, whose buffer is spoiled after each push."""
    chain, uv, windows, events = Chain(s), [], [], []
    stamps = 100 + np.arange(len(data)) / s.condition.resample.rate_in
    for start, stop in itertools.pairwise(borders):
        piece, times = data[start:stop].copy(), stamps[start:stop].copy()
        windows += chain.push(piece, times)
        np.testing.assert_array_equal(piece, data[start:stop])
        piece[:], times[:] = 1e30, np.nan
        uv.append(chain.uv_tail)
        events += chain.events
    return np.concatenate(uv), windows, events


CAPS = {
    "the montage at its own rate": settings(),
    "four channels missing": settings(
        labels=tuple(n for n in CHANNELS if n not in ("PO5", "PO6", "CB1", "CB2"))
    ),
    "160 Hz": settings(160.0),
    "1000 Hz": settings(1000.0),
    "499.9 Hz": settings(499.9),
    "another hop": settings(hop_s=0.15, window_s=1.0),
}


@pytest.mark.parametrize("name", CAPS)
@given(borders=cuts(len(EVENTFUL)))
@limits(max_examples=5, deadline=None)
def test_offline_equals_online_bit_for_bit(name: str, borders: list[int]) -> None:
    s = CAPS[name]
    data = EVENTFUL[:, : s.condition.matrix.shape[1]]
    uv, windows, _ = live(s, data, borders)
    offline, z = process_recording(s, data)
    np.testing.assert_array_equal(uv, offline)
    assert z.shape == offline.shape
    assert np.isfinite(z).all()
    assert [w.end for w in windows] == list(range(s.windower.length - 1, len(uv), s.windower.hop))
    again = windows_at(s, data, [w.end for w in windows])
    for window, expected in zip(windows, again, strict=True):
        np.testing.assert_array_equal(window.z, expected)
        np.testing.assert_array_equal(
            window.uv, uv[window.end + 1 - s.windower.length : window.end + 1].T.astype(np.float32)
        )


@pytest.mark.parametrize("size", [1, 4, 7, 20, 333])
def test_chunks_of_one_size_too(size: int) -> None:
    s = settings()
    borders = [*range(0, len(EVENTFUL), size), len(EVENTFUL)]
    np.testing.assert_array_equal(live(s, EVENTFUL, borders)[0], process_recording(s, EVENTFUL)[0])


def test_windows_are_float32_and_two_seconds_of_62_channels() -> None:
    _, windows, _ = live(settings(), GOOD, [0, len(GOOD)])
    assert len(windows) == 1 + (2600 - 400) // 100
    for window in windows:
        assert window.uv.shape == window.z.shape == (62, 400)
        assert window.uv.dtype == window.z.dtype == np.float32
        assert window.uv.flags.c_contiguous and window.z.flags.c_contiguous
        assert window.clean


@pytest.mark.parametrize("rate", [160.0, 200.0, 499.9, 1000.0, 5000.0])
@given(size=st.integers(1, 300))
@limits(max_examples=5, deadline=None)
def test_the_stamp_is_that_of_the_newest_raw_sample_in_the_window(rate: float, size: int) -> None:
    """What comes after that sample cannot change the window, and without it the window does not exist."""
    data = eeg_like(64, seed=2).repeat(int(rate * 2.1) // 64 + 1, axis=0)
    s = settings(rate)
    size = max(size, int(rate) // 100)
    _, windows, _ = live(s, data, [*range(0, len(data), size), len(data)])
    newest = round((windows[0].newest - 100) * rate)
    chain = Chain(s)
    stamps = np.arange(len(data)) / rate
    assert chain.push(data[:newest], stamps[:newest]) == []
    (window,) = chain.push(data[newest : newest + 1], stamps[newest : newest + 1])
    np.testing.assert_array_equal(window.z, windows[0].z)
    assert newest / rate == pytest.approx(399 / 200, abs=1 / 200)


def test_the_reference_is_the_average_of_all() -> None:
    uv, _ = process_recording(settings(), EVENTFUL)
    np.testing.assert_allclose(uv.mean(axis=1), 0.0, atol=1e-9)


def test_a_dead_electrode_is_replaced_by_its_neighbours_and_announced() -> None:
    s = settings()
    data = GOOD.copy()
    data[700:1500, C3] = 0.0
    uv, windows, events = live(s, data, [*range(0, len(data), 4), len(data)])
    found, returned = events
    assert found.fresh == ("C3",) and found.repaired == {"C3": "flat"} and found.returned == ()
    assert returned.returned == ("C3",) and returned.repaired == {} and returned.fresh == ()
    assert found.at < 100 + (700 + 450) / 200

    truth, _ = process_recording(s, GOOD)
    during = slice(1200, 1500)
    assert np.corrcoef(uv[during, C3], truth[during, C3])[0, 1] > 0.9
    good = [i for i in range(62) if i != C3]
    xyz = positions(CHANNELS)
    predicted = uv[during][:, good] @ spherical_spline(xyz[good], xyz[[C3]])[0]
    np.testing.assert_allclose(uv[during, C3], predicted, atol=1e-9)
    assert all(window.clean for window in windows)


def test_a_bad_electrode_does_not_live_on_in_the_missing_ones() -> None:
    there = tuple(name for name in CHANNELS if name != "PO5")
    s = settings(labels=there)
    po7 = there.index("PO7")
    data = np.delete(GOOD, CHANNELS.index("PO5"), axis=1)
    dead, deader = data.copy(), data.copy()
    dead[500:, po7] = 0.0
    deader[500:, po7] = 3e4  # dead too, only elsewhere
    a, b = (process_recording(s, x)[0] for x in (dead, deader))
    np.testing.assert_allclose(a[1000:], b[1000:], atol=1e-9)


def test_too_many_bad_electrodes_make_windows_unclean_but_the_chain_runs_on() -> None:
    data = GOOD.copy()
    data[1000:, :20] = 0.0
    _, windows, events = live(settings(), data, [0, *range(4, len(data), 4), len(data)])
    assert len(windows) == 23
    assert len(events[-1].repaired) == 20
    assert windows[0].clean
    assert not windows[-1].clean
    assert np.isfinite(windows[-1].z).all()


def test_a_storm_of_artefacts_makes_windows_unclean() -> None:
    data = GOOD.copy()
    data[1500:1900] += np.random.default_rng(0).normal(size=(400, 62)) * 2000
    _, windows, _ = live(settings(), data, [0, len(data)])
    assert [w.end for w in windows if not w.clean]
    assert all(type(w.clean) is bool for w in windows)  # numpy's own does not go over the wire
    assert all(w.clean for w in windows if w.end < 1500 or w.end > 2350)
    assert max(np.abs(w.z).max() for w in windows) < 1000


def test_values_that_are_no_numbers_are_held_and_do_not_spread() -> None:
    data = GOOD.copy()
    data[0, 3] = np.nan
    data[1000:1010, 5] = np.inf
    uv, z = process_recording(settings(), data)
    held = GOOD.copy()
    held[0, 3] = 0.0
    held[1000:1010, 5] = held[999, 5]
    np.testing.assert_array_equal(uv, process_recording(settings(), held)[0])
    assert np.isfinite(z).all()


def test_no_window_spans_a_reset_and_what_was_learned_stays() -> None:
    s = settings()
    chain = Chain(s)
    stamps = np.arange(len(GOOD)) / 200
    before = chain.push(GOOD[:1250], stamps[:1250])
    verdict = chain.quality
    chain.reset("0.5 s were lost")
    assert chain.quality is verdict
    assert len(chain.uv_tail) == 0
    assert chain.push(GOOD[1350:1749], stamps[1350:1749]) == []
    (window,) = chain.push(GOOD[1749:1750], stamps[1749:1750])
    assert window.end == 1250 + 399
    assert window.newest == stamps[1749]
    # A fresh chain's first window is scaled by a third of a second; this one by all that went before.
    assert window.z.std() == pytest.approx(before[-1].z.std(), rel=0.3)


def test_a_reset_that_forgets_gives_a_new_chain() -> None:
    chain = Chain(settings())
    stamps = np.arange(len(GOOD)) / 200
    chain.push(EVENTFUL[:1250], stamps[:1250])
    chain.reset("another cap", forget=True)
    assert chain.quality is None
    windows = chain.push(GOOD[:600], stamps[:600])
    fresh = Chain(settings()).push(GOOD[:600], stamps[:600])
    for window, expected in zip(windows, fresh, strict=True):
        np.testing.assert_array_equal(window.z, expected.z)
        assert window.end == expected.end + 1250


def test_whitening_with_the_cohorts_covariance_needs_no_settling() -> None:
    s = settings()
    prior = scaled_covariance(s, GOOD)
    assert prior.shape == (62, 62)
    np.testing.assert_allclose(prior, prior.T)
    primed = replace(s, normalise=replace(s.normalise, align=replace(s.normalise.align, prior=prior)))
    first, primed_first = (windows_at(x, GOOD, [399])[0] for x in (s, primed))
    settled = windows_at(primed, GOOD, [2599])[0]

    def unlike(z: np.ndarray) -> float:
        return float(np.linalg.norm(np.cov(z) - np.eye(62)))

    assert unlike(primed_first) < unlike(first)
    assert unlike(primed_first) < 2 * unlike(settled)


def test_windows_come_in_the_order_asked() -> None:
    a = windows_at(settings(), GOOD, [2000, 399, 1234, 399])
    np.testing.assert_array_equal(a[1], a[3])
    for row, end in enumerate([2000, 399, 1234]):
        np.testing.assert_array_equal(a[row], windows_at(settings(), GOOD, [end])[0])
    assert windows_at(settings(), GOOD, []).shape == (0, 62, 400)


@pytest.mark.parametrize("end", [398, 2600, -1])
def test_windows_beyond_the_recording_are_refused(end: int) -> None:
    with pytest.raises(UsageError, match="399 to 2599"):
        windows_at(settings(), GOOD, [end])


def test_stamps_must_match_samples() -> None:
    with pytest.raises(ValueError, match="4 samples came with 3 stamps"):
        Chain(settings()).push(GOOD[:4], [0.0, 1.0, 2.0])


def test_the_operators_mains_are_notched_in_place_of_the_bundles() -> None:
    t = np.arange(len(GOOD)) / 200.0
    hum = 400 * np.sin(2 * np.pi * 60 * t)[:, None] * np.linspace(0.5, 1.5, len(CHANNELS))
    remap = plan_remap(CHANNELS, ["uV"] * len(CHANNELS))
    left = {}
    for mains in (None, 60.0):
        s = ChainSettings.from_preprocessing(Preprocessing(), 200.0, remap, mains_hz=mains)
        heard, silent = (live(s, data, [0, len(GOOD)])[0][1000:] for data in (GOOD + hum, GOOD))
        left[mains] = float(np.std(heard - silent))
    assert left[60.0] < 0.1 * left[None]


def test_windows_of_a_cap_unlike_eeg_are_not_clean() -> None:
    noise = 10 * np.random.default_rng(3).normal(size=(2600, len(CHANNELS)))
    _, windows, _ = live(settings(), noise, list(range(0, 2601, 20)))
    assert not windows[-1].clean
