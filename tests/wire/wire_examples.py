"""One honest message of each type."""

from typing import Any

import numpy as np

from rtbci.wire.messages import (
    EegChunk,
    Evidence,
    Guess,
    Header,
    Notice,
    Picture,
    Quality,
    StageTime,
    Status,
    StreamState,
    Times,
    Trial,
)

Message = tuple[Header, tuple[np.ndarray[Any, Any], ...]]
CAT = Guess("cat", 0.4)


def picture(frames: int = 1, side: int = 16, window: int = 3) -> Message:
    header = Picture(
        grade="clip" if frames > 1 else "keyframe",
        window=window,
        context=1,
        times=Times(newest=10.0, received=10.1),
        frames=frames,
        height=side,
        width=side,
        fps=8.0,
        guess=CAT,
        caption="a cat",
        chance=0.025,
        strength=0.7,
        word="moderate",
        crisp=False,
        bundle="default",
    )
    pixels = np.random.default_rng(window).integers(0, 256, (frames, side, side, 3), dtype=np.uint8)
    return header, (pixels,)


def evidence() -> Message:
    header = Evidence(
        window=3,
        context=1,
        times=Times(newest=10.0),
        top=(CAT, Guess("dog", 0.2)),
        attributes={"sky": Guess("day", 0.5)},
        chance=0.025,
        confidence=0.4,
        null_confidence=0.08,
        strength=0.7,
        word="moderate",
    )
    rng = np.random.default_rng(0)
    return header, tuple(rng.normal(size=s).astype(np.float32) for s in ((40,), (64,), (8, 16, 16), (30,)))


def eeg(samples: int = 10) -> Message:
    data = np.random.default_rng(1).normal(size=(samples, 62)).astype(np.float32)
    return EegChunk(first=9.0, rate_hz=200.0, samples=samples, channels=62), (data,)


def every_message() -> list[Message]:
    return [
        (StreamState(phase="streaming", sentence="All is well.", repaired=("O1", "O2"), at=1.0), ()),
        eeg(),
        eeg(samples=0),
        (Quality(at=1.0, verdicts=("good", "flat"), scores=(1.0, 0.0)), ()),
        evidence(),
        picture(),
        picture(frames=8),
        (
            Status(
                at=1.0,
                bundle="default",
                wearer="",
                uptime_s=3.0,
                latency_ms={"sample_to_preview": StageTime(12.0, 20.0, 60)},
                counts={"windows": 5},
                cpu_percent=12.0,
                rss_mb=300.0,
            ),
            (),
        ),
        (
            Trial(
                truth="cat",
                guess=CAT,
                rank=1,
                correct=True,
                null_correct=False,
                trials=4,
                hits=2,
                null_hits=0,
                chance=0.025,
                at=3.0,
                seed=5,
            ),
            (),
        ),
        (Notice(level="warning", sentence="A gap of 5 samples.", at=2.0), ()),
    ]
