"""One line of `rtbci bench generate`, and how times become one."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import numpy as np
import psutil

from rtbci.generate import DecodedEvidence


@dataclass(frozen=True, kw_only=True)
class Row:
    """What drawing one grade took.

    Attributes
    ----------
    grade : str
        preview, keyframe or clip.
    backend : str
        What drew it.
    provider : str
        What it ran on, as the backend itself says after the fact.
    precision : str
        Of the stored weights.
    steps : int
        Steps of denoising; 0 where there are none.
    size : int
        Height and width of the picture, pixels.
    frames : int
        Frames drawn.
    threads : int
        Threads that one call may use.
    n : int
        How many were timed; those drawn to warm up are not among them.
    p50_ms, p95_ms : float
        Time from evidence in hand to picture in hand, milliseconds.
    min_ms : float
        The least of the times: what is left of it when nothing else ran.
    cpu_ms : float
        Median processor time of all the process's threads: what other work on the machine changes least. None
        of a GPU's is in it.
    frames_per_s : float
        Frames drawn in a second at the median.
    rss_mb : float
        Resident memory of the process that drew, afterwards; megabytes of 2**20 bytes.
    quality : float or None
        Share of held-out scenes that a classifier names right in such pictures of strong and right
        evidence, as the bundle's own metrics say, or as was judged with the times; None where nobody measured
        it.
    quality_ci95 : tuple of float or None
        Its 95 % interval over scenes.
    """

    grade: str
    backend: str
    provider: str
    precision: str
    steps: int
    size: int
    frames: int
    threads: int
    n: int
    p50_ms: float
    p95_ms: float
    min_ms: float
    cpu_ms: float
    frames_per_s: float
    rss_mb: float
    quality: float | None = None
    quality_ci95: tuple[float, float] | None = None


class Summary(TypedDict):
    """The fields of a `Row` that follow from its times."""

    frames: int
    n: int
    p50_ms: float
    p95_ms: float
    min_ms: float
    cpu_ms: float
    frames_per_s: float
    rss_mb: float


class Taken(NamedTuple):
    """What one call took, milliseconds: by the clock, and of the processor."""

    ms: float
    cpu_ms: float


def timed(work: Callable[[int], object], repeats: int, warm: int = 2, within_s: float = 60.0) -> list[Taken]:
    """Time ``work(k)`` for k from 0 on, after `warm` calls that do not count.

    After `within_s` no more calls are begun, but two are timed in any case.
    """
    times: list[Taken] = []
    start = time.perf_counter()
    for k in range(warm + repeats):
        began = time.perf_counter()
        if began - start > within_s and len(times) >= warm + 2:
            break
        busy = time.process_time()
        work(k)
        taken = time.perf_counter() - began, time.process_time() - busy
        times.append(Taken(taken[0] * 1e3, taken[1] * 1e3))
    return times[warm:]


def draw(generator: object, grade: str, given: Sequence[DecodedEvidence], which: int) -> object:
    """Draw one evidence's picture of a grade, a clip to its last frame."""
    drawn = getattr(generator, grade)(given[which])
    return list(drawn) if grade == "clip" else drawn


def summary(times: Sequence[Taken], frames: int = 1) -> Summary:
    """Reduce times of drawing so many frames each, in this process."""
    clock, cpu = zip(*times, strict=True)
    p50, p95 = (float(np.percentile(clock, q)) for q in (50, 95))
    return {
        "frames": frames,
        "n": len(times),
        "p50_ms": round(p50, 3),
        "p95_ms": round(p95, 3),
        "min_ms": round(min(clock), 3),
        "cpu_ms": round(float(np.median(cpu)), 3),
        "frames_per_s": round(1e3 * frames / p50, 2),
        "rss_mb": round(psutil.Process(os.getpid()).memory_info().rss / 2**20, 1),
    }
