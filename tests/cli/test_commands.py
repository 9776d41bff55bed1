"""Commands as a user meets them: in a process, with exit codes, one sentence an error."""

import json
import shutil
import time
from pathlib import Path

import pylsl
import pytest

from devices.faults import FaultySender
from rtbci.montage import CHANNELS
from rtbci.stimuli.concepts import CONCEPT_NAMES

COMMANDS = (
    *("demo", "run", "view", "calibrate", "replay", "simulate", "record", "bench", "streams", "doctor"),
    *("train", "evaluate", "export", "wearers", "keys", "present", "provenance"),
)

FREE = ("--endpoint", "tcp://127.0.0.1:0")
"""Any free port: the default one may be taken by a session of the user's."""


def refused(done, *words):
    """One sentence on standard error, a non-zero exit, no traceback."""
    code, _, err = done
    assert code != 0
    assert "Traceback" not in err, err
    lines = [line for line in err.splitlines() if line.startswith("rtbci: ")]
    assert len(lines) == 1, err
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(command, name):
    code, out, _ = command(name, "--help").end()
    assert code == 0
    # Every command has its name in the line of its usage too; the example is one more.
    assert out.count(f"rtbci {name}") > 1


def test_version(command):
    code, out, _ = command("--version").end()
    assert code == 0
    assert out.startswith("rtbci ")


def test_run_without_a_stream_says_what_is_there(command):
    refused(command("run", "--stream", "no such cap", "--wait", "0.5", "--headless").end(), "no such cap")


def test_a_cap_of_32_channels_is_refused(command, source_id, bundle_folder):
    with FaultySender(CHANNELS[:32], source_id):
        done = command("run", "--source-id", source_id, "--headless", *FREE, "--bundle", bundle_folder).end()
    refused(done, "30")


def test_a_recording_of_what_does_not_fit_is_refused(command, source_id, tmp_path):
    with FaultySender(CHANNELS[:32], source_id):
        done = command("record", "out.xdf", "--source-id", source_id, "--report", "r.json").end()
    refused(done, "30")
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["connections"], report["samples"]) == (0, 0)
    assert len(report["refusals"]) == 1


def test_an_unknown_unit_is_refused(command, source_id, bundle_folder):
    with FaultySender(CHANNELS, source_id, unit="furlongs"):
        done = command("run", "--source-id", source_id, "--headless", *FREE, "--bundle", bundle_folder).end()
    refused(done, "furlongs")


def test_an_irregular_rate_is_refused(command, source_id, bundle_folder):
    with FaultySender(CHANNELS, source_id, announced_rate=0.0):
        done = command("run", "--source-id", source_id, "--headless", *FREE, "--bundle", bundle_folder).end()
    refused(done, "irregular")


def test_two_streams_of_one_name_are_told_apart_by_the_user(command, source_id, bundle_folder):
    name = f"cap {source_id}"
    with (
        FaultySender(CHANNELS, f"{source_id}-a", name=name),
        FaultySender(CHANNELS, f"{source_id}-b", name=name),
    ):
        done = command("run", "--stream", name, "--headless", *FREE, "--bundle", bundle_folder).end()
    refused(done, name, "--source-id")


