"""The encoder's shape."""

from typing import Literal

import msgspec

Region = Literal["frontal", "temporal", "central", "parietal", "occipital"]
"""A key of `rtbci.montage.REGIONS`."""


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The encoder's shape, and which of its stages are on; see `training.hrt`.

    A stage that is off is replaced by the plainest thing of the same width, so that what is lost without it
    is what it does and not what it weighs.
    """

    decimate: int
    region_widths: tuple[int, int, int, int, int]
    """Frontal, temporal, central, parietal, occipital."""
    width: int
    kernels: tuple[int, ...]
    stride: int
    layers: int
    """Of the transformer; 0 leaves it out."""
    heads: int
    queries: int
    trunk: int
    dropout: float
    channel_attention: bool = True
    """Off: all electrodes weigh the same."""
    regional: bool = True
    """Off: one convolution that sees all electrodes, as wide as the five together."""
    multi_scale: bool = True
    """Off: the middle one of `kernels` alone, at full width."""
    learnable_query: bool = True
    """Off: the mean over tokens."""
    drop_regions: tuple[Region, ...] = ()
    """Regions whose electrodes are set to zero."""
