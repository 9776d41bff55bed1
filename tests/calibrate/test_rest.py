import numpy as np
import pytest

from devices.wearer import Wearer
from rtbci.calibrate import rest_plan
from rtbci.calibrate.rest import RestTally
from rtbci.montage import CHANNELS
from rtbci.stimuli.markers import RestMarker

RATE, WINDOW = 200, 400


def tally(eeg, seconds):
    """Feed windows of two seconds every half second: first half eyes open, then closed."""
    made = RestTally(2.0, RATE)
    made.period(RestMarker(seconds=seconds, eyes="open"), 0.0)
    made.period(RestMarker(seconds=seconds, eyes="closed"), seconds)
    for end in range(WINDOW, len(eeg) + 1, 100):
        made.window(eeg[end - WINDOW : end].T.astype(np.float32), end / RATE)
    return made


def eeg(seconds, gain, hz=10.5, seed=0):
    rng = np.random.default_rng(seed)
    n = round(2 * seconds * RATE)
    wave = np.sin(2 * np.pi * hz * np.arange(n) / RATE) * np.where(np.arange(n) < n / 2, 5.0, 5.0 * gain)
    return 5.0 * rng.standard_normal((n, len(CHANNELS))) + wave[:, None]


def test_alpha_that_rises_is_found_with_its_peak():
    found = tally(eeg(12.0, 3.0), 12.0).found()
    assert found.rose
    assert found.ci95[0] < found.ratio < found.ci95[1]
    assert found.closed_uv == pytest.approx(15.0 / np.sqrt(2), rel=0.1)
    assert found.peak_hz == pytest.approx(10.5)
    assert "see the brain" in found.sentence


def test_no_rise_is_called_none():
    found = tally(eeg(12.0, 1.0), 12.0).found()
    assert not found.rose
    assert found.peak_hz is None
    assert found.sentence.startswith("No rise")


def test_too_little_says_nothing():
    assert tally(eeg(3.0, 3.0), 3.0).found() is None
    assert RestTally(2.0, RATE).found() is None
    assert tally(np.zeros((4800, len(CHANNELS))), 12.0).found() is None


def test_a_marker_that_comes_after_its_eeg_counts_all_the_same():
    made, data = RestTally(2.0, RATE), eeg(8.0, 3.0)
    for end in range(WINDOW, len(data) + 1, 100):
        made.window(data[end - WINDOW : end].T.astype(np.float32), end / RATE)
    assert made.found() is None
    made.period(RestMarker(seconds=8.0, eyes="open"), 0.0)
    made.period(RestMarker(seconds=8.0, eyes="closed"), 8.0)
    assert made.found().ratio == tally(data, 8.0).found().ratio


def test_a_rest_without_a_task_is_not_counted():
    made = RestTally(2.0, RATE)
    made.period(RestMarker(seconds=100.0), 0.0)
    made.window(np.zeros((62, WINDOW), np.float32), 10.0)
    assert made.found() is None


def test_a_rest_that_was_stopped_is_counted_until_then():
    whole, cut = RestTally(2.0, RATE), RestTally(2.0, RATE)
    for made, seconds in ((whole, 9.0), (cut, 60.0)):
        made.period(RestMarker(seconds=9.0, eyes="open"), 0.0)
        made.period(RestMarker(seconds=seconds, eyes="closed"), 9.0)
    cut.period(RestMarker(seconds=2.0), 18.0)
    data = np.concatenate([eeg(9.0, 3.0), eeg(9.0, 30.0)])
    for end in range(WINDOW, len(data) + 1, 100):
        for made in (whole, cut):
            made.window(data[end - WINDOW : end].T.astype(np.float32), end / RATE)
    assert cut.found().ratio == whole.found().ratio


def test_the_simulated_wearer_closes_the_eyes():
    wearer = Wearer(3)
    wearer.close_eyes(10 * RATE, 10.0)
    assert tally(wearer.render(20 * RATE), 10.0).found().rose


def test_open_eyes_leave_the_simulated_wearer_as_it_was():
    one, other = Wearer(5), Wearer(5)
    other.close_eyes(10_000, 1.0)
    np.testing.assert_array_equal(one.render(600), other.render(600))


def test_the_rest_is_open_then_closed():
    items = rest_plan(15.0).items
    assert [marker.eyes for _, marker in items] == ["", "open", "closed", ""]
    at = 0.0
    for begin, marker in items:
        assert begin == at
        at += marker.seconds
