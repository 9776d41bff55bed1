"""EEGNet (Lawhern et al. 2018, J. Neural Eng. 15, 056013)."""

from typing import Any

import torch
from torch import Tensor, nn

from rtbci.errors import UsageError
from rtbci.montage import CHANNELS
from training.models.convolution import in_samples

_LARGEST_NORM = 1.0
_NORM: dict[str, Any] = {"eps": 1e-3, "momentum": 0.01}
"""Of the framework that it was published in."""


class EegNet(nn.Module):
    """Filters in time, for each of them spatial filters, then a separable convolution.

    Published for 128 Hz with kernels of 64 and 16 samples and pools of 4 and 8, the second of each behind
    the first pool: the defaults in seconds. `dropout` is the published one for training across subjects.

    Parameters
    ----------
    samples : int
    rate_hz : float
    f1 : int
        Filters in time.
    d : int
        Spatial filters for each.
    f2 : int
        Filters of the separable convolution.
    kernel_s, late_kernel_s : float
    pool_s, late_pool_s : float
        What one place stands for behind the first pool, and how much the second pool averages.
    dropout : float
    channels : int

    Attributes
    ----------
    features : int

    Raises
    ------
    UsageError
        If a window is shorter than the two pools.
    """

    sees: Tensor

    def __init__(
        self,
        samples: int,
        rate_hz: float,
        *,
        f1: int = 8,
        d: int = 2,
        f2: int = 16,
        kernel_s: float = 0.5,
        late_kernel_s: float = 0.5,
        pool_s: float = 0.03125,
        late_pool_s: float = 0.25,
        dropout: float = 0.25,
        channels: int = len(CHANNELS),
    ) -> None:
        super().__init__()
        pool = in_samples(pool_s, rate_hz)
        late_rate_hz = rate_hz / pool
        late_pool = in_samples(late_pool_s, late_rate_hz)
        places = samples // pool // late_pool
        if places < 1:
            raise UsageError(
                f"Windows of {samples} samples are too short for EEGNet's pools of {pool} x {late_pool}; "
                "use longer windows or shorter pools."
            )
        self.features = f2 * places
        self.time = nn.Sequential(*_same(1, f1, in_samples(kernel_s, rate_hz)), nn.BatchNorm1d(f1, **_NORM))
        self.space = nn.Conv2d(f1, f1 * d, (channels, 1), groups=f1, bias=False)
        # Which filter in time each spatial filter looks at.
        self.register_buffer("sees", torch.eye(f1).repeat_interleave(d, dim=0), persistent=False)
        self.early = nn.Sequential(
            nn.BatchNorm1d(f1 * d, **_NORM), nn.ELU(), nn.AvgPool1d(pool), nn.Dropout(dropout)
        )
        self.late = nn.Sequential(
            *_same(f1 * d, f1 * d, in_samples(late_kernel_s, late_rate_hz), groups=f1 * d),
            nn.Conv1d(f1 * d, f2, 1, bias=False),
            nn.BatchNorm1d(f2, **_NORM),
            nn.ELU(),
            nn.AvgPool1d(late_pool),
            nn.Dropout(dropout),
        )

    def forward(self, eeg: Tensor) -> Tensor:
        """(B, 62, T) to (B, features)."""
        batch, channels, samples = eeg.shape
        # Electrode by electrode, then with zeros for the filters that a spatial one does not see: the same
        # numbers as two-dimensional convolutions in groups, in half the time.
        filtered = self.time(eeg.reshape(batch * channels, 1, samples)).reshape(batch, -1, samples)
        weight = self._spatial()[:, :, None] * self.sees[:, None, :]
        mixed = nn.functional.conv1d(filtered, weight.reshape(len(weight), -1, 1))
        out: Tensor = self.late(self.early(mixed)).flatten(1)
        return out

    def _spatial(self) -> Tensor:
        """Spatial filters (f1 d, 62), of norm 1 at most, as published.

        By scaling, so that training and inference see the same and no optimiser has to know.
        """
        weight = self.space.weight[:, 0, :, 0]
        norm: Tensor = weight.norm(dim=1, keepdim=True)
        return weight * (_LARGEST_NORM / norm.clamp(min=_LARGEST_NORM))


def _same(given: int, made: int, kernel: int, groups: int = 1) -> tuple[nn.Module, nn.Module]:
    """A convolution over time that keeps the length, for even kernels too."""
    pad = nn.ZeroPad1d(((kernel - 1) // 2, kernel // 2))
    return pad, nn.Conv1d(given, made, kernel, groups=groups, bias=False)
