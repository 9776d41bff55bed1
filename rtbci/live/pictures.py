"""The link to the generator's process: evidence out, pictures back, a new process if it dies."""

import itertools
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import zmq
from numpy.typing import NDArray
from pylsl import local_clock

from rtbci.bundle import Bundle
from rtbci.errors import GeneratorError, WireError
from rtbci.live.latency import LatencyBook
from rtbci.wire import Publisher
from rtbci.wire.codec import pack, unpack
from rtbci.wire.messages import Evidence, Notice, Picture

_log = logging.getLogger(__name__)

_QUEUE = 8
_RESTARTS = 5
_WITHIN_S = 600.0
_END_S = 1.0
STARTING_S = 30.0
"""A generator that starts and has not said so for so long is taken for stuck,"""
STALL_S = 5.0
"""and later one that for so long has neither answered evidence nor said that it is at work."""
SLOW_START_S = 10.0
"""The user is told of a start that takes longer."""
MEMORY = ("rtbci.generate.worker",)
"""The bundle's own generator."""
FLUSH = b"flush"
"""Tells the generator to drop what it is drawing, as `rtbci.generate.worker` has it."""
STARTING, WORKING = b"starting", b"working"
"""What the generator says while it has no pictures, as `rtbci.generate.pulse` has it."""


