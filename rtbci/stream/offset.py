"""How far the sender's clock is from this machine's, measured beside the stream and never in its way."""

import threading
from time import monotonic

import pylsl
from pylsl.util import LostError
from pylsl.util import TimeoutError as LslTimeoutError

# A sender whose stamps are further off than this is not on LSL's clock, or its clock was set.
_PLAUSIBLE_S = 2.0
_EVERY_S = 2.0


class ClockOffset:
    """Measures LSL's time correction in a thread of its own.

    The first measurement takes most of a second, and forever where the sender does not answer: so it is
    asked in short calls, and until it is there the offset is taken to be none. Whether the stamps are on
    LSL's clock at all is decided by `anchor`, best once `measured` is true: the clock of a sender on another
    machine counts from that machine's start, and is any number of seconds off before it is corrected.
    """

    def __init__(self, inlet: pylsl.StreamInlet) -> None:
        self._inlet = inlet
        self._done = threading.Event()
        self._measured: float | None = None
        self._by_arrival: float | None = None
        self._count = 0
        self._judged = 0
        self._thread = threading.Thread(target=self._measure, name="rtbci-clock-offset", daemon=True)
        self._thread.start()

    @property
    def by_arrival(self) -> bool:
        """Whether the offset rests on arrival times, as the stamps are not on LSL's clock."""
        return self._by_arrival is not None

    @property
    def measured(self) -> bool:
        """Whether the sender has answered yet."""
        return self._measured is not None

    def anchor(self, raw: float, received: float) -> None:
        """Decide by a newest sample whether the measured offset can be true; needed again after a jump."""
        self._judged = self._count
        self._by_arrival = None
        if abs(received - raw - self.seconds) > _PLAUSIBLE_S:
            self._by_arrival = received - raw

    def follow(self, raw: float, received: float) -> bool:
        """Decide again where a measurement has come since the decision that could turn it.

        The first measurement decides anew. Later ones only end the reliance on arrival times, once they
        explain them: beginning it takes a jump, or samples that were held up would do it.

        Parameters
        ----------
        raw, received : float
            The newest sample's stamp and arrival.

        Returns
        -------
        bool
            Whether the decision is another one now.
        """
        if self._count == self._judged or (self._judged and not self.by_arrival):
            return False
        before = self.by_arrival
        if self._judged and abs(received - raw - (self._measured or 0.0)) > _PLAUSIBLE_S:
            self._judged = self._count
            return False
        self.anchor(raw, received)
        return self.by_arrival != before

    @property
    def seconds(self) -> float:
        """What must be added to a raw stamp to have it on this machine's LSL clock."""
        if self._by_arrival is not None:
            return self._by_arrival
        return self._measured or 0.0

    def wait(self, timeout: float, stop: threading.Event) -> None:
        """Wait for the first measurement, for those who can afford it."""
        deadline = monotonic() + timeout
        while self._measured is None and not stop.is_set() and monotonic() < deadline:
            stop.wait(0.02)

    def close(self) -> None:
        """End the thread, within a tenth of a second or so."""
        self._done.set()
        self._thread.join(timeout=0.5)

    def _measure(self) -> None:
        while not self._done.is_set():
            try:
                self._measured = self._inlet.time_correction(timeout=0.1)
                self._count += 1
            except LslTimeoutError:
                continue
            except LostError:
                return  # the reading thread says so
            self._done.wait(_EVERY_S)
