"""Arrays that take hours to make: kept on disk row by row, gone on with after a stop, never used half made.

A cache is a folder named by a hash of all that decides its values. Rows are appended to ``values.partial``;
after each block, once it is on the disk, ``rows.json`` says how many count. When all are there the file
becomes ``values.npy``, and only a folder with that file is a cache.
"""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.npy_header import read_header

FORMAT = 1
"""Raise it when the same recipe gives other values."""
VALUES_FILE = "values.npy"
RECIPE_FILE = "recipe.json"
_PARTIAL_FILE = "values.partial"
_ROWS_FILE = "rows.json"

Array = NDArray[Any]
Compute = Callable[[int, int], Array]
Progress = Callable[[str, int, int], None]
"""Told what is being made, how many rows are done, and of how many."""


@dataclass(frozen=True)
class Recipe:
    """All that decides the values of a cache.

    Attributes
    ----------
    kind : str
        What they are; the first part of the folder's name.
    shape : tuple of int
        Of one row.
    dtype : str
        NumPy's name of the type.
    items : sequence of str
        What each row is of.
    clips : sequence of (int, int, int)
        Concept, stimulus and row of every clip.
    made_by : mapping
        Model, its files' hashes, settings, sources: anything that JSON can hold.
    """

    kind: str
    shape: tuple[int, ...]
    dtype: str
    items: Sequence[str]
    clips: Sequence[tuple[int, int, int]]
    made_by: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's name."""
        return f"{self.kind}-{hashlib.sha256(self.text().encode()).hexdigest()[:16]}"

    def text(self) -> str:
        """JSON, the same for the same recipe."""
        return json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True, ensure_ascii=False)


def is_complete(folder: Path) -> bool:
    """Whether a folder is a whole cache."""
    return (folder / VALUES_FILE).is_file() and (folder / RECIPE_FILE).is_file()


def fill(
    out: Path, recipe: Recipe, compute: Compute, block: int, on_progress: Progress | None = None
) -> Path:
    """Make a cache, or go on with one, or find that it is there.

    Parameters
    ----------
    out : Path
        Folder of all caches; it is made if need be.
    recipe : Recipe
    compute : callable
        Given the first row and the one after the last, makes the rows between: (rows, *recipe.shape).
    block : int
        Rows at a time: at most so many are lost by a stop, or in memory.
    on_progress : callable, optional

    Returns
    -------
    Path
        The cache's folder.

    Raises
    ------
    UsageError
        If the disk is too small or cannot be written to, or another process is at it.
    """
    folder = out / recipe.name
    if is_complete(folder):
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0):
            if not is_complete(folder):
                _make(folder, recipe, compute, block, on_progress or _ignore)
    except Timeout as error:
        raise UsageError(f"Another process is just making {folder}; wait until it is done.") from error
    except OSError as error:
        raise UsageError(
            f"The targets cannot be written to {folder} ({error.strerror or error}); make room there, or "
            "name another folder; what is done is kept."
        ) from error
    return folder


def open_values(folder: Path) -> tuple[Array, dict[str, Any]]:
    """Map a cache's values, and read its recipe.

    Raises
    ------
    UsageError
        If it is not whole.
    """
    try:
        recipe: dict[str, Any] = json.loads((folder / RECIPE_FILE).read_text(encoding="utf-8"))
        shape = (len(recipe["items"]), *recipe["shape"])
        header = read_header(folder / VALUES_FILE) if is_complete(folder) else None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(
            f"{folder} holds no targets that can be read; make them with `rtbci train targets`."
        ) from error
    if header is None or header.shape != shape or header.excess or header.dtype != np.dtype(recipe["dtype"]):
        raise UsageError(f"The targets in {folder} are not whole; delete the folder and make them again.")
    return np.load(folder / VALUES_FILE, mmap_mode="r", allow_pickle=False), recipe


def _make(folder: Path, recipe: Recipe, compute: Compute, block: int, on_progress: Progress) -> None:
    count = len(recipe.items)
    row_bytes = math.prod(recipe.shape) * np.dtype(recipe.dtype).itemsize
    partial = folder / _PARTIAL_FILE
    done = _rows_done(folder, row_bytes)
    _check_room(folder, (count - done) * row_bytes)
    with partial.open("r+b" if done else "w+b") as file:
        if not done:
            shape = (count, *recipe.shape)
            header = {"descr": np.dtype(recipe.dtype).str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_2_0(file, header)
            file.seek(0)
        began = _skip_header(file)
        file.truncate(began + done * row_bytes)
        file.seek(0, os.SEEK_END)
        on_progress(recipe.kind, done, count)
        while done < count:
            stop = min(done + block, count)
            rows = np.ascontiguousarray(compute(done, stop), dtype=recipe.dtype)
            if rows.shape != (stop - done, *recipe.shape):
                raise ValueError(
                    f"rows {done} to {stop} have the shape {rows.shape}, not {recipe.shape} each"
                )
            file.write(rows.tobytes())
            _sync(file)
            write_text(folder / _ROWS_FILE, json.dumps({"rows": stop}))
            done = stop
            on_progress(recipe.kind, done, count)
    # The values come last: their file says that the cache is whole.
    write_text(folder / RECIPE_FILE, recipe.text())
    partial.replace(folder / VALUES_FILE)
    (folder / _ROWS_FILE).unlink(missing_ok=True)


def _rows_done(folder: Path, row_bytes: int) -> int:
    """Rows that an earlier, stopped run brought to the disk; 0 where its files do not fit each other."""
    try:
        rows = int(json.loads((folder / _ROWS_FILE).read_text(encoding="utf-8"))["rows"])
        with (folder / _PARTIAL_FILE).open("rb") as file:
            began = _skip_header(file)
            size = file.seek(0, os.SEEK_END)
    except (OSError, ValueError, LookupError, TypeError):
        return 0
    return rows if size >= began + rows * row_bytes else 0


def _skip_header(file: BinaryIO) -> int:
    np.lib.format.read_magic(file)
    np.lib.format.read_array_header_2_0(file)
    return file.tell()


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UsageError(
            f"The targets need {needed / 1e9:.2f} GB, and {folder} has {free / 1e9:.2f} GB left; make room "
            "there, or name another folder."
        )


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def write_text(path: Path, text: str) -> None:
    """Write a small file so that it is there whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        file.write(text.encode())
        _sync(file)
    partial.replace(path)


def _ignore(_what: str, _done: int, _total: int) -> None:
    pass
