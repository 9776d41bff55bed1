"""Writing files so that they are there whole or not at all."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from rtbci.errors import UsageError


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a report so that it is there whole or not at all.

    Raises
    ------
    UsageError
        If the place cannot be written to.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_report(path, text.encode())


def write_report(path: Path, content: bytes) -> None:
    """Write a report of any kind so that it is there whole or not at all.

    Raises
    ------
    UsageError
        If the place cannot be written to.
    """
    try:
        write_whole(path, content)
    except OSError as error:
        raise UsageError(
            f"The report cannot be written to {path} ({error.strerror}); "
            "name a file in a folder that you can write to."
        ) from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, in place of an older one: whole and on the disk, or not at all.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind then.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Wait until a folder's entries are on the disk, where the system can do that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_place(path: Path | None, what: str = "report") -> None:
    """Make sure, before anything is done, that a report can be written at its end.

    Parameters
    ----------
    path : Path or None
        None for a report that is not wanted.
    what : str
        What it is called in the sentence, if it is no report.

    Raises
    ------
    UsageError
        If the place cannot be written to.
    """
    if path is None:
        return
    reason = "it is a folder" if path.is_dir() else ""
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise UsageError(
            f"The {what} cannot be written to {path} ({reason}); "
            "name a file in a folder that you can write to."
        )


def save_report(path: Path | None, content: dict[str, Any]) -> None:
    """Write a report if one is wanted; where its place has gone, elsewhere rather than not at all.

    Raises
    ------
    UsageError
        If it could not be written where it was wanted; the sentence says where it is.
    """
    if path is None:
        return
    try:
        write_json(path, content)
    except UsageError as error:
        kept = Path(tempfile.mkdtemp(prefix="rtbci-report-")) / path.name
        write_json(kept, content)
        raise UsageError(f"The report could not be written to {path}; it is in {kept} instead.") from error
