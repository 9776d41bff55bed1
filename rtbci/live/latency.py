"""How long each stage took: percentiles in bounded memory."""

import threading
from collections import defaultdict, deque

import numpy as np

from rtbci.wire.messages import StageTime

_KEPT = 20_000

STAGES = (
    "sample_to_window",
    "window_to_evidence",
    "sample_to_preview",
    "sample_to_keyframe",
    "sample_to_clip",
)


class LatencyBook:
    """Times of stages, in milliseconds; the newest 20,000 of each are kept. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._counts: dict[str, int] = defaultdict(int)
        self._worst: dict[str, float] = {}

    def add(self, stage: str, seconds: float) -> None:
        """Enter one duration."""
        ms = seconds * 1e3
        with self._lock:
            self._times[stage].append(ms)
            self._counts[stage] += 1
            self._worst[stage] = max(ms, self._worst.get(stage, ms))

    def summary(self) -> dict[str, dict[str, float | int | None]]:
        """p50, p95, p99, max and n of every stage; None where nothing was measured."""
        with self._lock:
            times = {stage: np.array(self._times[stage]) for stage in STAGES}
            return {
                stage: {
                    "p50": _percentile(values, 50),
                    "p95": _percentile(values, 95),
                    "p99": _percentile(values, 99),
                    "max": round(self._worst[stage], 3) if stage in self._worst else None,
                    "n": self._counts[stage],
                }
                for stage, values in times.items()
            }

    def recent(self, last: int = 120) -> dict[str, StageTime]:
        """p50 and p95 of the latest times of every stage that has any."""
        with self._lock:
            times = {stage: list(values)[-last:] for stage, values in self._times.items() if values}
        return {
            stage: StageTime(float(np.percentile(t, 50)), float(np.percentile(t, 95)), len(t))
            for stage, t in times.items()
        }


def _percentile(values: np.ndarray, q: float) -> float | None:
    return round(float(np.percentile(values, q)), 3) if values.size else None
