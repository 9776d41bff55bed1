"""A profile: an adapter and the record of where it came from, as files in one folder."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from rtbci.errors import WearerError
from rtbci.wearers.adapter import ARRAYS, Adapter

PROFILE_VERSION = 1
PROFILE_FILE = "profile.json"
REPORT_FILE = "report.json"
FILES = (PROFILE_FILE, REPORT_FILE, *(f"{name}.npy" for name in ARRAYS))


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
    sha256: dict[str, str] = {}
    """Hash of each array's file, by the array's name."""


@dataclass(frozen=True, eq=False)
class Profile:
    """A wearer's profile.

    Attributes
    ----------
    record : ProfileRecord
    adapter : Adapter
    report : mapping
        The calibration's report, as JSON holds it.
    """

    record: ProfileRecord
    adapter: Adapter
    report: Mapping[str, Any]

    @property
    def wearer(self) -> str:
        """The pseudonym."""
        return self.record.wearer


def cap_hash(labels: tuple[str, ...]) -> str:
    """Return a short hash of a cap's channel labels in order."""
    return hashlib.sha256("\0".join(labels).encode()).hexdigest()[:16]


def write_files(profile: Profile, folder: Path) -> None:
    """Write a profile's files into an empty folder, for the owner's eyes only."""
    hashes = {}
    for name, array in profile.adapter.arrays().items():
        path = folder / f"{name}.npy"
        np.save(path, array, allow_pickle=False)
        hashes[name] = _sha256(path)
    record = msgspec.structs.replace(profile.record, exponent=profile.adapter.exponent, sha256=hashes)
    _write_json(folder / PROFILE_FILE, record)
    _write_json(folder / REPORT_FILE, profile.report)
    for path in folder.iterdir():
        path.chmod(0o600)


def read_record(folder: Path) -> ProfileRecord:
    """Read a profile's record.

    Raises
    ------
    WearerError
        If it is missing, damaged, or of another version.
    """
    try:
        record = msgspec.json.decode((folder / PROFILE_FILE).read_bytes(), type=ProfileRecord)
    except (OSError, msgspec.DecodeError) as error:
        raise WearerError(
            f"The profile at {folder} cannot be read ({error}); delete it and calibrate the wearer again."
        ) from error
    if record.version != PROFILE_VERSION:
        raise WearerError(
            f"The profile at {folder} has version {record.version}, and this rtbci reads {PROFILE_VERSION}; "
            "calibrate the wearer again."
        )
    return record


def read_files(folder: Path) -> Profile:
    """Read a profile, every array's hash checked.

    Raises
    ------
    WearerError
        If a file is missing or damaged.
    """
    record = read_record(folder)
    try:
        arrays = {}
        for name in ARRAYS:
            path = folder / f"{name}.npy"
            if _sha256(path) != record.sha256.get(name):
                raise ValueError(f"{path.name} was changed")
            arrays[name] = np.array(np.lib.format.open_memmap(path, mode="r"), dtype=np.float64)
        report = msgspec.json.decode((folder / REPORT_FILE).read_bytes(), type=dict[str, Any])
    except (OSError, ValueError, msgspec.DecodeError) as error:
        raise WearerError(
            f"The profile at {folder} is damaged ({error}); delete it and calibrate the wearer again."
        ) from error
    return Profile(record, Adapter(**arrays, exponent=record.exponent), report)


def _write_json(path: Path, content: Any) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
