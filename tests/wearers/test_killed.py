"""A process that is killed while it saves a profile: the older one or the newer one is there, whole."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rtbci.wearers import delete_profile, home, list_profiles, load_profile, save_profile
from tests.wearers.test_wearers import profile

ROOT = Path(__file__).resolve().parents[2]

DRIVER = """
import os, pathlib, shutil, sys, tempfile
from rtbci.wearers import delete_profile, save_profile
from tests.wearers.test_wearers import profile
last, count = 0, 0
def deadly(real):
    def act(*arguments, **options):
        global count
        count += 1
        if count > last:
            os.kill(os.getpid(), 9)
        return real(*arguments, **options)
    return act
for module, name in ((os, "fsync"), (os, "unlink"), (os, "rmdir"), (shutil, "rmtree"), (tempfile, "mkdtemp")):
    setattr(module, name, deadly(getattr(module, name)))
for name in ("rename", "replace"):
    setattr(pathlib.Path, name, deadly(getattr(pathlib.Path, name)))
for line in sys.stdin:
    what, last = line.split()[0], int(line.split()[1])
    child = os.fork()
    if child == 0:
        save_profile(profile(seed=2)) if what == "save" else delete_profile("w01")
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Forks a process for each line of input, `save` or `delete` and a number of steps; prints how it ended."""


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))


@pytest.fixture
def killed_after(own_home):
    """Save or delete in a process that dies by SIGKILL after so many steps; says whether it did."""
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(what, steps):
        driver.stdin.write(f"{what} {steps}\n")
        driver.stdin.flush()
        code = int(driver.stdout.readline())
        assert code in (0, -9)
        return code == -9

    yield run
    driver.communicate()


@pytest.mark.parametrize("older", [True, False])
def test_killed_while_saving(killed_after, older):
    steps, seen = 0, set()
    while True:
        if older:
            save_profile(profile(seed=1))
        died = killed_after("save", steps)
        there = [record.wearer for record in list_profiles()]
        if there:
            loaded = load_profile("w01")
            which = [np.array_equal(loaded.adapter.matrix, profile(seed=s).adapter.matrix) for s in (1, 2)]
            assert any(which)
            seen.add(1 + which.index(True))
        else:
            seen.add(0)
        # The next one clears away what this one left.
        save_profile(profile(seed=3))
        assert [path.name for path in (home() / "wearers").iterdir()] == ["w01"]
        delete_profile("w01")
        assert list((home() / "wearers").iterdir()) == []
        if not died:
            break
        steps += 1
    assert steps > 8
    assert seen == ({1, 2} if older else {0, 2})


def test_killed_while_deleting(killed_after):
    steps = 0
    save_profile(profile(seed=1))
    while killed_after("delete", steps):
        if list_profiles():
            assert load_profile("w01").wearer == "w01"
        save_profile(profile(seed=1))
        steps += 1
    assert steps > 1
    assert list_profiles() == []