def test_a_damaged_bundle_is_refused(command, source_id, bundle_folder, tmp_path):
    damaged = shutil.copytree(bundle_folder, tmp_path / "damaged")
    engine = next(damaged.glob("*encoder*.onnx"))
    content = bytearray(engine.read_bytes())
    content[len(content) // 2] ^= 1
    engine.write_bytes(content)
    with FaultySender(CHANNELS, source_id):
        done = command("run", "--source-id", source_id, "--headless", *FREE, "--bundle", damaged).end()
    refused(done, engine.name)


def test_demo_ends_by_itself_with_report_and_picture(command, bundle_folder, tmp_path):
    # On a busy machine nine seconds may be over before the generator has begun to draw.
    for seconds in (9, 40):
        demo = command(
            *("demo", "--headless", "--seconds", seconds, "--bundle", bundle_folder),
            *("--report", "r.json", "--picture", "p.png"),
        )
        code, _out, err = demo.end(60 + seconds)
        assert code == 0, err
        report = json.loads((tmp_path / "r.json").read_text())
        if report["counts"]["keyframes"]:
            break
    assert report["stream"]["lost_samples"] == 0
    assert report["stream"]["channels"] == 62
    assert report["counts"]["keyframes"] >= 1
    assert report["decoding"]["chance"] == 1 / len(CONCEPT_NAMES)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    code, out, err = command("provenance", tmp_path / "p.png", "--report", "from.json").end()
    assert code == 0, err
    assert report["bundle"]["id"] in out
    told = json.loads((tmp_path / "from.json").read_text())
    assert told["bundle"] == report["bundle"]["id"] and told["window"] >= 1 and told["seen"]


@pytest.mark.parametrize("what", ["demo", "run", "simulate", "record", "replay"])
def test_ctrl_c_ends_within_two_seconds_and_the_report_is_there(
    command, bundle_folder, source_id, tmp_path, shared_data, what
):
    name = f"{what} {source_id}"
    recording = shared_data / "recordings" / "eegmmidb" / "S001R01.edf"
    decoding = ("--headless", "--bundle", bundle_folder, "--report", "r.json")
    arguments = {
        "demo": ("demo", *decoding),
        "run": ("run", "--source-id", source_id, *FREE, *decoding),
        "simulate": ("simulate", "--name", name),
        "record": ("record", "out.xdf", "--source-id", source_id, "--report", "r.json"),
        "replay": ("replay", recording, "--name", name),
    }[what]
    with FaultySender(CHANNELS, source_id):
        running = command(*arguments)
        if what == "demo":
            running.until_said("evidence")
        elif what == "run":
            running.until_said("streaming")
        elif what == "record":
            running.until(lambda: _size(tmp_path / "out.xdf") > 20_000)
        else:
            running.until(lambda: pylsl.resolve_byprop("name", name, timeout=0.5))
        code, _, err, seconds = running.interrupt()
    assert code == 0, err
    assert "Traceback" not in err
    # Two seconds is the promise on an idle machine; here other tests may be running.
    assert seconds < 15
    if what in ("demo", "run", "record"):
        assert json.loads((tmp_path / "r.json").read_text())


def _size(path):
    return path.stat().st_size if path.is_file() else 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--headless", "--stream", "nobody's", "--wait", 60),
        ("record", "out.xdf", "--stream", "nobody's", "--wait", 60),
        ("calibrate", "--wearer", "w01", "--headless", "--stream", "nobody's", "--wait", 60),
        ("evaluate", "simulated", "--wearers", 1, "--clips", 5000),
    ],
    ids=lambda arguments: arguments[0],
)
def test_ctrl_c_is_heard_before_there_is_anything_to_report(command, bundle_folder, arguments):
    on = ("--bundle", bundle_folder) if arguments[0] != "record" else ()
    running = command(*arguments, *on)
    running.until_it_listens()
    time.sleep(1.5)  # into the search
    *done, seconds = running.interrupt()
    assert done[0] == 130
    refused(done, "Stopped")
    assert seconds < 15


def test_ctrl_c_ends_a_look_for_streams_with_what_was_seen(command, source_id):
    with FaultySender(CHANNELS, source_id, name="a good cap"):
        running = command("streams", "--seconds", 60)
        maps = Path(f"/proc/{running.process.pid}/maps")
        running.until(lambda: "liblsl" in maps.read_text())
        running.until_it_listens()
        time.sleep(4)  # it looks now, and says nothing before its end
        code, out, err, seconds = running.interrupt()
    assert code == 0, err
    assert "a good cap" in out
    assert seconds < 15


def test_a_second_ctrl_c_soon_after_the_first_costs_neither_report_nor_end(
    command, bundle_folder, source_id, tmp_path
):
    with FaultySender(CHANNELS, source_id):
        running = command(
            *("run", "--source-id", source_id, "--headless", *FREE, "--bundle", bundle_folder),
            *("--report", "r.json"),
        )
        running.until_said("streaming")
        code, _, err, seconds = running.interrupt(again_after=0.08)
    assert code == 0, err
    assert "Traceback" not in err
    assert seconds < 15
    assert json.loads((tmp_path / "r.json").read_text())["stream"]["samples"] > 0


def test_streams_says_which_can_be_decoded(command, source_id):
    with (
        FaultySender(CHANNELS, source_id, name="a good cap"),
        FaultySender(CHANNELS[:32], f"{source_id}-few", name="half a cap"),
    ):
        code, out, _ = command("streams", "--seconds", "5", "--report", "s.json").end()
    assert code == 0
    assert "a good cap" in out
    assert "half a cap" in out


def test_keys_are_made_once(command):
    assert command("keys", "k").end()[0] == 0
    refused(command("keys", "k").end(), "there already")


def test_doctor_says_what_is_there_and_how_to_get_the_rest(command, tmp_path):
    code, out, err = command("doctor", "--report", "d.json").end()
    assert code == 0, out + err
    findings = {row["what"]: row for row in json.loads((tmp_path / "d.json").read_text())["findings"]}
    assert findings["default bundle"]["verdict"] == "good"
    assert all(row["mend"] for row in findings.values() if row["verdict"] != "good")
    for row in findings.values():
        if "[" in row["mend"]:
            assert row["mend"][row["mend"].index("[") :].split("]")[0] in out.replace("\n", "")
