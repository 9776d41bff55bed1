"""From a calibrated confidence to how sure a picture may look: the one curve."""

from dataclasses import dataclass

import numpy as np

from rtbci.bundle.schema import EvidenceModel
from rtbci.wire.messages import Strength


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


def judge(confidence: float, *, chance: float, null_confidence: float, model: EvidenceModel) -> Verdict:
    """Say how far evidence stands above chance and above the null control.

    Strength rises linearly in confidence from 0 at the floor to 1 at twice the confidence that counts as
    strong (at most 0.95). The floor is `model.weak` times chance or what surrogate EEG reaches in 5 % of
    windows, whichever is higher; confidence at or below it is worth nothing.

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
    """
    floor = max(model.weak * chance, null_confidence)
    ceiling = max(min(2.0 * model.strong, 0.95), floor + 1e-6)
    strength = float(np.clip((confidence - floor) / (ceiling - floor), 0.0, 1.0))
    if confidence <= floor:
        return Verdict(0.0, "none")
    if confidence >= model.strong:
        return Verdict(strength, "strong")
    return Verdict(strength, "moderate" if confidence >= model.moderate else "weak")
