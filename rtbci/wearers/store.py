"""Keeping profiles: one folder a wearer, for its owner alone, encrypted where a passphrase is given."""

import io
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from rtbci.errors import WearerError
from rtbci.files import sync_folder, write_whole
from rtbci.wearers import places
from rtbci.wearers.profile import (
    ENCODER_FILE,
    FILES,
    PAGES,
    PARTS,
    Profile,
    ProfileRecord,
    contents,
    parse,
    read_files,
    write_files,
)
from rtbci.wearers.sealed import SEALED_FILE, seal, sealed_wearer, unseal

_MOST_BYTES = 10_000_000
# An encoder may be as large as a laboratory's bundle, whose heads for text embeddings are; it is written in
# base64 twice where it is encrypted.
_MOST_BYTES_OF = {ENCODER_FILE: 1_000_000_000, SEALED_FILE: 2_000_000_000}


@dataclass(frozen=True, eq=False)
class Listed:
    """What can be said of a profile without a passphrase.

    Attributes
    ----------
    wearer : str
        The pseudonym.
    sealed : bool
        Whether it is encrypted.
    record : ProfileRecord or None
        None of one that is encrypted or damaged.
    report : mapping
        The calibration's, empty where there is no record.
    damage : str
        What is wrong with one that is damaged, and how to mend it, as a sentence.
    """

    wearer: str
    sealed: bool = False
    record: ProfileRecord | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    damage: str = ""


def list_profiles() -> list[Listed]:
    """Return what can be said of all profiles, by pseudonym; one that is damaged keeps no other from it."""
    return [_listed(name) for name in places.names(places.profiles())]


def _listed(wearer: str) -> Listed:
    try:
        folder = _existing(wearer)
        if _is_sealed(folder):
            return Listed(wearer, sealed=True)
        profile = read_files(folder)
        # What it holds besides may be large, and these are kept of all wearers at once.
        return Listed(wearer, record=profile.record, report=profile.report)
    except WearerError as error:
        return Listed(wearer, damage=str(error))


def is_kept(wearer: str) -> bool:
    """Whether there is a profile of a wearer, even if it is encrypted or damaged."""
    return places.whole(places.profile_folder(wearer)) is not None


def is_sealed(wearer: str) -> bool:
    """Whether a wearer's profile is encrypted; False also if there is none."""
    folder = places.whole(places.profile_folder(wearer))
    return folder is not None and _is_sealed(folder)


def load_profile(wearer: str, *, bundle_id: str | None = None, passphrase: str | None = None) -> Profile:
    """Open a wearer's profile.

    Parameters
    ----------
    wearer : str
        The pseudonym.
    bundle_id : str, optional
        The bundle that it is to be used with.
    passphrase : str, optional
        Of an encrypted profile.

    Raises
    ------
    WearerError
        If there is none, it is damaged, it was fitted to another bundle, or the passphrase is wrong.
    """
    profile = _open(_existing(wearer), passphrase)
    if bundle_id is not None and profile.record.bundle_id != bundle_id:
        raise WearerError(
            f"The profile of '{wearer}' was fitted to bundle {profile.record.bundle_id}, not to {bundle_id}; "
            "use that bundle or calibrate the wearer again."
        )
    return profile


def save_profile(profile: Profile, *, passphrase: str | None = None) -> Path:
    """Store a profile, in place of an older one of the same wearer, all of it or nothing.

    Returns
    -------
    Path
        Its folder.

    Raises
    ------
    WearerError
        If the pseudonym is none, the folder cannot be written, or a file is larger than is read again.
    """
    files = contents(profile)
    try:
        _check_sizes({name: len(content) for name, content in files.items()})
    except ValueError as error:
        # Before anything is placed: the recording that it was fitted to is deleted after.
        raise WearerError(
            f"The profile of '{profile.wearer}' cannot be stored ({error}); calibrate with a smaller bundle."
        ) from error
    if passphrase is None:
        return _place(profile.wearer, lambda folder: write_files(files, folder))
    sealed = seal(_pack(files), profile.wearer, passphrase, os.urandom(16))
    return _place(profile.wearer, lambda folder: _write_sealed(sealed, folder))


def read_report(wearer: str, *, passphrase: str | None = None) -> str:
    """Return a wearer's calibration report as JSON text.

    Raises
    ------
    WearerError
        If there is no such profile, it is damaged, or the passphrase is wrong.
    """
    report = load_profile(wearer, passphrase=passphrase).report
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()


def export_profile(wearer: str, file: Path) -> None:
    """Write a profile into a new zip file, from which `import_profile` takes it on another machine.

    What is encrypted stays so.

    Raises
    ------
    WearerError
        If there is no such profile, or the file exists or cannot be made.
    """
    folder = _existing(wearer)
    if not _is_sealed(folder):
        read_files(folder)
    made = False
    try:
        # The file is the owner's alone from its first byte on.
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        made = True
        with os.fdopen(handle, "wb") as stream:
            stream.write(_pack({path.name: path.read_bytes() for path in sorted(folder.iterdir())}))
    except OSError as error:
        if made:
            file.unlink()
        raise WearerError(
            f"The profile of '{wearer}' cannot be written to {file} ({error.strerror}); give a new file in a "
            "folder of your own."
        ) from error


