import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import zmq

from rtbci.bundle import load_bundle
from rtbci.generate.worker import FLUSH, STOP, Worker
from rtbci.wire.codec import pack, unpack
from rtbci.wire.messages import Notice, Picture, Times
from tests.generate.test_evidence_input import buffers, message
from tests.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("worker") / "bundle"
    write_tiny_bundle(path)
    return path


class Line:
    """The parent's end of both sockets."""

    def __init__(self, context: zmq.Context, folder):
        self.inbox, self.outbox = f"ipc://{folder}/in", f"ipc://{folder}/out"
        self.push, self.pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        for socket in (self.push, self.pull):
            socket.setsockopt(zmq.LINGER, 0)
        self.push.bind(self.inbox)
        self.pull.bind(self.outbox)

    def send(self, header, arrays=None):
        self.push.send_multipart(pack(header, buffers() if arrays is None else arrays, "test", 0))

    def receive(self, timeout_s=60.0):
        frames = [b""]
        # Its pulse says no more than that it is at work.
        while len(frames) == 1:
            assert self.pull.poll(int(timeout_s * 1000)), "nothing came back"
            frames = self.pull.recv_multipart()
        envelope, arrays = unpack(frames)
        return envelope.header, arrays

    def pictures(self, count):
        found = []
        while len(found) < count:
            header, _ = self.receive()
            assert isinstance(header, Picture), header
            found.append(header)
        return found


@pytest.fixture
def line(tmp_path):
    with zmq.Context() as context:
        line = Line(context, tmp_path)
        with line.push, line.pull:
            yield line


@pytest.fixture
def process(line, folder):
    command = [sys.executable, "-m", "rtbci.generate.worker", "--bundle", str(folder), "--threads", "1"]
    command += ["--inbox", line.inbox, "--outbox", line.outbox, "--parent", str(os.getpid())]
    with subprocess.Popen(command) as child:
        yield child
        child.kill()


def test_a_process_draws_three_grades_survives_nonsense_and_stops(line, process):
    line.send(message(times=Times(newest=1.0, received=1.1, ready=1.2, decoded=1.3)))
    grades = []
    for _ in range(3):
        header, (frames,) = line.receive()
        grades.append(header.grade)
        size = 128 if header.grade == "preview" else 256
        assert frames.shape == (header.frames, size, size, 3) and frames.dtype == np.uint8
        assert (header.window, header.context, header.word) == (3, 1, "strong")
        assert header.times.newest == 1.0 and header.times.drawn > header.times.decoded
    assert grades == ["preview", "keyframe", "clip"]
    assert header.fps == 1.0 and header.frames == 2
    line.push.send_multipart([b"evidence", b"nonsense", b"", b"", b"", b""])
    line.push.send_multipart([b"\xff"])
    line.send(message(), buffers(posterior=np.full(40, np.nan, np.float32)))
    for _ in range(3):
        notice, _ = line.receive()
        assert isinstance(notice, Notice) and notice.level == "error"
    line.send(message(window=4))
    assert {picture.window for picture in line.pictures(3)} == {4}
    line.push.send_multipart([STOP])
    assert process.wait(60) == 0


