"""Files that other processes may read or write at the same time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Name a file to write to, which takes the place of another once it is whole.

    No other process has the same name, so that two that run in one folder do not tear each other's files.
    """
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
