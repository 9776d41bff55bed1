"""What folders of exported generators have in common: a manifest, and files that it vouches for."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from rtbci.bundle import Array, Engine
from rtbci.bundle.checks import check_file_name
from rtbci.bundle.reader import check_file
from rtbci.bundle.schema import Weights
from rtbci.errors import BundleError


class _Versioned(Protocol):
    @property
    def schema_version(self) -> int: ...


M = TypeVar("M", bound=_Versioned)


def read_exported(file: Path, kind: type[M], version: int, where: str, instead: str) -> M:
    """Read a folder's manifest.

    Parameters
    ----------
    file : Path
        JSON.
    kind : type
        What it holds.
    version : int
        The schema version that is read.
    where : str
        What the folder is called in sentences.
    instead : str
        What to do where there is no such file.

    Raises
    ------
    BundleError
        With one sentence for the first thing that is wrong.
    """
    try:
        manifest = msgspec.json.decode(file.read_bytes(), type=kind)
    except OSError as error:
        raise BundleError(
            f"There is no {file.name} at {file.parent} ({error.strerror}); {instead}."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"{file.name} of {where} cannot be read ({error}); export it again.") from error
    if manifest.schema_version != version:
        raise BundleError(
            f"{where} has schema version {manifest.schema_version}, and this rtbci reads {version}; "
            "export it again with this version."
        )
    return manifest


def check_entries(folder: Path, entries: Iterable[Engine | Array | Weights], where: str) -> None:
    """Check every byte of the files that a manifest names.

    Raises
    ------
    BundleError
        With one sentence for the first that is not as it was written.
    """
    for entry in entries:
        check_file_name(entry.file, where)
        check_file(folder, entry, where)
