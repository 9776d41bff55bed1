"""The link to the generator's process: it may die, stall or be told to drop everything."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rtbci.live.pictures as pictures
from rtbci.live.latency import LatencyBook
from rtbci.live.pictures import PictureLink
from rtbci.wire.messages import Notice, Picture, Times
from tests.generate.test_evidence_input import buffers, message


class Outlet:
    """Keeps what would be published."""

    def __init__(self):
        self.sent = []

    def send(self, header, *arrays):
        self.sent.append(header)

    def of(self, kind, **fields):
        return [
            h for h in self.sent if isinstance(h, kind) and all(getattr(h, k) == v for k, v in fields.items())
        ]


@pytest.fixture
def outlet():
    return Outlet()


@pytest.fixture
def latency():
    return LatencyBook()


@pytest.fixture
def link(tiny_bundle, outlet, latency):
    link = PictureLink(tiny_bundle, outlet, latency, wearer="w01")
    link.start()
    yield link
    link.stop()


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def draw(link: PictureLink, window: int, *, context: int = 1, value: float = 0.0) -> None:
    latent = np.full((8, 16, 16), value, np.float32)
    # The tiny bundle remembers scenes of the first eight concepts only.
    posterior = np.full(40, 0.005, np.float32)
    posterior[2] = 0.8
    link.draw(
        message(window=window, context=context, times=Times(newest=1.0)),
        buffers(posterior=posterior, latent=latent),
    )


def draw_until_answered(link: PictureLink, outlet: Outlet, window: int) -> None:
    """The process needs a moment to start; evidence that comes before is dropped, as live."""

    def answered() -> bool:
        draw(link, window)
        time.sleep(0.1)
        return bool(outlet.of(Picture, window=window, grade="clip"))

    until(answered)


def test_pictures_of_similar_evidence_are_counted_and_not_timed(link, outlet, latency):
    draw_until_answered(link, outlet, 1)
    timed = latency.summary()["sample_to_keyframe"]["n"]
    before = link.counts()["reused"]
    draw(link, 2)
    until(lambda: outlet.of(Picture, window=2, grade="clip"))
    assert all(p.reused and p.wearer == "w01" for p in outlet.of(Picture, window=2))
    assert link.counts()["reused"] >= before + 3
    draw(link, 3, context=2)
    until(lambda: outlet.of(Picture, window=3, grade="clip"))
    assert [(p.grade, p.context, p.reused) for p in outlet.of(Picture, window=3)] == [
        (grade, 2, False) for grade in ("preview", "keyframe", "clip")
    ]
    assert latency.summary()["sample_to_keyframe"]["n"] == timed + 1


def slow_to_end(process: subprocess.Popen, timeout: float | None = None) -> int:
    if timeout is not None:
        raise subprocess.TimeoutExpired(process.args, timeout)
    while process.poll() is None:
        time.sleep(0.02)
    return process.returncode


def test_a_stopped_generator_is_noticed_and_started_again(link, outlet, monkeypatch, caplog):
    caplog.set_level("INFO", "rtbci.live.pictures")
    monkeypatch.setattr(pictures, "STALL_S", 1000.0)
    draw_until_answered(link, outlet, 1)
    stuck = link.pid
    os.kill(stuck, signal.SIGSTOP)
    caplog.clear()
    window = 2

    def full() -> bool:
        nonlocal window
        draw(link, window, value=float(window))
        window += 1
        return "queue is full" in caplog.text

    # Sending does not wait for the one that does not read: it would for ever, with the queue full.
    until(full)
    # Killed, it may take more than any time to be gone, as one does that holds much of a graphics card.
    monkeypatch.setattr(subprocess.Popen, "wait", slow_to_end)
    monkeypatch.setattr(pictures, "STALL_S", 2.0)
    until(lambda: any("did not answer" in notice.sentence for notice in outlet.of(Notice, level="warning")))
    until(lambda: link.pid not in (None, stuck))
    with pytest.raises(ProcessLookupError):
        os.kill(stuck, 0)
    draw_until_answered(link, outlet, window)


def test_a_generator_that_has_nothing_to_do_is_not_taken_for_stuck(link, outlet, monkeypatch):
    draw_until_answered(link, outlet, 1)
    working = link.pid
    # What was sent last may not be answered yet.
    link.flush()
    monkeypatch.setattr(pictures, "STALL_S", 0.5)
    time.sleep(1.5)
    assert link.pid == working and not outlet.of(Notice, level="warning")


@pytest.fixture
def step_s():
    """How long a step of the slow generator may take."""
    return 1000.0


@pytest.fixture
def slow_link(tiny_bundle, outlet, latency, monkeypatch, tmp_path, step_s):
    """A link to a generator that waits for the files `may_open` and, with keyframes, `may_draw`."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(pictures, "SLOW_START_S", 0.0)
    generator = ("tests.live.slow_generator", "--step-s", str(step_s))
    for name in ("may-open", "may-draw"):
        generator += (f"--{name}", str(tmp_path / name.replace("-", "_")))
    link = PictureLink(tiny_bundle, outlet, latency, generator=generator)
    link.start()
    yield link
    link.stop()


