"""What calibration puts around the frozen encoder for one wearer: a spatial layer, a head, an exponent."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import WearerError
from rtbci.montage import CHANNELS
from rtbci.stimuli.concepts import CONCEPTS

ARRAYS: dict[str, tuple[int, ...]] = {
    "matrix": (len(CHANNELS), len(CHANNELS)),
    "head_weight": (len(CONCEPTS), len(CONCEPTS)),
    "head_bias": (len(CONCEPTS),),
}


@dataclass(frozen=True, eq=False)
class Adapter:
    """Three affine maps, applied with numpy: one small product a window.

    Attributes
    ----------
    matrix : ndarray, shape (62, 62), float64
        Spatial layer: ``adapted = matrix @ eeg``, in place of the bundle's generic adapter.
    head_weight : ndarray, shape (40, 40), float64
        Concept head: ``logits @ head_weight + head_bias``.
    head_bias : ndarray, shape (40,), float64
    exponent : float or None
        Weight of one window's evidence, in place of the bundle's; None keeps the bundle's.

    Raises
    ------
    WearerError
        If a shape is wrong, a value is not finite, or the exponent is not above 0.
    """

    matrix: NDArray[np.float64]
    head_weight: NDArray[np.float64]
    head_bias: NDArray[np.float64]
    exponent: float | None = None
    _single: NDArray[np.float32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, shape in ARRAYS.items():
            array = getattr(self, name)
            if array.shape != shape or not np.isfinite(array).all():
                raise WearerError(
                    f"The adapter's {name} has shape {array.shape} or values that are no numbers, where "
                    f"finite {shape} is needed; calibrate the wearer again."
                )
        if self.exponent is not None and not 0 < self.exponent < np.inf:
            raise WearerError(
                f"The adapter's exponent {self.exponent} is not above 0; calibrate the wearer again."
            )
        object.__setattr__(self, "_single", np.ascontiguousarray(self.matrix, dtype=np.float32))

    @classmethod
    def identity(cls, exponent: float | None = None) -> Self:
        """Return an adapter that changes nothing."""
        return cls(np.eye(len(CHANNELS)), np.eye(len(CONCEPTS)), np.zeros(len(CONCEPTS)), exponent)

    def spatial(self, eeg: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map windows (n, 62, samples) of this wearer to what the encoder knows."""
        return np.asarray(self._single @ eeg, dtype=np.float32)

    def concept_logits(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map the encoder's concept logits (n, 40) to this wearer's."""
        return np.asarray(logits @ self.head_weight + self.head_bias, dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Return the arrays by name, as a profile stores them."""
        return {name: getattr(self, name) for name in ARRAYS}
