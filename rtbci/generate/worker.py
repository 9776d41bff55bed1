"""The generator in a process of its own: evidence in, pictures out, over ZeroMQ on this machine.

``python -m rtbci.generate.worker --bundle FOLDER --inbox ipc://… --outbox ipc://… --parent PID`` connects a
PULL socket to the inbox and a PUSH socket to the outbox; both are bound by whoever starts it. Into the inbox
go `Evidence` messages as `rtbci.wire.codec.pack` makes them, or the single frames ``flush`` (drop what is
being drawn) and ``stop``. Out come `Picture` messages, a `Notice` for what could not be drawn, and the single
frames of `rtbci.generate.pulse` while there is nothing else to say.
"""

import argparse
import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import zmq
from numpy.typing import NDArray
from pylsl import local_clock
from threadpoolctl import threadpool_limits

from rtbci.bundle import Bundle, Manifest, load_bundle
from rtbci.errors import RtbciError, WireError
from rtbci.generate.evidence_input import DecodedEvidence, from_message
from rtbci.generate.generator import Generator
from rtbci.generate.opening import open_generator
from rtbci.generate.pulse import WORKING, Pulse
from rtbci.generate.reuse import Reuse
from rtbci.stimuli.captions import caption
from rtbci.stimuli.spec import CLIP_SECONDS, clip_spec
from rtbci.wire.codec import pack, unpack
from rtbci.wire.messages import Evidence, Grade, Guess, Header, Notice, Picture

log = logging.getLogger(__name__)

STOP = b"stop"
FLUSH = b"flush"
_POLL_MS = 200
_QUEUE = 4
_REPORT_S = 1.0


@dataclass(frozen=True)
class Request:
    """One decode to be drawn: its header for the pictures' own, its numbers for the generator."""

    header: Evidence
    evidence: DecodedEvidence


class Inbox:
    """The newest evidence that has come in; what it replaces is counted and forgotten.

    Parameters
    ----------
    socket : zmq.Socket
        PULL.
    manifest : Manifest
        The bundle that evidence must fit.
    report : callable
        Is told, in a sentence, of a message that cannot be used.
    """

    def __init__(self, socket: zmq.Socket[bytes], manifest: Manifest, report: Callable[[str], None]) -> None:
        self._socket = socket
        self._manifest = manifest
        self._report = report
        self._waiting: Request | None = None
        self.superseded = 0
        self.flushed = False
        self.stopped = False

    def take(self, timeout_ms: int) -> Request | None:
        """Wait for evidence at most so long, and take the newest."""
        if self._waiting is None and not self.stopped:
            self._socket.poll(timeout_ms)
        self._drain()
        request, self._waiting, self.flushed = self._waiting, None, False
        return None if self.stopped else request

    def interrupts(self) -> bool:
        """Say whether what is being drawn is out of date: newer evidence, a flush or the end has come."""
        self._drain()
        return self._waiting is not None or self.flushed or self.stopped

    def voids(self, context: int) -> bool:
        """Say whether what is drawn of a context is void: a flush, the end or another context has come."""
        self._drain()
        other = self._waiting is not None and self._waiting.header.context != context
        return other or self.flushed or self.stopped

    def _drain(self) -> None:
        while self._socket.poll(0):
            frames = self._socket.recv_multipart()
            if frames == [STOP]:
                self.stopped = True
            elif frames == [FLUSH]:
                self.superseded += self._waiting is not None
                self._waiting, self.flushed = None, True
            else:
                self._accept(frames)

    def _accept(self, frames: Sequence[bytes]) -> None:
        try:
            request = self._read(frames)
        except WireError as error:
            self._report(str(error))
            return
        self.superseded += self._waiting is not None
        self._waiting = request

    def _read(self, frames: Sequence[bytes]) -> Request:
        envelope, buffers = unpack(frames)
        if not isinstance(envelope.header, Evidence):
            kind = type(envelope.header).__name__
            raise WireError(f"A {kind} came to the generator, which draws evidence only; send it elsewhere.")
        manifest = self._manifest
        latent = manifest.engines["decoder"].inputs[0].shape[1:]
        evidence = from_message(envelope.header, buffers, manifest.attributes, latent, len(manifest.concepts))
        return Request(envelope.header, evidence)


