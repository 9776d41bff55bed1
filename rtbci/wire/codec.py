"""Messages to frames and back: topic, msgpack envelope, raw little-endian buffers."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rtbci.errors import WireError
from rtbci.wire.messages import (
    TOPICS,
    WIRE_VERSION,
    EegChunk,
    Envelope,
    Evidence,
    Header,
    Picture,
)

Buffer = NDArray[Any]

MAX_ENVELOPE = 1 << 20
"""Bytes; no honest header comes near it."""

_DTYPES: dict[type, tuple[np.dtype[Any], ...]] = {
    EegChunk: (np.dtype("<f4"),),
    Evidence: (np.dtype("<f4"),) * 4,
    Picture: (np.dtype("u1"),),
}
_EVIDENCE_DIMENSIONS = (1, 1, 3, 1)
_TYPES = {topic: kind for kind, topic in TOPICS.items()}
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Envelope)


class _Version(msgspec.Struct):
    """The one field of an envelope that every version has."""

    version: int


_version_decoder = msgspec.msgpack.Decoder(_Version)


def pack(header: Header, buffers: Sequence[Buffer], session: str, number: int) -> list[bytes | memoryview]:
    """Turn a message into the frames of a multipart message.

    Parameters
    ----------
    header : Header
        Any of the headers in `rtbci.wire.messages`.
    buffers : sequence of ndarray
        What the header's docstring asks for; converted to the wire's element type where they differ.
    session : str
        Name of the sending session.
    number : int
        The message's number within its topic.

    Returns
    -------
    list of bytes or memoryview
        Topic, envelope, then one frame a buffer. The buffers are not copied if they are contiguous and of
        the wire's type.

    Raises
    ------
    WireError
        If the buffers do not fit the header.
    """
    dtypes = _DTYPES.get(type(header), ())
    if len(buffers) != len(dtypes):
        raise WireError(
            f"A message of type {type(header).__name__} takes {len(dtypes)} buffers, not {len(buffers)};"
            " send what its documentation lists."
        )
    arrays = [np.ascontiguousarray(b, dtype=d) for b, d in zip(buffers, dtypes, strict=True)]
    shapes = tuple(np.shape(buffer) for buffer in buffers)
    _check_shapes(header, shapes)
    envelope = Envelope(version=WIRE_VERSION, session=session, number=number, header=header, shapes=shapes)
    return [TOPICS[type(header)], _encoder.encode(envelope), *(_bytes_of(array) for array in arrays)]


def unpack(frames: Sequence[bytes | memoryview]) -> tuple[Envelope, tuple[Buffer, ...]]:
    """Read the frames of a multipart message; whatever they hold, the only error is a `WireError`.

    Parameters
    ----------
    frames : sequence of bytes or memoryview
        As received.

    Returns
    -------
    envelope : Envelope
    buffers : tuple of ndarray
        Read-only views of the frames, shaped as the envelope says.

    Raises
    ------
    WireError
        If the topic or the version is unknown, the header is damaged, or a buffer does not fit the header.
    """
    if len(frames) < 2:
        raise WireError(
            "A message of fewer than two parts came in; whatever sends to this port is not rtbci."
        )
    topic = bytes(frames[0])
    kind = _TYPES.get(topic)
    if kind is None:
        raise WireError(
            f"A message with the unknown topic {topic[:40]!r} came in; update rtbci on this side."
        )
    envelope = _read_envelope(frames[1], topic.decode())
    if type(envelope.header) is not kind:
        raise WireError(
            f"A message on topic '{topic.decode()}' holds a {type(envelope.header).__name__};"
            " its sender is faulty: update it."
        )
    return envelope, _read_buffers(envelope, frames[2:])


def _read_envelope(raw: bytes | memoryview, topic: str) -> Envelope:
    if len(raw) > MAX_ENVELOPE:
        raise WireError(f"A header of {len(raw)} bytes on topic '{topic}' is too long; its sender is faulty.")
    # The version comes first: the rest of another version's envelope need not make sense here.
    try:
        version = _version_decoder.decode(raw).version
        if version == WIRE_VERSION:
            return _decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise WireError(
            f"A damaged header came in on topic '{topic}' ({error}); check what sends to this port."
        ) from error
    raise WireError(
        f"A message of wire version {version} came in and this side reads version {WIRE_VERSION};"
        " install the same rtbci on both sides."
    )


def _read_buffers(envelope: Envelope, frames: Sequence[bytes | memoryview]) -> tuple[Buffer, ...]:
    header = envelope.header
    name = type(header).__name__
    dtypes = _DTYPES.get(type(header), ())
    if not len(dtypes) == len(frames) == len(envelope.shapes):
        raise WireError(
            f"A {name} with {len(frames)} buffers and {len(envelope.shapes)} shapes came in"
            f" instead of {len(dtypes)}; its sender is faulty: update it."
        )
    _check_shapes(header, envelope.shapes)
    buffers: list[Buffer] = []
    for frame, dtype, shape in zip(frames, dtypes, envelope.shapes, strict=True):
        # math.prod, not numpy's: it cannot overflow.
        if memoryview(frame).nbytes != math.prod(shape) * dtype.itemsize:
            raise WireError(
                f"A {name} with a buffer of {memoryview(frame).nbytes} bytes for shape {shape} came in;"
                " its sender is faulty: update it."
            )
        array = np.frombuffer(frame, dtype=dtype).reshape(shape)
        array.flags.writeable = False
        buffers.append(array)
    return tuple(buffers)


def _check_shapes(header: Header, shapes: tuple[tuple[int, ...], ...]) -> None:
    match header:
        case EegChunk():
            good = shapes == ((header.samples, header.channels),) and header.samples >= 0 < header.channels
        case Picture():
            sides = (header.frames, header.height, header.width)
            good = shapes == ((*sides, 3),) and min(sides) > 0
        case Evidence():
            good = tuple(map(len, shapes)) == _EVIDENCE_DIMENSIONS and min(map(min, shapes)) > 0
        case _:
            good = not shapes
    if not good:
        raise WireError(
            f"A {type(header).__name__} came with buffers of shape {shapes}, which is not what its header"
            " says; its sender is faulty: update it."
        )


def _bytes_of(array: Buffer) -> bytes | memoryview:
    # A memoryview of an empty array cannot be cast.
    return memoryview(array.data).cast("B") if array.size else b""
