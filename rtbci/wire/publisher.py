"""The sending end of the wire."""

import threading
from collections import Counter
from collections.abc import Callable

import msgspec
import zmq
from zmq.auth.thread import ThreadAuthenticator

from rtbci.errors import WireError
from rtbci.wire.codec import Buffer, pack
from rtbci.wire.endpoint import DEFAULT_ENDPOINT, Endpoint, parse_endpoint
from rtbci.wire.messages import Evidence, Header, Picture
from rtbci.wire.security import PublisherKeys

QUEUE = 128
"""Messages kept for one slow receiver; what does not fit is dropped for it, and it sees the hole."""
_LINGER_MS = 300


class Publisher:
    """Sends messages to any number of receivers; never waits for one.

    `send` may be called from several threads. Each topic is numbered from 0 without holes.

    Parameters
    ----------
    endpoint : str
        Where to bind. ``tcp://127.0.0.1:0`` picks a free port; the attribute `endpoint` tells which.
    session : str
        Name of this session; receivers count anew when it changes.
    keys : PublisherKeys, optional
        Needed where others can reach the address; then only their viewers are let in.
    clock : callable, optional
        Returns the time in seconds for `Times.published`; LSL's clock by default.

    Raises
    ------
    WireError
        If the address is not acceptable, taken, or open to others without keys.
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        session: str = "",
        keys: PublisherKeys | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        place = parse_endpoint(endpoint)
        if not place.local and keys is None:
            raise WireError(
                f"{endpoint} can be reached from other machines, which needs keys; make them and name their"
                f" file, or stay on this machine with {DEFAULT_ENDPOINT}."
            )
        self.session = session
        self._clock = clock or _lsl_clock()
        self._numbers: Counter[type] = Counter()
        self._lock = threading.Lock()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._authenticator = _admit(self._context, self._socket, keys) if keys else None
        self._socket.sndhwm = QUEUE
        self._socket.linger = _LINGER_MS
        self._socket.ipv6 = place.ipv6
        try:
            self._socket.bind(place.address)
        except zmq.ZMQError as error:
            self.close()
            raise WireError(_why_not_bound(place, error)) from error
        self.endpoint: str = self._socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def send(self, header: Header, *buffers: Buffer) -> None:
        """Send one message, at once and without waiting; nothing happens after `close`.

        `Times.published` is set here. The buffers must not be changed afterwards: they are not copied.

        Raises
        ------
        WireError
            If the buffers do not fit the header.
        """
        with self._lock:
            if self._socket.closed:
                return
            if isinstance(header, Evidence | Picture):
                times = msgspec.structs.replace(header.times, published=self._clock())
                header = msgspec.structs.replace(header, times=times)
            kind = type(header)
            frames = pack(header, buffers, self.session, self._numbers[kind])
            self._numbers[kind] += 1
            self._socket.send_multipart(frames, copy=False)

    def sent(self, kind: type) -> int:
        """How many messages of one header type have been sent."""
        return self._numbers[kind]

    def close(self) -> None:
        """Send what is queued (at most 0.3 s) and close; may be called twice."""
        with self._lock:
            if self._socket.closed:
                return
            self._socket.close()
        if self._authenticator is not None:
            self._authenticator.stop()
        self._context.term()

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _lsl_clock() -> Callable[[], float]:
    # Imported late: the first import of pylsl reads LSL's configuration, which is set by then.
    from pylsl import local_clock

    clock: Callable[[], float] = local_clock
    return clock


def _admit(
    context: zmq.Context[zmq.Socket[bytes]], socket: zmq.Socket[bytes], keys: PublisherKeys
) -> ThreadAuthenticator:
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    admitted = frozenset(key.encode() for key in keys.viewers)
    authenticator.configure_curve_callback("*", _Viewers(admitted))
    socket.curve_server = True
    socket.curve_publickey = keys.public.encode()
    socket.curve_secretkey = keys.secret.encode()
    return authenticator


class _Viewers:
    """Answers ZeroMQ's question whether a client may come in."""

    def __init__(self, admitted: frozenset[bytes]) -> None:
        self._admitted = admitted

    def callback(self, domain: str, key: bytes) -> bool:
        """Whether the holder of a public key (Z85) is admitted."""
        return key in self._admitted


def _why_not_bound(place: Endpoint, error: zmq.ZMQError) -> str:
    if error.errno == zmq.EADDRINUSE:
        return f"{place.address} is in use by another programme; close it or choose another port (0 for any)."
    return f"{place.address} cannot be used here ({error.strerror}); choose an address of this machine."