class PictureLink:
    """Has evidence drawn in another process, and publishes what comes back.

    The generator cannot stall the decoder: evidence is sent without waiting, and a generator that has died or
    no longer answers is started again, at most five times in ten minutes.

    Parameters
    ----------
    bundle : Bundle
        The generator's bundle.
    publisher : Publisher
        Where pictures go.
    latency : LatencyBook
        Takes the times from sample to picture.
    wearer : str
        Pseudonym that pictures carry as a part of their provenance.
    guard : callable, optional
        Wraps the work of the thread that hears from the generator, so that its failure is heard of.
    generator : sequence of str
        Module of the generator's process, and the options that it alone knows.
    """

    def __init__(
        self,
        bundle: Bundle,
        publisher: Publisher,
        latency: LatencyBook,
        *,
        wearer: str = "",
        guard: Callable[[Callable[[], None]], Callable[[], None]] = lambda work: work,
        generator: Sequence[str] = MEMORY,
    ) -> None:
        self._bundle = bundle
        self._generator = generator
        self._publisher = publisher
        self._latency = latency
        self._wearer = wearer
        self._folder = tempfile.TemporaryDirectory(prefix="rtbci-", ignore_cleanup_errors=True)
        self._inbox = f"ipc://{self._folder.name}/evidence"
        self._outbox = f"ipc://{self._folder.name}/pictures"
        self._context = zmq.Context()
        self._out = self._context.socket(zmq.PUSH)
        self._out.setsockopt(zmq.SNDHWM, _QUEUE)
        self._out.setsockopt(zmq.LINGER, 0)
        self._out.bind(self._inbox)
        self._sending = threading.Lock()
        self._worker: subprocess.Popen[bytes] | None = None
        self._restarts: deque[float] = deque(maxlen=_RESTARTS)
        self._open = False
        self._launched = self._heard = time.monotonic()
        self._slow_start_told = False
        self._owed_since: float | None = None
        self._last_sent = 0
        self._void_until = 0
        self._ending = threading.Event()
        self._numbers = itertools.count()
        self._grades: Counter[str] = Counter()
        self._crisp = 0
        self._reused = 0
        self._first_keyframe = 0.0
        self._drawn_windows = 0
        self._sent = 0
        self._reader = threading.Thread(target=guard(self._read), name="pictures", daemon=True)

    @property
    def pid(self) -> int | None:
        """The generator's process, while there is one."""
        return self._worker.pid if self._worker is not None and self._worker.poll() is None else None

    @property
    def superseded(self) -> int:
        """Evidence that was never drawn because newer evidence was there."""
        return max(0, self._sent - self._drawn_windows)

    def counts(self) -> dict[str, int]:
        """Pictures of each grade so far, how many of all were crisp, and how many needed no drawing."""
        return {
            "previews": self._grades["preview"],
            "keyframes": self._grades["keyframe"],
            "clips": self._grades["clip"],
            "crisp": self._crisp,
            "reused": self._reused,
        }

    def first_keyframe_after(self, began: float) -> float | None:
        """Seconds from `began` (LSL's clock) to the first keyframe; None if there was none."""
        return round(self._first_keyframe - began, 3) if self._first_keyframe else None

    def start(self) -> None:
        """Start the generator's process and the thread that hears from it.

        Raises
        ------
        GeneratorError
            If the process cannot be started.
        """
        self._launch()
        self._reader.start()

    def draw(self, evidence: Evidence, buffers: tuple[NDArray[np.float32], ...]) -> None:
        """Send evidence to be drawn; never waits.

        Newer evidence, of the same context or another, stops the clip of the one before.
        """
        frames = pack(evidence, buffers, self._wearer, next(self._numbers))
        if not self._send(frames):
            _log.info("the generator's queue is full; window %d is not drawn", evidence.window)
        self._sent += 1
        self._last_sent = evidence.window
        # One that is still being opened cannot answer.
        if self._open and self._owed_since is None:
            self._owed_since = time.monotonic()

    def flush(self) -> None:
        """Drop what is being drawn and what is on its way back, from any thread; never waits.

        For a break in the EEG: no evidence follows for seconds that would push the old picture aside.
        """
        self._void_until = self._last_sent
        # What is dropped unseen is not answered.
        self._owed_since = None
        self._send([FLUSH])

    def _send(self, frames: list[bytes | memoryview]) -> bool:
        with self._sending:
            if self._out.closed:
                return False
            try:
                self._out.send_multipart(frames, flags=zmq.NOBLOCK)
            except zmq.Again:
                return False
        return True

    def stop(self) -> None:
        """End the generator's process and the thread; may be called twice."""
        self._ending.set()
        if self._worker is not None and self._worker.poll() is None:
            self._worker.terminate()
            try:
                self._worker.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._worker.kill()
                self._worker.wait()
        if self._reader.ident is not None:
            self._reader.join(_END_S)
        with self._sending:
            self._out.close()
        self._context.term()
        self._folder.cleanup()

    # ---- the generator's process ---------------------------------------------------------------

    def _launch(self) -> None:
        self._open, self._owed_since = False, None
        self._launched = self._heard = time.monotonic()
        try:
            self._worker = subprocess.Popen(
                [
                    *(sys.executable, "-m", *self._generator),
                    *("--bundle", str(Path(self._bundle.folder).resolve())),
                    *("--inbox", self._inbox),
                    *("--outbox", self._outbox),
                    *("--parent", str(os.getpid())),
                ],
                start_new_session=True,
            )
        except OSError as error:
            raise GeneratorError(
                f"The generator's process cannot be started ({error.strerror}); "
                "make room on this machine and start the session again."
            ) from error

    def _revive(self) -> None:
        """Start the generator again if it has died, or no longer answers."""
        if self._worker is None or self._ending.is_set():
            return
        if self._worker.poll() is not None:
            how = f"ended (code {self._worker.returncode})"
        elif self._is_stuck():
            how = f"did not answer for {STALL_S if self._open else STARTING_S:g} s"
            # It may be unable to hear a request to end, and may take long to be gone.
            self._worker.kill()
            self._worker.wait()
        else:
            return
        now = time.monotonic()
        if len(self._restarts) == _RESTARTS and now - self._restarts[0] < _WITHIN_S:
            self._tell("error", f"The generator {how} again; no more pictures in this session.")
            self._worker = None
            return
        self._restarts.append(now)
        self._tell("warning", f"The generator {how} and is started again.")
        self._launch()

    def _is_stuck(self) -> bool:
        """Whether too long nothing was heard: of evidence that was sent, or at the start of anything."""
        now = time.monotonic()
        if not self._open:
            return now - self._heard > STARTING_S
        # Evidence may be dropped for newer by another thread meanwhile.
        owed = self._owed_since
        return owed is not None and now - max(owed, self._heard) > STALL_S

    def _tell(self, level: str, sentence: str) -> None:
        _log.log(logging.INFO if level == "info" else logging.WARNING, sentence)
        self._publisher.send(Notice(level=level, sentence=sentence, at=local_clock()))  # type: ignore[arg-type]

    # ---- what comes back -----------------------------------------------------------------------

    def _read(self) -> None:
        socket = self._context.socket(zmq.PULL)
        socket.setsockopt(zmq.RCVHWM, _QUEUE)
        socket.bind(self._outbox)
        try:
            while not self._ending.is_set():
                if socket.poll(200):
                    self._receive(socket.recv_multipart(copy=False))
                else:
                    self._revive()
        finally:
            socket.close(linger=0)

    def _receive(self, frames: list[zmq.Frame]) -> None:
        self._heard = time.monotonic()
        word = frames[0].bytes if len(frames) == 1 else b""
        if word == STARTING:
            self._tell_of_slow_start()
            return
        self._open = True
        if word == WORKING:
            return
        self._owed_since = None
        try:
            envelope, buffers = unpack([frame.buffer for frame in frames])
        except WireError as error:
            raise GeneratorError(
                f"The generator sent what cannot be read ({error}); start the session again; if it stays so, "
                "install rtbci and its bundle afresh."
            ) from error
        header = envelope.header
        if isinstance(header, Picture):
            self._publish(header, buffers)
        elif isinstance(header, Notice):
            self._tell(header.level, header.sentence)

    def _tell_of_slow_start(self) -> None:
        """Say once in a session why there are no pictures yet."""
        if self._slow_start_told or self._heard - self._launched < SLOW_START_S:
            return
        self._slow_start_told = True
        self._tell(
            "info",
            "The generator is still starting; engines that are built for the first time can take minutes.",
        )

    def _publish(self, picture: Picture, buffers: tuple[NDArray[np.uint8], ...]) -> None:
        if picture.window <= self._void_until:
            return
        now = local_clock()
        if picture.reused:
            self._reused += 1
        else:
            # Only what was drawn tells how long drawing takes.
            self._latency.add(f"sample_to_{picture.grade}", now - picture.times.newest)
        self._publisher.send(msgspec.structs.replace(picture, wearer=self._wearer), *buffers)
        self._grades[picture.grade] += 1
        self._crisp += picture.crisp
        if picture.grade == "preview":
            self._drawn_windows += 1
        if picture.grade == "keyframe" and not self._first_keyframe:
            self._first_keyframe = now
