"""Which clips are watched, in which order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rtbci.errors import StimulusError
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.spec import ClipSpec, clip_spec

WATCHED_SEEDS = range(1_000_000, 2_000_000)
"""Clip seeds of every playlist. Training data must keep below them, so that nothing watched was learnt."""

HINT_SECONDS = 3.0
# Shares no factor with the million seeds, so a playlist meets each of them once before any comes again.
_STRIDE = 618_033


@dataclass(frozen=True, slots=True)
class Slot:
    """A hint of `HINT_SECONDS` that names a concept, then that concept's clips without a pause."""

    concept: int
    clips: tuple[ClipSpec, ...]


class Playlist:
    """A seeded order of clips: the same seed gives the same clips, and no clip comes twice.

    Parameters
    ----------
    seed : int
        Decides orders and clips.
    concepts : sequence of int, optional
        Indices of the concepts to show; all forty by default.

    Raises
    ------
    StimulusError
        If fewer than two concepts are given, or one of them twice.
    """

    def __init__(self, seed: int, concepts: Sequence[int] | None = None) -> None:
        self.concepts = tuple(range(len(CONCEPTS)) if concepts is None else concepts)
        if len(self.concepts) < 2 or len(set(self.concepts)) < len(self.concepts):
            raise StimulusError(
                f"The concepts {list(self.concepts)} make no playlist; give two or more, each once."
            )
        self._rng = np.random.default_rng(seed)
        self._position = int(self._rng.integers(len(WATCHED_SEEDS)))

    def rounds(self) -> Iterator[ClipSpec]:
        """Single clips without end: every concept once a round, rounds shuffled, never twice in a row."""
        last: int | None = None
        while True:
            order = self._shuffled()
            if order[0] == last:
                swap = int(self._rng.integers(1, len(order)))
                order[0], order[swap] = order[swap], order[0]
            last = order[-1]
            for concept in order:
                yield self._clip(concept)

    def blocks(self, count: int = 7, clips: int = 5) -> Iterator[tuple[Slot, ...]]:
        """Blocks as in SEED-DV: every concept one slot a block, each block in its own order."""
        for _ in range(count):
            yield tuple(
                Slot(concept, tuple(self._clip(concept) for _ in range(clips)))
                for concept in self._shuffled()
            )

    def _shuffled(self) -> list[int]:
        return [self.concepts[index] for index in self._rng.permutation(len(self.concepts))]

    def _clip(self, concept: int) -> ClipSpec:
        self._position = (self._position + _STRIDE) % len(WATCHED_SEEDS)
        return clip_spec(concept, WATCHED_SEEDS[self._position])
