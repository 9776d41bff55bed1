"""How long to go on: an estimate while the wearer watches, and whether more clips would change it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.calibrate.candidates import CANDIDATES, Candidate, Encode, Material
from rtbci.calibrate.crossval import CrossValidation
from rtbci.calibrate.findings import Gain, Share
from rtbci.calibrate.plain import USELESS_GAIN
from rtbci.calibrate.sitting import Sitting, find_trials
from rtbci.errors import WearerError
from rtbci.stimuli.concepts import CONCEPTS

ROUND = len(CONCEPTS)
"""An estimate is made whenever so many clips more were watched."""
FEWEST_CLIPS = 2 * ROUND
"""No end before every concept was seen twice."""
GOOD_ENOUGH = 0.5
"""Surely right every second time: that is as far as a decoder of forty concepts needs to be fitted.

Where fewer are shown guessing is easier, and it must be as far above it: by the same share of what guessing
leaves (Cohen's kappa)."""
_QUICK = ("none", "own+encoder")


@dataclass(frozen=True)
class Estimate:
    """What is known of the wearer so far.

    Attributes
    ----------
    clips : int
        How many it rests on.
    reached : Share
        Accuracy of the best of the quick candidates.
    gain : Gain
        What the second half of the clips was worth to it, or to the one that learns if it does not.
    chance : float
        What guessing gives; see `CrossValidation.chance`.
    """

    clips: int
    reached: Share
    gain: Gain
    chance: float = 1.0 / len(CONCEPTS)

    def verdict(self, good_enough: float = GOOD_ENOUGH) -> str | None:
        """Say in a sentence why it is time to end; None to go on.

        A wearer who cannot be told from chance yet goes on to the end: a decoder that needs a thousand clips
        looks the same after a hundred.
        """
        if self.clips < FEWEST_CLIPS:
            return None
        right = f"{100 * self.reached.top1:.0f} % would be right"
        among_all = 1.0 / len(CONCEPTS)
        wrong = (1.0 - good_enough) / (1.0 - among_all)
        if self.reached.ci95[0] >= good_enough + wrong * (self.chance - among_all):
            return (
                f"This is good enough after {self.clips} clips: {right} (95 % interval "
                f"{100 * self.reached.ci95[0]:.0f} to {100 * self.reached.ci95[1]:.0f} %)."
            )
        if self.reached.ci95[0] > self.chance and self.gain.ci95[1] < USELESS_GAIN:
            low, high = (100 * bound for bound in self.gain.ci95)
            return (
                f"More clips would not help: the second half of {self.clips} changed what is right by "
                f"{100 * self.gain.mean:+.0f} percentage points (95 % interval {low:+.0f} to {high:+.0f}), "
                f"and {right}."
            )
        return None


def estimate(sitting: Sitting, encode: Encode, base: NDArray[np.float64], hazard: float) -> Estimate | None:
    """Estimate from a sitting that is not over, with candidates that take a second; None if it is too early.

    Parameters are those of `rtbci.calibrate.fit`.
    """
    try:
        trials = find_trials(sitting)
    except WearerError:
        return None
    if len(np.unique(trials.concept)) < 2 or len(np.unique(trials.slot)) < ROUND:
        return None
    judged = CrossValidation.of(Material(sitting, trials, encode, base), hazard)
    quick: Sequence[Candidate] = [c for c in CANDIDATES if c.name in _QUICK]
    outcomes = [judged.outcome(candidate) for candidate in quick]
    best = max(outcomes, key=lambda outcome: float(outcome.log_likelihood.mean()))
    half = judged.outcome(quick[-1], 0.5)
    return Estimate(
        len(trials.concept),
        Share.of(best.hit, trials.slot),
        Gain.between(half, outcomes[-1], trials.slot),
        judged.chance,
    )


class Estimator:
    """Makes estimates on a thread of its own while clips are watched.

    Parameters
    ----------
    sitting : callable
        Returns what was collected until now.
    encode, base, hazard
        See `estimate`.
    on_estimate : callable
        Gets each estimate, on the estimator's thread.
    """

    def __init__(
        self,
        sitting: Callable[[], Sitting],
        encode: Encode,
        base: NDArray[np.float64],
        hazard: float,
        on_estimate: Callable[[Estimate], None],
    ) -> None:
        self._arguments = (encode, base, hazard)
        self._sitting = sitting
        self._on_estimate = on_estimate
        self._due = threading.Event()
        self._ended = threading.Event()
        self._rounds: int | None = None
        self._thread = threading.Thread(target=self._run, name="estimator")
        self._thread.start()

    def watched(self, clips: int) -> None:
        """Take note that so many clips were watched; never waits."""
        rounds = clips // ROUND
        if self._rounds is not None and rounds > self._rounds:
            self._due.set()
        self._rounds = rounds if self._rounds is None else max(self._rounds, rounds)

    def stop(self) -> None:
        """End; waits for an estimate that is being made."""
        self._ended.set()
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            if self._ended.is_set():
                return
            made = estimate(self._sitting(), *self._arguments)
            if made is not None and not self._ended.is_set():
                self._on_estimate(made)
