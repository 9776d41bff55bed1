"""Calibrating simulated wearers without a stream, and what is said of them together."""

import json
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

import rtbci.cli.evaluate_calibration
from rtbci.bundle import load_bundle
from rtbci.calibrate import calibrate
from rtbci.cli import app
from rtbci.cli.calibrated_wearers import AGAIN, FIRST, LATER, Trial, sit, summary
from rtbci.wearers import Adapter


def test_a_wearer_is_calibrated_tried_and_calibrated_again(bundle_folder):
    bundle = load_bundle(bundle_folder)
    asked, gone = [], []

    def fit(collected, name, older):
        gone.append(collected)
        asked.append((name, older))
        return calibrate(bundle, collected, name, older=older)

    row = Trial(bundle, 0.5, 0.5, 20, fit, update_minutes=0.5).row(5)
    assert [older is not None for _, older in asked] == [False, True, False]
    assert 0 <= row["live"] <= 1
    low, high = row["predicted"]["ci95"]
    assert row["inside"] == (low <= row["live"] <= high)
    assert next(iter(row["updated"]["candidates"])) == "profile"
    assert "profile" not in row["anew"]["candidates"]
    # The same minute, twice: where it is built on, aligned from the older profile's covariance on.
    updated, anew = (collected.sitting.z for collected in gone[1:])
    assert not np.array_equal(updated[0], anew[0])
    pooled = summary([row, row | {"inside": not row["inside"], "decodable": True}])
    assert pooled["wearers"] == 2
    assert pooled["inside"] == 1
    assert pooled["updated"] == pytest.approx(row["updated"]["live"])


def test_a_session_with_a_profile_is_aligned_from_its_covariance_on(bundle_folder):
    bundle = load_bundle(bundle_folder)
    mixing = np.random.default_rng(0).standard_normal((62, 62))
    covariance = mixing @ mixing.T / 62
    profile = SimpleNamespace(covariance=covariance, adapter=Adapter.identity(), encoder=None)
    aligned, plain = (sit(bundle, 5, 0.5, 0.5, LATER, one).sitting for one in (profile, None))
    assert [c.concept for c in aligned.clips] == [c.concept for c in plain.clips]
    assert np.abs(aligned.z[0] - plain.z[0]).max() > 0.1


def test_a_sitting_is_the_same_each_time_and_another_one_is_not(bundle_folder):
    bundle = load_bundle(bundle_folder)
    first, again, other = (sit(bundle, 5, 0.5, 0.5, s).sitting for s in (FIRST, FIRST, AGAIN))
    assert (first.z == again.z).all()
    assert [c.concept for c in first.clips] != [c.concept for c in other.clips]
    assert len(first.clips) == 15


@pytest.mark.parametrize(
    ("given", "clock", "budget_s"), [((), "processor", 60.0), (("--wall",), "wall", 30.0)]
)
def test_the_report_says_what_it_was_made_with(bundle_folder, monkeypatch, tmp_path, given, clock, budget_s):
    row = {
        "seed": 7,
        "chosen": "none",
        "predicted": {"top1": 0.3, "ci95": [0.2, 0.4]},
        "live": 0.3,
        "live_none": 0.3,
        "inside": True,
        "decodable": True,
        "fit_seconds": 1.0,
    }
    monkeypatch.setattr(Trial, "rows", lambda self, seeds: [row])
    monkeypatch.setattr(rtbci.cli.evaluate_calibration, "stop_on_signals", threading.Event)
    options = ("--closed-form", "--first-seed", 7, "--bundle", bundle_folder, "--report", tmp_path / "r.json")
    done = CliRunner().invoke(app, ["evaluate", "calibration", *map(str, options), *given])
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "r.json").read_text())
    assert (told["clock"], told["budget_s"], told["first_seed"]) == (clock, budget_s, 7)
    assert told["closed_form"] and told["environment"]["versions"]["rtbci"]
