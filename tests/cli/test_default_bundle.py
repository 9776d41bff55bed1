"""The bundle that ships: it decodes who it may, and where there is nothing to decode it shows nothing."""

import json
import threading

import pytest
from scipy.stats import binom

from rtbci.bundle import load_bundle
from rtbci.cli.evaluation import decode_wearer, evaluate_simulated
from rtbci.decode import Decoder
from rtbci.wire.messages import Evidence

WEARERS = (91, 92)
CLIPS = 40
MOST_BYTES = 25_000_000


@pytest.fixture(scope="module")
def shipped():
    return load_bundle(None)


def test_it_is_small_and_every_figure_has_its_chance(shipped):
    manifest = shipped.manifest
    assert sum(file.stat().st_size for file in shipped.folder.iterdir()) <= MOST_BYTES
    assert manifest.data_fingerprint.startswith("simulated")
    assert (shipped.folder / "MODEL_CARD.md").is_file()
    figures = {metric.name: metric for metric in manifest.metrics}
    assert all(0 <= metric.chance <= 1 and metric.n > 0 for metric in figures.values())
    assert figures["trial_top1_surrogate"].ci95[0] <= 1 / 40 <= figures["trial_top1_surrogate"].ci95[1]
    assert (
        figures["keyframe_named_strength0"].ci95[0] <= 1 / 40 <= figures["keyframe_named_strength0"].ci95[1]
    )
    assert figures["wrong_evidence_truth_named"].value <= 0.05


def test_a_clear_wearer_that_it_never_met_is_decoded(shipped):
    score = evaluate_simulated(shipped, WEARERS, 1.0, CLIPS, False, threading.Event())
    assert score["trials"] == len(WEARERS) * CLIPS
    assert score["top1"] >= 8 / 40
    # What it claims of itself is not far from what it reaches.
    assert abs(score["mean_confidence"] - score["top1"]) < 0.2


@pytest.mark.parametrize(("snr", "surrogate"), [(1.0, True), (0.0, False)])
def test_where_there_is_nothing_it_is_at_chance_and_never_sure(shipped, snr, surrogate):
    decoder = Decoder(shipped)
    score = evaluate_simulated(shipped, WEARERS, snr, CLIPS, surrogate, threading.Event())
    # Once in ten thousand by chance.
    assert score["top1"] * score["trials"] <= binom.ppf(0.9999, score["trials"], 1 / 40)
    kept = decode_wearer(shipped, decoder, WEARERS[0], snr, CLIPS, surrogate)
    words = [header.word for header in kept.headers if isinstance(header, Evidence)]
    assert "strong" not in words
    assert words.count("none") > 0.8 * len(words)


def test_a_new_wearer_is_calibrated_and_decoded_as_the_report_predicted(
    command, source_id, tmp_path, monkeypatch
):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    wearer = command("simulate", "--name", f"cap {source_id}", "--source-id", source_id, "--seed", WEARERS[0])
    wearer.until_said("Ctrl-C ends it")
    stream = ("--source-id", source_id, "--wearer", "w01", "--headless")
    code, _out, err = command(
        "calibrate", *stream, "--minutes", "0.5", "--whole", "--report", "calibrated.json"
    ).end(240)
    assert code == 0, err
    predicted = json.loads((tmp_path / "calibrated.json").read_text())["predicted"]
    assert predicted["top1"] > 0.3 > predicted["chance"]
    code, _out, err = command("run", *stream, "--seconds", "24", "--report", "run.json").end(120)
    assert code == 0, err
    live = json.loads((tmp_path / "run.json").read_text())
    assert live["wearer"] == "w01"
    n, right = live["decoding"]["trials"], live["decoding"]["top1"]
    assert n >= 6 and right > 0.3
    # Neither contradicts the other: what came would be no wonder where the report's interval ends.
    low, high = predicted["ci95"]
    assert binom.ppf(0.001, n, low) <= round(right * n) <= binom.ppf(0.999, n, high)
    assert wearer.interrupt()[0] == 0


def test_real_eeg_of_another_cap_is_taken_and_nothing_seen_in_it(command, shared_data, source_id, tmp_path):
    """64 channels at 160 Hz, of somebody at rest: four electrodes interpolated, six set aside."""
    name = f"rest {source_id}"
    command("replay", shared_data / "recordings" / "eegmmidb" / "S001R02.edf", "--name", name)
    run = command(
        *("run", "--stream", name, "--wait", 60, "--headless", "--seconds", 14, "--report", "r.json"),
        *("--endpoint", "tcp://127.0.0.1:0"),
    )
    code, _, err = run.end(150)
    assert code == 0, err
    report = json.loads((tmp_path / "r.json").read_text())
    stream = report["stream"]
    assert (stream["channels"], stream["rate_hz"], stream["lost_samples"]) == (64, 160.0, 0)
    assert set(stream["repaired_channels"]) == {"PO5", "PO6", "CB1", "CB2"}
    assert len(stream["set_aside_channels"]) == 6
    assert report["counts"]["windows"] > 5
    assert report["counts"]["crisp"] == 0 == report["evidence"]["strong"]
    assert report["evidence"]["none"] > 0.6 * report["counts"]["windows"]
