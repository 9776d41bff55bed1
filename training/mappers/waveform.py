"""Waveform mapping: one person's EEG from another's for the same clip, by squared error."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from rtbci.errors import UsageError
from training.mappers.interface import Eeg, Floats, Indices, Mapper

Kind = Literal["net", "ridge"]
_CHUNK = 256


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which window is to become which; windows are read, and mapped, only when they are needed.

    Attributes
    ----------
    x, y : ndarray, shape (n, 62, T) and (m, 62, T)
    rows : ndarray, shape (k, 2)
        Of x and of y.
    through : Mapper, optional
        What x passes before it is learnt from: Source2New, where simulated EEG is mapped back.
    """

    x: NDArray[np.floating[Any]]
    y: NDArray[np.floating[Any]]
    rows: Indices
    through: Mapper | None = None

    def take(self, which: Indices) -> tuple[Eeg, Eeg]:
        """Inputs and targets of some pairs."""
        rows = self.rows[which]
        x, y = (np.asarray(a[r], dtype=np.float32) for a, r in ((self.x, rows[:, 0]), (self.y, rows[:, 1])))
        return (x if self.through is None else self.through(x)), y


@dataclass(frozen=True)
class WaveformSettings:
    """How a waveform mapper is fitted.

    Attributes
    ----------
    kind : {"net", "ridge"}
    ridge : float
        Of the closed form, relative to the mean energy of a channel.
    towards_identity : bool
        Whether the ridge pulls to the identity or, as is usual, to zero.
    taps : int
        Odd number of samples, around each, that the closed form looks at.
    hidden, kernel, blocks : int
        Width, samples of the temporal kernel (odd) and depth of the net.
    steps, batch : int
    rate : float
        Of adam, with a cosine to zero.
    seed : int

    Raises
    ------
    UsageError
        If a value is none of these.
    """

    kind: Kind = "net"
    ridge: float = 0.03
    towards_identity: bool = False
    taps: int = 1
    hidden: int = 64
    kernel: int = 9
    blocks: int = 2
    steps: int = 400
    batch: int = 64
    rate: float = 2e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise UsageError(f"There is no waveform mapper {self.kind!r}; choose net or ridge.")
        if self.taps % 2 == 0 or self.kernel % 2 == 0 or min(self.taps, self.kernel) < 1:
            raise UsageError(
                f"A waveform mapper looks as far back as ahead, but has {self.taps} taps and a kernel of "
                f"{self.kernel}; give odd numbers."
            )


@dataclass(frozen=True, eq=False)
class TapMap:
    """A linear map of channels and a few neighbouring samples; beyond the window's ends lie zeros.

    Attributes
    ----------
    weight : ndarray, shape (62, taps, 62), float32
        Output channel, tap (earliest first), input channel.
    """

    weight: NDArray[np.float32]

    def __call__(self, x: Eeg) -> Eeg:
        """Map windows."""
        out, taps, channels = self.weight.shape
        return np.asarray(self.weight.reshape(out, taps * channels) @ _with_neighbours(x, taps))


