"""`rtbci calibrate` as a user meets it, killed at any point and started again."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pylsl
import pytest

from rtbci.wearers import home, is_sealed, list_profiles, load_profile
from tests.calibrate.journals import write_journal
from tests.calibrate.test_session import Cap
from tests.cli.conftest import ROOT
from tests.cli.test_commands import refused

CLIPS = 15
"""Of half a minute, the least that `calibrate` takes."""

DRIVER = """
import os, sys
import rtbci.calibrate, rtbci.wearers
module, name, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
real, count = getattr(sys.modules[module], name), 0
def deadly(*arguments, **options):
    global count
    count += 1
    if count > calls:
        os.kill(os.getpid(), 9)
    return real(*arguments, **options)
setattr(sys.modules[module], name, deadly)
sys.argv = ["rtbci", *sys.argv[4:]]
from rtbci.cli import main
main()
"""


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))


def options(bundle_folder, *more):
    return (
        "calibrate",
        "--wearer",
        "w01",
        "--minutes",
        "0.5",
        "--headless",
        "--bundle",
        bundle_folder,
        *more,
    )


def sitting():
    return home() / "sittings" / "w01"


def killed_in(function, calls, *arguments):
    """Run a command that kills itself by SIGKILL at a call of a function."""
    module, _, name = function.rpartition(".")
    command = [sys.executable, "-c", DRIVER, module, name, str(calls), *map(str, arguments)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )
    assert done.returncode == -9, done.stderr


def finished(done, kept, report):
    code, out, err = done
    assert code == 0, err
    assert f"{kept} of {CLIPS} clips are kept" in out
    # Noise is called noise.
    assert "No decodable signal was found" in out
    assert json.loads(Path(report).read_text())["clips"] == CLIPS
    assert [record.wearer for record in list_profiles()] == ["w01"]
    pages = load_profile("w01").pages
    assert pages["report.png"].startswith(b"\x89PNG")
    assert b"No decodable signal" in pages["report.html"]
    assert not sitting().exists()


class Shower:
    """A cap whose own markers announce clips of a second, one after the other, to whoever listens."""

    def __init__(self, source_id):
        self.cap = Cap(source_id)
        self.heard = []
        """When each clip was over that somebody listened to, on LSL's clock."""
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.show)
        self.thread.start()

    def show(self):
        from rtbci.stimuli.concepts import CONCEPT_NAMES
        from rtbci.stimuli.markers import ClipMarker, encode

        number = 0
        while not self.over.wait(1.0):
            name = CONCEPT_NAMES[(7 * number) % len(CONCEPT_NAMES)]
            marker = ClipMarker(concept=name, seed=number, seconds=1.0)
            onset = pylsl.local_clock() + 0.5
            if self.cap.markers.have_consumers():
                self.heard.append(onset + 1.0)
            self.cap.markers.push_sample([encode(marker)], onset)
            number += 1

    def off(self):
        self.over.set()
        self.thread.join()
        self.cap.off()


@pytest.fixture
def shower(source_id):
    shower = Shower(source_id)
    yield shower
    shower.off()


def test_killed_while_watching(command, bundle_folder, shower, source_id, tmp_path):
    arguments = options(bundle_folder, "--source-id", source_id, "--report", "r.json")
    first = command(*arguments)
    deadline = time.monotonic() + 60
    while _recorded() < 500_000 and time.monotonic() < deadline:
        time.sleep(0.1)
    before = _recorded()
    first.process.send_signal(signal.SIGKILL)
    over = sum(end < pylsl.local_clock() - 3.0 for end in shower.heard)
    first.end()
    assert before >= 500_000
    assert list_profiles() == []
    code, out, err = command(*arguments).end(120)
    assert code == 0, err
    kept = int(out.split(" of 15 clips are kept")[0].split()[-1])
    # All but what was being written, however many a busy machine could announce.
    assert kept >= over
    assert kept > 0
    finished((code, out, err), kept, tmp_path / "r.json")


def _recorded():
    return sum(path.stat().st_size for path in sitting().glob("part-*.xdf"))


@pytest.mark.parametrize(
    ("function", "calls"),
    [
        ("rtbci.calibrate.fit.choose", 0),
        ("rtbci.calibrate.calibration.ProfileRecord", 0),
        ("rtbci.wearers.profile.write_whole", 3),
        ("rtbci.wearers.places.sync_folder", 0),
    ],
)
def test_killed_while_fitting_or_saving(command, bundle_folder, tmp_path, function, calls):
    """No stream is needed any more to end it."""
    write_journal(sitting(), clips=CLIPS)
    killed_in(function, calls, *options(bundle_folder))
    assert sitting().exists()
    # All of a profile or nothing.
    for record in list_profiles():
        assert load_profile(record.wearer).report["clips"] == CLIPS
    finished(command(*options(bundle_folder, "--report", "r.json")).end(120), CLIPS, tmp_path / "r.json")


