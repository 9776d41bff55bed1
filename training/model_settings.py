"""The encoder's shape."""

from typing import Annotated, Literal, get_args

import msgspec

Region = Literal["frontal", "temporal", "central", "parietal", "occipital"]
"""A key of `rtbci.montage.REGIONS`."""
WINDOW = 400
"""Samples of a window of 2 s."""
STORED = 4
"""Samples averaged in what is stored of it; an encoder may average over a multiple of it."""

Count = Annotated[int, msgspec.Meta(ge=1)]
CountOrNone = Annotated[int, msgspec.Meta(ge=0)]
Dropout = Annotated[float, msgspec.Meta(ge=0, lt=1)]


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The encoder's shape, and which of its stages are on; see `training.hrt`.

    A stage that is off is replaced by the plainest thing of the same width, so that what is lost without it
    is what it does and not what it weighs.

    Raises
    ------
    ValueError
        If settings do not go with each other; where they are read, msgspec makes a `ValidationError` of it.
    """

    decimate: Count
    """Samples that are averaged; a multiple of `STORED` that divides a window."""
    region_widths: tuple[Count, Count, Count, Count, Count]
    """Frontal, temporal, central, parietal, occipital."""
    width: Count
    """Of a token: the scales share it evenly, and so do the heads."""
    kernels: Annotated[tuple[Count, ...], msgspec.Meta(min_length=1)]
    """Odd, so that a kernel has a middle."""
    stride: Count
    layers: CountOrNone
    """Of the transformer; 0 leaves it out."""
    heads: Count
    queries: Count
    trunk: Count
    dropout: Dropout
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

    def __post_init__(self) -> None:
        if self.decimate % STORED or WINDOW % self.decimate:
            possible = ", ".join(str(n) for n in range(STORED, WINDOW + 1, STORED) if WINDOW % n == 0)
            raise ValueError(f"`decimate` is {self.decimate}; it must be one of {possible}")
        samples = WINDOW // self.decimate
        if samples % self.stride:
            raise ValueError(
                f"`stride` is {self.stride}; it must divide the {samples} samples that `decimate` = "
                f"{self.decimate} leaves of a window"
            )
        if even := [kernel for kernel in self.kernels if kernel % 2 == 0]:
            raise ValueError(f"`kernels` has {even[0]}; kernels must be odd")
        if self.multi_scale and self.width % len(self.kernels):
            raise ValueError(
                f"`width` is {self.width}; it must be a multiple of the number of `kernels`, "
                f"{len(self.kernels)}"
            )
        if self.layers and self.width % self.heads:
            raise ValueError(f"`heads` is {self.heads}; it must divide `width`, which is {self.width}")
        if set(self.drop_regions) == set(get_args(Region)):
            raise ValueError("`drop_regions` names all regions; leave at least one")
