import json
import time


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


def test_ctrl_c_keeps_the_levels_that_are_done(command, bundle_folder, tmp_path):
    running = command(
        *("evaluate", "simulated", "--wearers", 1, "--clips", 10, *(400 * ("--snr", "1"))),
        *("--bundle", bundle_folder, "--report", "e.json"),
    )
    time.sleep(8)
    code, _, err, seconds = running.interrupt()
    assert code == 0, err
    assert seconds < 6
    report = json.loads((tmp_path / "e.json").read_text())
    assert report["stopped"]
    assert 1 <= len(report["rows"]) < 400
    assert all(row["trials"] == 10 for row in report["rows"])
