"""The encoder: region perception, multi-scale time, attention (SAM-Net's HRT, as far as it is published).

What the paper leaves open was chosen here: widths, depth, and three small departures. Channel attention looks
at the mean absolute value of a channel, since the mean of band-passed EEG is zero; the transformer comes
before the learnable query, and there are several queries; and EEG is averaged over `decimate` samples first,
which costs nothing (what answers to pictures lies below 15 Hz) and makes it four times as fast.

Every stage can be switched off (`ModelSettings`), for the table that says what each is worth.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from rtbci.errors import UsageError
from rtbci.montage import CHANNELS, REGIONS
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.text import TEXT_WIDTH
from training.model_settings import WINDOW, ModelSettings

QUESTIONS: dict[str, int] = {
    "concept": len(CONCEPTS),
    **{name: len(values) for name, values in ATTRIBUTES.items()},
}
"""Heads that answer with logits, and over how many answers."""
HEADS: dict[str, int] = {**QUESTIONS, "text": TEXT_WIDTH}
"""An encoder's heads, unless it is asked for others."""


class SubjectLayers(nn.Module):
    """A spatial layer for each known wearer and a generic one for everybody else.

    All begin as the identity. `forward` takes the index of each window's layer; 0 is the generic one.
    """

    def __init__(self, subjects: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(len(CHANNELS)).repeat(subjects + 1, 1, 1))

    def forward(self, eeg: Tensor, index: Tensor) -> Tensor:
        """Mix channels: (B, 62, T) and (B,) to (B, 62, T)."""
        return torch.bmm(self.weight[index], eeg)


class RegionPerception(nn.Module):
    """Weighs electrodes, then looks at each region on its own, then mixes regions.

    The five regional convolutions are one convolution with a mask, which is faster and the same.

    Parameters
    ----------
    widths : tuple of int
        Features of each region, in the order of `REGIONS`.
    width : int
        Features of the whole.
    dropout : float
    attention : bool
        Whether electrodes are weighed.
    regional : bool
        Whether regions are seen apart; else all features see all electrodes.
    """

    mask: Tensor

    def __init__(
        self,
        widths: tuple[int, ...],
        width: int,
        dropout: float,
        *,
        attention: bool = True,
        regional: bool = True,
    ) -> None:
        super().__init__()
        channels, total = len(CHANNELS), sum(widths)
        self.attention = (
            nn.Sequential(nn.Linear(channels, 16), nn.ReLU(), nn.Linear(16, channels), nn.Sigmoid())
            if attention
            else None
        )
        self.regions = nn.Conv1d(channels, total, 5, padding=2, bias=False)
        mask = torch.zeros(total, channels, 1)
        row = 0
        everything = {tuple(range(channels)): total}
        seen = dict(zip(REGIONS.values(), widths, strict=True)) if regional else everything
        for columns, size in seen.items():
            mask[row : row + size, list(columns)] = 1.0
            nn.init.normal_(self.regions.weight[row : row + size], std=(5 * len(columns)) ** -0.5)
            row += size
        self.register_buffer("mask", mask)
        self.norm = nn.BatchNorm1d(total)
        self.merge = nn.Conv1d(total, width, 1)
        # Whole features at once: elementwise dropout would take an eighth of the training's time.
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, eeg: Tensor) -> Tensor:
        """(B, 62, T) to (B, width, T)."""
        if self.attention is not None:
            weight = 2.0 * self.attention(eeg.abs().mean(dim=2))
            eeg = eeg * weight[:, :, None]
        regional = nn.functional.conv1d(eeg, self.regions.weight * self.mask, padding=2)
        regional = self.dropout(nn.functional.gelu(self.norm(regional)))
        return nn.functional.gelu(self.merge(regional))


