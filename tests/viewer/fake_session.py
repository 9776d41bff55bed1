"""A session that publishes what a runtime would, for looking at the window and for tests.

Run it by itself to have something to view: ``python tests/viewer/fake_session.py [situation] [--seconds N]``,
then ``rtbci view`` in another terminal.
"""

import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Literal

import numpy as np

from rtbci.montage import CHANNELS
from rtbci.stimuli.captions import caption
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.draw import draw_clip
from rtbci.stimuli.spec import clip_spec
from rtbci.wire import DEFAULT_ENDPOINT, Publisher, Received
from rtbci.wire.messages import (
    EegChunk,
    Evidence,
    Guess,
    Header,
    Notice,
    Phase,
    Picture,
    Quality,
    StageTime,
    Status,
    StreamState,
    Strength,
    Times,
    Trial,
)

Buffers = tuple[np.ndarray[Any, Any], ...]
Situation = Literal[
    "strong",
    "moderate",
    "weak",
    "chance",
    "stalled",
    "lost",
    "refused",
    "repaired",
    "searching",
    "hung",
    "ended",
]
"""What can be played; ``hung``: after two seconds the generator draws no more and the decoder goes on."""
CONFIDENCE: dict[str, tuple[float, Strength]] = {
    "strong": (0.81, "strong"),
    "moderate": (0.37, "moderate"),
    "weak": (0.13, "weak"),
    "chance": (0.045, "none"),
}
_BAD = {"O1": "flat", "TP8": "railed", "FT7": "noisy", "CP5": "mains", "F8": "odd", "FP2": "noisy"}
_MISSING = ("PO5", "PO6", "CB1", "CB2")
_CHUNK = 10
_SHOWS = ("panda", "ship", "cat", "fireworks", "balloon", "beach", "guitar", "pizza")


