"""The simulated cohort as a `training.source.Source`: SEED-DV's timeline, watched by simulated wearers.

All wearers see the same clips in the same order, as SEED-DV's did. Nothing is stored: a block is simulated
again whenever its EEG is asked for, in a few seconds and bit for bit.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.wearer import SNR_LEVELS, Wearer
from rtbci.errors import UsageError
from rtbci.montage import CHANNELS
from rtbci.stimuli import film
from rtbci.stimuli.captions import caption
from rtbci.stimuli.concepts import ATTRIBUTES
from rtbci.stimuli.playlist import WATCHED_SEEDS
from rtbci.stimuli.spec import ClipSpec, clip_spec
from training.cohort import WEARER_VERSION
from training.source import Block, Clip, Mark

_RATE = film.EEG_RATE
_FIRST_WEARER = 40_000
"""Seeds of this cohort's wearers: no decoder that ships has met them."""
_STIMULI = 41_000


@dataclass(frozen=True)
class SimulatedCohort:
    """Wearers ``sub1`` to ``sub20``, seven blocks each; the first fifteen are known, as in SAM-Net.

    Attributes
    ----------
    level : str
        One of `devices.wearer.SNR_LEVELS`, "background" (nothing is seen), or a number.
    wearers, blocks_each : int
        Fewer than SEED-DV's, for tests.
    slots : int
        Of each block, and concepts, at most 40.
    """

    level: str = "claimed"
    wearers: int = 20
    blocks_each: int = film.BLOCKS
    slots: int = film.SLOTS
    folder: Path = field(default=Path("simulated"), repr=False)

    @property
    def snr(self) -> float:
        """Of all its wearers.

        Raises
        ------
        UsageError
            If the level has no such name and is no number.
        """
        if self.level == "background":
            return 0.0
        try:
            snr = SNR_LEVELS[self.level] if self.level in SNR_LEVELS else float(self.level)
            if not 0.0 <= snr < math.inf:
                raise ValueError(self.level)
            return snr
        except ValueError:
            raise UsageError(
                f"There is no level '{self.level}'; take {', '.join(SNR_LEVELS)}, background, or a number."
            ) from None

    def subjects(self) -> tuple[str, ...]:
        """By number."""
        return tuple(f"sub{number}" for number in range(1, self.wearers + 1))

    def number(self, subject: str) -> int:
        """The number in a subject's name."""
        return int(subject.removeprefix("sub"))

    def blocks(self, subject: str) -> tuple[Block, ...]:
        """All of one sitting."""
        return tuple(
            Block(
                subject=subject,
                session="1",
                number=number,
                rate_hz=float(_RATE),
                samples=self.slots * film.SLOT_SECONDS * _RATE,
                labels=CHANNELS,
                units=("microvolts",) * len(CHANNELS),
            )
            for number in range(self.blocks_each)
        )

    def clips(self, block: Block) -> tuple[Clip, ...]:
        """The block's clips; a clip's stimulus is the seed that `rtbci.stimuli.spec.clip_spec` takes."""
        return tuple(
            Clip(
                start=film.segment(slot, place).start,
                samples=film.CLIP_SAMPLES,
                concept=spec.concept,
                slot=self.slots * block.number + slot,
                place=place,
                stimulus=spec.seed,
                caption=caption(spec),
                attributes={name: spec.attribute(name) for name in ATTRIBUTES},
            )
            for slot, shown in enumerate(shown_in(block.number, self.slots))
            for place, spec in enumerate(shown)
        )

    def marks(self, block: Block) -> tuple[Mark, ...]:
        """Each slot's hint and its five clips."""
        hint = film.HINT_SECONDS * _RATE
        marks = []
        for clip in self.clips(block):
            if clip.place == 0:
                marks.append(Mark(clip.start - hint, hint, "hint", clip.concept))
            marks.append(Mark(clip.start, clip.samples, "clip", clip.concept))
        return tuple(marks)

    def eeg(self, block: Block, start: int = 0, stop: int | None = None) -> NDArray[np.float32]:
        """Simulate a block, (n, 62), microvolt."""
        return _render(self.number(block.subject), block.number, self.snr, self.slots)[start:stop]

    def version(self, block: Block) -> str:
        """Of the simulator, and how clear the wearer is."""
        return f"simulated {WEARER_VERSION} {self.snr:g}"


@lru_cache(maxsize=8)
def shown_in(block: int, slots: int = film.SLOTS) -> tuple[tuple[ClipSpec, ...], ...]:
    """What a block shows: the first concepts, in the block's own order, five clips each."""
    rng = np.random.default_rng((_STIMULI, block))
    order = rng.permutation(slots)
    seeds = [rng.integers(WATCHED_SEEDS.start, size=film.CLIPS) for _ in order]
    return tuple(
        tuple(clip_spec(int(concept), int(seed)) for seed in five)
        for concept, five in zip(order, seeds, strict=True)
    )


# Blocks are asked for several times in a row: once for each kind of window.
@lru_cache(maxsize=1)
def _render(number: int, block: int, snr: float, slots: int) -> NDArray[np.float32]:
    wearer = Wearer(_FIRST_WEARER + number, snr, float(_RATE), session=block + 1)
    parts = []
    for shown in shown_in(block, slots):
        parts.append(wearer.render(film.HINT_SECONDS * _RATE))
        for spec in shown:
            wearer.watch(spec, wearer.position)
            parts.append(wearer.render(film.CLIP_SAMPLES))
    eeg = np.concatenate(parts).astype(np.float32)
    eeg.setflags(write=False)
    return eeg
