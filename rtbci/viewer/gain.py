"""How many microvolts a lane of the scrolling EEG is high."""

from math import exp, isfinite, log

import numpy as np
from numpy.typing import NDArray

_SPREADS = 4.5
_MAD_TO_SD = 1.4826
_TIME_S = 4.0
_DEAD_BAND = log(1.1)


class Gain:
    """Chooses the height of a lane so that neighbouring traces just touch, and changes it slowly.

    A lane is 4.5 robust standard deviations (from the median absolute deviation) of the median channel,
    so that neither one bad electrode nor a blink flattens the others. It follows on a logarithmic scale
    with a time constant of 4 s, and not at all while it is within a tenth of what it should be.
    """

    def __init__(self) -> None:
        self._lane = 0.0
        self._at = 0.0

    @property
    def lane(self) -> float:
        """Microvolts a lane; 1 before there was any signal."""
        return self._lane or 1.0

    def forget(self) -> None:
        """Take the next signal's height at once, as another set of channels is shown."""
        self._lane = 0.0

    def follow(self, data: NDArray[np.floating], at: float) -> None:
        """Take note of the signal on show.

        Parameters
        ----------
        data : ndarray, shape (samples, channels)
            Microvolt; samples with NaN are left out.
        at : float
            Its time, seconds; only differences count.
        """
        data = data[np.isfinite(data).all(axis=1)]
        if not data.size:
            return
        spread = np.median(np.abs(data - np.median(data, axis=0)), axis=0)
        wanted = _SPREADS * _MAD_TO_SD * float(np.median(spread))
        if not isfinite(wanted) or wanted <= 0:
            return
        if not self._lane:
            self._lane = wanted
        elif abs(off := log(wanted / self._lane)) > _DEAD_BAND:
            self._lane *= exp(off * (1 - exp(-max(0.0, at - self._at) / _TIME_S)))
        self._at = at


def scale_bar(lane_uv: float, lane_px: float, longest_px: float) -> tuple[float, float]:
    """Largest round number of microvolts (1, 2 or 5 times a power of ten) that is not drawn too long.

    Returns
    -------
    microvolt : float
    length : float
        Pixels.
    """
    most = longest_px / lane_px * lane_uv
    power = 10.0 ** np.floor(np.log10(most))
    microvolt = float(power * max(m for m in (1, 2, 5) if m * power <= most * (1 + 1e-9)))
    return microvolt, microvolt / lane_uv * lane_px
