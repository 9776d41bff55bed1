"""The calibration's report: what each candidate reached, never without an interval and chance."""

from dataclasses import dataclass
from typing import Any

from rtbci.calibrate.findings import Amount, Bin, Gain, Group, Share
from rtbci.calibrate.intervals import predictive
from rtbci.calibrate.plain import sentences
from rtbci.wearers.profile import Predicted


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
    cut_short : bool
        Whether it would have taken longer than there was time.
    """

    name: str
    top1: float
    ci95: tuple[float, float]
    log_likelihood: float
    exponent: float
    seconds: float
    cut_short: bool = False


@dataclass(frozen=True)
class NotTried:
    """A candidate that could not take part, and why, as a sentence that says how to mend it."""

    name: str
    why: str


@dataclass(frozen=True)
class Report:
    """Everything that a calibration found out.

    Attributes
    ----------
    candidates : tuple of CandidateReport
    not_tried : tuple of NotTried
    chosen : str
    won_by : Gain
        Right clips of the chosen candidate more than of "none", clip by clip.
    chance : float
        Of a guess among the concepts that were shown; see `CrossValidation.chance`.
    clips, slots : int
        How many clips were scored, and in how many independent runs of one concept.
    shown, concepts : int
        How many concepts these clips were of, and among how many the decoder chooses.
    exponent : float
    fit_seconds : float
    decodable : bool
        Whether the chosen candidate can be told from chance.
    groups : tuple of Group
        Accuracy in each group of concepts, with "none" and with the chosen candidate.
    reliability : tuple of Bin
        What the chosen candidate claimed, and what was true.
    amount : tuple of Amount
        What is reached by learning from fewer clips.
    learner : str
        The candidate that `amount` and `gain` are of: the chosen one, or where that learns nothing the
        quickest of those that do.
    gain : Gain or None
        What the second half of the clips was worth to it; None if half of them are too few to learn from.
    """

    candidates: tuple[CandidateReport, ...]
    not_tried: tuple[NotTried, ...]
    chosen: str
    won_by: Gain
    chance: float
    clips: int
    slots: int
    shown: int
    concepts: int
    exponent: float
    fit_seconds: float
    decodable: bool
    groups: tuple[Group, ...]
    reliability: tuple[Bin, ...]
    amount: tuple[Amount, ...]
    learner: str
    gain: Gain | None

    @property
    def predicted(self) -> Predicted:
        """Accuracy to expect of clips to come, with the interval of a run of `LATER_CLIPS`."""
        top1 = self.after.top1
        return Predicted(top1, predictive(top1, self.slots), self.chance)

    @property
    def before(self) -> Share:
        """Accuracy of the bundle as it comes."""
        none = next(c for c in self.candidates if c.name == "none")
        return Share(none.top1, none.ci95)

    @property
    def after(self) -> Share:
        """Accuracy of the chosen candidate."""
        best = next(c for c in self.candidates if c.name == self.chosen)
        return Share(best.top1, best.ci95)

    @property
    def plain(self) -> tuple[str, str]:
        """What it means, in two sentences."""
        # All are shown where guessing is easier only because some come more often than others.
        few = self.chance > 1.0 / self.concepts and self.shown < self.concepts
        return sentences(
            before=self.before,
            after=Share(self.predicted.top1, self.predicted.ci95),
            chance=self.chance,
            decodable=self.decodable,
            gain=self.gain,
            few=(self.shown, self.concepts) if few else None,
        )

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
                    "cut_short": c.cut_short,
                }
                for c in self.candidates
            ],
            "not_tried": [{"name": c.name, "why": c.why} for c in self.not_tried],
            "chosen": self.chosen,
            "won_by": self.won_by.to_json(),
            "predicted": {
                "top1": round(self.predicted.top1, 4),
                "ci95": [round(x, 4) for x in self.predicted.ci95],
                "chance": round(self.chance, 4),
            },
            "clips": self.clips,
            "slots": self.slots,
            "concepts": {"shown": self.shown, "of": self.concepts},
            "exponent": round(self.exponent, 4),
            "fit_seconds": round(self.fit_seconds, 2),
            "decodable": self.decodable,
            "plain": list(self.plain),
            "groups": [
                {
                    "name": group.name,
                    "clips": group.clips,
                    "before": group.before.to_json(),
                    "after": group.after.to_json(),
                }
                for group in self.groups
            ],
            "reliability": [
                {"claimed": round(part.claimed, 4), "clips": part.clips, **part.right.to_json()}
                for part in self.reliability
            ],
            "amount": {
                "candidate": self.learner,
                "points": [{"clips": a.clips, **a.reached.to_json()} for a in self.amount],
                "gain": None if self.gain is None else self.gain.to_json(),
            },
        }
