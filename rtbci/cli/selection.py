"""From what the operator names on the command line to what the session needs."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtbci.stream import StreamSettings
    from rtbci.wearers import Profile
    from rtbci.wire import PublisherKeys, ViewerKeys


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


def wearer_profile(wearer: str | None, bundle: Path | None) -> "Profile | None":
    """Open a wearer's profile, refusing one that was made for another bundle."""
    if wearer is None:
        return None
    from rtbci.bundle import load_bundle
    from rtbci.wearers import load_profile

    return load_profile(wearer, bundle_id=load_bundle(bundle).manifest.id)


def publisher_keys(folder: Path | None) -> "PublisherKeys | None":
    """Read the sending side's keys, if a folder is named."""
    from rtbci.wire import read_publisher_keys

    return None if folder is None else read_publisher_keys(folder)


def viewer_keys(folder: Path | None) -> "ViewerKeys | None":
    """Read the viewer's keys, if a folder is named."""
    from rtbci.wire import read_viewer_keys

    return None if folder is None else read_viewer_keys(folder)
