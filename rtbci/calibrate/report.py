"""The calibration's report: what each candidate reached, never without an interval and chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rtbci.wearers.profile import Predicted

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class CandidateReport:
    """How one candidate did on clips that it had not seen.

    Attributes
    ----------
    name : str
    top1 : float
        Share of clips whose concept had the highest posterior at their end.
    ci95 : tuple of float
        95 % interval of it.
    log_likelihood : float
        Mean log posterior of the truth; what the choice rests on.
    exponent : float
        Weight of one window's evidence that suits it best.
    seconds : float
        Time that its cross-validation took.
    """

    name: str
    top1: float
    ci95: tuple[float, float]
    log_likelihood: float
    exponent: float
    seconds: float


@dataclass(frozen=True)
class Report:
    """Everything that a calibration found out.

    Attributes
    ----------
    candidates : tuple of CandidateReport
    chosen : str
    chance : float
    clips, slots : int
        How many clips were scored, and in how many independent runs of one concept.
    exponent : float
    fit_seconds : float
    """

    candidates: tuple[CandidateReport, ...]
    chosen: str
    chance: float
    clips: int
    slots: int
    exponent: float
    fit_seconds: float

    @property
    def predicted(self) -> Predicted:
        """Accuracy to expect of clips to come."""
        best = next(c for c in self.candidates if c.name == self.chosen)
        return Predicted(best.top1, best.ci95, self.chance)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "candidates": [
                {
                    "name": c.name,
                    "top1": round(c.top1, 4),
                    "ci95": [round(x, 4) for x in c.ci95],
                    "log_likelihood": round(c.log_likelihood, 4),
                    "exponent": round(c.exponent, 4),
                    "seconds": round(c.seconds, 2),
                }
                for c in self.candidates
            ],
            "chosen": self.chosen,
            "predicted": {
                "top1": round(self.predicted.top1, 4),
                "ci95": [round(x, 4) for x in self.predicted.ci95],
                "chance": round(self.chance, 4),
            },
            "clips": self.clips,
            "slots": self.slots,
            "exponent": round(self.exponent, 4),
            "fit_seconds": round(self.fit_seconds, 2),
        }


def interval(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Wilson (1927). `n` is the number of independent observations: clips of one slot are not independent,
    so slots are counted, which errs on the wide side.
    """
    z2 = _Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * float(np.sqrt(share * (1 - share) / n + z2 / (4 * n**2)))
    return max(0.0, centre - half), min(1.0, centre + half)
