"""From clean microvolts to the decoder's input: robust scale, clipping, Euclidean alignment."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle.schema import Preprocessing
from rtbci.signal.align import Align, AlignState
from rtbci.signal.scale import RunningScale, ScaleState

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NormaliseState:
    """States of both steps."""

    scale: ScaleState
    align: AlignState


@dataclass(frozen=True, eq=False)
class Normalise:
    """Scale, then whiten.

    A window is transformed as a whole by the scale and the whitening in force at its end, so that neither
    steps in the middle of what the decoder sees.
    """

    scale: RunningScale
    align: Align

    @classmethod
    def of(cls, p: Preprocessing, prior_covariance: Array | None) -> "Normalise":
        """Steps for a bundle's preprocessing."""
        return cls(
            scale=RunningScale(p.rate_hz, p.normalise_s, p.clip_sd),
            align=Align(rate=p.rate_hz, forget_s=p.align_s, prior=prior_covariance, prior_s=p.align_prior_s),
        )

    def start(self) -> NormaliseState:
        """State before the first sample."""
        return NormaliseState(self.scale.start(), self.align.start())

    def restart(self, state: NormaliseState) -> NormaliseState:
        """State after a gap: what was learned stays, unfinished seconds are dropped."""
        return NormaliseState(self.scale.restart(state.scale), self.align.restart(state.align))

    def step(self, state: NormaliseState, uv: Array) -> tuple[NormaliseState, Array]:
        """Normalise samples (n, 62), each by what was in force when it came."""
        scale, scaled = self.scale.step(state.scale, uv)
        align, z = self.align.step(state.align, scaled)
        return NormaliseState(scale, align), z

    def observe(self, state: NormaliseState, uv: Array) -> NormaliseState:
        """Learn from samples (n, 62) without whitening them."""
        scale, scaled = self.scale.step(state.scale, uv)
        return NormaliseState(scale, self.align.observe(state.align, scaled))

    def window(self, state: NormaliseState, uv: Array) -> tuple[NDArray[np.float32], float]:
        """The decoder's input from a window of microvolts.

        Parameters
        ----------
        state : NormaliseState
            After the window's last sample.
        uv : ndarray (length, 62)
            The window.

        Returns
        -------
        z : ndarray (62, length) float32
            Scaled, clipped and whitened.
        clipped : float
            Share of values that were clipped.
        """
        scaled = self.scale.apply(state.scale, uv)
        clipped = float(np.mean(np.abs(scaled) >= self.scale.clip_sd))
        z = state.align.whitening @ np.ascontiguousarray(scaled.T)
        return z.astype(np.float32), clipped
