"""A decoder's answers to test clips, as files and as what a generator may be given. No truth is in them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle.schema import EvidenceModel
from rtbci.decode import judge
from rtbci.errors import UsageError
from training.evidence import log_softmax


@dataclass(frozen=True, eq=False, kw_only=True)
class Answers:
    """What a decoder says of clips from their EEG.

    There is no place here for what was shown, and what draws from answers takes nothing else: pictures that
    know the truth cannot be made by mistake.

    Attributes
    ----------
    concept : ndarray, shape (n, concepts)
        Logits, divided by their temperature (a bundle's encoder does so).
    attributes : dict of str to ndarray, shape (n, values)
        Likewise.
    latent : ndarray, shape (n, 8, 16, 16), or (n, c, h, w) of another generator
        The pictures' latents, as regressed from the EEG.
    text : ndarray, shape (n, width), optional
        Embeddings of a text that describes the pictures, as regressed from the EEG.
    """

    concept: NDArray[np.floating]
    attributes: dict[str, NDArray[np.floating]]
    latent: NDArray[np.floating]
    text: NDArray[np.floating] | None = None

    def __post_init__(self) -> None:
        """Check that the parts are of the same clips.

        Raises
        ------
        UsageError
            If they are not, or a number is not finite.
        """
        parts = {"concept": self.concept, "latent": self.latent, **self.attributes}
        if self.text is not None:
            parts["text"] = self.text
        for name, part in parts.items():
            if len(part) != len(self.concept) or not np.isfinite(part).all():
                raise UsageError(
                    f"The answers' part {name} has {len(part)} rows for {len(self.concept)} clips, or "
                    "numbers that are not finite; decode the clips again."
                )

    @property
    def posterior(self) -> NDArray[np.float64]:
        """Probability of each concept, shape (n, concepts)."""
        return np.exp(log_softmax(np.asarray(self.concept, dtype=np.float64)))


def strengths(answers: Answers, model: EvidenceModel, null_confidence: float = 0.0) -> NDArray[np.float64]:
    """How sure each clip's picture may look, by the runtime's own curve (`rtbci.decode.judge`).

    Parameters
    ----------
    answers : Answers
    model : EvidenceModel
        The bundle's, or the one fitted for this decoder.
    null_confidence : float
        95th percentile of the same decoder's confidence on surrogate EEG.

    Returns
    -------
    ndarray, shape (n,)
        0 (no better than chance) to 1.
    """
    posterior = answers.posterior
    chance = 1.0 / posterior.shape[1]
    return np.array(
        [
            judge(float(best), chance=chance, null_confidence=null_confidence, model=model).strength
            for best in posterior.max(axis=1)
        ]
    )
