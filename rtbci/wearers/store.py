"""Where profiles live: one folder a wearer, readable by its owner alone."""

import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import msgspec
import platformdirs

from rtbci.errors import WearerError
from rtbci.wearers.profile import FILES, Profile, ProfileRecord, read_files, read_record, write_files

_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MOST_BYTES = 10_000_000


def home() -> Path:
    """Return the folder of what rtbci keeps for this user; RTBCI_HOME sets another."""
    named = os.environ.get("RTBCI_HOME")
    return Path(named) if named else platformdirs.user_data_path("rtbci", appauthor=False)


def list_profiles() -> list[ProfileRecord]:
    """Return the records of all profiles, by pseudonym.

    Raises
    ------
    WearerError
        If one of them cannot be read.
    """
    folder = _wearers()
    if not folder.is_dir():
        return []
    # What begins with a dot is being written, or was left by a crash while it was.
    return [read_record(path) for path in sorted(folder.iterdir()) if not path.name.startswith(".")]


def load_profile(wearer: str, *, bundle_id: str | None = None) -> Profile:
    """Open a wearer's profile.

    Parameters
    ----------
    wearer : str
        The pseudonym.
    bundle_id : str, optional
        The bundle that it is to be used with.

    Raises
    ------
    WearerError
        If there is none, it is damaged, or it was fitted to another bundle.
    """
    profile = read_files(_existing(wearer))
    if bundle_id is not None and profile.record.bundle_id != bundle_id:
        raise WearerError(
            f"The profile of '{wearer}' was fitted to bundle {profile.record.bundle_id}, not to {bundle_id}; "
            "use that bundle or calibrate the wearer again."
        )
    return profile


def save_profile(profile: Profile) -> Path:
    """Store a profile, in place of an older one of the same wearer, all of it or nothing.

    Returns
    -------
    Path
        Its folder.

    Raises
    ------
    WearerError
        If the pseudonym is none or the folder cannot be written.
    """
    target = _folder(profile.wearer)
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.parent.chmod(0o700)
        _place(profile, target)
    except OSError as error:
        raise WearerError(
            f"The profile of '{profile.wearer}' cannot be stored in {target.parent} ({error.strerror}); set "
            "RTBCI_HOME to a folder of your own."
        ) from error
    return target


def read_report(wearer: str) -> str:
    """Return a wearer's calibration report as JSON text.

    Raises
    ------
    WearerError
        If there is no such profile or it is damaged.
    """
    return msgspec.json.format(msgspec.json.encode(load_profile(wearer).report), indent=2).decode()


def export_profile(wearer: str, file: Path) -> None:
    """Write a profile into a new zip file, from which `import_profile` takes it on another machine.

    Raises
    ------
    WearerError
        If there is no such profile, or the file exists or cannot be made.
    """
    folder = _existing(wearer)
    read_files(folder)
    try:
        # The file is the owner's alone from its first byte on.
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
    except OSError as error:
        raise WearerError(
            f"The profile of '{wearer}' cannot be written to {file} ({error.strerror}); give a new file in a "
            "folder of your own."
        ) from error


def import_profile(file: Path) -> Profile:
    """Store a profile that `export_profile` wrote.

    Raises
    ------
    WearerError
        If it is none, is damaged, or a profile of that wearer is there already.
    """
    with tempfile.TemporaryDirectory() as name:
        _unpack(file, Path(name))
        profile = read_files(Path(name))
    if _folder(profile.wearer).exists():
        raise WearerError(f"There is a profile of '{profile.wearer}' already; delete it first.")
    save_profile(profile)
    return profile


def delete_profile(wearer: str) -> None:
    """Delete everything that is kept about a wearer.

    Raises
    ------
    WearerError
        If there is no such profile or it cannot be deleted.
    """
    folder = _existing(wearer)
    try:
        for leftover in folder.parent.glob(_leftover_prefix(wearer) + "*"):
            shutil.rmtree(leftover)
        shutil.rmtree(folder)
    except OSError as error:
        raise WearerError(
            f"The profile at {folder} cannot be deleted ({error.strerror}); delete the folder by hand."
        ) from error


def _wearers() -> Path:
    return home() / "wearers"


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


def _folder(wearer: str) -> Path:
    check_name(wearer)
    return _wearers() / wearer


def _leftover_prefix(name: str) -> str:
    """Begin the name of a folder that is being written; a dot ends the pseudonym, which holds none."""
    return f".{name}."


def _existing(wearer: str) -> Path:
    folder = _folder(wearer)
    if not folder.is_dir():
        known = ", ".join(p.name for p in sorted(_wearers().glob("[!.]*"))) or "none yet"
        raise WearerError(
            f"There is no profile of '{wearer}' (there is: {known}); make one with `rtbci calibrate`."
        )
    return folder


def _unpack(file: Path, folder: Path) -> None:
    """Take a profile's files, and nothing else, out of a zip file."""
    try:
        with zipfile.ZipFile(file) as archive:
            for name in FILES:
                if archive.getinfo(name).file_size > _MOST_BYTES:
                    raise ValueError(f"{name} is too large")
                (folder / name).write_bytes(archive.read(name))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise WearerError(
            f"{file} holds no profile ({error}); give a file that `rtbci wearers export` wrote."
        ) from error


def _place(profile: Profile, target: Path) -> None:
    """Write a profile beside its place and rename it there, with the older one out of the way first."""
    # mkdtemp gives its folders to the owner alone.
    staging = Path(tempfile.mkdtemp(prefix=_leftover_prefix(target.name), dir=target.parent))
    try:
        write_files(profile, staging)
        if not target.exists():
            staging.rename(target)
            return
        old = staging.with_name(staging.name + "-old")
        target.rename(old)
        try:
            staging.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
