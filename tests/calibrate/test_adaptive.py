"""How long a calibration goes on."""

import threading

import numpy as np
import pytest

from rtbci.calibrate.adaptive import ROUND, Estimate, Estimator, estimate
from rtbci.calibrate.findings import Gain, Share
from rtbci.calibrate.intervals import interval
from tests.calibrate.test_fit import K, encode, rounds, sitting


def made(clips, top1, gain, half_width):
    return Estimate(
        clips, Share(top1, interval(top1, clips)), Gain(gain, (gain - half_width, gain + half_width))
    )


def test_good_enough_ends_it():
    assert "good enough after 80 clips" in made(80, 0.7, 0.2, 0.1).verdict()
    assert made(80, 0.55, 0.2, 0.1).verdict() is None


def test_what_no_longer_improves_ends_it_and_says_so():
    assert "More clips would not help" in made(160, 0.3, 0.0, 0.02).verdict()
    assert made(160, 0.3, 0.02, 0.02).verdict() is None


def test_a_wearer_who_is_at_chance_is_not_given_up_early():
    assert made(160, 1 / K, 0.0, 0.01).verdict() is None


def test_nothing_ends_before_two_rounds():
    assert made(79, 0.95, 0.0, 0.0).verdict() is None


def test_an_estimate_of_a_clear_wearer_and_of_none():
    clear = estimate(sitting(rounds(2), gain=1.5), encode, np.eye(62), 0.05)
    assert clear.clips == 2 * K
    assert clear.verdict() is not None
    nobody = estimate(sitting(rounds(2), gain=0.0), encode, np.eye(62), 0.05)
    assert nobody.reached.ci95[0] <= 1 / K
    assert nobody.verdict() is None
    assert estimate(sitting(rounds(1)[:20]), encode, np.eye(62), 0.05) is None


def test_the_estimator_works_once_a_round_and_ends():
    got, there = [], threading.Event()

    def keep(found):
        got.append(found)
        there.set()

    estimator = Estimator(lambda: sitting(rounds(2)), encode, np.eye(62), 0.05, keep)
    estimator.watched(ROUND - 1)
    assert not there.wait(0.3)
    estimator.watched(ROUND)
    assert there.wait(60)
    estimator.watched(ROUND + 1)
    estimator.stop()
    assert len(got) == 1
    assert got[0].clips == 2 * K


@pytest.mark.parametrize("same", [True, False])
def test_a_gain_counts_slots_and_is_never_certain(same):
    hit = np.arange(80) < 20

    class Outcome:
        def __init__(self, hit):
            self.hit = hit

    better = hit if same else np.arange(80) < 40
    gain = Gain.between(Outcome(hit), Outcome(better), np.arange(80))
    assert gain.mean == (0.0 if same else 0.25)
    assert gain.ci95[0] < gain.mean < gain.ci95[1]
    assert (gain.ci95[0] > 0) is not same