def import_profile(file: Path) -> str:
    """Store a profile that `export_profile` wrote.

    Returns
    -------
    str
        The wearer's pseudonym.

    Raises
    ------
    WearerError
        If it is none, is damaged, or a profile of that wearer is there already.
    """
    files = _unpack(file)
    sealed = files.get(SEALED_FILE)
    profile = parse(files, str(file)) if sealed is None else None
    wearer = profile.wearer if profile is not None else sealed_wearer(sealed or b"", str(file))
    if places.whole(places.profile_folder(wearer)) is not None:
        raise WearerError(f"There is a profile of '{wearer}' already; delete it first.")
    if profile is not None:
        save_profile(profile)
    else:
        _place(wearer, lambda folder: _write_sealed(sealed or b"", folder))
    return wearer


def check_anything_kept(wearer: str) -> None:
    """Make sure that there is something to delete: a profile, or a calibration that was begun.

    Raises
    ------
    WearerError
        If nothing is kept of the wearer.
    """
    if places.whole(places.sitting_folder(wearer)) is None:
        _existing(wearer)


def delete_profile(wearer: str) -> None:
    """Delete everything that is kept about a wearer, a calibration that was begun included.

    Raises
    ------
    WearerError
        If nothing is kept or it cannot be deleted.
    """
    check_anything_kept(wearer)
    try:
        places.remove(places.sitting_folder(wearer))
        places.remove(places.profile_folder(wearer))
    except OSError as error:
        raise WearerError(
            f"What is kept of '{wearer}' in {places.home()} cannot be deleted ({error.strerror}); delete the "
            "folders by hand."
        ) from error


def _existing(wearer: str) -> Path:
    folder = places.whole(places.profile_folder(wearer))
    if folder is None:
        known = ", ".join(places.names(places.profiles())) or "none yet"
        raise WearerError(
            f"There is no profile of '{wearer}' (there is: {known}); make one with `rtbci calibrate`."
        )
    return folder


def _place(wearer: str, write: Callable[[Path], None]) -> Path:
    target = places.profile_folder(wearer)
    try:
        places.place(target, write)
    except OSError as error:
        raise WearerError(
            f"The profile of '{wearer}' cannot be stored in {target.parent} ({error.strerror}); make room "
            "there or set RTBCI_HOME to a folder of your own."
        ) from error
    return target


def _is_sealed(folder: Path) -> bool:
    return (folder / SEALED_FILE).is_file()


def _open(folder: Path, passphrase: str | None) -> Profile:
    if not _is_sealed(folder):
        return read_files(folder)
    plain = unseal((folder / SEALED_FILE).read_bytes(), passphrase, str(folder))
    try:
        files = _unzip(io.BytesIO(plain), FILES)
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise WearerError(
            f"The encrypted profile at {folder} cannot be read ({error}); calibrate the wearer again."
        ) from error
    return parse(files, str(folder))


def _write_sealed(sealed: bytes, folder: Path) -> None:
    write_whole(folder / SEALED_FILE, sealed)
    sync_folder(folder)


def _pack(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _unpack(file: Path) -> dict[str, bytes]:
    """Take a profile's files, and nothing else, out of a zip file."""
    try:
        with file.open("rb") as stream:
            with zipfile.ZipFile(stream) as archive:
                needed = (SEALED_FILE,) if SEALED_FILE in archive.namelist() else FILES
            return _unzip(stream, needed)
    except OSError as error:
        raise WearerError(
            f"{file} cannot be read ({error.strerror}); give a file that `rtbci wearers export` wrote."
        ) from error
    # A zip file that is encrypted or packed in a way of its own raises RuntimeError.
    except (KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        why = {
            zipfile.BadZipFile: "it is no whole zip file",
            zlib.error: "it is damaged",
            KeyError: "files of a profile are missing in it",
        }.get(type(error), str(error))
        raise WearerError(
            f"{file} holds no profile ({why}); give a file that `rtbci wearers export` wrote."
        ) from error


def _unzip(stream: io.BufferedReader | io.BytesIO, needed: tuple[str, ...]) -> dict[str, bytes]:
    with zipfile.ZipFile(stream) as archive:
        there = [name for name in (*PARTS, *PAGES) if name in archive.namelist()]
        _check_sizes({name: archive.getinfo(name).file_size for name in (*needed, *there)})
        return {name: archive.read(name) for name in (*needed, *there)}


def _check_sizes(sizes: Mapping[str, int]) -> None:
    """Refuse what would fill the memory when it is read: a zip file of little can unpack to anything."""
    for name, size in sizes.items():
        most = _MOST_BYTES_OF.get(name, _MOST_BYTES)
        if size > most:
            raise ValueError(f"{name} has {size / 1e6:.0f} MB, where {most / 1e6:.0f} are the most")
