"""Fine-tuning: everything in the decoder learns from a wearer's clips, held near where it was."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from training.mappers.descent import DescentSettings, fit_to_wearer
from training.mappers.interface import Clips, Floats, Frozen

FINETUNE = DescentSettings(rate=5e-4)


@dataclass(frozen=True, eq=False)
class FinetuneFit:
    """A fine-tuned decoder.

    Attributes
    ----------
    adapted : Frozen
        The copy that learnt.
    aside : ndarray, shape (m, K)
        Logits of the clips set aside, by a fit that has not seen them.
    epochs : int
        For how long it was fitted; 0 leaves the start.
    """

    adapted: Frozen
    aside: Floats
    epochs: int


def finetune(
    decoder: nn.Module, clips: Clips, aside: NDArray[np.bool_], settings: DescentSettings = FINETUNE
) -> FinetuneFit:
    """Fine-tune a copy of a decoder on a wearer's clips; parameters as for `fit_layer`."""

    def make() -> tuple[nn.Module, Sequence[nn.Parameter]]:
        model = copy.deepcopy(decoder).requires_grad_(True)
        return model, list(model.parameters())

    model, logits, epochs = fit_to_wearer(make, clips, aside, settings)
    return FinetuneFit(Frozen(model.requires_grad_(False)), logits, epochs)
