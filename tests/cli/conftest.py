import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

from tests.tiny_bundle import write_tiny_bundle

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "bundle"
    write_tiny_bundle(folder)
    return folder


class Command:
    """An rtbci command in a process of its own; what it says is read as it says it."""

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
        self._out: list[str] = []
        self._err: list[str] = []
        self._readers = [
            threading.Thread(target=_keep, args=(pipe, said))
            for said, pipe in ((self._out, self.process.stdout), (self._err, self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def said(self) -> str:
        """What it said so far, on either output."""
        return "".join((*self._out, *self._err))

    def until(self, sign: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait for a sign of it while it runs."""
        end = time.monotonic() + seconds
        while not sign():
            assert self.process.poll() is None, f"it ended before the sign of it: {self.said}"
            assert time.monotonic() < end, f"no sign of it in {seconds:g} s: {self.said}"
            time.sleep(0.02)

    def until_said(self, text: str, seconds: float = 60.0) -> None:
        """Wait until it has said something."""
        self.until(lambda: text in self.said, seconds)

    def until_it_listens(self) -> None:
        """Wait until it heeds Ctrl-C: it does so of SIGTERM at the same moment, and Python alone does not."""
        status = Path(f"/proc/{self.process.pid}/status")

        def listens() -> bool:
            caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt"))
            return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)

        self.until(listens)

    def end(self, seconds: float = 60.0) -> tuple[int, str, str]:
        """Wait for its end and that of all who speak for it: exit code, standard output, standard error."""
        deadline = time.monotonic() + seconds
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(max(0.0, deadline - time.monotonic()))
            assert not reader.is_alive(), f"it ended, and something that it started did not: {self.said}"
        return code, "".join(self._out), "".join(self._err)

    def interrupt(self, again_after: float | None = None) -> tuple[int, str, str, float]:
        """Press Ctrl-C, perhaps once more some seconds later, and wait; also the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        if again_after is not None:
            time.sleep(again_after)
            self.process.send_signal(signal.SIGINT)
        code, out, err = self.end(60)
        return code, out, err, time.monotonic() - began

    def close(self) -> None:
        """Kill it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for reader in self._readers:
            reader.join(10)
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()


def _keep(pipe: TextIO, said: list[str]) -> None:
    for line in pipe:
        said.append(line)


@pytest.fixture
def command(tmp_path):
    """Start commands in a folder of their own; any that still run are killed at the end."""
    started = []

    def start(*arguments: object, env: dict[str, str] | None = None) -> Command:
        started.append(Command(*arguments, cwd=tmp_path, env=env or {}))
        return started[-1]

    yield start
    for one in started:
        one.close()
