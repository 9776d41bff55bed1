"""The rest before the clips: alpha over the back of the head, with the eyes open and closed."""

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import periodogram
from scipy.stats import ttest_ind

from rtbci.montage import CHANNELS
from rtbci.stimuli.markers import RestMarker

POSTERIOR = ("PO7", "PO5", "PO3", "POZ", "PO4", "PO6", "PO8", "O1", "OZ", "O2")
ALPHA_HZ = (8.0, 13.0)
SHOWN_HZ = (2.0, 25.0)
SETTLE_S = 0.5
"""Eyes take as long to open or close."""
_JITTER_S = 0.05
"""Of stamps: windows that follow each other without overlap may seem to overlap by so much."""
_REMEMBERED = 40
"""Windows that a marker may come later than."""
FEWEST = 2
"""Windows without overlap, of each kind, without which nothing is said."""

_BACK = [i for i, name in enumerate(CHANNELS) if name.upper() in POSTERIOR]


@dataclass(frozen=True, eq=False)
class Alpha:
    """What the rest found.

    Attributes
    ----------
    open_uv, closed_uv : float
        Amplitude between 8 and 13 Hz (root mean square, geometric mean over windows) in microvolt.
    ratio : float
        Closed over open.
    ci95 : tuple of float
        95 % interval of it: Welch's t interval of the difference in log amplitude, over windows that do not
        overlap.
    peak_hz : float or None
        Where the spectrum with closed eyes stands out most between 7 and 14 Hz, if alpha rose for sure.
    hz : ndarray, shape (f,)
    open_spectrum, closed_spectrum : ndarray, shape (f,)
        Microvolt squared per hertz, mean over posterior channels and windows.
    """

    open_uv: float
    closed_uv: float
    ratio: float
    ci95: tuple[float, float]
    peak_hz: float | None
    hz: NDArray[np.float64]
    open_spectrum: NDArray[np.float64]
    closed_spectrum: NDArray[np.float64]

    @property
    def rose(self) -> bool:
        """Whether alpha surely is larger with the eyes closed, as in most people (Barry et al. 2007)."""
        return self.ci95[0] > 1.0

    @property
    def sentence(self) -> str:
        """What it means."""
        low, high = self.ci95
        if self.rose:
            return (
                f"Alpha became {self.ratio:.1f} times as large with the eyes closed (95 % interval {low:.1f} "
                f"to {high:.1f}), with its peak at {self.peak_hz:.1f} Hz: the electrodes at the back see the "
                "brain."
            )
        return (
            f"No rise of alpha could be measured with the eyes closed ({self.ratio:.1f} times, 95 % interval "
            f"{low:.1f} to {high:.1f}); some people show none, but look at the electrodes at the back first."
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as a report holds it."""
        return {
            "alpha_uv": {"open": round(self.open_uv, 2), "closed": round(self.closed_uv, 2)},
            "ratio": round(self.ratio, 3),
            "ci95": [round(bound, 3) for bound in self.ci95],
            "peak_hz": self.peak_hz,
        }


class RestTally:
    """Gathers the spectra of windows that lie in a rest; for one thread.

    Parameters
    ----------
    window_s, rate_hz : float
        Of the windows.
    """

    def __init__(self, window_s: float, rate_hz: float) -> None:
        self._window_s = window_s
        self._rate = rate_hz
        self._periods: list[tuple[float, float, str]] = []
        self._recent: deque[tuple[float, NDArray[np.float64]]] = deque(maxlen=_REMEMBERED)
        self._spectra: dict[str, list[tuple[float, NDArray[np.float64]]]] = {"open": [], "closed": []}

    def period(self, marker: RestMarker, onset: float) -> None:
        """Take note of a rest that begins and ends the one before; without a task it does only that."""
        self._periods = [(begin, min(end, onset), eyes) for begin, end, eyes in self._periods]
        if marker.eyes:
            self._periods.append((onset + SETTLE_S, onset + marker.seconds, marker.eyes))
            # On a machine that is busy a marker may come after the EEG that it is of.
            for newest, power in self._recent:
                self._count(self._periods[-1], newest, power)

    def window(self, uv: NDArray[np.float32], newest: float) -> None:
        """Take a window (62, n) in microvolt that ends at `newest`."""
        _, powers = periodogram(uv[_BACK], self._rate, "hann", detrend="linear", axis=1)
        power = powers.mean(axis=0)
        self._recent.append((newest, power))
        for period in self._periods:
            self._count(period, newest, power)

    def _count(self, period: tuple[float, float, str], newest: float, power: NDArray[np.float64]) -> None:
        begin, end, eyes = period
        if begin <= newest - self._window_s and newest <= end:
            self._spectra[eyes].append((newest, power))

    def found(self) -> Alpha | None:
        """Return what was found; None as long as that is too little."""
        opened, closed = (self._apart(list(self._spectra[eyes])) for eyes in ("open", "closed"))
        if min(len(opened), len(closed)) < FEWEST:
            return None
        hz = np.asarray(np.fft.rfftfreq(round(self._window_s * self._rate), 1 / self._rate), dtype=np.float64)
        band = (hz >= ALPHA_HZ[0]) & (hz <= ALPHA_HZ[1])
        powers = [spectra[:, band].sum(axis=1) * hz[1] for spectra in (opened, closed)]
        if not np.concatenate(powers).all():
            # Without any signal there is no alpha either.
            return None
        logs = [0.5 * np.log(power) for power in powers]
        bounds = ttest_ind(logs[1], logs[0], equal_var=False).confidence_interval(0.95)
        low, high = float(np.exp(bounds.low)), float(np.exp(bounds.high))
        near = (hz >= 7.0) & (hz <= 14.0)
        # Times the frequency: what falls off as 1/f has no peak then.
        peak = float(hz[near][(hz * closed.mean(axis=0))[near].argmax()])
        shown = (hz >= SHOWN_HZ[0]) & (hz <= SHOWN_HZ[1])
        means = [float(np.exp(log.mean())) for log in logs]
        return Alpha(
            open_uv=means[0],
            closed_uv=means[1],
            ratio=means[1] / means[0],
            ci95=(low, high),
            peak_hz=peak if low > 1.0 else None,
            hz=hz[shown],
            open_spectrum=opened.mean(axis=0)[shown],
            closed_spectrum=closed.mean(axis=0)[shown],
        )

    def _apart(self, spectra: list[tuple[float, NDArray[np.float64]]]) -> NDArray[np.float64]:
        """Those of windows that do not overlap."""
        kept: list[NDArray[np.float64]] = []
        last = -np.inf
        for newest, power in spectra:
            if newest - last >= self._window_s - _JITTER_S:
                kept.append(power)
                last = newest
        return np.array(kept)
