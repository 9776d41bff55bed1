"""One line of evidence: decoder, filter and context, from window to judged evidence."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle.schema import EvidenceModel
from rtbci.decode.decoder import Decoded
from rtbci.decode.evidence import EvidenceFilter, EvidenceState


@dataclass(frozen=True)
class Belief:
    """What is believed after a window.

    Attributes
    ----------
    state : EvidenceState
        Posteriors of every question and means of the regressed outputs.
    confidence : float
        Calibrated probability of the best concept.
    best : int
        Its index.
    context : int
        Number of times that the evidence started afresh or turned to another concept.
    """

    state: EvidenceState
    confidence: float
    best: int
    context: int

    @property
    def posterior(self) -> NDArray[np.float64]:
        """Probabilities of the concepts, shape (K,)."""
        return self.state.posterior("concept")


class EvidenceTrack:
    """Accumulates decoded windows; turns of mind and resets start a new context.

    Parameters
    ----------
    model : EvidenceModel
        Exponent and hazard.
    questions : dict of str to int
        Number of answers of each question.
    exponent : float, optional
        A wearer's own exponent, in place of the bundle's.
    """

    def __init__(
        self, model: EvidenceModel, questions: dict[str, int], *, exponent: float | None = None
    ) -> None:
        self._filter = EvidenceFilter(
            model.exponent if exponent is None else exponent, model.hazard, questions
        )
        self._state = self._filter.start()
        self._best = -1
        self._context = 0

    def add(self, decoded: Decoded) -> Belief:
        """Add one window."""
        self._state = self._filter.step(self._state, decoded.logits, decoded.values)
        posterior = self._state.posterior("concept")
        best = int(np.argmax(posterior))
        if best != self._best:
            self._context += 1
            self._best = best
        return Belief(self._state, float(posterior[best]), best, self._context)

    def reset(self) -> None:
        """Forget everything: the EEG before is not continuous with the EEG to come."""
        self._state = self._filter.start()
        self._best = -1
