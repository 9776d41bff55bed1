"""From what the operator names on the command line to what the session needs."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rtbci.errors import UsageError

if TYPE_CHECKING:
    from rtbci.stream import StreamSettings
    from rtbci.wearers import Profile
    from rtbci.wire import PublisherKeys, ViewerKeys

PASSPHRASE = "RTBCI_PASSPHRASE"
"""Environment variable; an option would be seen by everyone who lists processes."""


def stream_settings(cap: str | None, unit: str | None) -> "StreamSettings":
    """Make the stream's settings from a cap profile's name and a unit."""
    from rtbci.stream import StreamSettings

    if cap is None:
        return StreamSettings(unit=unit)
    from devices.caps import load_cap

    profile = load_cap(cap)
    return StreamSettings(
        labels=profile.labels,
        unit=unit,
        cap_unit=profile.unit,
        aliases=profile.aliases,
        delay_s=profile.delay_s,
    )


def wearer_profile(
    wearer: str | None, bundle: Path | None, passphrase: str | None = None
) -> "Profile | None":
    """Open a wearer's profile, refusing one that was made for another bundle."""
    if wearer is None:
        return None
    from rtbci.bundle import load_bundle
    from rtbci.wearers import load_profile

    bundle_id = load_bundle(bundle).manifest.id
    return load_profile(wearer, bundle_id=bundle_id, passphrase=passphrase or passphrase_of(wearer))


def passphrase_of(wearer: str) -> str | None:
    """Find the passphrase of a wearer's profile, if that is encrypted: in the environment, or by asking."""
    from rtbci.wearers import is_sealed

    if not is_sealed(wearer):
        return None
    given = os.environ.get(PASSPHRASE)
    if given is None and sys.stdin.isatty():
        given = str(typer.prompt(f"Passphrase of {wearer}", hide_input=True))
    return given


def new_passphrase() -> str:
    """Find the passphrase for a new profile: in the environment, or by asking twice.

    Raises
    ------
    UsageError
        If there is nobody to ask.
    """
    given = os.environ.get(PASSPHRASE)
    if given is None and sys.stdin.isatty():
        given = str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True))
    if not given:
        raise UsageError(
            f"There is no passphrase to encrypt with; set {PASSPHRASE}, or start the command in a terminal."
        )
    return given


def publisher_keys(folder: Path | None) -> "PublisherKeys | None":
    """Read the sending side's keys, if a folder is named."""
    from rtbci.wire import read_publisher_keys

    return None if folder is None else read_publisher_keys(folder)


def viewer_keys(folder: Path | None) -> "ViewerKeys | None":
    """Read the viewer's keys, if a folder is named."""
    from rtbci.wire import read_viewer_keys

    return None if folder is None else read_viewer_keys(folder)
