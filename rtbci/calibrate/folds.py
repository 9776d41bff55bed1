"""Cross-validation without leaks: folds are stretches of time, with a guard between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.calibrate.sitting import Sitting, Trials


@dataclass(frozen=True, eq=False)
class Fold:
    """One split of a sitting.

    Attributes
    ----------
    held_windows : ndarray of bool, shape (n,)
        Windows of the stretch that is held out, for scoring.
    held_trials : ndarray of bool, shape (m,)
        Trials that are scored in that stretch.
    examples : ndarray of bool, shape (e,)
        Examples to learn from: none shares a slot or a sample with the held-out stretch.
    """

    held_windows: NDArray[np.bool_]
    held_trials: NDArray[np.bool_]
    examples: NDArray[np.bool_]


def stretches(sitting: Sitting, trials: Trials, count: int, guard_s: float = 1.0) -> list[Fold]:
    """Cut a sitting into stretches of about as many slots each, each held out in turn.

    EEG is autocorrelated and the clips of a slot show one concept, so neither clips nor windows are dealt
    out at random.

    Parameters
    ----------
    sitting, trials
        What to split.
    count : int
        Number of stretches, fewer if there are fewer slots.
    guard_s : float
        Least time between a learnt and a held-out sample.
    """
    slots = np.unique(trials.slot)
    edges = np.array_split(slots, min(count, len(slots)))
    folds = []
    for part in edges:
        held_trials = np.isin(trials.slot, part)
        first = 0 if part[0] == slots[0] else _last_before(trials, part[0]) + 1
        last = len(sitting.newest) - 1 if part[-1] == slots[-1] else trials.decided[held_trials][-1]
        held_windows = np.zeros(len(sitting.newest), dtype=bool)
        held_windows[first : last + 1] = True
        begin = sitting.newest[first] - sitting.window_s - guard_s
        end = sitting.newest[last] + guard_s
        stamps = sitting.newest[trials.example]
        apart = (stamps < begin) | (stamps - sitting.window_s > end)
        folds.append(Fold(held_windows, held_trials, apart & ~held_trials[trials.example_trial]))
    return folds


def _last_before(trials: Trials, slot: int) -> int:
    """Return the window at which the last trial before a slot is scored."""
    return int(trials.decided[trials.slot < slot][-1])