def test_beginning_anew_needs_the_stream_again(command, bundle_folder):
    write_journal(sitting(), clips=CLIPS)
    done = command(*options(bundle_folder, "--fresh", "--stream", "no such cap", "--wait", "0.5")).end()
    refused(done, "no such cap")
    assert _recorded() == 0


def test_where_nothing_is_kept_no_interruption_is_spoken_of(command, bundle_folder):
    arguments = options(bundle_folder, "--stream", "no such cap", "--wait", "0.5")
    for _ in range(2):
        done = command(*arguments).end()
        refused(done, "no such cap")
        assert "interrupted" not in done[1] + done[2]


def test_ctrl_c_keeps_what_was_watched(command, bundle_folder, shower, source_id):
    running = command(*options(bundle_folder, "--source-id", source_id))
    deadline = time.monotonic() + 60
    while _recorded() < 400_000 and time.monotonic() < deadline:
        time.sleep(0.1)
    done = running.interrupt()
    refused(done[:3], "are kept", "the same command goes on")
    assert _recorded() >= 400_000


def test_own_clips_that_cannot_be_shown_are_said_before_anything_is_made(command, bundle_folder, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "clips.csv").write_text("file,concept\na.mp4,cat\nb.mp4,unicorn\n")
    done = command(*options(bundle_folder, "--clips", folder)).end()
    refused(done, "4 things are wrong with the clips in")
    assert "a.mp4 is not there" in done[2] and "'unicorn'" in done[2]
    assert not home().exists()


def test_a_square_that_no_screen_here_could_show_is_refused(command, bundle_folder):
    done = command(*options(bundle_folder, "--photodiode", "top-left")).end()
    refused(done, "no screen here", "rtbci present")
    assert not home().exists()


@pytest.mark.parametrize("name", ["a/b", "../w01", "/etc/passwd", ""])
def test_a_name_that_is_a_path_is_refused(command, bundle_folder, name):
    refused(command("calibrate", "--wearer", name, "--bundle", bundle_folder).end(), "pseudonym")
    assert not home().exists()


def test_a_place_that_cannot_be_written_is_said_before_the_stream_is_looked_for(
    command, bundle_folder, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "file"))
    refused(command(*options(bundle_folder)).end(), "cannot be kept", "RTBCI_HOME")


def test_a_disk_that_is_full_when_the_profile_is_saved(command, bundle_folder, tmp_path):
    """The report and the profile need more than there is; the sitting stays, and nothing of a profile."""
    write_journal(sitting(), clips=CLIPS)
    limited = """
import resource, sys
# Any file beyond this size fails as it is written: the profile's larger ones.
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
sys.argv = ["rtbci", *sys.argv[1:]]
from rtbci.cli import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", limited, *map(str, options(bundle_folder))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    refused((done.returncode, done.stdout, done.stderr), "cannot be stored", "make room")
    assert list_profiles() == []
    finished(command(*options(bundle_folder, "--report", "r.json")).end(120), CLIPS, tmp_path / "r.json")


def test_an_encrypted_profile(command, bundle_folder, monkeypatch, tmp_path):
    write_journal(sitting(), clips=CLIPS)
    refused(command(*options(bundle_folder, "--encrypt")).end(), "RTBCI_PASSPHRASE")
    monkeypatch.setenv("RTBCI_PASSPHRASE", "correct horse battery staple")
    assert command(*options(bundle_folder, "--encrypt")).end(120)[0] == 0
    assert "encrypted" in command("wearers", "list").end()[1]
    assert json.loads(command("wearers", "show", "w01").end()[1])["clips"] == CLIPS
    assert command("wearers", "report", "w01", "w01.html").end()[0] == 0
    assert "No decodable signal" in (tmp_path / "w01.html").read_text()
    assert command("wearers", "export", "w01", "w01.zip").end()[0] == 0
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "elsewhere"))
    assert command("wearers", "import", "w01.zip").end()[0] == 0
    monkeypatch.setenv("RTBCI_PASSPHRASE", "wrong")
    refused(command("wearers", "show", "w01").end(), "passphrase is wrong")


def test_a_profile_is_built_upon_and_what_was_encrypted_stays_so(
    command, bundle_folder, monkeypatch, tmp_path
):
    refused(command(*options(bundle_folder, "--update")).end(), "no profile of 'w01'")
    write_journal(sitting(), clips=CLIPS)
    monkeypatch.setenv("RTBCI_PASSPHRASE", "correct horse battery staple")
    assert command(*options(bundle_folder, "--encrypt")).end(120)[0] == 0
    write_journal(sitting(), clips=CLIPS, seed=1)
    done = command(*options(bundle_folder, "--update", "--report", "r.json")).end(120)
    assert done[0] == 0, done[2]
    report = json.loads((tmp_path / "r.json").read_text())
    assert [c["name"] for c in report["candidates"]][:2] == ["profile", "none"]
    assert report["builds_on"]
    assert {c["name"] for c in report["not_tried"]} >= {"layer by gradient", "finetune"}
    assert is_sealed("w01")
    refused(command("run", "--no-realign", "--bundle", bundle_folder).end(), "give --wearer")
