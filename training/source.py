"""What training asks of a set of recordings, wherever they come from: wearers, blocks, clips, EEG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import RecordingError
from rtbci.montage import Remap, plan_remap


class DataError(RecordingError):
    """A folder of recordings is not what it should be; every fault is listed, one sentence each.

    Parameters
    ----------
    folder : Path
        Which.
    problems : sequence of str
        At least one.
    """

    def __init__(self, folder: Path, problems: Sequence[str]) -> None:
        self.folder, self.problems = folder, tuple(problems)
        count = f"{len(problems)} things are" if len(problems) > 1 else "One thing is"
        super().__init__("\n- ".join([f"{count} wrong with the data in {folder}:", *problems]))

    def __reduce__(self) -> tuple[type["DataError"], tuple[Path, tuple[str, ...]]]:
        """Made again from its parts where a process hands it to another."""
        return DataError, (self.folder, self.problems)


@dataclass(frozen=True)
class Block:
    """One unbroken stretch of EEG of one wearer: nothing is filtered, normalised or cut across its ends.

    Attributes
    ----------
    subject, session : str
        Whose, and from which sitting.
    number : int
        Place in the session, from 0.
    rate_hz : float
    samples : int
    labels, units : tuple of str
        Of each channel, as the recording spells them.
    unit : str or None
        Unit of all EEG channels, over what `units` says; None leaves it to them.
    """

    subject: str
    session: str
    number: int
    rate_hz: float
    samples: int
    labels: tuple[str, ...] = field(repr=False)
    units: tuple[str, ...] = field(repr=False)
    unit: str | None = None

    @property
    def name(self) -> str:
        """For sentences and tables."""
        return f"{self.subject}, session {self.session}, block {self.number + 1}"

    def remap(self) -> Remap:
        """How its channels become the 62, in microvolt; raises `ContractError` if they cannot."""
        return plan_remap(self.labels, self.units, given_unit=self.unit)


@dataclass(frozen=True)
class Clip:
    """One clip that was watched.

    Attributes
    ----------
    start, samples : int
        First sample of its block while it was on the screen, and how many; no lag is in them.
    concept : int
        Index into `rtbci.stimuli.concepts.CONCEPTS`, from 0.
    slot, place : int
        Slot of its session (clips of one concept in a row, never to be parted between training and test),
        and its place in that slot, both from 0.
    stimulus : int
        Clips of one concept and one number here are the same clip; -1 where nobody says which it was.
    caption : str
        Empty where there is none.
    attributes : mapping of str to str
        Values in words, such as ``{"number": "one", "speed": "fast"}``; what is not known is left out.
    """

    start: int
    samples: int
    concept: int
    slot: int
    place: int
    stimulus: int
    caption: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """What a block's timeline says: from `start` on, for so many samples, this was on the screen."""

    start: int
    samples: int
    kind: Literal["hint", "clip", "rest"]
    concept: int | None


class Source(Protocol):
    """A set of recordings. Can be pickled, so that subjects can be worked on by several processes."""

    @property
    def folder(self) -> Path:
        """Where it lies."""

    def subjects(self) -> tuple[str, ...]:
        """All wearers."""

    def number(self, subject: str) -> int:
        """A wearer's number, the same in every run."""

    def blocks(self, subject: str) -> tuple[Block, ...]:
        """A wearer's blocks, session by session, in order of time."""

    def clips(self, block: Block) -> tuple[Clip, ...]:
        """The clips that lie within a block, in order of time."""

    def marks(self, block: Block) -> tuple[Mark, ...]:
        """A block's whole timeline, hints and rests included."""

    def eeg(self, block: Block, start: int = 0, stop: int | None = None) -> NDArray[np.floating[Any]]:
        """Samples of a block, shape (n, channels), in its own unit; may be a read-only view of the file."""

    def version(self, block: Block) -> str:
        """Changes when the block's samples do."""


def file_version(path: Path) -> str:
    """Name, size and time of change of a file."""
    status = path.stat()
    return f"{path.name} {status.st_size} {status.st_mtime_ns}"


def stimuli(source: Source) -> dict[tuple[int, int], Clip]:
    """What each concept and stimulus shows: captions and attributes for the clips of `Windows`."""
    return {
        (clip.concept, clip.stimulus): clip
        for subject in source.subjects()
        for block in source.blocks(subject)
        for clip in source.clips(block)
    }


def clip_slice(block: Block, clip: Clip, lag_s: float = 0.0) -> slice | None:
    """Samples of a block in which a clip's answer is sought: the clip's own, `lag_s` later.

    Returns
    -------
    slice or None
        None where the block ends before (the last clip of a block, with any lag).
    """
    start = clip.start + round(lag_s * block.rate_hz)
    inside = start >= 0 and start + clip.samples <= block.samples
    return slice(start, start + clip.samples) if inside else None
