"""What calibration puts around the frozen encoder for one wearer: a layer, a head, a decoder of its own."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import WearerError
from rtbci.montage import CHANNELS
from rtbci.stimuli.concepts import CONCEPTS

OWN_BINS = 25
"""Averages of a window that the wearer's own linear decoder sees: one each 80 ms."""

ARRAYS: dict[str, tuple[int, ...]] = {
    "matrix": (len(CHANNELS), len(CHANNELS)),
    "head_weight": (len(CONCEPTS), len(CONCEPTS)),
    "head_bias": (len(CONCEPTS),),
    "own_weight": (len(CHANNELS) * OWN_BINS, len(CONCEPTS)),
}


@dataclass(frozen=True, eq=False)
class Adapter:
    """Linear maps, applied with numpy: a few small products a window.

    Attributes
    ----------
    matrix : ndarray, shape (62, 62), float64
        Spatial layer: ``adapted = matrix @ eeg``, in place of the bundle's generic adapter.
    head_weight : ndarray, shape (40, 40), float64
        Concept head: ``logits @ head_weight + head_bias + binned(eeg) @ own_weight``.
    head_bias : ndarray, shape (40,), float64
    own_weight : ndarray, shape (1550, 40), float64
        A linear decoder of the wearer's own, on the windows as they come from the signal chain; zero where
        there is none.
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
    own_weight: NDArray[np.float64]
    exponent: float | None = None
    _single: NDArray[np.float32] = field(init=False, repr=False)
    _has_own: bool = field(init=False, repr=False)

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
        object.__setattr__(self, "_has_own", bool(np.any(self.own_weight)))

    @classmethod
    def identity(cls, exponent: float | None = None) -> Self:
        """Return an adapter that changes nothing."""
        concepts = len(CONCEPTS)
        own = np.zeros(ARRAYS["own_weight"])
        return cls(np.eye(len(CHANNELS)), np.eye(concepts), np.zeros(concepts), own, exponent)

    @property
    def has_own(self) -> bool:
        """Whether there is a decoder of the wearer's own."""
        return self._has_own

    def spatial(self, eeg: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map windows (n, 62, samples) of this wearer to what the encoder knows."""
        return np.asarray(self._single @ eeg, dtype=np.float32)

    def concept_logits(self, logits: NDArray[np.float64], eeg: NDArray[np.float32]) -> NDArray[np.float64]:
        """Map the encoder's concept logits (n, 40) to this wearer's.

        Parameters
        ----------
        logits : ndarray, shape (n, 40)
        eeg : ndarray, shape (n, 62, 400)
            The windows, before any layer.
        """
        out = logits @ self.head_weight + self.head_bias
        if self._has_own:
            out = out + binned(eeg) @ self.own_weight
        return np.asarray(out, dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Return the arrays by name, as a profile stores them."""
        return {name: getattr(self, name) for name in ARRAYS}


def binned(eeg: NDArray[np.float32]) -> NDArray[np.float64]:
    """Average windows (n, 62, 400) over bins of 80 ms, and lay channels side by side: (n, 1550).

    Windows of the same two seconds that hold fewer samples, averaged already, give the same.
    """
    n, channels, samples = eeg.shape
    width = samples // OWN_BINS
    bins = eeg[:, :, : width * OWN_BINS].reshape(n, channels, OWN_BINS, width).mean(axis=3)
    return np.asarray(bins.reshape(n, -1), dtype=np.float64)
