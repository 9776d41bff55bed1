"""What a stream must be to be decoded, checked on its full description and its first second."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pylsl
from numpy.typing import NDArray

from rtbci.errors import ContractError
from rtbci.montage import MAX_MISSING, SCALES, Remap, has_position, judge_unit, parse_unit, plan_remap
from rtbci.stream.discovery import Found

# What senders write where they do not know. Anything else that is no unit of EEG is refused.
_UNSAID = frozenset({"", "?", "-", "n/a", "na", "nan", "none", "null", "unknown", "unspecified", "undefined"})
_NOT_EEG = frozenset(
    {"eog", "ecg", "ekg", "emg", "aux", "misc", "trigger", "trig", "stim", "acc", "gyro", "counter", "status"}
)
# Median amplitudes that no EEG amplifier can deliver: below its own noise, above its input range. Between
# them an unworn or badly fitted cap is the likelier cause, and the stated unit stands.
_LEAST_UV, _MOST_UV = 0.05, 3e5
# Above this, what the electrodes pick up is not EEG, or the unit is wrong: said, not acted upon.
_STRANGE_UV = 5e3


@dataclass(frozen=True)
class StreamSettings:
    """What the operator knows about the stream beyond what it says itself, and how it is watched."""

    labels: tuple[str, ...] | None = None
    """Labels of the cap, for a stream that names none."""
    unit: str | None = None
    """Unit of the EEG channels, whatever the stream says."""
    cap_unit: str | None = None
    """Unit of the EEG channels where the stream says none."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    """The device's own fixed delay, which LSL cannot know: it is taken off every stamp."""
    max_missing: int = MAX_MISSING
    min_rate_hz: float = 100.0
    judge_s: float = 1.0
    """Length of the beginning from which the amplitude is judged before anything is handed on."""
    stall_s: float = 0.25
    gone_s: float = 3.0
    """Silence after which a sender that does not answer a search either is taken for lost."""
    open_timeout_s: float = 3.0


@dataclass(frozen=True)
class Description:
    """What a stream says of itself in its full description."""

    found: Found
    labels: tuple[str, ...]
    units: tuple[str, ...]
    types: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class StreamContract:
    """A stream that was accepted, and how it becomes the decoder's input."""

    name: str
    source_id: str
    host: str
    uid: str
    labels: tuple[str, ...]
    units: tuple[str, ...]
    """Unit of each channel as announced."""
    types: tuple[str, ...]
    rate_hz: float
    format: str
    remap: Remap
    delay_s: float = 0.0
    notices: tuple[str, ...] = ()
    """What had to be assumed, one sentence each."""

    @property
    def n_channels(self) -> int:
        """Number of channels of the device."""
        return len(self.labels)

    @property
    def unit(self) -> str:
        """Unit that the EEG channels are taken to be in."""
        return self.remap.unit

    def same_input(self, other: "StreamContract") -> bool:
        """Whether samples of both can go through one and the same chain."""
        return (
            self.labels == other.labels
            and self.rate_hz == other.rate_hz
            and np.array_equal(self.remap.matrix, other.remap.matrix)
        )


def describe(info: pylsl.StreamInfo) -> Description:
    """Read labels, units and types from LSL's full description.

    Channels that are described without a label, unit or type have an empty string there.
    """
    labels, units, types = [], [], []
    channel = info.desc().child("channels").child("channel")
    while not channel.empty():
        labels.append(channel.child_value("label").strip())
        units.append(channel.child_value("unit").strip())
        types.append(channel.child_value("type").strip())
        channel = channel.next_sibling("channel")
    return Description(Found.of(info), tuple(labels), tuple(units), tuple(types))


def check(description: Description, settings: StreamSettings) -> Description:
    """Refuse what cannot fit whatever the samples look like; fill in labels that the operator gave.

    Raises
    ------
    ContractError
        One sentence saying what does not fit and how to mend it.
    """
    found = description.found
    if found.format in ("string", "undefined"):
        raise ContractError(
            f"Stream {found.name!r} sends samples of format {found.format}, which are no numbers: "
            "choose the EEG stream itself with --name."
        )
    if found.rate_hz <= 0:
        raise ContractError(
            f"Stream {found.name!r} announces an irregular rate, and EEG needs a regular one: "
            "have the sender announce its nominal sampling rate."
        )
    if found.rate_hz < settings.min_rate_hz:
        raise ContractError(
            f"Stream {found.name!r} comes at {found.rate_hz:g} Hz, and the decoder needs at least "
            f"{settings.min_rate_hz:g} Hz: set the amplifier to a higher rate."
        )
    description = _with_labels(description, settings)
    _plan(description, settings, settings.unit or ("uV" if _unsaid(description) else None))
    return description


