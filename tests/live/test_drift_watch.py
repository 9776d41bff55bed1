"""Saying that the signal has gone from the calibration: once, in a sentence, and when it is back."""

from dataclasses import replace

import numpy as np

from rtbci.live.drift import LARGE, DriftWatch
from rtbci.wearers import Adapter, Predicted, Profile, ProfileRecord, cap_hash

SPREAD = 0.2


def profile(spread=SPREAD):
    record = ProfileRecord(
        wearer="w01",
        bundle_id="b",
        created="2026-01-01",
        method="none",
        predicted=Predicted(0.3, (0.2, 0.4), 0.025),
        cap_labels=("Cz",),
        cap_hash=cap_hash(("Cz",)),
        spread=spread,
    )
    return Profile(record, Adapter.identity(), {}, covariance=np.eye(62))


def away(drift):
    return np.exp(SPREAD * drift) * np.eye(62)


def test_it_is_told_once_and_told_when_it_is_over():
    watch = DriftWatch(profile())
    said = [watch.look(away(d), 60.0 + 5 * i) for i, d in enumerate([1.0, 1.2, 2.5, 2.6, 1.9, 1.9, 1.0, 1.1])]
    told = {i: sentence for i, sentence in enumerate(said) if sentence}
    assert list(told) == [2, 6]
    assert "rtbci calibrate --wearer w01 --update" in told[2]
    assert "2.5 times" in told[2]
    assert "near the calibration again" in told[6]
    report = watch.report()
    assert report["max"] == 2.6
    assert report["now"] == 1.1
    assert report["large"] == 0.25
    assert report["limit"] == LARGE


def test_the_first_minute_and_every_moment_are_not_looked_at():
    watch = DriftWatch(profile())
    assert watch.look(away(9), 59.0) is None
    assert watch.now is None
    assert watch.look(away(9), 61.0) is not None
    watch.look(away(1), 62.0)
    assert watch.now > 8


def test_nothing_is_known_without_a_profile_or_with_an_older_one():
    older = replace(profile(spread=None), covariance=None)
    for one in (None, older):
        watch = DriftWatch(one)
        assert watch.look(away(9), 100.0) is None
        assert watch.now is None
        assert watch.report() is None