class FakeSession:
    """Makes one plausible message after the other.

    Parameters
    ----------
    situation : str
        What the session should look like.
    side : int
        Height and width of its pictures.
    """

    def __init__(self, situation: Situation = "strong", side: int = 256) -> None:
        self.situation = situation
        self.side = side
        self.rng = np.random.default_rng(3)
        self._clips: dict[str, np.ndarray[Any, Any]] = {}
        self._phases = self.rng.uniform(0, 2 * np.pi, len(CHANNELS))
        self._drift = np.zeros(len(CHANNELS))

    def second(self, index: int, at: float) -> Iterator[tuple[float, Header, Buffers]]:
        """All messages of one second that begins at `at`, with the time when each is due."""
        yield at, self.stream(at), ()
        if self.situation in ("searching", "refused"):
            return
        yield at, self.quality(at), ()
        chunk_s = _CHUNK / 200.0
        for i in range(round(1 / chunk_s)):
            first = at + i * chunk_s
            yield first + chunk_s, *self.eeg(first)
        for half in (0, 1):
            now = at + 0.5 * half + 0.25
            yield from ((now, *message) for message in self.decoded(2 * index + half, now))
        yield at + 0.9, self.status(index, at), ()
        if self.situation == "ended":
            yield at + 0.99, self.stream(at + 0.99, "ended"), ()
        if index % 2 == 1:
            yield at + 0.95, self.trial(index // 2, at), ()

    def stream(self, at: float, phase: Phase | None = None) -> StreamState:
        phases: dict[str, Phase] = {"searching": "searching", "refused": "refused"}
        phase = phase or phases.get(self.situation, "streaming")
        sentences = {
            "searching": "Looking for the EEG stream 'SimulatedEEG'.",
            "streaming": "Connected to 'SimulatedEEG': 62 channels at 200 Hz.",
            "stalled": "No sample for a quarter of a second; the sender is still there.",
            "lost": "The stream has gone; looking for it again.",
            "refused": "The stream 'Cap32' has 32 of the 62 channels, too few to interpolate the rest; use a"
            " larger cap.",
            "ended": "The session has ended.",
        }
        repaired = tuple(_BAD) if self.situation == "repaired" else ()
        missing = _MISSING if self.situation == "repaired" else ()
        named = phase not in ("searching", "refused")
        return StreamState(
            phase=phase,
            sentence=sentences[phase],
            name="SimulatedEEG" if named else "",
            channels=62 if named else 0,
            rate_hz=200.0 if named else 0.0,
            unit="microvolt",
            samples=12_000,
            lost_samples=137 if self.situation in ("repaired", "lost") else 0,
            gaps=2 if self.situation in ("repaired", "lost") else 0,
            interpolated=missing,
            repaired=repaired,
            at=at,
        )

    def quality(self, at: float) -> Quality:
        bad = _BAD if self.situation == "repaired" else {}
        verdicts = tuple(
            "missing" if name in _MISSING and bad else bad.get(name, "good") for name in CHANNELS
        )
        return Quality(at=at, verdicts=verdicts, scores=tuple(0.2 if v != "good" else 0.97 for v in verdicts))

    def eeg(self, first: float) -> tuple[EegChunk, Buffers]:
        t = first + np.arange(_CHUNK) / 200.0
        alpha = np.sin(2 * np.pi * 10 * t[:, None] + self._phases) * (
            3 + 5 * np.sin(0.7 * t[:, None] + self._phases)
        )
        walk = self._drift + np.cumsum(self.rng.normal(0, 2.2, (_CHUNK, len(CHANNELS))), axis=0)
        self._drift = walk[-1] * 0.86
        blink = 60 * np.exp(-(((t % 4.3) - 2) ** 2) / 0.01)[:, None] * (np.arange(len(CHANNELS)) < 5)
        data = (alpha + walk + blink + self.rng.normal(0, 3, walk.shape)).astype(np.float32)
        if self.situation == "repaired":
            data[:, CHANNELS.index("CP5")] += (40 * np.sin(2 * np.pi * 50 * t)).astype(np.float32)
        header = EegChunk(first=first, rate_hz=200.0, samples=_CHUNK, channels=len(CHANNELS))
        return header, (data,)

    def decoded(self, window: int, at: float) -> Iterator[tuple[Header, Buffers]]:
        truth = _SHOWS[(window // 8) % len(_SHOWS)]
        confidence, word = CONFIDENCE.get(self.situation, CONFIDENCE["strong"])
        posterior = self._posterior(truth, confidence)
        best = np.argsort(posterior)[::-1][:5]
        top = tuple(Guess(CONCEPT_NAMES[i], float(posterior[i])) for i in best)
        spec = clip_spec(truth, window // 8)
        names = ("colour", "number", "scene", "sky")
        share = 0.3 + 0.6 * confidence
        evidence = Evidence(
            window=window,
            context=1,
            times=Times(newest=at - 0.004, received=at - 0.003, ready=at - 0.002, decoded=at),
            top=top,
            attributes={name: Guess(spec.attribute(name), share) for name in names},
            chance=0.025,
            confidence=top[0].p,
            null_confidence=0.085,
            strength=max(0.0, min(1.0, (confidence - 0.085) / 0.865)),
            word=word,
        )
        yield (
            evidence,
            (
                posterior.astype(np.float32),
                np.zeros(64, np.float32),
                np.zeros((8, 16, 16), np.float32),
                np.zeros(30, np.float32),
            ),
        )
        if self.situation == "hung" and window >= 4:
            return
        clip = self._clip(truth, window // 8, confidence)
        for grade, delay, frames in (
            ("preview", 0.015, clip[:1]),
            ("keyframe", 0.03, clip[:1]),
            ("clip", 0.15, clip),
        ):
            late = delay * float(self.rng.uniform(0.9, 1.4))
            yield (
                Picture(
                    grade=grade,  # type: ignore[arg-type]
                    window=window,
                    context=1,
                    times=Times(newest=at - late, drawn=at),
                    frames=len(frames),
                    height=self.side,
                    width=self.side,
                    fps=4.0,
                    guess=top[0],
                    caption=caption(spec),
                    chance=0.025,
                    strength=evidence.strength,
                    word=word,
                    crisp=word == "strong",
                    bundle="rtbci-default-1",
                ),
                (frames,),
            )

    def status(self, index: int, at: float) -> Status:
        return Status(
            at=at,
            bundle="rtbci-default-1",
            wearer="",
            uptime_s=float(index),
            latency_ms={
                "sample_to_window": StageTime(0.4, 0.9, 120),
                "window_to_evidence": StageTime(2.8, 4.1, 120),
                "sample_to_preview": StageTime(18.4, 23.0, 120),
                "sample_to_keyframe": StageTime(33.1, 41.7, 120),
                "sample_to_clip": StageTime(162.0, 214.0, 118),
            },
            counts={"windows": 2 * index, "superseded": 1},
            cpu_percent=61.0,
            rss_mb=412.0,
        )

    def trial(self, index: int, at: float) -> Trial:
        rng = np.random.default_rng(7)
        chance = self.situation == "chance"
        hits = rng.random(index + 1) < (0.03 if chance else 0.55)
        null = rng.random(index + 1) < 0.03
        truth = _SHOWS[(index // 2) % len(_SHOWS)]
        right = bool(hits[-1])
        return Trial(
            truth=truth,
            guess=Guess(truth if right else "dog", 0.4),
            rank=1 if right else 3,
            correct=right,
            null_correct=bool(null[-1]),
            trials=index + 1,
            hits=int(hits.sum()),
            null_hits=int(null.sum()),
            chance=0.025,
            at=at,
            seed=index // 2,
        )

    def notice(self, sentence: str, at: float) -> Notice:
        return Notice(level="warning", sentence=sentence, at=at)

    def _posterior(self, truth: str, confidence: float) -> np.ndarray[Any, Any]:
        rest = np.random.default_rng(int(self.rng.integers(4)) + len(truth)).dirichlet(np.full(39, 0.6))
        rest = np.minimum(rest * (1 - confidence), confidence * 0.62)
        posterior = np.insert(rest, CONCEPT_NAMES.index(truth), 0.0)
        posterior[CONCEPT_NAMES.index(truth)] = 1 - posterior.sum() if confidence > 0.5 else confidence
        return posterior

    def _clip(self, truth: str, seed: int, confidence: float) -> np.ndarray[Any, Any]:
        key = f"{truth}{seed}"
        if key not in self._clips:
            clip = draw_clip(clip_spec(truth, seed), n_frames=8, size=self.side, seconds=2.0)
            blurs = round((1 - confidence) * self.side / 18) if confidence < 0.5 else 0
            for _ in range(3):
                clip = _blur(clip, blurs)
            self._clips[key] = clip
        return self._clips[key]


def _blur(clip: np.ndarray[Any, Any], width: int) -> np.ndarray[Any, Any]:
    if width < 2:
        return clip
    out = clip.astype(np.float32)
    for axis in (1, 2):
        pad = [(0, 0)] * 4
        pad[axis] = (width // 2 + 1, width - width // 2 - 1)
        total = np.cumsum(np.pad(out, pad, mode="edge"), axis=axis)
        hi = np.take(total, np.arange(width, total.shape[axis]), axis=axis)
        lo = np.take(total, np.arange(total.shape[axis] - width), axis=axis)
        out = np.pad((hi - lo) / width, [(0, 0) if a != axis else (0, 1) for a in range(4)], mode="edge")
        out = np.take(out, np.arange(clip.shape[axis]), axis=axis)
    return np.ascontiguousarray(np.clip(out, 0, 255).astype(np.uint8))


def replayed(
    session: FakeSession, seconds: int, begin: float = 1000.0, name: str = "fake"
) -> Iterator[tuple[float, Received]]:
    """The messages of a session as a receiver gets them, with the time of each; no socket."""
    numbers: dict[type, Iterator[int]] = {}
    for index in range(seconds):
        for due, header, buffers in sorted(session.second(index, begin + index), key=lambda item: item[0]):
            if isinstance(header, Evidence | Picture):
                import msgspec

                times = msgspec.structs.replace(header.times, published=due)
                header = msgspec.structs.replace(header, times=times)
            number = next(numbers.setdefault(type(header), count()))
            yield due, Received(header, buffers, number, 0, name)


def publish(
    publisher: Publisher,
    session: FakeSession,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Send a session in real time."""
    begin = clock()
    for index in count():
        for due, header, buffers in sorted(session.second(index, begin + index), key=lambda item: item[0]):
            if due - begin > seconds:
                return
            time.sleep(max(0.0, due - clock()))
            publisher.send(header, *buffers)


if __name__ == "__main__":
    chosen: Any = sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "strong"
    duration = float(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else 3600.0
    with Publisher(DEFAULT_ENDPOINT, f"fake-{time.time():.0f}", clock=time.monotonic) as out:
        publish(out, FakeSession(chosen), duration)
