"""Runs answer with standardised targets; pictures are made of the targets themselves."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from training.experiments.material import Material
from training.targets.stored import TargetTable

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TargetScale:
    """How targets were scaled before they were learnt.

    Attributes
    ----------
    mean : ndarray, shape (width,), float32
    scale : ndarray, shape (width,) or (), float32
    """

    mean: Floats
    scale: Floats

    @classmethod
    def of_latents(cls, values: Floats) -> Self:
        """As `training.experiments.material.Labels` standardises latents: each number by itself.

        Parameters
        ----------
        values : ndarray, shape (learnt stimuli, ...)
        """
        flat = values.reshape(len(values), -1)
        return cls(flat.mean(axis=0), flat.std(axis=0) + np.float32(1e-6))

    @classmethod
    def of_text(cls, values: Floats) -> Self:
        """As `Labels` scales text embeddings: less their mean, to a mean squared length of 1."""
        flat = values.reshape(len(values), -1)
        mean = flat.mean(axis=0)
        return cls(mean, np.sqrt(np.square(flat - mean).sum(axis=1).mean() + np.float32(1e-12)))

    def restored(self, answers: NDArray[np.floating]) -> Floats:
        """Answers (n, width) as targets of their own size."""
        return np.asarray(self.mean + self.scale * answers.astype(np.float32), dtype=np.float32)


def learnt(material: Material, table: TargetTable) -> Floats:
    """Stored targets of the stimuli that were learnt from."""
    return table.of(np.array(sorted(material.learnt_stimuli), dtype=np.int64))
