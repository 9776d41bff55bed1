"""Watching for drift while a calibrated wearer is decoded."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.signal import Usual
from rtbci.wearers import Profile

LARGE = 2.0
"""So many usual distances away, calibration no longer speaks of this signal."""
_BACK = 0.8
"""It counts as near again below this part of `LARGE`: a figure at the limit must not ring all the time."""
_SETTLED_S = 60.0
"""The running covariance is looked at once so much EEG has come: before, it is chance that moves it."""
_EVERY_S = 5.0


class DriftWatch:
    """Compares the running covariance with the calibration's; for one thread.

    Parameters
    ----------
    profile : Profile or None
        Without one, or with one that is older than the watch, nothing is known.

    Attributes
    ----------
    now : float or None
        Latest drift, in usual distances; see `rtbci.signal.Usual.drift`.
    large : bool
        Whether it is large.
    """

    def __init__(self, profile: Profile | None) -> None:
        self.now: float | None = None
        self.large = False
        self._usual: Usual | None = None
        self._wearer = profile.wearer if profile is not None else ""
        if profile is not None and profile.covariance is not None and profile.record.spread is not None:
            self._usual = Usual(profile.covariance, profile.record.spread)
        self._looked_at = -np.inf
        self._seen: list[float] = []

    def look(self, covariance: NDArray[np.float64] | None, streamed_s: float) -> str | None:
        """Look, if it is time.

        Parameters
        ----------
        covariance : ndarray, shape (62, 62), or None
            Running covariance of the scaled EEG.
        streamed_s : float
            Seconds of EEG until now.

        Returns
        -------
        str or None
            What the operator should know, when it has become large or is so no more.
        """
        due = streamed_s >= max(_SETTLED_S, self._looked_at + _EVERY_S)
        if self._usual is None or covariance is None or not due:
            return None
        self._looked_at = streamed_s
        self.now = self._usual.drift(covariance)
        self._seen.append(self.now)
        if not self.large and self.now > LARGE:
            self.large = True
            return (
                f"The signal is far from its calibration ({self.now:.1f} times as far as usual): "
                f"recalibrate for a minute, `rtbci calibrate --wearer {self._wearer} --update`."
            )
        if self.large and self.now < _BACK * LARGE:
            self.large = False
            return "The signal is near the calibration again."
        return None

    def report(self) -> dict[str, Any] | None:
        """What was seen in all: latest, median and largest drift, and how often it was large."""
        if not self._seen:
            return None
        return {
            "now": round(self._seen[-1], 3),
            "median": round(float(np.median(self._seen)), 3),
            "max": round(max(self._seen), 3),
            "limit": LARGE,
            "large": round(float(np.mean(np.array(self._seen) > LARGE)), 3),
        }
