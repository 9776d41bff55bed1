"""Settings of the decoder's training, read from TOML: every number that decides the result."""

from pathlib import Path
from typing import Literal

import msgspec

from rtbci.bundle.schema import Preprocessing
from rtbci.errors import UsageError

Region = Literal["frontal", "temporal", "central", "parietal", "occipital"]
"""A key of `rtbci.montage.REGIONS`."""


class CohortSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is simulated, how long and how clearly."""

    known: tuple[int, ...]
    """Seeds of the wearers that the decoder learns from."""
    unseen: tuple[int, ...]
    """Seeds of the wearers that only measure it."""
    fitting: tuple[int, ...]
    """Seeds of the wearers on whom the temperatures and the evidence model are fitted."""
    session_s: float
    """Length of a sitting; sittings are short so that the first minute, in which the normalisation is
    still finding its feet, is well represented."""
    train_snr: tuple[float, ...]
    """One training sitting of each known wearer for each of these; 0 is a wearer who watches nothing."""
    surrogate_snr: tuple[float, ...]
    """Training sittings whose answers are phase-randomised (`devices.wearer`): nothing to be found."""
    held_out_snr: tuple[float, ...]
    """Sittings of known wearers that only choose the best weights."""
    stream_s: float
    """Length of the evaluation's continuous streams."""
    stream_snr: tuple[float, ...]
    """One stream of each unseen and each fitting wearer for each of these, one surrogate as strong as the
    strongest, and one of a wearer who watches nothing."""
    snr_spread: float
    """Standard deviation of the logarithm of a training sitting's snr about its nominal one."""
    jitter_s: float
    """Training windows end anywhere within so much of the hop's grid."""


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


class OptimiserSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it learns."""

    seed: int
    minutes: float
    """Wall clock of the whole training."""
    batch: int
    rate: float
    weight_decay: float
    warm_up: int
    average: float
    """Of the weights' exponential mean, a step; it is this mean that is evaluated and exported."""
    threads: int
    generic_share: float
    """Share of windows that go through the generic spatial layer instead of their wearer's own."""
    noise: float
    """Most noise that is added, as a multiple of the EEG."""
    drop_channels: int
    """Most channels that are silenced in a window."""
    null_share: float
    """Share of windows that are replaced by nulls: noise of the same spectrum, phases redrawn, time
    reversed."""
    attribute_weight: float
    text_weight: float
    smooth_power: float
    """A window that two clips share has them as targets by their shares to this power."""
    evaluate_every_s: float


class DecoderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything."""

    cache: str
    """Folder of the simulated windows."""
    folder: str
    """Folder of the run: checkpoints, weights, metrics, ONNX files."""
    lag_s: float
    cohort: CohortSettings
    model: ModelSettings
    optimiser: OptimiserSettings

    @property
    def preprocessing(self) -> Preprocessing:
        """The bundle's preprocessing that this decoder is trained for."""
        return Preprocessing(lag_s=self.lag_s)


def load_settings(file: Path) -> DecoderSettings:
    """Read a settings file.

    Raises
    ------
    UsageError
        If it cannot be read or a setting is missing, unknown or of the wrong type.
    """
    try:
        return msgspec.toml.decode(file.read_bytes(), type=DecoderSettings)
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"The settings {file} cannot be used ({error}); mend the file.") from error
