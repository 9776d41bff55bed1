"""Reading cap profiles, those that ship and a lab's own."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from rtbci.errors import ContractError, UsageError
from rtbci.montage import has_position, parse_unit, plan_remap


@dataclass(frozen=True)
class Cap:
    """A cap with its amplifier.

    Attributes
    ----------
    id, title
        Short name for the command line, and what it is.
    labels
        Channel labels in the order in which they are sent, as the device spells them.
    aliases
        10-05 names for other labels that the same electrodes are sent under.
    unit
        Unit of the EEG channels as they are usually sent.
    rate_hz
        Usual sampling rate.
    delay_s
        Fixed delay from scalp to LSL stamp, which LSL cannot know; 0 where nobody has measured it.
    reference, ground
        Where they sit, in words.
    notes
        What the profile rests on.
    """

    id: str
    title: str
    labels: tuple[str, ...]
    aliases: Mapping[str, str]
    unit: str
    rate_hz: float
    delay_s: float
    reference: str
    ground: str
    notes: str


_KINDS: dict[str, type | tuple[type, ...]] = {
    "title": str,
    "labels": list,
    "aliases": dict,
    "unit": str,
    "rate_hz": (int, float),
    "delay_s": (int, float),
    "reference": str,
    "ground": str,
    "notes": str,
}


def cap_names() -> tuple[str, ...]:
    """List the profiles that ship, by name."""
    folder = resources.files("devices.caps")
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_cap(name: str) -> Cap:
    """Read a profile.

    Parameters
    ----------
    name
        Name of a profile that ships (see `cap_names`), or path of a TOML file of one's own.

    Raises
    ------
    UsageError
        If there is no such profile, or it is not a valid one; the sentence names file and field.
    """
    if name in cap_names():
        return _parse(resources.files("devices.caps").joinpath(f"{name}.toml").read_text("utf-8"), name)
    path = Path(name)
    if not path.is_file():
        raise UsageError(
            f"There is no cap {name!r}: choose one of {', '.join(cap_names())}, or give the path "
            "of a TOML file."
        )
    try:
        return _parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The cap file {path} cannot be read ({error}): give a TOML text file.") from error


def _parse(text: str, source: str) -> Cap:
    try:
        fields = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The cap file {source} is no valid TOML: {error}.") from error
    _check_kinds(fields, source)
    cap = Cap(
        id=Path(source).stem,
        title=fields["title"],
        labels=tuple(fields["labels"]),
        aliases=fields["aliases"],
        unit=fields["unit"],
        rate_hz=float(fields["rate_hz"]),
        delay_s=float(fields["delay_s"]),
        reference=fields["reference"],
        ground=fields["ground"],
        notes=fields["notes"],
    )
    _check_values(cap, source)
    return cap


def _check_kinds(fields: dict[str, Any], source: str) -> None:
    if missing := sorted(_KINDS.keys() - fields.keys()):
        raise UsageError(f"The cap file {source} lacks {', '.join(missing)}: add it.")
    if unknown := sorted(fields.keys() - _KINDS.keys()):
        raise UsageError(f"The cap file {source} has unknown fields ({', '.join(unknown)}): remove them.")
    for field, kind in _KINDS.items():
        if not isinstance(fields[field], kind) or isinstance(fields[field], bool):
            raise UsageError(
                f"In the cap file {source}, {field} is of the wrong kind: see a shipped profile."
            )
    texts = [*fields["labels"], *fields["aliases"].values()]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise UsageError(f"In the cap file {source}, every label and alias must be a text that is not empty.")


def _check_values(cap: Cap, source: str) -> None:
    if not (math.isfinite(cap.rate_hz) and cap.rate_hz > 0):
        raise UsageError(f"In the cap file {source}, rate_hz is {cap.rate_hz}: give a positive number.")
    if not 0 <= cap.delay_s < 1:
        raise UsageError(f"In the cap file {source}, delay_s is {cap.delay_s}: give seconds, below 1.")
    if parse_unit(cap.unit) is None:
        raise UsageError(f"In the cap file {source}, {cap.unit!r} is no unit: use V, mV, uV or nV.")
    if strays := [name for name in cap.aliases.values() if not has_position(name)]:
        raise UsageError(
            f"In the cap file {source}, {', '.join(strays)} are no 10-05 names: correct the aliases."
        )
    try:
        plan_remap(cap.labels, [cap.unit] * len(cap.labels), cap.aliases)
    except ContractError as error:
        raise UsageError(f"The cap in {source} cannot be used: {error}") from error
