"""Addresses on the wire: which are acceptable, and which stay on this machine."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from rtbci.errors import WireError

DEFAULT_ENDPOINT = "tcp://127.0.0.1:5577"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A checked address.

    Attributes
    ----------
    address : str
        As ZeroMQ takes it.
    local : bool
        Whether only this machine can reach it.
    ipv6 : bool
        Whether the socket must speak IPv6.
    """

    address: str
    local: bool
    ipv6: bool = False


def parse_endpoint(text: str) -> Endpoint:
    """Check an address given by a person.

    Parameters
    ----------
    text : str
        ``tcp://host:port`` (port 0 lets the publisher pick a free one) or ``ipc://path``.

    Raises
    ------
    WireError
        If it is neither.
    """
    transport, separator, rest = text.strip().partition("://")
    if separator and transport == "ipc" and rest:
        if rest.startswith("@") or Path(rest).is_dir():
            raise WireError(f"'{text}' is no address for ipc; give the path of a file that may be made.")
        return Endpoint(f"ipc://{rest}", local=True)
    host, colon, port = rest.rpartition(":")
    if not (separator and transport == "tcp" and host and colon and port.isascii() and port.isdigit()):
        raise WireError(f"'{text}' is no address; write tcp://HOST:PORT, for example {DEFAULT_ENDPOINT}.")
    if int(port) > 65535:
        raise WireError(f"Port {port} in '{text}' does not exist; choose one from 1 to 65535, or 0 for any.")
    # ZeroMQ binds to numbers and interface names only.
    host = "127.0.0.1" if host == "localhost" else host
    bare = host.removeprefix("[").removesuffix("]")
    return Endpoint(f"tcp://{host}:{int(port)}", local=_is_loopback(bare), ipv6=":" in bare)


def from_here(address: str) -> str:
    """Return the address by which this machine itself reaches a bound one.

    Parameters
    ----------
    address : str
        As `Publisher.endpoint` tells it; it may stand for all interfaces, which nobody can connect to.
    """
    return address.replace("tcp://0.0.0.0:", "tcp://127.0.0.1:").replace("tcp://[::]:", "tcp://[::1]:")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        # A name or an interface: it may mean any machine.
        return False
