"""A simulated screen: it shows clips late, at its own refreshes; a photodiode in front of it sees them."""

import numpy as np
from numpy.typing import NDArray

LIGHT = "LIGHT"
"""Label of the photodiode's channel."""
_NOISE = 0.02


class SimulatedScreen:
    """Shows what is announced, and gives the samples of a photodiode on its square.

    Parameters
    ----------
    delay_s : float
        From when a picture is due to the first refresh that can show it.
    refresh_hz : float
    rate : float
        Samples a second of the photodiode.
    seed : int
        Of its noise and of where the refreshes lie.
    """

    def __init__(self, delay_s: float, refresh_hz: float, rate: float, seed: int) -> None:
        self._delay, self._refresh, self._rate = delay_s, refresh_hz, rate
        self._rng = np.random.default_rng((seed, 77))
        self._phase = self._rng.uniform(0.0, 1.0 / refresh_hz)
        self._turns: list[float] = []
        self._bright = False
        self._sample = 0

    def show(self, due: float) -> float:
        """When a picture that is due then is there, in seconds from the first sample; the square turns."""
        refreshes = np.ceil((due + self._delay - self._phase) * self._refresh)
        shown = float(self._phase + refreshes / self._refresh)
        self._turns.append(shown * self._rate)
        return shown

    def render(self, n: int) -> NDArray[np.float64]:
        """Return the next samples, shape (n,): 0 dark to 1 bright, the mean light since the sample before."""
        level = np.empty(n)
        for k in range(n):
            begin, bright = float(self._sample - 1), 0.0
            while self._turns and self._turns[0] <= self._sample:
                turn = max(self._turns.pop(0), begin)
                bright += (turn - begin) * self._bright
                begin, self._bright = turn, not self._bright
            level[k] = bright + (self._sample - begin) * self._bright
            self._sample += 1
        return level + _NOISE * self._rng.standard_normal(n)
