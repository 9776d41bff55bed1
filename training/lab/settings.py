"""Settings of a laboratory's own decoder, read from TOML."""

from pathlib import Path

import msgspec

from rtbci.bundle.schema import Preprocessing
from rtbci.errors import UsageError
from training.check_data import is_seed_dv
from training.experiments.settings import Count, CountOrNone, Lag, Positive, RunSettings
from training.settings_file import read_toml, settings_of

_CONFIGS = Path(__file__).parents[1] / "configs"


class LabSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every number that decides the result."""

    lag_s: Lag
    """How much later than the clip its answer is sought."""
    seed: CountOrNone
    threads: Count
    """Of torch."""
    smooth_power: Positive
    """A window that two clips share has them as targets by their shares to this power."""
    validation: Count = 1
    """Of each wearer, how many blocks before the held-out ones choose the best weights and fit the evidence;
    sessions, where blocks cannot be held out (`training.lab.split`)."""
    unseen: CountOrNone = 0
    """So many wearers, the last in order, are not learnt from, and say what to expect of the next."""
    training: RunSettings

    @property
    def preprocessing(self) -> Preprocessing:
        """The bundle's preprocessing that this decoder is trained for."""
        return Preprocessing(lag_s=self.lag_s)


def preset(data: Path) -> Path:
    """The settings that come with the package, for SEED-DV or for own recordings."""
    return _CONFIGS / ("seed-dv.toml" if is_seed_dv(data) else "own-recordings.toml")


def load_lab_settings(file: Path) -> LabSettings:
    """Read a settings file.

    Raises
    ------
    UsageError
        If it cannot be read, a setting is missing, unknown or of the wrong type, or asks for a decoder that a
        bundle cannot hold.
    """
    settings = settings_of(read_toml(file), LabSettings, file)
    run = settings.training
    for name, good, wanted in (
        ("encoder", run.encoder == "hrt", '"hrt"'),
        ("aligned", run.aligned, "true"),
        ("subject_layers", run.subject_layers, "true"),
        ("generic_share", run.generic_share > 0, "more than 0, for wearers without a layer of their own"),
        ("own_subjects", run.own_subjects == 0, "0"),
        ("losses.concept", run.losses.concept > 0, "more than 0"),
        ("losses.text", run.losses.text > 0, "more than 0"),
        ("model.decimate", run.model.decimate in (4, 8, 16), "4, 8 or 16"),
        ("losses.latent", run.losses.latent == 0, "0, as latents are fitted when the decoder is trained"),
    ):
        if not good:
            raise UsageError(f"A bundle needs `{name}` to be {wanted}; mend `[training]` in {file}.")
    return settings