def test_a_generator_that_takes_long_to_open_is_left_to_it_and_the_user_told_once(
    slow_link, outlet, monkeypatch, tmp_path
):
    until(lambda: outlet.of(Notice))
    # Only now, as Python's own start may take any time.
    monkeypatch.setattr(pictures, "STARTING_S", 3.0)
    monkeypatch.setattr(pictures, "STALL_S", 0.1)
    opening, end = slow_link.pid, time.monotonic() + 4.5
    while time.monotonic() < end:
        draw(slow_link, 1)
        time.sleep(0.1)
    assert slow_link.pid == opening
    assert [(n.level, "still starting" in n.sentence) for n in outlet.of(Notice)] == [("info", True)]
    monkeypatch.setattr(pictures, "STALL_S", 1000.0)
    (tmp_path / "may_draw").touch()
    (tmp_path / "may_open").touch()
    draw_until_answered(slow_link, outlet, 2)
    assert slow_link.pid == opening and len(outlet.of(Notice)) == 1


def test_a_generator_that_is_stopped_while_it_opens_is_started_again(
    slow_link, outlet, monkeypatch, tmp_path
):
    until(lambda: outlet.of(Notice))
    stuck = slow_link.pid
    os.kill(stuck, signal.SIGSTOP)
    monkeypatch.setattr(pictures, "STARTING_S", 2.0)
    until(lambda: outlet.of(Notice, level="warning"))
    monkeypatch.setattr(pictures, "STARTING_S", 1000.0)
    assert "did not answer for 2 s" in outlet.of(Notice, level="warning")[0].sentence
    (tmp_path / "may_draw").touch()
    (tmp_path / "may_open").touch()
    draw_until_answered(slow_link, outlet, 1)
    assert slow_link.pid not in (None, stuck) and len(outlet.of(Notice)) == 2


def draw_until_previewed(link: PictureLink, outlet: Outlet) -> None:
    def previewed() -> bool:
        draw(link, 1)
        time.sleep(0.1)
        return bool(outlet.of(Picture, grade="preview"))

    until(previewed)


def test_a_generator_that_is_long_at_one_step_is_left_to_it(slow_link, outlet, monkeypatch, tmp_path):
    (tmp_path / "may_open").touch()
    draw_until_previewed(slow_link, outlet)
    monkeypatch.setattr(pictures, "STALL_S", 3.0)
    working, end = slow_link.pid, time.monotonic() + 4.5
    while time.monotonic() < end:
        draw(slow_link, 2)
        time.sleep(0.1)
    monkeypatch.setattr(pictures, "STALL_S", 1000.0)
    (tmp_path / "may_draw").touch()
    until(lambda: outlet.of(Picture, grade="keyframe"))
    assert slow_link.pid == working and not outlet.of(Notice, level="warning")


@pytest.mark.parametrize("step_s", [0.5])
def test_a_network_that_hangs_is_noticed(slow_link, outlet, monkeypatch, tmp_path):
    (tmp_path / "may_open").touch()
    draw_until_previewed(slow_link, outlet)
    draw(slow_link, 2)
    monkeypatch.setattr(pictures, "STALL_S", 2.0)
    until(lambda: outlet.of(Notice, level="warning"))
    assert "did not answer for 2 s" in outlet.of(Notice, level="warning")[0].sentence


def test_a_flush_drops_what_is_on_its_way(link, outlet):
    draw_until_answered(link, outlet, 1)
    os.kill(link.pid, signal.SIGSTOP)
    try:
        draw(link, 2, value=2.0)
        link.flush()
    finally:
        os.kill(link.pid, signal.SIGCONT)
    draw(link, 3, context=2, value=3.0)
    until(lambda: outlet.of(Picture, window=3, grade="clip"))
    assert not outlet.of(Picture, window=2)


def test_after_five_restarts_in_a_row_it_is_given_up(link, outlet):
    killed = None
    for _ in range(6):
        # The next one may be there before anyone has seen that the last one is gone.
        until(lambda: link.pid not in (None, killed))  # noqa: B023
        killed = link.pid
        os.kill(killed, signal.SIGKILL)
    until(lambda: outlet.of(Notice, level="error"))
    assert "no more pictures" in outlet.of(Notice, level="error")[0].sentence
    draw(link, 1)
