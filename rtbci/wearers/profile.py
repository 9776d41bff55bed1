"""A profile: an adapter and the record of where it came from, as files in one folder."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rtbci.errors import WearerError
from rtbci.files import sync_folder, write_whole
from rtbci.wearers.adapter import ARRAYS, Adapter

PROFILE_VERSION = 1
PROFILE_FILE = "profile.json"
REPORT_FILE = "report.json"
FILES = (PROFILE_FILE, REPORT_FILE, *(f"{name}.npy" for name in ARRAYS))
PAGES = ("report.html", "report.png")
"""The report for people; a profile may be without."""
ENCODER_FILE = "encoder.onnx"
COVARIANCE_FILE = "covariance.npy"
PARTS = (ENCODER_FILE, COVARIANCE_FILE)
"""What a profile may be without, and which is checked by its hash as the arrays are."""


class Predicted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Accuracy that calibration predicts for clips to come, from held-out slots."""

    top1: float
    ci95: tuple[float, float]
    chance: float


class ProfileRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `profile.json`."""

    version: int = PROFILE_VERSION
    wearer: str
    """A pseudonym; nothing needs, and nothing should hold, a person's name."""
    bundle_id: str
    created: str
    method: str
    """The candidate that calibration chose."""
    predicted: Predicted
    cap_labels: tuple[str, ...]
    """Channels of the cap that it was calibrated with, as the device spells them."""
    cap_hash: str
    exponent: float | None = None
    spread: float | None = None
    """Usual distance of the running covariance from the profile's; see `rtbci.signal.Usual`."""
    sha256: dict[str, str] = {}
    """Hash of each array's file by the array's name, and of each part that is there by its file's name."""


@dataclass(frozen=True, eq=False)
class Profile:
    """A wearer's profile.

    Attributes
    ----------
    record : ProfileRecord
    adapter : Adapter
    report : mapping
        The calibration's report, as JSON holds it.
    pages : mapping of str to bytes
        The report for people: content of the files named in `PAGES`, any or none of them.
    encoder : bytes or None
        ONNX graph of an encoder of the wearer's own, where calibration chose to fine-tune it.
    covariance : ndarray, shape (62, 62), or None
        Of the wearer's scaled EEG in calibration; profiles of earlier versions have none.
    """

    record: ProfileRecord
    adapter: Adapter
    report: Mapping[str, Any]
    pages: Mapping[str, bytes] = field(default_factory=dict)
    encoder: bytes | None = None
    covariance: NDArray[np.float64] | None = None

    @property
    def wearer(self) -> str:
        """The pseudonym."""
        return self.record.wearer


def cap_hash(labels: tuple[str, ...]) -> str:
    """Return a short hash of a cap's channel labels in order."""
    return hashlib.sha256("\0".join(labels).encode()).hexdigest()[:16]


def check_cap(record: ProfileRecord, labels: tuple[str, ...]) -> None:
    """Make sure that a stream comes from the cap that a profile was made with.

    Raises
    ------
    WearerError
        If its channels are others.
    """
    if cap_hash(labels) != record.cap_hash:
        raise WearerError(
            f"The profile of '{record.wearer}' was made with another cap ({len(record.cap_labels)} channels: "
            f"{', '.join(record.cap_labels[:3])} …, here {len(labels)}: {', '.join(labels[:3])} …); use that "
            "cap, calibrate the wearer with this one, or run without --wearer."
        )


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write a profile's `contents` into an empty folder, for the owner's eyes only, and onto the disk."""
    for name, content in files.items():
        write_whole(folder / name, content)
    sync_folder(folder)


def contents(profile: Profile) -> dict[str, bytes]:
    """Return what a profile's files hold, by their names."""
    arrays = {name: _npy(array) for name, array in profile.adapter.arrays().items()}
    parts = {} if profile.encoder is None else {ENCODER_FILE: profile.encoder}
    if profile.covariance is not None:
        parts[COVARIANCE_FILE] = _npy(profile.covariance)
    hashes = {name: _sha256(content) for name, content in (arrays | parts).items()}
    record = msgspec.structs.replace(profile.record, exponent=profile.adapter.exponent, sha256=hashes)
    return {
        **{f"{name}.npy": content for name, content in arrays.items()},
        **parts,
        **{name: profile.pages[name] for name in PAGES if name in profile.pages},
        PROFILE_FILE: _json(record),
        REPORT_FILE: _json(profile.report),
    }


def read_files(folder: Path) -> Profile:
    """Read a profile from a folder, every array's hash checked.

    Raises
    ------
    WearerError
        If a file is missing or damaged.
    """
    there = tuple(name for name in (*PARTS, *PAGES) if (folder / name).is_file())
    return parse(_read(folder, (*FILES, *there)), str(folder))


def parse_record(files: Mapping[str, bytes], where: str) -> ProfileRecord:
    """Make a record from the content of a profile's files; `where` names them in what is said of errors.

    Raises
    ------
    WearerError
        If it is damaged or of another version.
    """
    try:
        record = msgspec.json.decode(files[PROFILE_FILE], type=ProfileRecord)
    except (KeyError, msgspec.DecodeError) as error:
        raise _damaged(where, error) from error
    if record.version != PROFILE_VERSION:
        raise WearerError(
            f"The profile at {where} has version {record.version}, and this rtbci reads {PROFILE_VERSION}; "
            "calibrate the wearer again."
        )
    return record


def parse(files: Mapping[str, bytes], where: str) -> Profile:
    """Make a profile from the content of its files; `where` names them in what is said of errors.

    Raises
    ------
    WearerError
        If a file is missing or damaged.
    """
    record = parse_record(files, where)
    try:
        arrays = {}
        for name in ARRAYS:
            content = files[f"{name}.npy"]
            if _sha256(content) != record.sha256.get(name):
                raise ValueError(f"{name}.npy was changed")
            arrays[name] = np.load(io.BytesIO(content), allow_pickle=False).astype(np.float64)
        for name in PARTS:
            # A part that is there but not in the record, or the other way round, was put there or taken away.
            if (_sha256(files[name]) if name in files else None) != record.sha256.get(name):
                raise ValueError(f"{name} was changed")
        report = msgspec.json.decode(files[REPORT_FILE], type=dict[str, Any])
        covariance = _covariance(files.get(COVARIANCE_FILE))
    except (KeyError, ValueError, msgspec.DecodeError) as error:
        raise _damaged(where, error) from error
    pages = {name: files[name] for name in PAGES if name in files}
    adapter = Adapter(**arrays, exponent=record.exponent)
    return Profile(record, adapter, report, pages, files.get(ENCODER_FILE), covariance)


def _covariance(content: bytes | None) -> NDArray[np.float64] | None:
    if content is None:
        return None
    found: NDArray[np.float64] = np.load(io.BytesIO(content), allow_pickle=False).astype(np.float64)
    if found.shape != ARRAYS["matrix"] or not np.isfinite(found).all():
        raise ValueError(f"{COVARIANCE_FILE} holds no covariance")
    return found


def _read(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    files = {}
    for name in names:
        try:
            files[name] = (folder / name).read_bytes()
        except FileNotFoundError as error:
            raise _damaged(str(folder), f"{name} is missing") from error
        except OSError as error:
            raise _damaged(str(folder), f"{name} cannot be read: {error.strerror}") from error
    return files


def _damaged(where: str, why: Exception | str) -> WearerError:
    return WearerError(
        f"The profile at {where} is damaged ({why}); delete it and calibrate the wearer again."
    )


def _npy(array: NDArray[np.float64]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _json(content: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
