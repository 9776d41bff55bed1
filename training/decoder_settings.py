"""Settings of the decoder's training, read from TOML: every number that decides the result."""

from pathlib import Path
from typing import Annotated

import msgspec

from rtbci.bundle.schema import Preprocessing
from training.experiments.settings import Count, CountOrNone, Lag, Positive, RunSettings, Weight
from training.model_settings import ModelSettings
from training.settings_file import read_toml, settings_of

Wearers = Annotated[tuple[CountOrNone, ...], msgspec.Meta(min_length=1)]
Levels = tuple[Weight, ...]


class CohortSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is simulated, how long and how clearly."""

    known: Wearers
    """Seeds of the wearers that the decoder learns from."""
    unseen: Wearers
    """Seeds of the wearers that only measure it."""
    fitting: Wearers
    """Seeds of the wearers on whom the temperatures and the evidence model are fitted."""
    session_s: Positive
    """Length of a sitting; sittings are short so that the first minute, in which the normalisation is
    still finding its feet, is well represented."""
    train_snr: Annotated[Levels, msgspec.Meta(min_length=1)]
    """One training sitting of each known wearer for each of these; 0 is a wearer who watches nothing."""
    surrogate_snr: Levels
    """Training sittings whose answers are phase-randomised (`devices.wearer`): nothing to be found."""
    held_out_snr: Annotated[Levels, msgspec.Meta(min_length=1)]
    """Sittings of known wearers that only choose the best weights."""
    stream_s: Positive
    """Length of the evaluation's continuous streams."""
    stream_snr: Annotated[Levels, msgspec.Meta(min_length=1)]
    """One stream of each unseen and each fitting wearer for each of these, one surrogate as strong as the
    strongest, and one of a wearer who watches nothing."""
    snr_spread: Weight
    """Standard deviation of the logarithm of a training sitting's snr about its nominal one."""
    jitter_s: Weight
    """Training windows end anywhere within so much of the hop's grid."""


class DecoderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything."""

    cache: str
    """Folder of the simulated windows."""
    folder: str
    """Folder of the run: checkpoints, weights, metrics, ONNX files."""
    lag_s: Lag
    seed: CountOrNone
    threads: Count
    """Of torch."""
    smooth_power: Positive
    """A window that two clips share has them as targets by their shares to this power."""
    cohort: CohortSettings
    training: RunSettings

    @property
    def model(self) -> ModelSettings:
        """The encoder's shape."""
        return self.training.model

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
    return settings_of(read_toml(file), DecoderSettings, file)
