"""Means of several clips of one concept: EEG in which the answer stands further above the noise."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Ints = NDArray[np.int64]


class PseudoTrials:
    """Pseudo-trials: means over clips of the same wearer and concept, as decoding of evoked EEG has them.

    What clips of a concept have in common stays, what else there is falls with the root of their number
    (Grootswagers et al., J. Cogn. Neurosci. 29, 2017, 677-697). A net that begins with them finds answers
    that it would not find in single clips; it ends on single clips, so that it is sure of no more than those
    can tell.

    Parameters
    ----------
    rows : ndarray, shape (n,)
        Clips that may be averaged.
    group : ndarray, shape (n,)
        A number for each; those with the same may be averaged with each other.
    most : int
        Clips of one mean at the beginning.
    single_from : float
        Share of the training after which clips stay alone.
    """

    def __init__(self, rows: Ints, group: Ints, most: int, single_from: float) -> None:
        self.most, self.single_from = most, single_from
        order = np.argsort(group, kind="stable")
        self._rows = torch.from_numpy(rows[order])
        _, which, sizes = np.unique(group, return_inverse=True, return_counts=True)
        self._start = torch.from_numpy((np.cumsum(sizes) - sizes)[which])
        self._size = torch.from_numpy(sizes[which])
        self._place = {int(row): index for index, row in enumerate(rows)}

    def count(self, done: float) -> int:
        """Clips of one mean when this share of the training is done."""
        if done >= self.single_from:
            return 1
        return round(self.most - (self.most - 1) * done / self.single_from)

    def companions(self, rows: Ints, count: int, random: torch.Generator) -> Tensor:
        """Draw clips that each of some is averaged with; (count - 1, len(rows)), each of its own group."""
        places = torch.tensor([self._place[int(row)] for row in rows])
        drawn = torch.rand(count - 1, len(rows), generator=random, dtype=torch.float64)
        return self._rows[self._start[places] + (drawn * self._size[places]).long()]


def mean_of(eeg: Tensor, others: Tensor) -> Tensor:
    """Mean of windows and their companions, times the root of their number: so the noise keeps its power.

    Parameters
    ----------
    eeg : Tensor, shape (n, ...)
    others : Tensor, shape (k - 1, n, ...)

    Returns
    -------
    Tensor, shape (n, ...)
    """
    return (eeg + others.sum(dim=0)) / (1 + len(others)) ** 0.5
