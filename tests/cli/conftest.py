import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tiny_bundle import write_tiny_bundle

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "bundle"
    write_tiny_bundle(folder)
    return folder


class Command:
    """An rtbci command in a process of its own."""

    def __init__(self, *arguments: object, cwd: Path, env: dict[str, str]) -> None:
        path = os.pathsep.join(filter(None, (env.get("PYTHONPATH"), str(ROOT))))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rtbci", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env={**os.environ, **env, "PYTHONPATH": path, "COLUMNS": "200"},
            start_new_session=True,
        )

    def end(self, seconds: float = 60.0) -> tuple[int, str, str]:
        """Wait for its end: exit code, standard output, standard error."""
        out, err = self.process.communicate(timeout=seconds)
        return self.process.returncode, out, err

    def interrupt(self, again_after: float | None = None) -> tuple[int, str, str, float]:
        """Press Ctrl-C, perhaps once more some seconds later, and wait; also the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(2)
        if again_after is not None:
            time.sleep(again_after)
            self.process.send_signal(2)
        code, out, err = self.end(20)
        return code, out, err, time.monotonic() - began


@pytest.fixture
def command(tmp_path):
    """Start commands in a folder of their own; any that still run are killed at the end."""
    started = []

    def start(*arguments: object, env: dict[str, str] | None = None) -> Command:
        started.append(Command(*arguments, cwd=tmp_path, env=env or {}))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()
