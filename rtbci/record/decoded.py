"""What was decoded, as text for a string stream: the wire's own header and its buffers."""

import base64
import math
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rtbci.errors import RecordingError
from rtbci.wire.messages import Header

_BUFFER_TYPES = ("uint8", "float32", "float64")


class _Buffer(msgspec.Struct, frozen=True):
    """An array: element type, shape, and its bytes through zlib and base64."""

    dtype: str
    shape: tuple[int, ...]
    data: str


class _Decoded(msgspec.Struct, frozen=True):
    """A header and its buffers."""

    header: Header
    buffers: tuple[_Buffer, ...] = ()


def to_text(header: Header, buffers: Sequence[NDArray[Any]] = ()) -> str:
    """Write a message as one line of JSON."""
    packed = tuple(
        _Buffer(
            array.dtype.name, array.shape, base64.b64encode(zlib.compress(array.tobytes(), level=1)).decode()
        )
        for array in buffers
    )
    return msgspec.json.encode(_Decoded(header, packed)).decode()


def from_text(text: str) -> tuple[Header, tuple[NDArray[Any], ...]]:
    """Read what `to_text` wrote.

    Raises
    ------
    RecordingError
        If it is not what `to_text` writes.
    """
    try:
        message = msgspec.json.decode(text, type=_Decoded)
        return message.header, tuple(map(_unpack, message.buffers))
    except (msgspec.DecodeError, ValueError, zlib.error) as error:
        raise RecordingError(
            f"A decoded message of the recording cannot be read ({error}); "
            "read it with the version of rtbci that recorded it."
        ) from error


def _unpack(buffer: _Buffer) -> NDArray[Any]:
    if buffer.dtype not in _BUFFER_TYPES or min(buffer.shape, default=0) < 0:
        raise ValueError(f"a buffer of type {buffer.dtype} and shape {buffer.shape}")
    size = math.prod(buffer.shape) * np.dtype(buffer.dtype).itemsize
    # A forged length must not make the reader allocate more than the shape says.
    raw = zlib.decompressobj().decompress(base64.b64decode(buffer.data, validate=True), size + 1)
    if len(raw) != size:
        raise ValueError(f"a buffer of {len(raw)} bytes where shape {buffer.shape} needs {size}")
    return np.frombuffer(raw, dtype=buffer.dtype).reshape(buffer.shape)