def _with_labels(description: Description, settings: StreamSettings) -> Description:
    found, labels = description.found, description.labels
    if any(labels) and len(labels) != found.channels:
        raise ContractError(
            f"Stream {found.name!r} has {found.channels} channels but describes {len(labels)}: "
            "correct the sender's channel description."
        )
    if any(labels):
        return description
    if settings.labels is None:
        raise ContractError(
            f"Stream {found.name!r} names none of its {found.channels} channels: have the sender write "
            "labels (channels/channel/label), or say which cap it is with --cap."
        )
    if len(settings.labels) != found.channels:
        raise ContractError(
            f"Stream {found.name!r} has {found.channels} unnamed channels but the given cap has "
            f"{len(settings.labels)}: choose the right cap with --cap."
        )
    blank = ("",) * found.channels
    whole = len(labels) == found.channels
    return Description(
        found,
        settings.labels,
        description.units if whole else blank,
        description.types if whole else blank,
    )


def _plan(description: Description, settings: StreamSettings, unit: str | None) -> Remap:
    return plan_remap(
        _eeg_labels(description), description.units, settings.aliases, settings.max_missing, unit
    )


def _eeg_labels(description: Description) -> list[str]:
    """Labels for the remap; an electrode whose channel is declared to be no EEG is set aside."""
    types = [kind.casefold() for kind in description.types]
    if "eeg" not in types:
        return list(description.labels)  # a sender that calls every channel "misc" knows no types
    return [
        f"{label} ({kind})" if kind in _NOT_EEG and has_position(label) else label
        for label, kind in zip(description.labels, types, strict=True)
    ]


def _electrodes(description: Description, settings: StreamSettings) -> list[int]:
    """Indices of the channels that reach the decoder."""
    return sorted(_plan(description, settings, "uV").matched.values())


def _unsaid(description: Description) -> bool:
    """Whether the stream says no unit for any of its EEG channels."""
    return all(
        unit.casefold() in _UNSAID
        for unit, label in zip(description.units, _eeg_labels(description), strict=True)
        if has_position(label)
    )


def settle(
    description: Description, settings: StreamSettings, beginning: NDArray[np.float64]
) -> StreamContract:
    """Make the contract, judging the unit from the stream's first second where it is needed.

    A stated unit stands unless the amplitude is impossible in it: then the amplitude decides, and a notice
    says so. A unit that the operator gives always stands.

    Parameters
    ----------
    description
        A description that `check` accepted.
    beginning
        ``(n, channels)``, the first second in the device's units.

    Raises
    ------
    ContractError
        If the unit is not stated and cannot be judged.
    """
    found = description.found
    electrodes = beginning[:, _electrodes(description, settings)]
    notices: list[str] = []
    unit = settings.unit or (settings.cap_unit if _unsaid(description) else None)
    if unit is None and _unsaid(description):
        unit, _ = judge_unit(electrodes)
        notices.append(
            f"Stream {found.name!r} does not say its unit: judged from the amplitude it is {unit}; "
            "give --unit if that is wrong."
        )
    elif unit is None:
        unit, notice = _doubt(description, electrodes)
        notices += [notice] if notice else []
    return StreamContract(
        name=found.name,
        source_id=found.source_id,
        host=found.host,
        uid=found.uid,
        labels=description.labels,
        units=description.units,
        types=description.types,
        rate_hz=found.rate_hz,
        format=found.format,
        remap=_plan(description, settings, unit),
        delay_s=settings.delay_s,
        notices=tuple(notices),
    )


def _doubt(description: Description, electrodes: NDArray[np.float64]) -> tuple[str | None, str | None]:
    """Return the unit to take in place of the stated one, if it cannot be true, and what to say."""
    stated = {
        unit
        for text, label in zip(description.units, _eeg_labels(description), strict=True)
        if has_position(label) and (unit := parse_unit(text)) is not None
    }
    if len(stated) != 1:
        return None, None
    (unit,) = stated
    spread = np.median(np.abs(electrodes - np.median(electrodes, axis=0)), axis=0)
    alive = spread[(spread > 0) & np.isfinite(spread)]
    amplitude_uv = float(np.median(alive)) * SCALES[unit] if alive.size else math.nan
    name = description.found.name
    if amplitude_uv < _LEAST_UV or amplitude_uv > _MOST_UV:
        judged, _ = judge_unit(electrodes)
        return judged, (
            f"Stream {name!r} says {unit}, in which its amplitude would be {amplitude_uv:.2g} microvolt: "
            f"it is taken to be {judged}; give --unit {unit} to insist."
        )
    if amplitude_uv > _STRANGE_UV:
        return None, (
            f"The amplitude of stream {name!r}, {amplitude_uv / 1e3:.2g} mV, is far above that of EEG: "
            "put the cap on and check reference and ground, or give --unit if the stated one is wrong."
        )
    return None, None
