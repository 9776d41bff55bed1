"""Keys for connections that leave this machine (CURVE: encrypted, and both sides known).

The publisher admits only the viewers whose public keys it holds, so knowing its address and its public key
is not enough to watch somebody's brain.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import zmq
from zmq.utils import z85

from rtbci.errors import WireError

PUBLISHER_FILE = "publisher.keys"
VIEWER_FILE = "viewer.keys"


@dataclass(frozen=True, slots=True)
class PublisherKeys:
    """The publisher's own key pair and the viewers that it admits (all Z85, 40 characters)."""

    public: str
    secret: str
    viewers: tuple[str, ...]

    def __repr__(self) -> str:
        return f"PublisherKeys(public={self.public!r}, viewers={len(self.viewers)})"


@dataclass(frozen=True, slots=True)
class ViewerKeys:
    """A viewer's own key pair and the public key of the publisher that it trusts."""

    public: str
    secret: str
    publisher: str

    def __repr__(self) -> str:
        return f"ViewerKeys(public={self.public!r}, publisher={self.publisher!r})"


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Literal["publisher", "viewer"]
    public: str
    secret: str
    peers: tuple[str, ...]


def make_keys(folder: Path) -> tuple[PublisherKeys, ViewerKeys]:
    """Make a pair of matching key files, readable by their owner only.

    Parameters
    ----------
    folder : Path
        Where ``publisher.keys`` and ``viewer.keys`` go; made if needed. Copy the second to the machine of
        the viewer by a safe way.

    Raises
    ------
    WireError
        If a key file is there already (it is never overwritten), or cannot be written.
    """
    server_public, server_secret = (key.decode() for key in zmq.curve_keypair())
    viewer_public, viewer_secret = (key.decode() for key in zmq.curve_keypair())
    publisher = PublisherKeys(server_public, server_secret, (viewer_public,))
    viewer = ViewerKeys(viewer_public, viewer_secret, server_public)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WireError(
            f"The folder {folder} for keys cannot be made ({error.strerror}); choose another."
        ) from error
    for name in (PUBLISHER_FILE, VIEWER_FILE):
        if (folder / name).exists():
            raise WireError(f"{folder / name} is there already; delete it first if it should be replaced.")
    _write(folder / PUBLISHER_FILE, _KeyFile("publisher", server_public, server_secret, publisher.viewers))
    _write(folder / VIEWER_FILE, _KeyFile("viewer", viewer_public, viewer_secret, (server_public,)))
    return publisher, viewer


def admit_another(keys: PublisherKeys, file: Path) -> PublisherKeys:
    """Make keys for one more viewer, who is to be let in for as long as the publisher runs.

    Parameters
    ----------
    keys : PublisherKeys
        The publisher's; its file is not changed.
    file : Path
        Where the new viewer's keys go, readable by their owner only.

    Returns
    -------
    PublisherKeys
        To be used in place of `keys`.

    Raises
    ------
    WireError
        If the file cannot be written.
    """
    public, secret = (key.decode() for key in zmq.curve_keypair())
    _write(file, _KeyFile("viewer", public, secret, (keys.public,)))
    return PublisherKeys(keys.public, keys.secret, (*keys.viewers, public))


def read_publisher_keys(path: Path) -> PublisherKeys:
    """Read the publisher's keys from a file, or from a folder that `make_keys` filled.

    Raises
    ------
    WireError
        If the file is missing, damaged, of the other role, or readable by others.
    """
    keys = _read(path / PUBLISHER_FILE if path.is_dir() else path, "publisher")
    return PublisherKeys(keys.public, keys.secret, keys.peers)


def read_viewer_keys(path: Path) -> ViewerKeys:
    """Read a viewer's keys from a file, or from a folder that `make_keys` filled.

    Raises
    ------
    WireError
        If the file is missing, damaged, of the other role, or readable by others.
    """
    keys = _read(path / VIEWER_FILE if path.is_dir() else path, "viewer")
    return ViewerKeys(keys.public, keys.secret, keys.peers[0])


def _write(path: Path, keys: _KeyFile) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(keys)))
    except OSError as error:
        raise WireError(
            f"The key file {path} cannot be written ({error.strerror}); choose another folder."
        ) from error


def _read(path: Path, role: str) -> _KeyFile:
    try:
        # Windows has no such bits: there the user's own folder protects the file.
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise WireError(f"The key file {path} can be read by others; run chmod 600 on it.")
        keys = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
    except OSError as error:
        raise WireError(f"The key file {path} cannot be read ({error.strerror}); check its path.") from error
    except msgspec.DecodeError as error:
        raise WireError(f"The key file {path} is damaged ({error}); make new keys.") from error
    if keys.role != role:
        raise WireError(f"The key file {path} is for the {keys.role}; give the one for the {role}.")
    if not keys.peers or not all(map(_is_key, (keys.public, keys.secret, *keys.peers))):
        raise WireError(f"The key file {path} holds something that is no key; make new keys.")
    return keys


def _is_key(text: str) -> bool:
    if len(text) != 40 or not text.isascii():
        return False
    try:
        return len(z85.decode(text.encode())) == 32
    except (ValueError, KeyError, struct.error):
        return False
