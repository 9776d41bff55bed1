"""Writing XDF 1.0, the container of the LSL world, chunk by whole chunk.

Format: https://github.com/sccn/xdf/wiki/Specifications
"""

import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import RecordingError

MAGIC = b"XDF:"
BOUNDARY_UUID = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")

FILE_HEADER, STREAM_HEADER, SAMPLES, BOUNDARY, STREAM_FOOTER = 1, 2, 3, 5, 6

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DTYPES: dict[str, str] = {
    "float32": "<f4",
    "double64": "<f8",
    "int8": "<i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
}
NUMERIC_FORMATS = tuple(_DTYPES)


def file_start(written: str) -> bytes:
    """Return the first bytes of a file.

    Parameters
    ----------
    written : str
        When it was begun, ISO 8601.
    """
    info = ElementTree.Element("info")
    ElementTree.SubElement(info, "version").text = "1.0"
    ElementTree.SubElement(info, "datetime").text = written
    return MAGIC + chunk(FILE_HEADER, _xml(info))


def boundary() -> bytes:
    """Return the mark from which a reader can go on after damage."""
    return chunk(BOUNDARY, BOUNDARY_UUID)


def chunk(tag: int, content: bytes) -> bytes:
    """Return one chunk: length, tag, content."""
    return _varint(len(content) + 2) + struct.pack("<H", tag) + content


class XdfStream:
    """One stream of a file: makes its chunks and keeps the count for its footer.

    Parameters
    ----------
    number : int
        Its id in the file.
    name, kind, source_id : str
        As in LSL; `kind` is LSL's "type".
    labels : sequence of str
        One for each channel.
    units : sequence of str
        One for each channel, or none.
    rate_hz : float
        Nominal rate; 0 for irregular streams.
    sample_format : str
        One of `NUMERIC_FORMATS`, or "string".
    host : str
        The sender's.
    types : sequence of str
        LSL's type of each channel, or none; empty ones are `kind`.
    notes : mapping of str to str, optional
        Further elements of the description.
    """

    def __init__(
        self,
        number: int,
        *,
        name: str,
        kind: str,
        source_id: str,
        labels: Sequence[str],
        units: Sequence[str] = (),
        rate_hz: float = 0.0,
        sample_format: str = "string",
        host: str = "",
        types: Sequence[str] = (),
        notes: Mapping[str, str] | None = None,
    ) -> None:
        self.number = number
        self.name = name
        self._format = sample_format
        self._channels = len(labels)
        self._first: float | None = None
        self._last = 0.0
        self._count = 0
        info = ElementTree.Element("info")
        for key, value in (
            ("name", name),
            ("type", kind),
            ("channel_count", str(len(labels))),
            ("nominal_srate", repr(float(rate_hz))),
            ("channel_format", sample_format),
            ("source_id", source_id),
            ("hostname", host),
        ):
            ElementTree.SubElement(info, key).text = _printable(value)
        description = ElementTree.SubElement(info, "desc")
        for key, value in (notes or {}).items():
            ElementTree.SubElement(description, key).text = _printable(value)
        channels = ElementTree.SubElement(description, "channels")
        for index, label in enumerate(labels):
            channel = ElementTree.SubElement(channels, "channel")
            ElementTree.SubElement(channel, "label").text = _printable(label)
            if index < len(units):
                ElementTree.SubElement(channel, "unit").text = _printable(units[index])
            channel_type = types[index] if index < len(types) and types[index] else kind
            ElementTree.SubElement(channel, "type").text = _printable(channel_type)
        self._header = _xml(info)

    def header(self) -> bytes:
        """Return the chunk that must stand before the stream's samples."""
        return chunk(STREAM_HEADER, struct.pack("<I", self.number) + self._header)

    def samples(self, values: NDArray[Any], stamps: NDArray[np.float64]) -> bytes:
        """Return a chunk of numeric samples, each with its own stamp, as raw as they came.

        Parameters
        ----------
        values : ndarray, shape (n, channels)
            Exactly representable in the stream's format.
        stamps : ndarray, shape (n,)
            Seconds.

        Raises
        ------
        RecordingError
            If a value would change by being stored, or the shapes do not belong to this stream.
        """
        dtype = np.dtype(_DTYPES[self._format])
        if values.ndim != 2 or values.shape[1] != self._channels or stamps.shape != values.shape[:1]:
            raise RecordingError(
                f"A chunk of shape {values.shape} with {stamps.shape} stamps came for stream '{self.name}' "
                f"of {self._channels} channels; begin a new stream when the sender changes."
            )
        with np.errstate(invalid="ignore", over="ignore"):
            stored = values.astype(dtype)
        if not np.array_equal(stored.astype(values.dtype), values, equal_nan=values.dtype.kind == "f"):
            raise RecordingError(
                f"Values of stream '{self.name}' do not fit its announced format {self._format}; "
                "have the sender announce the format that it sends."
            )
        record = np.empty(
            len(values), dtype=[("bytes", "u1"), ("stamp", "<f8"), ("values", dtype, (self._channels,))]
        )
        record["bytes"] = 8
        record["stamp"] = stamps
        record["values"] = stored
        return self._samples(len(values), record.tobytes(), stamps)

    def text(self, text: str, stamp: float) -> bytes:
        """Return a chunk with one sample of a one-channel string stream."""
        raw = text.encode("utf-8", "surrogatepass")
        content = b"\x08" + struct.pack("<d", stamp) + _varint(len(raw)) + raw
        return self._samples(1, content, np.array([stamp]))

    def footer(self) -> bytes:
        """Return the chunk that ends the stream."""
        info = ElementTree.Element("info")
        ElementTree.SubElement(info, "first_timestamp").text = repr(float(self._first or 0.0))
        ElementTree.SubElement(info, "last_timestamp").text = repr(float(self._last))
        ElementTree.SubElement(info, "sample_count").text = str(self._count)
        return chunk(STREAM_FOOTER, struct.pack("<I", self.number) + _xml(info))

    def _samples(self, n: int, content: bytes, stamps: NDArray[np.float64]) -> bytes:
        if n:
            self._first = float(stamps[0]) if self._first is None else self._first
            self._last = float(stamps[-1])
            self._count += n
        return chunk(SAMPLES, struct.pack("<I", self.number) + _varint(n) + content)


def _varint(number: int) -> bytes:
    if number < 2**8:
        return struct.pack("<BB", 1, number)
    if number < 2**32:
        return struct.pack("<BI", 4, number)
    return struct.pack("<BQ", 8, number)


def _printable(text: str) -> str:
    """Leave out what XML 1.0 cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def _xml(element: ElementTree.Element) -> bytes:
    raw: bytes = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return raw
