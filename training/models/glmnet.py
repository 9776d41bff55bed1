"""GLMNet of EEG2Video (Liu et al., NeurIPS 2024) on differential entropy."""

import torch
from torch import Tensor, nn

from rtbci.montage import CHANNELS, REGIONS
from training.models.de import BANDS


class GlmNet(nn.Module):
    """Two perceptrons side by side, over all electrodes and over the twelve occipital ones.

    Parameters
    ----------
    bands : int
    hidden : tuple of int
    width : int
        Features of each of the two.

    Attributes
    ----------
    features : int
    """

    def __init__(
        self, *, bands: int = len(BANDS), hidden: tuple[int, int] = (512, 256), width: int = 64
    ) -> None:
        super().__init__()
        self.occipital = list(REGIONS["occipital"])
        self.everything = _perceptron(bands * len(CHANNELS), hidden, width)
        self.local = _perceptron(bands * len(self.occipital), hidden, width)
        self.features = 2 * width

    def forward(self, entropy: Tensor) -> Tensor:
        """Standardised differential entropy (B, 62, bands) to (B, features)."""
        local = self.local(entropy[:, self.occipital].flatten(1))
        return torch.cat([self.everything(entropy.flatten(1)), local], dim=1)


def _perceptron(given: int, hidden: tuple[int, int], made: int) -> nn.Sequential:
    first, second = hidden
    return nn.Sequential(
        nn.Linear(given, first), nn.GELU(), nn.Linear(first, second), nn.GELU(), nn.Linear(second, made)
    )
