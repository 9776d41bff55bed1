"""New2Source where it is fitted by what it is for: a spatial layer before the frozen decoder, by its loss."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.mappers.descent import DescentSettings, fit_to_wearer
from training.mappers.interface import Clips, Floats, Frozen, Mapped, SpatialMap

LAYER = DescentSettings()


class _Layered(nn.Module):
    """The layer alone learns, and the decoder is as in use: no dropout."""

    def __init__(self, matrix: Tensor, decoder: nn.Module) -> None:
        super().__init__()
        self.matrix = nn.Parameter(matrix)
        self.decoder = copy.deepcopy(decoder).requires_grad_(False)

    def train(self, mode: bool = True) -> "_Layered":
        super().train(mode)
        self.decoder.eval()
        return self

    def forward(self, eeg: Tensor) -> Tensor:
        logits: Tensor = self.decoder(self.matrix @ eeg)
        return logits


@dataclass(frozen=True, eq=False)
class LayerFit:
    """A fitted layer.

    Attributes
    ----------
    mapper : SpatialMap
        New2Source.
    adapted : Mapped
        It and the decoder.
    aside : ndarray, shape (m, K)
        Logits of the clips set aside, by a fit that has not seen them.
    epochs : int
        For how long it was fitted; 0 leaves the start.
    """

    mapper: SpatialMap
    adapted: Mapped
    aside: Floats
    epochs: int


def fit_layer(
    decoder: nn.Module,
    clips: Clips,
    aside: NDArray[np.bool_],
    settings: DescentSettings = LAYER,
    start: Floats | None = None,
) -> LayerFit:
    """Fit a spatial layer (62, 62) to a wearer's clips.

    Parameters
    ----------
    decoder : nn.Module
        Windows (B, 62, T) to concept logits (B, K); it is not changed.
    clips : Clips
        The wearer's.
    aside : ndarray of bool, shape (n,)
        Clips, whole slots, by which to find when to stop; see `training.mappers.choose.set_aside`.
    settings : DescentSettings
    start : ndarray, shape (62, 62), optional
        Where it begins and is held near to; without it the identity.
    """
    begin = np.eye(clips.x.shape[1]) if start is None else start

    def make() -> tuple[_Layered, Sequence[nn.Parameter]]:
        model = _Layered(torch.tensor(begin, dtype=torch.float32), decoder)
        return model, [model.matrix]

    model, logits, epochs = fit_to_wearer(make, clips, aside, settings)
    mapper = SpatialMap(model.matrix.detach().double().numpy())
    return LayerFit(mapper, Mapped(mapper, Frozen(model.decoder)), logits, epochs)
