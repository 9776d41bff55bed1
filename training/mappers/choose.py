"""The chooser: all candidates are judged inside a wearer's calibration clips, the simplest good one wins."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from rtbci.calibrate.candidates import likeliest_factors
from rtbci.calibrate.evidence import Outcome, judge
from rtbci.calibrate.findings import Gain, Share
from rtbci.calibrate.fit import choose
from rtbci.errors import WearerError
from training.mappers.candidates import CANDIDATES, Candidate, Fitted
from training.mappers.interface import Adapted, Clips, Mixture

FOLDS = 5
FEWEST_SLOTS = 8
"""Below it nothing is chosen: cross-validation would rest on one or two runs."""


@dataclass(frozen=True)
class Judged:
    """How a candidate did on clips that it had not seen.

    Attributes
    ----------
    name : str
    top1 : Share
        Of single clips, with its interval; slots are counted.
    log_likelihood : float
        Mean log posterior of the truth, with the exponent that suits best: what the choice rests on.
    gain : Gain
        Top-1 more than "none", clip by clip.
    """

    name: str
    top1: Share
    log_likelihood: float
    gain: Gain

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "name": self.name,
            **self.top1.to_json(),
            "log_likelihood": round(self.log_likelihood, 4),
            "gain": self.gain.to_json(),
        }


@dataclass(frozen=True, eq=False)
class Choice:
    """Which candidate won, and by how much.

    Attributes
    ----------
    chosen : str
    adapted : Adapted
        Fitted to all clips.
    exponent : float
        What its log-probabilities are to be multiplied with to be honest of this wearer.
    judged : tuple of Judged
        All candidates, in the order given.
    lone_concepts : int
        Concepts of which one slot was watched. Whether a decoder of the wearer's own can tell them is beyond
        finding out: what is learnt of them is never tried. With all concepts so, "own" cannot win.
    seconds : float
    """

    chosen: str
    adapted: Adapted
    exponent: float
    judged: tuple[Judged, ...]
    lone_concepts: int
    seconds: float

    @property
    def winner(self) -> Judged:
        """How the chosen one did."""
        return next(one for one in self.judged if one.name == self.chosen)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "chosen": self.chosen,
            "exponent": self.exponent,
            "candidates": [one.to_json() for one in self.judged],
            "lone_concepts": self.lone_concepts,
            "seconds": round(self.seconds, 2),
        }


def choose_adaptation(
    decoder: nn.Module,
    clips: Clips,
    candidates: Sequence[Candidate] = CANDIDATES,
    folds: int = FOLDS,
    guard: int = 0,
) -> Choice:
    """Judge all candidates by cross-validation over whole slots, and fit the chosen one to all clips.

    Each stretch of slots is decoded by fits that have not seen it; what they choose themselves (a ridge, when
    to stop, how much each part of a mixture counts) they choose inside what they see. The simplest candidate
    within one standard error of the best is chosen, and none that does worse than the first.

    Parameters
    ----------
    decoder : nn.Module
        Windows (B, 62, T) to concept logits (B, K); it is not changed.
    clips : Clips
        One wearer's, in order of time.
    candidates : sequence of Candidate
        From the simplest to the most flexible; the first is the fallback.
    folds : int
        Stretches.
    guard : int
        Slots next to a stretch that are left out too: 0 suits windows that do not overlap, with a pause or
        other clips between two slots' windows.

    Raises
    ------
    WearerError
        If there are too few slots.
    """
    began = time.perf_counter()
    slots = _slots(clips)
    count = int(slots.max()) + 1 if len(clips) else 0
    if count < FEWEST_SLOTS or len(np.unique(clips.concept)) < 2:
        raise WearerError(
            f"{len(clips)} clips in {count} runs of one concept are too few to choose by; watch at least "
            f"{FEWEST_SLOTS} runs of changing concepts."
        )
    found: list[list[NDArray[np.float64]]] = [[] for _ in candidates]
    held_rows = []
    for part in np.array_split(np.arange(count), folds):
        if not len(part):
            continue
        held = np.flatnonzero((slots >= part[0]) & (slots <= part[-1]))
        seen = (slots < part[0] - guard) | (slots > part[-1] + guard)
        adapted = _fit_all(decoder, clips.take(seen), candidates)
        eeg = clips.eeg[held]
        for logits, one in zip(found, adapted, strict=True):
            logits.append(one.logits(eeg))
        held_rows.append(held)
    order = np.argsort(np.concatenate(held_rows))
    outcomes = [_outcome(np.concatenate(logits)[order], clips.concept) for logits in found]
    chosen = choose(outcomes, slots)
    (adapted_to_all,) = _fit_all(decoder, clips, [candidates[chosen]])
    return Choice(
        chosen=candidates[chosen].name,
        adapted=adapted_to_all,
        exponent=outcomes[chosen].exponent,
        judged=tuple(
            Judged(
                c.name,
                Share.of(o.hit, slots),
                float(o.log_likelihood.mean()),
                Gain.between(outcomes[0], o, slots),
            )
            for c, o in zip(candidates, outcomes, strict=True)
        ),
        lone_concepts=int(
            sum(len(np.unique(slots[clips.concept == c])) == 1 for c in np.unique(clips.concept))
        ),
        seconds=time.perf_counter() - began,
    )


def set_aside(clips: Clips) -> NDArray[np.bool_]:
    """Mark a quarter of the slots, for what a fit chooses itself.

    They are drawn at random, always the same: every fourth would be the same concepts where those come in a
    cycle.
    """
    slots = _slots(clips)
    count = int(slots.max()) + 1
    drawn = np.random.default_rng(0).permutation(count)[: max(1, count // 4)]
    return np.isin(slots, drawn)


def _fit_all(decoder: nn.Module, clips: Clips, candidates: Sequence[Candidate]) -> list[Adapted]:
    """Fit candidates; a way that several have is fitted once."""
    aside = set_aside(clips)
    fitted: dict[str, Fitted] = {}
    for way in {way.name: way for candidate in candidates for way in candidate.ways}.values():
        fitted[way.name] = way.fit(decoder, clips, aside)
    return [
        _summed([fitted[way.name] for way in candidate.ways], clips.concept[aside])
        for candidate in candidates
    ]


def _summed(parts: list[Fitted], concept: NDArray[np.int64]) -> Adapted:
    """Weigh the parts by the clips set aside, which none of their logits there were fitted to."""
    if len(parts) == 1:
        return parts[0].adapted
    factors = likeliest_factors([part.aside for part in parts], concept)
    return Mixture(tuple(part.adapted for part in parts), tuple(factors))


def _outcome(logits: NDArray[np.float64], concept: NDArray[np.int64]) -> Outcome:
    """Judge clip by clip: nothing is carried from one to the next, so no hazard counts."""
    n = len(logits)
    return judge(logits, np.ones(n, dtype=bool), np.arange(n), concept, hazard=0.5)


def _slots(clips: Clips) -> NDArray[np.int64]:
    """Number the slots from 0 in order of time."""
    _, begins, slot = np.unique(clips.slot, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(begins))[slot], dtype=np.int64)
