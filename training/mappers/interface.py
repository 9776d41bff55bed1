"""What mappers and adapted decoders have in common, and the clips that they are fitted to."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rtbci.errors import UsageError

Floats = NDArray[np.float64]
Eeg = NDArray[np.float32]
Indices = NDArray[np.int64]


class Mapper(Protocol):
    """Turns one person's EEG into what another's would have been: (n, 62, T) to the same."""

    def __call__(self, x: Eeg) -> Eeg:
        """Map windows."""


class Adapted(Protocol):
    """A decoder that suits a wearer."""

    def logits(self, x: Eeg) -> Floats:
        """Concept logits (n, K) of windows (n, 62, T)."""


@dataclass(frozen=True, eq=False)
class Clips:
    """One window for each clip that was watched, in order of time within a subject.

    Attributes
    ----------
    x : ndarray, shape (n, 62, T), float16 or float32
        The signal chain's output, averaged in time or not.
    concept : ndarray, shape (n,)
    slot : ndarray, shape (n,)
        Clips of one concept in a row share a number, unique within the subject: they are never parted.
    stimulus : ndarray, shape (n,)
        Clips of one concept and one number here are the same clip; -1 where nobody says which it was.
    subject : ndarray, shape (n,)

    Raises
    ------
    UsageError
        If they are not equally many.
    """

    x: NDArray[np.floating[Any]]
    concept: Indices
    slot: Indices
    stimulus: Indices
    subject: Indices

    def __post_init__(self) -> None:
        counts = {name: len(getattr(self, name)) for name in self.__dataclass_fields__}
        if len(set(counts.values())) > 1 or self.x.ndim != 3:
            told = ", ".join(f"{count} {name}" for name, count in counts.items())
            raise UsageError(
                f"Clips need one window (62, T) and one number of each kind, but there are {told}."
            )

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Indices | NDArray[np.bool_]) -> "Clips":
        """Only some of them."""
        return Clips(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})

    @property
    def eeg(self) -> Eeg:
        """The windows in single precision."""
        return np.asarray(self.x, dtype=np.float32)

    def first(self, share: float) -> tuple["Clips", "Clips"]:
        """Part one wearer's clips in time: the first slots, at least one, and the others.

        Parameters
        ----------
        share : float
            Above 0, at most 1; 0.15 is what SAM-Net has of a new subject.

        Raises
        ------
        UsageError
            If it is no such share.
        """
        if not 0.0 < share <= 1.0:
            raise UsageError(
                f"A share of {share} of a wearer's clips was asked for; give one above 0, at most 1."
            )
        _, begins, slots = np.unique(self.slot, return_index=True, return_inverse=True)
        place = np.argsort(np.argsort(begins))[slots]
        early = place < max(1, round(share * len(begins)))
        return self.take(early), self.take(~early)


@dataclass(frozen=True, eq=False)
class SpatialMap:
    """Mixes channels: ``matrix @ x``, which is also what a wearer's profile holds.

    Attributes
    ----------
    matrix : ndarray, shape (62, 62), float64
    """

    matrix: Floats

    def __call__(self, x: Eeg) -> Eeg:
        """Map windows."""
        return np.asarray(self.matrix.astype(np.float32) @ x, dtype=np.float32)


class Frozen:
    """A torch decoder as it is: nothing learns.

    Parameters
    ----------
    decoder : nn.Module
        Windows (B, 62, T) to concept logits (B, K). It is set to inference.
    batch : int
        Windows at once.
    """

    def __init__(self, decoder: nn.Module, batch: int = 256) -> None:
        self.decoder = decoder.eval()
        self._batch = batch

    @torch.no_grad()
    def logits(self, x: Eeg) -> Floats:
        """Concept logits (n, K) of windows (n, 62, T)."""
        parts = [
            self.decoder(torch.from_numpy(x[i : i + self._batch])) for i in range(0, len(x), self._batch)
        ]
        return np.asarray(torch.cat(parts).double().numpy())


@dataclass(frozen=True, eq=False)
class Mapped:
    """A mapper in front of a decoder.

    Attributes
    ----------
    mapper : Mapper
    decoder : Adapted
    """

    mapper: Mapper
    decoder: Adapted

    def logits(self, x: Eeg) -> Floats:
        """Concept logits (n, K) of windows (n, 62, T)."""
        return self.decoder.logits(self.mapper(x))


@dataclass(frozen=True, eq=False)
class Mixture:
    """Several decoders whose logits are summed.

    Attributes
    ----------
    parts : tuple of Adapted
    factors : tuple of float
        How much each counts.
    """

    parts: tuple[Adapted, ...]
    factors: tuple[float, ...]

    def logits(self, x: Eeg) -> Floats:
        """Concept logits (n, K) of windows (n, 62, T)."""
        terms = [f * part.logits(x) for f, part in zip(self.factors, self.parts, strict=True)]
        return np.asarray(np.sum(terms, axis=0))
