"""From a calibrated confidence to how sure a picture may look: the one curve."""

from dataclasses import dataclass

import numpy as np

from rtbci.bundle.schema import EvidenceModel
from rtbci.wire.messages import Strength

_STRENGTHS = (0.0, 0.25, 0.6, 1.0)


@dataclass(frozen=True)
class Verdict:
    """How far a confidence stands above chance.

    Attributes
    ----------
    strength : float
        0 (no better than chance) to 1.
    word : str
        none, weak, moderate or strong.
    """

    strength: float
    word: Strength

    @property
    def crisp(self) -> bool:
        """Whether a picture that rests on it may be drawn crisp."""
        return self.word == "strong"


def judge(
    confidence: float, *, chance: float, null_confidence: float, model: EvidenceModel, clean: bool = True
) -> Verdict:
    """Say how far evidence stands above chance and above the null control.

    Strength is 0 up to the floor: `model.weak` times chance or what surrogate EEG reaches in 5 % of windows,
    whichever is higher. From there it rises in straight lines: to 0.25 at the confidence that counts as
    moderate, 0.6 at the one that counts as strong, and 1 half-way from there to certainty. Evidence from EEG
    that is not clean counts as weak at most, however confident the decoder: it never saw the like.

    Parameters
    ----------
    confidence : float
        Calibrated probability of the best guess.
    chance : float
        One over the number of concepts.
    null_confidence : float
        95th percentile of the confidence on surrogate EEG.
    model : EvidenceModel
        The bundle's thresholds.
    clean : bool
        Whether the newest EEG is fit to be decoded.
    """
    floor = max(model.weak * chance, null_confidence)
    points = np.maximum([floor, model.moderate, model.strong, (1.0 + model.strong) / 2], floor)
    strength = float(np.interp(confidence, points, _STRENGTHS))
    if confidence <= floor:
        return Verdict(0.0, "none")
    if not clean:
        return Verdict(min(strength, _STRENGTHS[1]), "weak")
    if confidence >= model.strong:
        return Verdict(strength, "strong")
    return Verdict(strength, "moderate" if confidence >= model.moderate else "weak")
