"""Calibrating simulated wearers without a stream, and what is said of them together."""

import pytest

from rtbci.bundle import load_bundle
from rtbci.calibrate import calibrate
from rtbci.cli.calibrated_wearers import AGAIN, FIRST, Trial, sit, summary


def test_a_wearer_is_calibrated_tried_and_calibrated_again(bundle_folder):
    bundle = load_bundle(bundle_folder)
    asked = []

    def fit(collected, name, older):
        asked.append((name, older))
        return calibrate(bundle, collected, name, older=older)

    row = Trial(bundle, 0.5, 0.5, 20, fit, update_minutes=0.5).row(5)
    assert [older is not None for _, older in asked] == [False, True, False]
    assert 0 <= row["live"] <= 1
    low, high = row["predicted"]["ci95"]
    assert row["inside"] == (low <= row["live"] <= high)
    assert next(iter(row["updated"]["candidates"])) == "profile"
    assert "profile" not in row["anew"]["candidates"]
    pooled = summary([row, row | {"inside": not row["inside"], "decodable": True}])
    assert pooled["wearers"] == 2
    assert pooled["inside"] == 1
    assert pooled["updated"] == pytest.approx(row["updated"]["live"])


def test_a_sitting_is_the_same_each_time_and_another_one_is_not(bundle_folder):
    bundle = load_bundle(bundle_folder)
    first, again, other = (sit(bundle, 5, 0.5, 0.5, s).sitting for s in (FIRST, FIRST, AGAIN))
    assert (first.z == again.z).all()
    assert [c.concept for c in first.clips] != [c.concept for c in other.clips]
    assert len(first.clips) == 15
