"""Where a wearer's things lie, and how a folder takes another's place whole, whenever the process dies.

A folder is written beside its place under a name with a dot, put on the disk, and renamed. Where an older one
is in the way it is renamed first, to the new one's name with "-old" behind it: so if both renames are not
done, what is whole can be told by its name.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

from rtbci.errors import WearerError
from rtbci.files import sync_folder

_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_OLD = "-old"


def home() -> Path:
    """Return the folder of what rtbci keeps for this user; RTBCI_HOME sets another."""
    named = os.environ.get("RTBCI_HOME")
    return Path(named) if named else platformdirs.user_data_path("rtbci", appauthor=False)


def profiles() -> Path:
    """Return the folder of all profiles."""
    return home() / "wearers"


def profile_folder(wearer: str) -> Path:
    """Return where a wearer's profile lies, if there is one.

    Raises
    ------
    WearerError
        If the pseudonym is none.
    """
    check_name(wearer)
    return profiles() / wearer


def sitting_folder(wearer: str) -> Path:
    """Return where a calibration keeps what is recorded of a wearer until the profile is saved.

    Raises
    ------
    WearerError
        If the pseudonym is none.
    """
    check_name(wearer)
    return home() / "sittings" / wearer


def check_name(wearer: str) -> None:
    """Make sure that a profile can be kept under a pseudonym.

    Raises
    ------
    WearerError
        If it is no plain name.
    """
    if not _PSEUDONYM.fullmatch(wearer):
        raise WearerError(
            f"'{wearer}' cannot be a wearer's pseudonym; use 1 to 64 letters, digits, '-' or '_', with a "
            "letter or digit first."
        )


def make_private(folder: Path) -> None:
    """Make a folder, and those above it, for the owner alone.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)


def whole(target: Path) -> Path | None:
    """Return the folder that holds a thing now: its place, or where a process that died left it."""
    if target.is_dir():
        return target
    for old in sorted(target.parent.glob(f"{_prefix(target)}*{_OLD}")):
        new = old.with_name(old.name.removesuffix(_OLD))
        return new if new.is_dir() else old
    return None


def names(parent: Path) -> list[str]:
    """Return the names of all things in a folder that are whole."""
    if not parent.is_dir():
        return []
    there = {path.name for path in parent.iterdir() if path.is_dir() and not path.name.startswith(".")}
    moved = {path.name.split(".")[1] for path in parent.glob(f".*{_OLD}")}
    return sorted(there | moved)


def place(target: Path, write: Callable[[Path], None]) -> None:
    """Have a folder written and put it in its place, all of it or nothing.

    Parameters
    ----------
    target : Path
        Its place; the folder above is made if needed.
    write : callable
        Writes into an empty folder, onto the disk.

    Raises
    ------
    OSError
        If it cannot be written; the older one is still there then.
    """
    make_private(target.parent)
    _settle(target)
    # mkdtemp gives its folders to the owner alone.
    staging = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    try:
        write(staging)
        old = staging.with_name(staging.name + _OLD)
        if target.exists():
            target.rename(old)
        try:
            staging.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
        sync_folder(target.parent)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def remove(target: Path) -> None:
    """Remove a thing and everything that was left of its being written, so that no half of it is ever seen.

    Raises
    ------
    OSError
        If that cannot be done.
    """
    _settle(target)
    if target.is_dir():
        # Renamed first: a folder that is half deleted must not look like one that is whole.
        going = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
        target.rename(going / "gone")
        shutil.rmtree(going)


def _settle(target: Path) -> None:
    """Finish what a process that died left undone, and clear away what it did not get to."""
    found = whole(target)
    if found is not None and found != target:
        found.rename(target)
    for leftover in target.parent.glob(_prefix(target) + "*"):
        shutil.rmtree(leftover)


def _prefix(target: Path) -> str:
    """Begin the name of a folder that is being written; a dot ends the pseudonym, which holds none."""
    return f".{target.name}."
