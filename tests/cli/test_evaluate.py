import json


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
