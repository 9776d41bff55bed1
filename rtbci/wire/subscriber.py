"""The receiving end of the wire."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import zmq

from rtbci.errors import WireError
from rtbci.wire.codec import Buffer, unpack
from rtbci.wire.endpoint import DEFAULT_ENDPOINT, parse_endpoint
from rtbci.wire.messages import TOPICS, Envelope, Header
from rtbci.wire.security import ViewerKeys

_log = logging.getLogger(__name__)

QUEUE = 128
"""Messages kept here while nobody polls; the sender drops what does not fit."""
MAX_MESSAGE = 64 << 20
"""Bytes of one part; a sender of longer ones is cut off."""
_BATCH = 512
"""Most messages of one poll, so that a flood cannot keep it from returning."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came in.

    Attributes
    ----------
    header : Header
    buffers : tuple of ndarray
        Read-only.
    number : int
        Its number within its topic and session.
    missed : int
        How many messages of this topic were lost just before it.
    session : str
        The sender's session.
    """

    header: Header
    buffers: tuple[Buffer, ...]
    number: int
    missed: int
    session: str


class Subscriber:
    """Receives messages; to be used by one thread.

    It may be made before its publisher, and outlives the publisher's restarts.

    Parameters
    ----------
    endpoint : str
        Where the publisher is.
    topics : iterable of type, optional
        Header types of interest; all by default.
    keys : ViewerKeys, optional
        Needed for a publisher on another machine.

    Attributes
    ----------
    missed : Counter of type to int
        Messages lost, by header type.
    refused : int
        Messages that came in and could not be read.
    refusal : str
        Why the last of them could not be read; empty while there was none.

    Raises
    ------
    WireError
        If the address is not acceptable, or on another machine and no keys are given.
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        topics: Iterable[type] | None = None,
        keys: ViewerKeys | None = None,
    ) -> None:
        place = parse_endpoint(endpoint)
        if not place.local and keys is None:
            raise WireError(
                f"{endpoint} is on another machine, where publishers speak only to viewers with keys; name"
                " the file viewer.keys that was made there."
            )
        self.endpoint = place.address
        self.missed: Counter[type] = Counter()
        self.refused = 0
        self.refusal = ""
        self._last: dict[type, tuple[str, int]] = {}
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.rcvhwm = QUEUE
        self._socket.maxmsgsize = MAX_MESSAGE
        self._socket.linger = 0
        self._socket.ipv6 = place.ipv6
        self._socket.reconnect_ivl = 100
        self._socket.reconnect_ivl_max = 1000
        if keys is not None:
            self._socket.curve_serverkey = keys.publisher.encode()
            self._socket.curve_publickey = keys.public.encode()
            self._socket.curve_secretkey = keys.secret.encode()
        for kind in TOPICS if topics is None else topics:
            self._socket.subscribe(TOPICS[kind])
        try:
            self._socket.connect(place.address)
        except zmq.ZMQError as error:
            self.close()
            raise WireError(
                f"{endpoint} cannot be reached from here ({error.strerror}); check the address."
            ) from error

    def poll(self, timeout: float = 0.0) -> list[Received]:
        """Wait for messages and take all that are there, oldest first.

        Unreadable messages are left out, counted in `refused` and explained in `refusal`.

        Parameters
        ----------
        timeout : float
            Seconds to wait for the first one.
        """
        received: list[Received] = []
        if not self._socket.poll(max(0, round(timeout * 1000))):
            return received
        for _ in range(_BATCH):
            try:
                frames = self._socket.recv_multipart(zmq.DONTWAIT, copy=False)
            except zmq.Again:
                break
            try:
                envelope, buffers = unpack([frame.buffer for frame in frames])
            except WireError as error:
                self._refuse(str(error))
                continue
            missed = self._count_missed(envelope)
            received.append(Received(envelope.header, buffers, envelope.number, missed, envelope.session))
        return received

    def close(self) -> None:
        """Close the connection; may be called twice."""
        self._socket.close()
        self._context.term()

    def __enter__(self) -> "Subscriber":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _count_missed(self, envelope: Envelope) -> int:
        kind = type(envelope.header)
        session, last = self._last.get(kind, ("", -1))
        # What was sent before this receiver came, or before the sender's restart, was not missed.
        known = kind in self._last and session == envelope.session
        missed = max(0, envelope.number - last - 1) if known else 0
        self._last[kind] = (envelope.session, envelope.number)
        self.missed[kind] += missed
        return missed

    def _refuse(self, why: str) -> None:
        if why != self.refusal:
            _log.warning("%s", why)
        self.refused += 1
        self.refusal = why
