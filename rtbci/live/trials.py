"""Scoring against the truth, where it is announced: it is heard here and nowhere else.

The decoder never sees a marker. A trial is decided by the evidence whose newest sample is nearest to the
clip's end (plus the lag at which the brain follows), whatever that evidence says.
"""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.stimuli.markers import ClipMarker, decode
from rtbci.wire.messages import Guess, Trial

_REMEMBERED = 64


@dataclass(frozen=True)
class Moment:
    """Posteriors at one time: of the EEG and of its surrogate.

    Attributes
    ----------
    newest : float
        Stamp of the newest sample behind them.
    posterior, null : ndarray, shape (K,)
        Probabilities of the concepts.
    """

    newest: float
    posterior: NDArray[np.float64]
    null: NDArray[np.float64]


class TrialScorer:
    """Matches announced clips with what had been decoded by their end.

    Parameters
    ----------
    concepts : tuple of str
        Names in the decoder's order.
    lag_s : float
        How long the brain's answer trails the picture.
    hop_s : float
        Time between two windows; evidence counts if it is within 0.6 of it from the clip's end.
    """

    def __init__(self, concepts: tuple[str, ...], *, lag_s: float, hop_s: float) -> None:
        self._concepts = concepts
        self._lag = lag_s
        self._tolerance = 0.6 * hop_s
        self._lock = threading.Lock()
        self._clips: deque[tuple[ClipMarker, float]] = deque(maxlen=_REMEMBERED)
        self._moments: deque[Moment] = deque(maxlen=_REMEMBERED)
        self.trials = 0
        self.hits = 0
        self.null_hits = 0

    def on_marker(self, text: str, stamp: float) -> None:
        """Hear a marker; `stamp` is the onset of what it announces."""
        event = decode(text)
        if isinstance(event, ClipMarker) and event.concept in self._concepts:
            with self._lock:
                self._clips.append((event, stamp))

    def add(self, moment: Moment) -> list[Trial]:
        """Add evidence; returns the trials that it decides."""
        with self._lock:
            self._moments.append(moment)
            decided = []
            while self._clips:
                clip, onset = self._clips[0]
                end = onset + clip.seconds + self._lag
                if moment.newest < end + self._tolerance:
                    break
                self._clips.popleft()
                nearest = min(self._moments, key=lambda m: abs(m.newest - end))
                if abs(nearest.newest - end) <= self._tolerance:
                    decided.append(self._score(clip, nearest, end))
            return decided

    def _score(self, clip: ClipMarker, moment: Moment, at: float) -> Trial:
        truth = self._concepts.index(clip.concept)
        best = int(np.argmax(moment.posterior))
        correct = best == truth
        null_correct = int(np.argmax(moment.null)) == truth
        self.trials += 1
        self.hits += correct
        self.null_hits += null_correct
        return Trial(
            truth=clip.concept,
            guess=Guess(self._concepts[best], float(moment.posterior[best])),
            rank=1 + int(np.sum(moment.posterior > moment.posterior[truth])),
            correct=correct,
            null_correct=null_correct,
            trials=self.trials,
            hits=self.hits,
            null_hits=self.null_hits,
            chance=1 / len(self._concepts),
            at=at,
            seed=clip.seed,
        )
