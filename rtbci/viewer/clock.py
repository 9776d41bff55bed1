"""The sender's clock seen from here, without asking it."""

from math import inf, isfinite

_HALF_WINDOW_S = 30.0


class SenderClock:
    """Estimates how far this machine's clock is ahead of the sender's.

    Each message says when it was published; the smallest difference to its arrival over the last half to
    whole minute is the offset plus the shortest transit, which is well below a millisecond on one machine.
    It needs no common clock, so it also holds for a viewer on another host.
    """

    def __init__(self) -> None:
        self._since = -inf
        self._now = inf
        self._before = inf

    def heard(self, published: float, arrived: float) -> None:
        """Take note of a message (sender's time, own time; seconds)."""
        if not isfinite(published) or published <= 0:
            return
        if arrived - self._since > _HALF_WINDOW_S:
            self._since, self._before, self._now = arrived, self._now, inf
        self._now = min(self._now, arrived - published)

    @property
    def known(self) -> bool:
        """Whether any message has been heard."""
        return isfinite(min(self._now, self._before))

    def age(self, stamp: float, now: float) -> float | None:
        """Seconds from a stamp of the sender's until `now` of this machine; None if not yet known."""
        if not self.known or not isfinite(stamp) or stamp <= 0:
            return None
        return max(0.0, now - min(self._now, self._before) - stamp)
