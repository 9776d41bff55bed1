"""Which code made a result."""

import hashlib
from functools import cache
from pathlib import Path

from rtbci import __version__

_PACKAGES = (
    "training",
    "devices",
    *(f"rtbci/{room}" for room in ("bundle", "calibrate", "montage", "signal", "stimuli", "wearers")),
)


@cache
def code_version() -> str:
    """The package's version and a short hash of the sources that decide what training gives."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            digest.update(str(file.relative_to(root)).encode())
            digest.update(file.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:10]}"