class Worker:
    """Draws the newest evidence in three grades until it is stopped.

    The preview of each evidence taken is always sent; keyframe and clip are dropped between two steps as soon
    as newer evidence waits. The keyframe after a dropped one is drawn to its end unless it is void: a network
    that is slower than the evidence would show none ever. What would look like the last picture of its grade
    is not drawn again but sent again, marked so.

    Parameters
    ----------
    generator : Generator
    manifest : Manifest
        Of the generator's bundle.
    inbox, outbox : zmq.Socket
        PULL and PUSH.
    parent : int, optional
        Process whose end ends this one.
    step : callable
        Is told before each step of drawing how many seconds it may take; 0 when there is nothing to draw.
    """

    def __init__(
        self,
        generator: Generator,
        manifest: Manifest,
        inbox: zmq.Socket[bytes],
        outbox: zmq.Socket[bytes],
        parent: int | None = None,
        step: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._generator = generator
        self._manifest = manifest
        self._outbox = outbox
        self._parent = parent
        self._step = step
        self._dropped = False
        self._reuse = Reuse()
        self._session = f"generator-{os.getpid()}"
        self._numbers: dict[type, int] = {}
        self._reported = ("", -_REPORT_S)
        self.inbox = Inbox(inbox, manifest, self._report)

    def run(self) -> None:
        """Draw until told to stop or the parent is gone."""
        while not self.inbox.stopped and not self._orphaned():
            request = self.inbox.take(_POLL_MS)
            if request is not None:
                self.draw(request)
                self._step(0.0)

    def draw(self, request: Request) -> None:
        """Draw one decode, each grade sent as soon as it is ready."""
        evidence = request.evidence
        self._step(self._generator.step_s)
        self._draw_one(request, "preview", self._generator.preview)
        self._step(self._generator.step_s)
        late = self._dropped

        def keyframe_is_stale() -> bool:
            self._step(self._generator.step_s)
            return self.inbox.voids(evidence.context) if late else self.inbox.interrupts()

        def clip_is_stale() -> bool:
            self._step(self._generator.step_s)
            return self.inbox.interrupts()

        self._dropped = not self._draw_one(
            request, "keyframe", lambda given: self._generator.keyframe(given, keyframe_is_stale)
        )
        if self._dropped:
            return
        self._step(self._generator.step_s)
        look = self._generator.look(evidence, "clip")
        kept = self._reuse.find("clip", request.header, look)
        if kept is not None:
            self._send_picture(request, "clip", kept, reused=True)
            return
        frames = list(self._generator.clip(evidence, clip_is_stale))
        if len(frames) < self._generator.frames:
            return
        clip = np.stack(frames)
        self._reuse.keep("clip", request.header, look, clip)
        self._send_picture(request, "clip", clip)

    def _draw_one(
        self, request: Request, grade: Grade, draw: Callable[[DecodedEvidence], NDArray[np.uint8] | None]
    ) -> bool:
        """Draw and send one picture; False if it was dropped."""
        look = self._generator.look(request.evidence, grade)
        kept = self._reuse.find(grade, request.header, look)
        frames = kept if kept is not None else draw(request.evidence)
        if frames is None:
            return False
        if kept is None:
            self._reuse.keep(grade, request.header, look, frames)
        self._send_picture(request, grade, frames, reused=kept is not None)
        return True

    def _caption(self, request: Request, grade: Grade) -> str:
        """Say what the picture shows, as far as the evidence allows to say so."""
        if grade == "preview" or request.header.word in ("none", "weak"):
            return _doubt(request.header)
        scene = self._generator.scene(request.evidence)
        return caption(clip_spec(*scene)) if scene is not None else ""

    def _send_picture(
        self, request: Request, grade: Grade, frames: NDArray[np.uint8], *, reused: bool = False
    ) -> None:
        header = request.header
        picture = Picture(
            grade=grade,
            window=header.window,
            context=header.context,
            times=msgspec.structs.replace(header.times, drawn=local_clock()),
            frames=len(frames),
            height=frames.shape[1],
            width=frames.shape[2],
            fps=len(frames) / CLIP_SECONDS if grade == "clip" else 0.0,
            guess=header.top[0] if header.top else Guess("", 0.0),
            caption=self._caption(request, grade),
            chance=header.chance,
            strength=header.strength,
            word=header.word,
            crisp=header.word == "strong" and grade != "preview",
            bundle=self._manifest.id,
            surrogate=header.surrogate,
            reused=reused,
        )
        self._send(picture, frames)

    def _report(self, sentence: str) -> None:
        """Tell the parent of a fault; the same one at most once a second."""
        now = time.monotonic()
        last, at = self._reported
        if sentence != last or now - at >= _REPORT_S:
            self._reported = (sentence, now)
            self._send(Notice(level="error", sentence=sentence, at=local_clock()))

    def _send(self, header: Header, *buffers: NDArray[np.uint8]) -> None:
        number = self._numbers.get(type(header), 0)
        self._numbers[type(header)] = number + 1
        frames = pack(header, buffers, self._session, number)
        # Waiting for ever on a parent that is gone would keep this process alive.
        while not self._outbox.poll(_POLL_MS, zmq.POLLOUT):
            if (self.inbox.interrupts() and self.inbox.stopped) or self._orphaned():
                return
        self._outbox.send_multipart(frames)

    def _orphaned(self) -> bool:
        return self._parent is not None and os.getppid() != self._parent


def _doubt(header: Evidence) -> str:
    """Say what there is to say before a scene is chosen."""
    if header.word == "none":
        return "no better than chance"
    if header.word != "weak":
        return "first impression"
    return f"perhaps {header.top[0].label}" if header.top else ""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every process has which draws for `rtbci.live`."""
    parser.add_argument("--bundle", type=Path, default=None)
    parser.add_argument("--inbox", required=True)
    parser.add_argument("--outbox", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parent", type=int, default=None)


def run_worker(arguments: argparse.Namespace, open_generator: Callable[[Bundle], Generator]) -> int:
    """Open bundle and generator, connect to both addresses, draw until stopped; return the exit code.

    Parameters
    ----------
    arguments : Namespace
        With what `add_options` adds: the bundle's folder (the default bundle where None), the addresses that
        the parent has bound, threads of onnxruntime, and the process whose end ends this one.
    open_generator : callable
        Opens the generator of a bundle. Its `RtbciError` is logged, and its exit code returned.
    """
    logging.basicConfig(level=logging.WARNING)
    # Ctrl-C reaches the whole group in a terminal; the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Blurring is small products of matrices: onnxruntime's threads need the cores more.
    threadpool_limits(1, "blas")
    try:
        # Before all else: models load for long, and engines are built for minutes.
        with Pulse(arguments.outbox) as pulse:
            bundle = load_bundle(arguments.bundle)
            generator = open_generator(bundle)
            pulse.step(0.0)
            _serve(generator, bundle, arguments, pulse)
    except RtbciError as error:
        log.error("%s", error)
        return error.exit_code
    return 0


def _serve(generator: Generator, bundle: Bundle, arguments: argparse.Namespace, pulse: Pulse) -> None:
    with zmq.Context() as context:
        pull, push = context.socket(zmq.PULL), context.socket(zmq.PUSH)
        pull.setsockopt(zmq.LINGER, 0)
        push.setsockopt(zmq.LINGER, 0)
        push.setsockopt(zmq.SNDHWM, _QUEUE)
        with pull, push:
            pull.connect(arguments.inbox)
            push.connect(arguments.outbox)
            # It is open: from now on evidence is owed an answer.
            push.send(WORKING)
            Worker(generator, bundle.manifest, pull, push, arguments.parent, pulse.step).run()


def main() -> int:
    """Run from the command line; for `rtbci.live`, not for people."""
    parser = argparse.ArgumentParser(description="Draw pictures from evidence, for rtbci run and demo.")
    add_options(parser)
    parser.add_argument("--full-size", type=Path, default=None)
    parser.add_argument("--engine", default="onnxruntime-cpu")
    arguments = parser.parse_args()
    return run_worker(
        arguments,
        lambda bundle: open_generator(
            bundle, threads=arguments.threads, full_size=arguments.full_size, engine=arguments.engine
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())
