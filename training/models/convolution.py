"""What the convolutional decoders share: lengths in seconds, and a convolution over time and electrodes."""

from typing import cast

import torch
from torch import Tensor, nn

from rtbci.errors import UsageError
from rtbci.montage import CHANNELS


def in_samples(seconds: float, rate_hz: float) -> int:
    """A length in samples, at least one."""
    return max(1, round(seconds * rate_hz))


def positions(samples: int, kernel: int, pool: int, stride: int) -> int:
    """How many places an unpadded convolution with pooling behind it leaves.

    Raises
    ------
    UsageError
        If none.
    """
    if samples < kernel + pool - 1:
        raise UsageError(
            f"Windows of {samples} samples are too short for a kernel of {kernel} and a pool of {pool}; "
            "use longer windows or shorter kernels."
        )
    return (samples - kernel + 1 - pool) // stride + 1


class TimeThenSpace(nn.Module):
    """A convolution over time, then one over all electrodes: (B, 62, T) to (B, filters, T - kernel + 1).

    Nothing stands between the two in ShallowConvNet and EEG-Conformer, so they are one convolution whose
    weight is a product; computed as one, the (B, filters, 62, T) in between is never made.

    Parameters
    ----------
    filters : int
        Of each of the two.
    kernel : int
        Samples.
    bias : bool
        Whether the second has a bias; the first always has.
    channels : int
    """

    def __init__(self, filters: int, kernel: int, *, bias: bool, channels: int = len(CHANNELS)) -> None:
        super().__init__()
        self.time = nn.Conv2d(1, filters, (1, kernel))
        self.space = nn.Conv2d(filters, filters, (channels, 1), bias=bias)

    def forward(self, eeg: Tensor) -> Tensor:
        """Filter."""
        space = self.space.weight[..., 0]
        weight = torch.einsum("ofc,fk->ock", space, self.time.weight[:, 0, 0])
        bias = space.sum(dim=2) @ cast(Tensor, self.time.bias)
        if self.space.bias is not None:
            bias = bias + self.space.bias
        return nn.functional.conv1d(eeg, weight, bias)
