import json

from tests.training.seed_dv_folder import write_eeg, write_meta


def test_says_what_is_there_and_what_is_wrong(command, tmp_path):
    folder = tmp_path / "data"
    write_meta(folder)
    write_eeg(folder / "EEG" / "sub1.npy", 1)
    write_eeg(folder / "EEG" / "sub1_session2.npy", 2, scale=20e-6)
    arguments = ("train", "check-data", folder, "--subjects", "1-2", "--report", "r.json")
    code, out, err = command(*arguments, "--unit", "uV").end()
    assert code == 6, err
    assert "Traceback" not in err and "1 thing is wrong" in err
    assert "sub1, session 2" in out and "sub2.npy is missing" in " ".join(out.split())
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["kind"] == "SEED-DV" and len(report["problems"]) == 1
    assert [row["what"] for row in report["found"]][:2] == ["sub1", "sub1, session 2"]

    (folder / "EEG" / "sub1_session2.npy").unlink()
    write_eeg(folder / "EEG" / "sub2.npy", 3)
    code, out, err = command(*arguments).end()
    assert code == 0, err
    assert "wrong" not in out and "judged from the amplitude" in out
    assert json.loads((tmp_path / "r.json").read_text())["problems"] == []


def test_a_folder_of_nothing_fails(command, tmp_path):
    (tmp_path / "empty").mkdir()
    code, out, err = command("train", "check-data", tmp_path / "empty").end()
    assert code == 6 and "neither" in out, err
    code, _, err = command("train", "check-data", tmp_path, "--unit", "inch").end()
    assert code == 2 and "not a unit" in err
