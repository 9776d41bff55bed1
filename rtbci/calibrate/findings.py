"""What a calibration found besides the choice: per group of concepts, how honest, how much data it takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from rtbci.calibrate.evidence import Outcome
from rtbci.calibrate.intervals import Z95, interval
from rtbci.stimuli.concepts import CONCEPTS, GROUPS

RELIABILITY_BINS = 5
_SURE = 0.05
"""Chance of being told that there is a signal where there is none."""


@dataclass(frozen=True)
class Share:
    """A share of clips that were decoded right, never without its interval.

    Attributes
    ----------
    top1 : float
    ci95 : tuple of float
    """

    top1: float
    ci95: tuple[float, float]

    @classmethod
    def of(cls, hit: NDArray[np.bool_], slot: NDArray[np.int64]) -> "Share":
        """Return the share of hits; the interval counts slots."""
        top1 = float(hit.mean())
        return cls(top1, interval(top1, len(np.unique(slot))))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {"top1": round(self.top1, 4), "ci95": [round(x, 4) for x in self.ci95]}


@dataclass(frozen=True)
class Group:
    """How clips of one group of concepts were decoded, without and with calibration."""

    name: str
    clips: int
    before: Share
    after: Share


@dataclass(frozen=True)
class Bin:
    """Clips of about the same confidence: what was claimed, what was true."""

    claimed: float
    clips: int
    right: Share


@dataclass(frozen=True)
class Amount:
    """What is reached by learning from so many clips."""

    clips: int
    reached: Share


@dataclass(frozen=True)
class Gain:
    """What twice the clips were worth: difference in share of hits, clip by clip."""

    mean: float
    ci95: tuple[float, float]

    @classmethod
    def between(cls, half: Outcome, whole: Outcome, slot: NDArray[np.int64]) -> "Gain":
        """Compare learning from half of the slots with learning from all."""
        _, which = np.unique(slot, return_inverse=True)
        each = np.bincount(which, whole.hit.astype(float) - half.hit) / np.bincount(which)
        # One slot more of each kind keeps the error above nothing where no slot differs yet.
        error = float(
            np.sqrt((np.sum((each - each.mean()) ** 2) + 2.0) / (len(each) + 2)) / np.sqrt(len(each))
        )
        mean = float(each.mean())
        return cls(mean, (mean - Z95 * error, mean + Z95 * error))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {"mean": round(self.mean, 4), "ci95": [round(x, 4) for x in self.ci95]}


def groups(
    before: Outcome, after: Outcome, concept: NDArray[np.int64], slot: NDArray[np.int64]
) -> tuple[Group, ...]:
    """Score each group of concepts that was shown."""
    group = np.array([GROUPS.index(CONCEPTS[c].group) for c in concept])
    found = []
    for index, name in enumerate(GROUPS):
        mine = group == index
        if mine.any():
            shares = (Share.of(outcome.hit[mine], slot[mine]) for outcome in (before, after))
            found.append(Group(name, int(mine.sum()), *shares))
    return tuple(found)


def reliability(outcome: Outcome, slot: NDArray[np.int64], bins: int = RELIABILITY_BINS) -> tuple[Bin, ...]:
    """Compare what was claimed with what was true, in bins of as many clips each."""
    order = np.argsort(outcome.confidence, kind="stable")
    return tuple(
        Bin(float(outcome.confidence[part].mean()), len(part), Share.of(outcome.hit[part], slot[part]))
        for part in np.array_split(order, bins)
        if len(part)
    )


def decodable(outcome: Outcome, slot: NDArray[np.int64], chance: float, tried: int) -> bool:
    """Whether more was right than guessing gives, the number of candidates that were tried considered.

    An exact binomial test on slots, at 5 % over all candidates (Bonferroni).

    Parameters
    ----------
    outcome : Outcome
        Of the chosen candidate.
    slot : ndarray, shape (m,)
    chance : float
    tried : int
        Number of candidates.
    """
    share = Share.of(outcome.hit, slot)
    n = len(np.unique(slot))
    p = float(binom.sf(round(share.top1 * n) - 1, n, chance))
    return p * tried < _SURE and share.ci95[0] > chance
