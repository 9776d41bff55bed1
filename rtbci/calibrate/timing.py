"""How punctually clips were shown: measured frame by frame on the screen that shows them."""

from typing import Any

import numpy as np

from rtbci.calibrate.programme import OnClip
from rtbci.stimuli.markers import ShownMarker


def frame_of(clip: OnClip, now: float) -> int:
    """Index of the frame that is due, at the clip's own rate."""
    return int(max(0.0, now - clip.onset) * clip.rate)


class FrameClock:
    """Turns the times at which frames were painted into one `ShownMarker` a clip.

    Of a clip's frames, at its own rate, those that were never painted count as dropped.

    Attributes
    ----------
    refresh_hz : float or None
        Of the screen, as it says.
    """

    def __init__(self) -> None:
        self.refresh_hz: float | None = None
        self._clip: OnClip | None = None
        self._first = 0.0
        self._last = self._frames = 0

    def painted(
        self, clip: OnClip | None, at: float, frame: int | None = None
    ) -> tuple[ShownMarker, float] | None:
        """Take note of what was painted.

        Parameters
        ----------
        clip : OnClip or None
            The one that is on; None if none is.
        at : float
            When, on LSL's clock.
        frame : int, optional
            Which, if it is not the one that was due.

        Returns
        -------
        tuple or None
            What is to be told of the clip before, and the stamp of its first frame, if it is over now.
        """
        if clip is not None and frame is None:
            frame = frame_of(clip, at)
        if clip is not None and clip == self._clip and frame is not None:
            self._frames += frame > self._last
            self._last = max(frame, self._last)
            return None
        over = None
        if self._clip is not None:
            late = round(1000 * (self._first - self._clip.onset), 2)
            missed = max(0, self._clip.frames - self._frames)
            over = ShownMarker(late, self._frames, missed, self.refresh_hz), self._first
        self._clip, self._first = clip, at
        self._last, self._frames = frame or 0, 1
        return over


class TimingTally:
    """Counts what was told of clips that were shown."""

    def __init__(self) -> None:
        self._shown: list[ShownMarker] = []

    def add(self, shown: ShownMarker) -> None:
        """Count a clip."""
        self._shown.append(shown)

    def to_json(self) -> dict[str, Any] | None:
        """Return it as a report holds it; None if no screen told anything.

        Returns
        -------
        dict or None
            `clips`, `frames` (painted), `dropped`, `refresh_hz` (as the screen says; None if it does not),
            and `late_ms` (first frame after the announced onset: `p50`, `p95`, `max`).
        """
        if not self._shown:
            return None
        late = np.array([shown.late_ms for shown in self._shown])
        return {
            "clips": len(self._shown),
            "frames": sum(shown.frames for shown in self._shown),
            "dropped": sum(shown.dropped for shown in self._shown),
            "refresh_hz": self._shown[-1].refresh_hz,
            "late_ms": {
                "p50": round(float(np.percentile(late, 50)), 1),
                "p95": round(float(np.percentile(late, 95)), 1),
                "max": round(float(late.max()), 1),
            },
        }
