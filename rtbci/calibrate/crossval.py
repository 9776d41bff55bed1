"""Decoding a sitting as it would have been live, each stretch by a fit that has not seen it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.calibrate.candidates import Candidate, Material
from rtbci.calibrate.evidence import Outcome, breaks, judge
from rtbci.calibrate.folds import Fold, stretches

FOLDS = 5
AT_ONCE = 2
"""Folds of a candidate that takes its time, side by side: on so many cores fitting keeps to its budget."""

Learn = Callable[[Fold], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """How candidates are judged on one sitting.

    Attributes
    ----------
    material : Material
    folds : sequence of Fold
    hazard : float
        The bundle's.
    """

    material: Material
    folds: Sequence[Fold]
    hazard: float

    @classmethod
    def of(cls, material: Material, hazard: float) -> "CrossValidation":
        """Return the one with the usual stretches."""
        return cls(material, stretches(material.sitting, material.trials, FOLDS), hazard)

    @property
    def slots_learnt(self) -> int:
        """From how many slots there is to learn where the most are held out."""
        slot, example_trial = self.material.trials.slot, self.material.trials.example_trial
        return min(len(np.unique(slot[example_trial[fold.examples]])) for fold in self.folds)

    @property
    def chance(self) -> float:
        """Share of clips that guessing gets right, by a decoder that has learnt which concepts are shown.

        The decoder chooses among all concepts, but what is fitted to a few of them says these alone even
        where the EEG holds nothing. So a guess is one of those that are shown, and can be right where the
        fold's fit has met the truth at all. Where some are shown more often than others, a fit that says the
        one that it has met most is right as often as that comes among what is held out. Where all concepts
        are shown, equally often, it is one in all; never less.
        """
        trials = self.material.trials
        met = commonest = 0.0
        for fold in self.folds:
            learnt = np.unique(trials.example_trial[fold.examples])
            times = np.bincount(trials.concept[learnt], minlength=self.material.concepts)
            held = trials.concept[fold.held_trials]
            met += float(np.count_nonzero(times[held]))
            if len(learnt):
                most = times == times.max()
                commonest += float(np.count_nonzero(most[held]) / np.count_nonzero(most))
        guessed = met / len(np.unique(trials.concept))
        return max(max(guessed, commonest) / len(trials.concept), 1.0 / self.material.concepts)

    def outcome(self, candidate: Candidate, share: float = 1.0) -> Outcome:
        """Decode the whole sitting; see `tried`."""
        return self.tried(candidate, share)[0]

    def tried(
        self, candidate: Candidate, share: float = 1.0, seconds: float = np.inf
    ) -> tuple[Outcome, bool]:
        """Decode the whole sitting, each stretch by a fit that has not seen it.

        Parameters
        ----------
        candidate : Candidate
        share : float
            Learn from this share of the slots that a stretch leaves: those that follow upon it in time, as if
            there were no more, and those from the beginning where it is the last.
        seconds : float
            Most time for one fit.

        Returns
        -------
        outcome : Outcome
        cut_short : bool
            Whether the time did not suffice for a fit.
        """
        material, trials = self.material, self.material.trials
        logits = np.zeros_like(material.encoded)

        def decode(fold: Fold) -> bool:
            learnt = np.flatnonzero(fold.examples & self._near(fold, share))
            fitted = candidate.fit(material, learnt, seconds)
            logits[fold.held_windows] = material.logits(fitted, fold.held_windows)
            return fitted.cut_short

        # What takes long computes outside the interpreter's lock; the others would only share their caches.
        with ThreadPoolExecutor(AT_ONCE if candidate.timed else 1) as threads:
            cut_short = any(list(threads.map(decode, self.folds)))
        fresh = breaks(material.sitting.newest, material.sitting.hop_s)
        return judge(logits, fresh, trials.decided, trials.concept, self.hazard), cut_short

    def _near(self, fold: Fold, share: float) -> NDArray[np.bool_]:
        trials = self.material.trials
        held = np.unique(trials.slot[fold.held_trials])
        others = np.setdiff1d(trials.slot, held)
        following = np.roll(others, -int(np.searchsorted(others, held[-1])))
        kept = following[: round(share * len(following))]
        return np.asarray(np.isin(trials.slot[trials.example_trial], kept))
