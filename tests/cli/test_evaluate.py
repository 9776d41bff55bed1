import json

import numpy as np
import psutil


def test_a_decoder_that_knows_nothing_is_at_chance_and_says_so(command, bundle_folder, tmp_path):
    done = command(
        *("evaluate", "simulated", "--wearers", 2, "--clips", 20, "--snr", "1", "--snr", "0.2"),
        *("--bundle", bundle_folder, "--report", "e.json"),
    ).end()
    assert done[0] == 0, done[2]
    report = json.loads((tmp_path / "e.json").read_text())
    assert [row["snr"] for row in report["rows"]] == [1.0, 0.2]
    for row in report["rows"]:
        assert row["trials"] == 40
        assert row["chance_ci95"][0] <= row["top1"] <= row["chance_ci95"][1] + 0.05
        assert row["ci95"][0] <= row["chance"]
        assert row["mean_confidence"] < 0.2
        assert len(row["wearers"]) == 2


def test_predictions_made_elsewhere_are_scored_per_file_and_pooled(command, tmp_path):
    rng = np.random.default_rng(0)
    true = np.concatenate([np.repeat(rng.permutation(10), 5) for _ in range(4)])
    np.save(tmp_path / "a.npy", np.stack([true, true]))
    np.save(tmp_path / "b.npy", np.stack([rng.integers(0, 10, 200), true]))
    code, out, err = command("evaluate", "predictions", "a.npy", "b.npy", "--report", "p.json").end()
    assert code == 0, err
    report = json.loads((tmp_path / "p.json").read_text())
    keys = ["n", "top1", "ci95", "chance", "p_value"]
    assert [list(row)[:6] for row in report["files"]] == [["path", *keys]] * 2
    assert list(report["pooled"])[:5] == keys
    assert [row["path"] for row in report["files"]] == ["a.npy", "b.npy"]
    perfect, guess = report["files"]
    assert (perfect["n"], perfect["top1"], perfect["chance"], perfect["p_value"]) == (200, 1.0, 0.1, 1e-4)
    assert guess["p_value"] > 0.01
    assert report["pooled"]["n"] == 400
    assert report["pooled"]["top1"] == (perfect["top1"] + guess["top1"]) / 2
    for shown in ("a.npy", "b.npy", "pooled", "chance", "100.00"):
        assert shown in out


def test_a_malformed_file_is_one_sentence_and_no_report(command, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 5)))
    code, _, err = command("evaluate", "predictions", "a.npy", "--report", "p.json").end()
    assert code == 2
    assert err.count("\n") == 1 and "a.npy has shape (3, 5)" in err
    assert not (tmp_path / "p.json").exists()


def test_ctrl_c_keeps_the_levels_that_are_done(command, bundle_folder, tmp_path):
    running = command(
        *("evaluate", "simulated", "--wearers", 1, "--clips", 10, *(400 * ("--snr", "1"))),
        *("--bundle", bundle_folder, "--report", "e.json"),
    )
    used = psutil.Process(running.process.pid).cpu_times
    # The first level takes three seconds of processor time, however long that is by the clock.
    running.until(lambda: used().user + used().system > 5)
    code, _, err, seconds = running.interrupt()
    assert code == 0, err
    assert seconds < 15
    report = json.loads((tmp_path / "e.json").read_text())
    assert report["stopped"]
    assert 1 <= len(report["rows"]) < 400
    assert all(row["trials"] == 10 for row in report["rows"])
