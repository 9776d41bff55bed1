"""The viewer beside a session: it gets in where keys are needed, and the session outlives it."""

import json
from pathlib import Path

import pytest

from devices.faults import FaultySender
from rtbci.cli.processes import Child
from rtbci.montage import CHANNELS
from tests.cli.test_commands import FREE, refused

PNG = b"\x89PNG"


@pytest.fixture
def without_qt(tmp_path, monkeypatch):
    """Qt is installed, and a library of the system that it needs is not."""
    folder = tmp_path / "no-qt" / "PySide6"
    folder.mkdir(parents=True)
    reason = "libEGL.so.1: cannot open shared object file: No such file or directory"
    (folder / "__init__.py").write_text(f"raise ImportError({reason!r})\n")
    return {"PYTHONPATH": str(folder.parent)}


def run(command, source_id, bundle_folder, *more, **how):
    """Run until it says that EEG comes in, and end it then."""
    running = command(
        *("run", "--source-id", source_id, "--bundle", bundle_folder, "--report", "r.json"), *more, **how
    )
    running.until_said("streaming")
    return running.interrupt()[:3]


def test_a_session_for_other_machines_shows_itself_here_too(command, source_id, bundle_folder, tmp_path):
    assert command("keys", "k").end()[0] == 0
    # The other machine's keys have gone there.
    (tmp_path / "k" / "viewer.keys").unlink()
    options = ("--endpoint", "tcp://*:0", "--keys", "k", "--headless", "--picture", "p.png")
    with FaultySender(CHANNELS, source_id):
        code, _, err = run(command, source_id, bundle_folder, *options)
    assert code == 0, err
    assert (tmp_path / "p.png").read_bytes().startswith(PNG)


def test_a_window_that_cannot_open_gives_way_to_the_text_view(command, source_id, bundle_folder, tmp_path):
    broken = {"QT_QPA_PLATFORM": "", "DISPLAY": ":77", "WAYLAND_DISPLAY": ""}
    with FaultySender(CHANNELS, source_id):
        code, _, err = run(command, source_id, bundle_folder, *FREE, "--picture", "p.png", env=broken)
    assert code == 0, err
    assert "a text view takes its place" in err
    assert (tmp_path / "r.json").is_file()
    assert (tmp_path / "p.png").read_bytes().startswith(PNG)


def test_a_viewer_that_is_asked_to_end_while_it_begins_still_makes_its_picture(tmp_path):
    viewer = Child(
        *("view", "--headless", "--endpoint", "tcp://127.0.0.1:5999"), "--picture", str(tmp_path / "p.png")
    )
    viewer.ask_to_end()
    viewer.wait(240)
    assert viewer.ended == 0
    assert (tmp_path / "p.png").read_bytes().startswith(PNG)


def test_a_picture_that_was_asked_for_and_cannot_be_made_is_an_error(
    command, source_id, bundle_folder, tmp_path, without_qt
):
    options = (*FREE, "--headless", "--picture", "p.png")
    with FaultySender(CHANNELS, source_id):
        code, _, err = run(command, source_id, bundle_folder, *options, env=without_qt)
    assert code != 0
    assert "Traceback" not in err
    assert "p.png was not written" in err
    assert "libEGL.so.1" in err
    assert "libegl1" in err
    assert json.loads((tmp_path / "r.json").read_text())["stream"]["samples"] > 0


def test_a_demo_without_qt_ends_by_itself_with_its_report(command, bundle_folder, tmp_path, without_qt):
    demo = command(
        *("demo", "--headless", "--seconds", 5, "--bundle", bundle_folder, "--report", "r.json"),
        env=without_qt,
    )
    code, _, err = demo.end()
    assert code == 0, err
    assert "Traceback" not in err
    assert "rtbci-demo.png was not written" in err
    assert json.loads((tmp_path / "r.json").read_text())["stream"]["samples"] > 0


def test_view_and_doctor_name_the_library_that_qt_lacks(command, tmp_path, without_qt):
    windowed = {**without_qt, "QT_QPA_PLATFORM": "", "DISPLAY": ":0"}
    refused(command("view", env=windowed).end(), "libEGL.so.1", "libegl1", "--headless")
    code, out, err = command("doctor", "--report", "d.json", env=windowed).end()
    assert code == 0, out + err
    findings = {row["what"]: row for row in json.loads((tmp_path / "d.json").read_text())["findings"]}
    assert "libEGL.so.1" in findings["display"]["found"]
    assert "libegl1" in findings["display"]["mend"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--headless", "--stream", "nobody's", "--wait", 600),
        ("demo", "--headless"),
        ("record", "out.xdf", "--stream", "nobody's", "--wait", 600),
        ("bench", "latency"),
        ("evaluate", "simulated"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_report_that_cannot_be_written_is_said_before_anything_is_done(command, arguments, tmp_path):
    refused(command(*arguments, "--report", "no/such/r.json").end(120), "no/such/r.json")
    assert not (tmp_path / "out.xdf").exists()


def test_a_report_whose_folder_went_away_is_kept_elsewhere(tmp_path):
    from rtbci.errors import UsageError
    from rtbci.files import save_report

    with pytest.raises(UsageError, match="instead") as caught:
        save_report(tmp_path / "gone" / "r.json", {"a": 1})
    kept = str(caught.value).split("it is in ")[1].removesuffix(" instead.")
    assert json.loads(Path(kept).read_text()) == {"a": 1}
