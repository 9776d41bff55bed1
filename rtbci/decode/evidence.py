"""Evidence over time: a forward filter over overlapping windows.

Overlapping windows share most of their samples, so multiplying their posteriors as if they were
independent makes a decoder say 97 % and be right a third of the time. One exponent below 1 on each
window's likelihood, fitted on held-out wearers, takes that back; a hazard lets go of what was watched
before, so that a change of clip needs no announcement.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EvidenceState:
    """What the windows so far say.

    Attributes
    ----------
    log_posterior : dict of str to ndarray
        Normalised log posterior of each question ("concept", "colour", …).
    means : dict of str to ndarray
        Forgetful means of the regressed outputs ("text", "latent"); empty before the first window.
    windows : int
        Windows seen since the last reset.
    """

    log_posterior: dict[str, Array]
    means: dict[str, Array]
    windows: int = 0

    def posterior(self, question: str) -> Array:
        """Probabilities of one question's answers."""
        return np.exp(self.log_posterior[question])


@dataclass(frozen=True)
class EvidenceFilter:
    """Forward filter (Rabiner 1989, eq. 19-20) of a K-state chain that changes with probability `hazard`.

    ``p_t ~ ((1 - hazard) p_(t-1) + hazard / K) * softmax(logits_t) ** exponent``

    Parameters
    ----------
    exponent : float
        Weight of one window's log-likelihood, in (0, 1] where windows overlap.
    hazard : float
        Probability that what is watched changes between two windows, 0 to 1.
    sizes : dict of str to int
        Number of answers of each question.
    """

    exponent: float
    hazard: float
    sizes: dict[str, int]

    def start(self) -> EvidenceState:
        """Knowing nothing: every answer equally likely."""
        return EvidenceState({name: np.full(k, -np.log(k)) for name, k in self.sizes.items()}, {})

    def step(
        self, state: EvidenceState, logits: dict[str, Array], values: dict[str, Array] | None = None
    ) -> EvidenceState:
        """Add one window.

        Parameters
        ----------
        state : EvidenceState
            What was known; it is not changed.
        logits : dict of str to ndarray, each of shape (K,)
            The window's logits for each question in `sizes`.
        values : dict of str to ndarray, optional
            Regressed outputs to average over the windows.
        """
        posteriors = {
            name: self._update(state.log_posterior[name], np.asarray(logits[name], dtype=np.float64))
            for name in self.sizes
        }
        keep = (1.0 - self.hazard) * min(state.windows, 1)
        means = {
            name: keep * state.means.get(name, np.zeros(1))
            + (1.0 - keep) * np.asarray(value, dtype=np.float64)
            for name, value in (values or {}).items()
        }
        return EvidenceState(posteriors, means, state.windows + 1)

    def _update(self, before: Array, logits: Array) -> Array:
        prior = np.logaddexp(before + np.log1p(-self.hazard), np.log(self.hazard / len(before)))
        after = prior + self.exponent * (logits - np.logaddexp.reduce(logits))
        return np.asarray(after - np.logaddexp.reduce(after), dtype=np.float64)
