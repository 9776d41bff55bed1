"""The signal check before a calibration: a stream through the signal path, with nothing kept of it."""

import threading

from pylsl import local_clock

from rtbci.bundle import Bundle
from rtbci.calibrate.advice import Readiness, readiness
from rtbci.signal import Chain, ChainSettings, Verdict
from rtbci.stream import (
    Chunk,
    Connected,
    EegStream,
    Failed,
    Gap,
    Jumped,
    Lost,
    Refused,
    StreamContract,
    StreamEvent,
    StreamQuery,
    StreamSettings,
)

_QUIET_S = 2.0


class SignalCheck:
    """Judges a stream's electrodes until it is stopped; asked from any thread.

    Parameters
    ----------
    bundle : Bundle
        Says how EEG is to be prepared.
    query : StreamQuery
        The EEG stream.
    settings : StreamSettings, optional
        What the operator knows of it.
    mains_hz : float, optional
        Frequency of the mains here, if it is not the bundle's.
    """

    def __init__(
        self,
        bundle: Bundle,
        query: StreamQuery,
        settings: StreamSettings | None = None,
        mains_hz: float | None = None,
    ) -> None:
        self._preprocessing = bundle.manifest.preprocessing
        self._prior = bundle.array("prior_covariance")
        self._mains_hz = mains_hz
        self._chain: Chain | None = None
        self._heard = local_clock()
        self._lock = threading.Lock()
        self.contract: StreamContract | None = None
        self.trouble = ""
        """Why nothing can be judged now, in a sentence; empty if something can."""
        self._stream = EegStream(query, settings=settings, on_item=self._take)
        self._stream.start()

    def stop(self) -> None:
        """Let go of the stream."""
        self._stream.stop()

    @property
    def verdict(self) -> Verdict | None:
        """What is said of the electrodes now; None before the first second and while nothing comes."""
        with self._lock:
            silent = self.trouble or local_clock() - self._heard > _QUIET_S
            return None if self._chain is None or silent else self._chain.quality

    @property
    def readiness(self) -> Readiness:
        """Whether one can go on."""
        if self.trouble:
            return Readiness("bad", self.trouble)
        if self.contract is None:
            return Readiness("wait", "Connecting to the stream.")
        if local_clock() - self._heard > _QUIET_S:
            return Readiness(
                "bad", "Nothing comes from the stream any more; see that the amplifier still sends."
            )
        return readiness(self.verdict, self.contract.remap.interpolated)

    def _take(self, item: Chunk | StreamEvent) -> None:
        with self._lock:
            match item:
                case Chunk():
                    self._heard = item.received
                    if self._chain is not None:
                        self._chain.push(item.data, item.stamps)
                case Connected(contract=contract):
                    self._begin(contract)
                case Gap() | Jumped():
                    self._restart("a gap in the stream")
                case Lost():
                    self.trouble = (
                        "The stream was lost; it is looked for, so see that the amplifier still sends."
                    )
                    self._restart("the stream was lost")
                case Refused(reason=reason) | Failed(reason=reason):
                    self.trouble = reason

    def _begin(self, contract: StreamContract) -> None:
        self._heard = local_clock()
        self.trouble = ""
        self.contract = contract
        self._chain = Chain(
            ChainSettings.from_preprocessing(
                self._preprocessing, contract.rate_hz, contract.remap, self._prior, mains_hz=self._mains_hz
            )
        )

    def _restart(self, reason: str) -> None:
        if self._chain is not None:
            self._chain.reset(reason)
