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
    def of(cls, p: Preprocessing, prior_covariance: Array | None, realign: bool = True) -> "Normalise":
        """Steps for a bundle's preprocessing; without `realign` the prior whitens for good."""
        return cls(
            scale=RunningScale(p.rate_hz, p.normalise_s, p.clip_sd),
            align=Align(
                rate=p.rate_hz,
                forget_s=p.align_s,
                prior=prior_covariance,
                prior_s=p.align_prior_s,
                whiten=p.whiten,
                fixed=not realign,
            ),
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

    def window(self, state: NormaliseState, uv: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
        """The decoder's input from a window of microvolts.

        Single precision halves the time that the decoder waits, and its input is float32 anyway.

        Parameters
        ----------
        state : NormaliseState
            After the window's last sample.
        uv : ndarray (62, length) float32
            The window, contiguous.

        Returns
        -------
        z : ndarray (62, length) float32
            Scaled, clipped and whitened.
        clipped : float
            Share of values that were clipped.
        """
        limit = np.float32(self.scale.clip_sd)
        scaled = uv / np.asarray(state.scale.scale, dtype=np.float32)[..., None]
        clipped = np.count_nonzero(np.abs(scaled) > limit) / scaled.size
        np.clip(scaled, -limit, limit, out=scaled)
        return state.align.whitening.astype(np.float32) @ scaled, clipped