def test_a_damaged_bundle_ends_the_process_with_its_own_code(line, tmp_path):
    command = [sys.executable, "-m", "rtbci.generate.worker", "--bundle", str(tmp_path / "none")]
    done = subprocess.run(
        [*command, "--inbox", line.inbox, "--outbox", line.outbox],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5 and "bundle.json" in done.stderr and "Traceback" not in done.stderr


def test_the_process_ends_with_its_parent(line, folder):
    worker = [sys.executable, "-m", "rtbci.generate.worker", "--bundle", str(folder), "--threads", "1"]
    worker += ["--inbox", line.inbox, "--outbox", line.outbox]
    middle = (
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen({worker!r} + ['--parent', str(os.getpid())])\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", middle], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        pid = int(parent.stdout.readline())
        line.send(message())
        line.pictures(1)
        parent.kill()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if not _alive(pid):
            return
        time.sleep(0.1)
    os.kill(pid, 9)
    pytest.fail("the worker outlived its parent")


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


class SlowGenerator:
    """Draws grey, and waits before each frame of a clip until it is let go on.

    Meanwhile it asks again and again whether the clip is out of date, for a test to know what has come in; it
    heeds the answer between two frames only.
    """

    frames = 3
    step_s = 60.0
    slow_keyframes = False

    def __init__(self):
        self.go = threading.Semaphore(0)
        self.out_of_date = False
        self.drawn = []

    def preview(self, evidence):
        self.drawn.append(("preview", evidence.window))
        return np.zeros((1, 8, 8, 3), np.uint8)

    def keyframe(self, evidence, stale):
        if self.slow_keyframes:
            end = time.monotonic() + 60
            while not self.go.acquire(timeout=0.01):
                assert time.monotonic() < end
                self.out_of_date = stale()
            if stale():
                return None
        self.drawn.append(("keyframe", evidence.window))
        return np.zeros((1, 8, 8, 3), np.uint8)

    def clip(self, evidence, stale):
        for k in range(self.frames):
            if k and stale():
                return
            end = time.monotonic() + 60
            while not self.go.acquire(timeout=0.01):
                assert time.monotonic() < end
                self.out_of_date = stale()
            self.drawn.append((f"frame {k}", evidence.window))
            yield np.zeros((8, 8, 3), np.uint8)

    def scene(self, evidence):
        return None

    def look(self, evidence, grade):
        return evidence.latent


@pytest.fixture
def slow(line, folder):
    """A worker in a thread, with the slow generator."""
    generator = SlowGenerator()
    with zmq.Context() as context, context.socket(zmq.PULL) as pull, context.socket(zmq.PUSH) as push:
        push.setsockopt(zmq.LINGER, 0)
        pull.connect(line.inbox)
        push.connect(line.outbox)
        worker = Worker(generator, load_bundle(folder).manifest, pull, push)
        thread = threading.Thread(target=worker.run)
        thread.start()
        yield generator, worker
        line.push.send_multipart([STOP])
        for _ in range(20):
            generator.go.release()
        thread.join(20)
        assert not thread.is_alive()


def looking(value: float):
    """Evidence whose pictures look unlike those of any other value."""
    return buffers(latent=np.full((8, 16, 16), value, np.float32))


def test_newer_evidence_stops_a_clip_and_the_newest_wins(line, slow):
    generator, worker = slow
    line.send(message(window=1))
    assert [picture.grade for picture in line.pictures(2)] == ["preview", "keyframe"]
    for window in (2, 3, 4):
        line.send(message(window=window), looking(window))
    # The three lie in the inbox while the clip waits for its first frame.
    until(lambda: worker.inbox.superseded == 2)
    generator.go.release()
    assert [(p.grade, p.window) for p in line.pictures(2)] == [("preview", 4), ("keyframe", 4)]
    for _ in range(3):
        generator.go.release()
    assert [(p.grade, p.window, p.frames) for p in line.pictures(1)] == [("clip", 4, 3)]
    assert ("frame 1", 1) not in generator.drawn and worker.inbox.superseded == 2


def test_a_flush_drops_what_is_being_drawn(line, slow):
    generator, _ = slow
    line.send(message(window=1, context=0))
    line.pictures(2)
    line.push.send_multipart([FLUSH])
    until(lambda: generator.out_of_date)
    generator.go.release()
    line.send(message(window=2, context=1))
    assert [(p.grade, p.window, p.context) for p in line.pictures(2)] == [
        ("preview", 2, 1),
        ("keyframe", 2, 1),
    ]
    assert ("frame 1", 1) not in generator.drawn


def stop_a_keyframe(line, generator):
    """Let the first window's keyframe be stopped by the second, whose own is being drawn then."""
    generator.slow_keyframes = True
    line.send(message(window=1))
    line.pictures(1)
    line.send(message(window=2), looking(2))
    until(lambda: generator.out_of_date)
    generator.go.release()
    assert [(p.grade, p.window) for p in line.pictures(1)] == [("preview", 2)]


def test_newer_evidence_stops_a_keyframe_but_not_two_in_a_row(line, slow):
    generator, worker = slow
    stop_a_keyframe(line, generator)
    for window in (3, 4):
        line.send(message(window=window), looking(window))
    # They are there, and the second is shown all the same; its clip is stopped, after a frame.
    until(lambda: worker.inbox.superseded == 1)
    for _ in range(2):
        generator.go.release()
    assert [(p.grade, p.window) for p in line.pictures(2)] == [("keyframe", 2), ("preview", 4)]
    assert ("keyframe", 1) not in generator.drawn


@pytest.mark.parametrize("flush", [True, False])
def test_a_keyframe_after_a_stopped_one_is_not_drawn_in_vain(line, slow, flush):
    generator, _ = slow
    stop_a_keyframe(line, generator)
    generator.out_of_date = False
    if flush:
        line.push.send_multipart([FLUSH])
    else:
        line.send(message(window=3, context=2), looking(3))
    until(lambda: generator.out_of_date)
    generator.go.release()
    if flush:
        line.send(message(window=3, context=2), looking(3))
    assert [(p.grade, p.window) for p in line.pictures(1)] == [("preview", 3)]
    assert ("keyframe", 2) not in generator.drawn


@pytest.mark.parametrize(
    ("word", "crisp", "words"),
    [("none", False, "no better than chance"), ("weak", False, "perhaps cat"), ("strong", True, "")],
)
def test_words_and_crispness_follow_the_evidence(line, slow, word, crisp, words):
    line.send(message(word=word))
    preview, keyframe = line.pictures(2)
    assert not preview.crisp and keyframe.crisp is crisp
    assert keyframe.caption == words


def test_similar_evidence_sends_the_same_pictures_again_and_draws_nothing(line, slow):
    generator, _ = slow
    for _ in range(3):
        generator.go.release()
    line.send(message(window=1, strength=0.5))
    first = line.pictures(3)
    line.send(message(window=2, strength=0.51), looking(0.04))
    again = line.pictures(3)
    assert [p.grade for p in again] == ["preview", "keyframe", "clip"]
    assert all(p.window == 2 and p.strength == 0.51 and p.reused for p in again)
    assert not any(p.reused for p in first)
    assert {window for _, window in generator.drawn} == {1}


@pytest.mark.parametrize(
    ("change", "value"), [({}, 0.06), ({"word": "weak"}, 0), ({"strength": 0.6}, 0), ({"context": 2}, 0.01)]
)
def test_what_would_look_otherwise_is_drawn(line, slow, change, value):
    generator, _ = slow
    for _ in range(6):
        generator.go.release()
    line.send(message(window=1, strength=0.5))
    line.pictures(3)
    line.send(message(**({"window": 2, "strength": 0.5} | change)), looking(value))
    assert not any(p.reused for p in line.pictures(3))
    assert ("frame 2", 2) in generator.drawn


def test_a_clip_that_was_cut_short_is_not_kept(line, slow):
    generator, _ = slow
    line.send(message(window=1))
    line.pictures(2)
    line.send(message(window=2))
    until(lambda: generator.out_of_date)
    generator.go.release()
    assert [(p.grade, p.window, p.reused) for p in line.pictures(2)] == [
        ("preview", 2, True),
        ("keyframe", 2, True),
    ]
    for _ in range(3):
        generator.go.release()
    assert [(p.grade, p.window, p.reused) for p in line.pictures(1)] == [("clip", 2, False)]