class WaveformNet(nn.Module):
    """A residual net that mixes channels, then looks along time: it begins as the identity.

    Parameters
    ----------
    channels, hidden, kernel, blocks : int
    """

    def __init__(self, channels: int, hidden: int, kernel: int, blocks: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, channels, 1, bias=False)
        nn.init.dirac_(self.linear.weight)
        self.blocks = nn.ModuleList()
        for _ in range(blocks):
            last = nn.Conv1d(hidden, channels, 1)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]
            along_time = nn.Conv1d(hidden, hidden, kernel, padding=kernel // 2, groups=hidden)
            self.blocks.append(nn.Sequential(nn.Conv1d(channels, hidden, 1), along_time, nn.GELU(), last))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 62, T) to the same, for any T."""
        x = self.linear(x)
        for block in self.blocks:
            x = x + block(x)
        return x


class NetMap:
    """A fitted net as a mapper."""

    def __init__(self, net: nn.Module) -> None:
        self.net = net.eval().requires_grad_(False)

    @torch.no_grad()
    def __call__(self, x: Eeg) -> Eeg:
        """Map windows."""
        parts = [self.net(torch.from_numpy(x[i : i + _CHUNK])) for i in range(0, len(x), _CHUNK)]
        return np.asarray(torch.cat(parts).numpy()) if parts else x


def fit_waveform(pairs: Sequence[Pairs], settings: WaveformSettings) -> Mapper:
    """Fit a mapper to pairs by squared error.

    Parameters
    ----------
    pairs : sequence of Pairs
        All count alike, pair by pair.
    settings : WaveformSettings

    Raises
    ------
    UsageError
        If there is not one pair.
    """
    if not sum(len(part.rows) for part in pairs):
        raise UsageError("There is no pair of windows to learn a mapping from; give clips that both watched.")
    return fit_ridge(pairs, settings) if settings.kind == "ridge" else fit_net(pairs, settings)


def fit_ridge(pairs: Sequence[Pairs], settings: WaveformSettings) -> TapMap:
    """Solve ``(W - W0) (Z Z' + ridge tr(Z Z') / d I) = (Y - W0 Z) Z'``; W0 is the identity or zero."""
    taps = settings.taps
    gram: Floats = np.zeros(())
    cross: Floats = np.zeros(())
    for x, y in _chunks(pairs):
        z = _with_neighbours(x, taps)
        gram = gram + np.einsum("nit,njt->ij", z, z, optimize=True)
        cross = cross + np.einsum("nit,njt->ij", y, z, optimize=True)
    channels = len(cross)
    start = np.zeros_like(cross)
    if settings.towards_identity:
        middle = taps // 2 * channels
        start[:, middle : middle + channels] = np.eye(channels)
    regularised = gram + settings.ridge * np.trace(gram) / len(gram) * np.eye(len(gram))
    weight = start + np.linalg.solve(regularised, (cross - start @ gram).T).T
    return TapMap(weight.reshape(channels, taps, channels).astype(np.float32))


def fit_net(pairs: Sequence[Pairs], settings: WaveformSettings) -> NetMap:
    """Fit the residual net by stochastic descent."""
    rng = np.random.default_rng(settings.seed)
    part_of = np.repeat(np.arange(len(pairs)), [len(part.rows) for part in pairs])
    row_of = np.concatenate([np.arange(len(part.rows)) for part in pairs])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        channels = pairs[0].x.shape[1]
        net = WaveformNet(channels, settings.hidden, settings.kernel, settings.blocks)
    optimiser = torch.optim.Adam(net.parameters(), lr=settings.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    for _ in range(settings.steps):
        drawn = rng.integers(len(part_of), size=settings.batch)
        taken = [pairs[p].take(row_of[drawn[part_of[drawn] == p]]) for p in np.unique(part_of[drawn])]
        x, y = (torch.from_numpy(np.concatenate(one)) for one in zip(*taken, strict=True))
        optimiser.zero_grad(set_to_none=True)
        F.mse_loss(net(x), y).backward()
        optimiser.step()
        schedule.step()
    return NetMap(net)


def squared_error(mapper: Mapper, pairs: Sequence[Pairs]) -> float:
    """Mean squared error over all pairs, samples and channels."""
    total, count = 0.0, 0
    for x, y in _chunks(pairs):
        total += float(np.square(mapper(x) - y, dtype=np.float64).sum())
        count += y.size
    return total / max(count, 1)


def _chunks(pairs: Sequence[Pairs]) -> Iterator[tuple[Eeg, Eeg]]:
    for part in pairs:
        for first in range(0, len(part.rows), _CHUNK):
            yield part.take(np.arange(first, min(first + _CHUNK, len(part.rows))))


def _with_neighbours(x: Eeg, taps: int) -> Eeg:
    """Lay a window's shifts side by side: (n, channels, T) to (n, taps * channels, T)."""
    reach = taps // 2
    padded = np.pad(x, ((0, 0), (0, 0), (reach, reach)))
    return np.concatenate([padded[:, :, i : i + x.shape[2]] for i in range(taps)], axis=1)
