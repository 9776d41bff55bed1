"""How a device's channels become the decoder's 62: one matrix, computed once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import ContractError
from rtbci.montage.channels import CHANNELS
from rtbci.montage.labels import canonical, has_position, positions
from rtbci.montage.spline import spherical_spline
from rtbci.montage.units import SCALES, UnknownUnitError, parse_unit

MAX_MISSING = 16
"""Channels of the 62 that a cap may lack; beyond that the splines would invent more than they mend."""


@dataclass(frozen=True, eq=False)
class Remap:
    """The plan by which a device's channels become the montage's, in microvolt."""

    matrix: NDArray[np.float64]
    """(62, n_in): selection, scale to microvolt, and interpolation of what is missing."""
    matched: dict[str, int]
    """Index of the device's channel for each montage channel that it has."""
    interpolated: tuple[str, ...]
    """Montage channels that the cap lacks."""
    set_aside: tuple[str, ...]
    """Labels that the decoder does not use, as the device spells them."""
    unit: str
    """Unit of the device's EEG channels, or "mixed"."""


def plan_remap(
    labels: Sequence[str],
    units: Sequence[str],
    aliases: Mapping[str, str] | None = None,
    max_missing: int = MAX_MISSING,
    given_unit: str | None = None,
) -> Remap:
    """Plan how a device's channels become the montage's.

    Missing channels are interpolated by spherical splines from the montage channels that are there. Other
    scalp electrodes of the cap (AFz, Iz, T9 …) are not used for it: the live channel quality watches the 62
    only, and an electrode that nobody watches must not leak into what the decoder sees.

    Parameters
    ----------
    labels : sequence of str
        The device's labels, in order.
    units : sequence of str
        Unit of each channel as the device states it; only those of EEG channels matter.
    aliases : mapping, optional
        Montage or 10-05 name for labels that this device alone uses.
    max_missing : int
        How many of the 62 may be missing.
    given_unit : str, optional
        Unit of all EEG channels, whatever the device states.

    Returns
    -------
    Remap
        The plan.

    Raises
    ------
    ContractError
        If labels are absent or ambiguous, or too many channels are missing.
    UnknownUnitError
        If the unit of an EEG channel is unknown and none is given.
    """
    if len(units) != len(labels):
        raise ContractError(f"The stream has {len(labels)} labels but {len(units)} units: send one for each.")
    names = _names(labels, aliases or {})
    matched = {name: names.index(name) for name in CHANNELS if name in names}
    interpolated = tuple(name for name in CHANNELS if name not in matched)
    _check_missing(len(labels), interpolated, max_missing)

    scales, unit = _scales(labels, units, matched, given_unit)
    matrix = np.zeros((len(CHANNELS), len(labels)))
    for row, name in enumerate(CHANNELS):
        if name in matched:
            matrix[row, matched[name]] = scales[name]
    if interpolated:
        there = list(matched)
        weights = spherical_spline(positions(there), positions(interpolated))
        rows = [CHANNELS.index(name) for name in interpolated]
        matrix[rows] = weights @ matrix[[CHANNELS.index(name) for name in there]]
    used = set(matched.values())
    set_aside = tuple(
        label.strip() or f"unnamed channel {i + 1}" for i, label in enumerate(labels) if i not in used
    )
    return Remap(matrix, matched, interpolated, set_aside, unit)


def _names(labels: Sequence[str], aliases: Mapping[str, str]) -> list[str]:
    """Canonical name of each label; refuses names that two channels claim."""
    if not any(label.strip() for label in labels):
        raise ContractError(
            "The stream names none of its channels: have the sender write labels (channels/channel/label)."
        )
    known = {canonical(label): canonical(name) for label, name in aliases.items()}
    names = [known.get(canonical(label), canonical(label)) for label in labels]
    for name, count in Counter(names).items():
        if count > 1 and has_position(name):
            claims = ", ".join(repr(label) for label, n in zip(labels, names, strict=True) if n == name)
            raise ContractError(
                f"{count} channels claim to be electrode {name} ({claims}): give each electrode one channel."
            )
    return names


def _check_missing(n_labels: int, interpolated: Sequence[str], max_missing: int) -> None:
    if len(interpolated) <= max_missing:
        return
    shown = ", ".join(interpolated[:6]) + (" …" if len(interpolated) > 6 else "")
    raise ContractError(
        f"Of the decoder's {len(CHANNELS)} electrodes this {n_labels}-channel stream lacks "
        f"{len(interpolated)} ({shown}) and at most {max_missing} can be interpolated: use a cap with more "
        "electrodes, or give aliases if it has them under other names."
    )


def _scales(
    labels: Sequence[str], units: Sequence[str], matched: Mapping[str, int], given_unit: str | None
) -> tuple[dict[str, float], str]:
    """Microvolts in one unit of each matched channel, and the unit's name."""
    if given_unit is not None:
        unit = parse_unit(given_unit)
        if unit is None:
            raise UnknownUnitError(f"{given_unit!r} is not a unit of EEG: use V, mV, uV or nV.")
        return dict.fromkeys(matched, SCALES[unit]), unit
    found: dict[str, str] = {}
    for name, i in matched.items():
        unit = parse_unit(units[i])
        if unit is None:
            raise UnknownUnitError(
                f"The unit of channel {labels[i]!r} is {units[i]!r}, which is not one of V, mV, uV, nV: "
                "have the sender state it, or give it with --unit."
            )
        found[name] = unit
    kinds = set(found.values())
    return {name: SCALES[unit] for name, unit in found.items()}, kinds.pop() if len(kinds) == 1 else "mixed"
