"""How punctually clips were shown: measured frame by frame on the screen that shows them."""

from typing import Any

import numpy as np

from rtbci.stimuli.markers import ShownMarker


class FrameClock:
    """Turns the times at which frames were painted into one `ShownMarker` a clip.

    A frame counts as dropped if the screen could have shown another between two that were painted: of a pause
    of ``t`` seconds at ``r`` frames a second, ``round(t r) - 1``.

    Parameters
    ----------
    rate_hz : float
        Of the screen.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate = rate_hz
        self._onset: float | None = None
        self._first = self._last = 0.0
        self._frames = self._dropped = 0

    def painted(self, onset: float | None, at: float) -> tuple[ShownMarker, float] | None:
        """Take note of a frame.

        Parameters
        ----------
        onset : float or None
            Announced onset of the clip that it is of, in seconds; None if no clip is on.
        at : float
            When it was painted, on the same clock.

        Returns
        -------
        tuple or None
            What is to be told of the clip before, and the stamp of its first frame, if it is over now.
        """
        if onset is not None and onset == self._onset:
            self._dropped += max(0, round((at - self._last) * self._rate) - 1)
            self._frames += 1
            self._last = at
            return None
        over = None
        if self._onset is not None:
            late = round(1000 * (self._first - self._onset), 2)
            over = ShownMarker(late_ms=late, frames=self._frames, dropped=self._dropped), self._first
        self._onset, self._first, self._last = onset, at, at
        self._frames, self._dropped = 1, 0
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
            `clips`, `frames` (painted), `dropped`, and `late_ms` (first frame after the announced onset:
            `p50`, `p95`, `max`).
        """
        if not self._shown:
            return None
        late = np.array([shown.late_ms for shown in self._shown])
        return {
            "clips": len(self._shown),
            "frames": sum(shown.frames for shown in self._shown),
            "dropped": sum(shown.dropped for shown in self._shown),
            "late_ms": {
                "p50": round(float(np.percentile(late, 50)), 1),
                "p95": round(float(np.percentile(late, 95)), 1),
                "max": round(float(late.max()), 1),
            },
        }
