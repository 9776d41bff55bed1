"""Which blocks a laboratory's decoder learns from, which choose and fit it, and which only measure it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rtbci.errors import UsageError
from training.audit import Spans, audit_split
from training.source import Block, Source
from training.source_windows import block_spans, held_out_blocks, whole_blocks


@dataclass(frozen=True)
class Split:
    """Blocks by what they may be used for; none has two uses.

    Attributes
    ----------
    known, unseen : tuple of str
        Wearers that are learnt from, and that are not.
    train, validation, test : tuple of Block
        Of the known.
    new : tuple of Block
        Held-out blocks of the unseen.
    """

    known: tuple[str, ...]
    unseen: tuple[str, ...]
    train: tuple[Block, ...]
    validation: tuple[Block, ...]
    test: tuple[Block, ...]
    new: tuple[Block, ...]


def split_source(source: Source, validation: int, unseen: int) -> Split:
    """Hold out the last blocks, or the last sessions where blocks cannot be held out.

    Parameters
    ----------
    source : Source
    validation : int
        How many blocks (or sessions) before the held-out ones are for validation.
    unseen : int
        How many wearers, the last in order, are not learnt from.

    Raises
    ------
    UsageError
        If there are too few wearers, blocks or sessions.
    """
    subjects = source.subjects()
    if len(subjects) <= unseen:
        raise UsageError(
            f"{source.folder} has {len(subjects)} wearers, and `unseen` leaves {unseen} of them out; "
            "set `unseen` lower in the settings."
        )
    single = whole_blocks(source)
    kind = "blocks" if single else "sessions"
    held = set(held_out_blocks(source))
    known, rest = subjects[: len(subjects) - unseen], subjects[len(subjects) - unseen :]
    train: list[Block] = []
    kept: list[Block] = []
    for subject in known:
        left = [block for block in source.blocks(subject) if block not in held]
        units: dict[Any, list[Block]] = {}
        for block in left:
            units.setdefault((block.session, block.number if single else 0), []).append(block)
        parts = list(units.values())
        if len(parts) <= validation:
            have = sum(block in held for block in source.blocks(subject)) if single else 1
            raise UsageError(
                f"There are too few {kind} of {subject} in {source.folder}: {len(parts) + have}, where "
                f"{have + validation + 1} are needed, one to learn from, {validation} to choose and fit, and "
                f"{have} held out to measure; record more, or leave the wearer out."
            )
        train += [block for part in parts[:-validation] for block in part]
        kept += [block for part in parts[-validation:] for block in part]
    return Split(
        known=known,
        unseen=rest,
        train=tuple(train),
        validation=tuple(kept),
        test=tuple(b for subject in known for b in source.blocks(subject) if b in held),
        new=tuple(b for subject in rest for b in source.blocks(subject) if b in held),
    )


def audit(source: Source, split: Split, lag_s: float) -> dict[str, Any]:
    """Hold everything that is learnt from against everything that is measured on.

    Raises
    ------
    LeakError
        If the split leaks.
    """
    train, validation = _spans(source, split.train, lag_s), _spans(source, split.validation, lag_s)
    # The whitening's prior is made of the whole blocks that are learnt from.
    prior = block_spans(source, split.train)
    learnt = {"training": train, "validation": validation, "normalisation": prior}
    report = {
        "known": audit_split(learnt, _spans(source, split.test, lag_s)),
        # What was fitted on validation blocks must not have been learnt by heart.
        "validation": audit_split({"training": train, "normalisation": prior}, validation),
    }
    if split.new:
        report["unseen"] = audit_split(learnt, _spans(source, split.new, lag_s), unseen_subjects=True)
    return report


def _spans(source: Source, blocks: tuple[Block, ...], lag_s: float) -> Spans:
    rows: list[tuple[int, int, float, float, int, int]] = []
    stimulus: list[str] = []
    for block in blocks:
        place = source.blocks(block.subject).index(block)
        for clip in source.clips(block):
            start = clip.start / block.rate_hz + lag_s
            stop = start + clip.samples / block.rate_hz
            rows.append((source.number(block.subject), place, start, stop, clip.start, clip.slot))
            stimulus.append(f"{clip.concept} {clip.stimulus}")
    subject, recording, start_s, stop_s, clips, slot = np.array(rows, dtype=np.float64).reshape(-1, 6).T
    return Spans(
        subject=subject.astype(np.int64),
        recording=recording.astype(np.int64),
        start_s=start_s,
        stop_s=stop_s,
        clip=clips.astype(np.int64),
        slot=slot.astype(np.int64),
        stimulus=np.array(stimulus),
    )
