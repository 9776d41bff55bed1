"""Reading a recording back, also one whose writer was killed in the middle of a chunk."""

import io
import logging
import struct
from pathlib import Path
from typing import Any, BinaryIO

from rtbci.errors import RecordingError
from rtbci.record.xdf import MAGIC

_TAG_SIZE = 2


def whole_length(file: BinaryIO) -> int:
    """Return how many bytes of an XDF file are whole chunks.

    Parameters
    ----------
    file : binary file
        Open for reading and seekable; its position is moved.

    Returns
    -------
    int
        Equal to the file's size unless the last chunk was cut off; 0 if the file is no XDF at all.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        return 0
    whole = len(MAGIC)
    while True:
        length = _read_length(file)
        if length is None or length < _TAG_SIZE or file.tell() + length > size:
            return whole
        whole = file.seek(length, io.SEEK_CUR)


def read_xdf(path: Path, *, clocks: bool = True) -> tuple[list[dict[str, Any]], bool]:
    """Read every stream of an XDF file up to its last whole chunk, stamps as they were written.

    A file cut within a chunk makes pyxdf fail, or worse, take the remains of another sample for data;
    so it never gets to see more than the whole chunks.

    Parameters
    ----------
    path : Path
        The file.
    clocks : bool
        Whether clock offsets are applied; of use for files of other recorders alone.

    Returns
    -------
    streams : list of dict
        As `pyxdf.load_xdf` gives them, without dejittering.
    complete : bool
        False if a part of a chunk at the end was left out.

    Raises
    ------
    RecordingError
        If there is no such file or it is no XDF.
    """
    # Only this function needs pyxdf, and it is slow to import.
    import pyxdf

    try:
        with path.open("rb") as file:
            whole = whole_length(file)
            file.seek(0)
            content = file.read(whole)
            complete = file.read(1) == b""
    except OSError as error:
        raise RecordingError(
            f"{path} cannot be read ({error.strerror}); check the path and its permissions."
        ) from error
    if not whole:
        raise RecordingError(f"{path} is no XDF recording; give a file that a recorder of LSL streams wrote.")
    # It warns of what recorders of other makes leave out, which is none of the user's business.
    logging.getLogger("pyxdf").setLevel(logging.ERROR)
    streams, _ = pyxdf.load_xdf(io.BytesIO(content), synchronize_clocks=clocks, dejitter_timestamps=False)
    return streams, complete


def _read_length(file: BinaryIO) -> int | None:
    """Read a chunk's length; None at the end of the file or where no length can stand."""
    width = file.read(1)
    if width not in (b"\x01", b"\x04", b"\x08"):
        return None
    raw = file.read(width[0])
    if len(raw) < width[0]:
        return None
    return int(struct.unpack({1: "<B", 4: "<I", 8: "<Q"}[width[0]], raw)[0])