class Block(nn.Module):
    """One transformer layer, normalised before each part; it begins as the identity."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_a, self.norm_b = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        for last in (self.out, self.feed[2]):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, width) to the same."""
        n, width = tokens.shape[1], tokens.shape[2]
        qkv = self.qkv(self.norm_a(tokens)).reshape(-1, n, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attended = torch.softmax(q @ k.transpose(2, 3) * q.shape[-1] ** -0.5, dim=-1) @ v
        tokens = tokens + self.out(attended.transpose(1, 2).reshape(-1, n, width))
        return tokens + self.feed(self.norm_b(tokens))


class Hrt(nn.Module):
    """EEG to what was watched.

    `trunk` turns decimated EEG (B, 62, 400 / decimate) into features (B, trunk); `heads` turns those into
    logits for each of `QUESTIONS` and a text embedding. `forward` does both.

    Parameters
    ----------
    settings : ModelSettings
    heads : mapping of str to int, optional
        Names of the heads and how many numbers each gives; without it `HEADS`.

    Raises
    ------
    UsageError
        If `settings.drop_regions` names a region that there is not.
    """

    kept: Tensor

    def __init__(self, settings: ModelSettings, heads: Mapping[str, int] | None = None) -> None:
        super().__init__()
        kernels = settings.kernels
        if not settings.multi_scale:
            kernels = (kernels[len(kernels) // 2],)
        width, scales = settings.width, len(kernels)
        self.settings = settings
        # Not among the weights: it follows from the settings, and weights older than it stay loadable.
        self.register_buffer("kept", _kept(settings.drop_regions), persistent=False)
        self.perception = RegionPerception(
            settings.region_widths,
            width,
            settings.dropout,
            attention=settings.channel_attention,
            regional=settings.regional,
        )
        self.scales = nn.ModuleList(
            nn.Conv1d(width, width // scales, kernel, stride=settings.stride, padding=kernel // 2)
            for kernel in kernels
        )
        tokens = WINDOW // settings.decimate // settings.stride
        self.norm_in = nn.LayerNorm(width)
        self.place = nn.Parameter(0.02 * torch.randn(1, tokens, width))
        self.blocks = nn.Sequential(*(Block(width, settings.heads) for _ in range(settings.layers)))
        self.norm = nn.LayerNorm(width)
        queries = settings.queries if settings.learnable_query else 1
        self.query = nn.Parameter(0.1 * torch.randn(queries, width)) if settings.learnable_query else None
        self.summary = nn.Sequential(
            nn.Dropout(settings.dropout), nn.Linear(queries * width, settings.trunk), nn.GELU()
        )
        self.heads = nn.ModuleDict(
            {
                name: nn.Linear(settings.trunk, size)
                for name, size in (HEADS if heads is None else heads).items()
            }
        )

    def silence(self, eeg: Tensor) -> Tensor:
        """Set the electrodes of the dropped regions to zero; (B, 62, T) to the same."""
        return eeg * self.kept if self.settings.drop_regions else eeg

    def trunk(self, eeg: Tensor) -> Tensor:
        """Features of decimated EEG."""
        seen = self.perception(self.silence(eeg))
        tokens = torch.cat([scale(seen) for scale in self.scales], dim=1).transpose(1, 2)
        tokens = self.norm(self.blocks(self.norm_in(nn.functional.gelu(tokens)) + self.place))
        if self.query is None:
            pooled = tokens.mean(dim=1)
        else:
            weight = torch.softmax(self.query @ tokens.transpose(1, 2) * tokens.shape[-1] ** -0.5, dim=-1)
            pooled = (weight @ tokens).flatten(1)
        summary: Tensor = self.summary(pooled)
        return summary

    def answers(self, features: Tensor) -> dict[str, Tensor]:
        """Each head's answer (B, its size), from features."""
        return {name: head(features) for name, head in self.heads.items()}

    def forward(self, eeg: Tensor) -> dict[str, Tensor]:
        """Answers to decimated EEG."""
        return self.answers(self.trunk(eeg))


def _kept(dropped: tuple[str, ...]) -> Tensor:
    """1 for the electrodes that are kept, 0 for those of dropped regions: (62, 1)."""
    kept = torch.ones(len(CHANNELS), 1)
    for region in dropped:
        if region not in REGIONS:
            raise UsageError(
                f"`drop_regions` names {region!r}, which is no region; choose from {', '.join(REGIONS)}."
            )
        kept[list(REGIONS[region])] = 0.0
    return kept


def parameters(module: nn.Module) -> int:
    """How many numbers a module learns."""
    return sum(parameter.numel() for parameter in module.parameters())
