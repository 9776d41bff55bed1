"""Few-step sampling of latent consistency models.

Luo et al. 2023, "Latent Consistency Models" (arXiv 2310.04378): section 4.3 for the skipped schedule, its
appendix for the boundary condition. The numbers are those of `diffusers.LCMScheduler`, which the tests hold
it to; the runtime does without that library, whose import alone takes seconds.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_SIGMA_DATA = 0.5

Latents = NDArray[np.float32]


@dataclass(frozen=True)
class Schedule:
    """How much noise there is at each time step, and how a step takes it away.

    Attributes
    ----------
    train_steps : int
        Time steps that the network was trained on.
    original_steps : int
        Time steps that it was distilled on.
    beta_start, beta_end : float
        Variance of the noise added at the first and the last time step; between them the root is linear.
    timestep_scaling : float
        Of the boundary condition.
    """

    train_steps: int = 1000
    original_steps: int = 50
    beta_start: float = 0.00085
    beta_end: float = 0.012
    timestep_scaling: float = 10.0

    @cached_property
    def kept(self) -> NDArray[np.float64]:
        """Share of the signal's variance that is left at each time step."""
        betas = np.linspace(self.beta_start**0.5, self.beta_end**0.5, self.train_steps) ** 2
        return np.asarray(np.cumprod(1.0 - betas))

    def times(self, steps: int, refinement: float) -> tuple[int, ...]:
        """Give the time steps to go through, the noisiest first.

        Parameters
        ----------
        steps : int
            How many at most; there are fewer where the part of the schedule has not so many.
        refinement : float
            Which part of the schedule is gone through, from the end: 1 starts at pure noise, 0 is none.

        Returns
        -------
        tuple of int
        """
        part = np.arange(1, int(self.original_steps * refinement) + 1)
        part = (part * (self.train_steps // self.original_steps) - 1)[::-1]
        steps = min(steps, len(part))
        if steps < 1:
            return ()
        # Evenly over the part, and never its last: numpy's floor of linspace without the end point.
        return tuple(int(part[k]) for k in np.linspace(0, len(part), steps, endpoint=False).astype(int))

    def noised(self, clean: Latents, noise: Latents, time: int) -> Latents:
        """Add the noise of a time step to clean latents of any shape."""
        kept = self.kept[time]
        return np.asarray(np.float32(kept**0.5) * clean + np.float32((1 - kept) ** 0.5) * noise)

    def cleaned(self, noisy: Latents, predicted: Latents, time: int) -> Latents:
        """Give the clean latents that a network's prediction of the noise at a time step amounts to.

        Parameters
        ----------
        noisy : ndarray
            What the network saw.
        predicted : ndarray
            The noise that it found in it, of the same shape.
        time : int
        """
        kept = self.kept[time]
        clean = (noisy - np.float32((1 - kept) ** 0.5) * predicted) / np.float32(kept**0.5)
        scaled = time * self.timestep_scaling
        skip = _SIGMA_DATA**2 / (scaled**2 + _SIGMA_DATA**2)
        out = scaled / (scaled**2 + _SIGMA_DATA**2) ** 0.5
        return np.asarray(np.float32(out) * clean + np.float32(skip) * noisy)
