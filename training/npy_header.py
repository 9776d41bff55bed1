"""What an npy file says of itself, without reading it: shape, type, and whether it is whole."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtbci.errors import RecordingError


@dataclass(frozen=True)
class NpyHeader:
    """Of one file.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    excess : int
        Bytes that the file has beyond what these need; negative if it was cut off.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    excess: int


def read_header(path: Path) -> NpyHeader:
    """Read a file's header (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).

    Raises
    ------
    RecordingError
        If there is none.
    """
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        with path.open("rb") as file:
            shape, _, dtype = read[np.lib.format.read_magic(file)](file)
            began = file.tell()
        size = path.stat().st_size
    except OSError as error:
        raise RecordingError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    except (ValueError, LookupError, EOFError) as error:
        raise RecordingError(f"{path} is no npy file; copy it again.") from error
    return NpyHeader(shape, dtype, size - began - math.prod(shape) * dtype.itemsize)
