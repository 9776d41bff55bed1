"""What an experiment is: typed settings, read from TOML; one file an experiment, one entry a variant."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from rtbci.errors import UsageError
from training.alignment.curriculum import Linkage, Order, Start
from training.alignment.reversal import Schedule
from training.model_settings import Count, CountOrNone, Dropout, ModelSettings
from training.settings_file import read_toml, settings_of

FOLDER = Path(__file__).parent / "configs"

Encoder = Literal["hrt", "eegnet", "shallow", "conformer", "glmnet", "ridge", "ridge-de"]
LINEAR: tuple[Encoder, ...] = ("ridge", "ridge-de")

Method = Literal[
    "no adapter",
    "own ridge alone",
    "New2Source by waveform, net (as published)",
    "New2Source by waveform, net, without Source2New",
    "New2Source by waveform, closed form",
    "New2Source by the decoding loss",
    "fine-tuning everything",
    "automatic choice",
]
"""What can be done with a new wearer's first clips; `training.experiments.calibration.METHODS` does it."""

Positive = Annotated[float, msgspec.Meta(gt=0)]
Weight = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Several = Annotated[int, msgspec.Meta(ge=2)]
Lag = Annotated[float, msgspec.Meta(ge=0, le=5)]
"""Seconds; far more than any answer takes, and far less than a block."""


class Curriculum(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which order known wearers join the training (SAM-Net's progressive alignment)."""

    start: Start = "centred"
    """Who is first: the wearer whose mean feature is most like all others', or the first of the list."""
    order: Order = "nearest"
    """Who joins next; "all": everybody is in from the first step."""
    linkage: Linkage = "nearest"
    until: Share = 0.6
    """Share of the steps after which everybody has joined."""


class Losses(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Weights; what has weight 0 gets no head."""

    concept: Weight = 1.0
    """Cross-entropy of the concept. At 0 the concept is the one whose mean text embedding is nearest."""
    text: Weight = 0.5
    latent: Weight = 0.2
    attributes: Weight = 0.15
    """Of each attribute's cross-entropy."""

    def __post_init__(self) -> None:
        if self.concept == 0 and self.text == 0:
            raise ValueError("`concept` and `text` are both 0; one of them must say which concept it was")


class ConformerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may differ from the published EEG-Conformer."""

    layers: Count = 6
    dropout: Dropout = 0.5
    hidden: tuple[Count, ...] = (256, 32)
    """Widths of the layers between the tokens and the heads; empty: the tokens side by side."""


class RunSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One training, whatever its seed and its data.

    What has its default is left out where a run is named by its settings, so that a field that comes later
    does not make every run a new one.

    The three parts of C-SA and its rivals are switches: `aligned` (Euclidean alignment), `subject_layers`,
    `reversal` (gradient reversal) and `curriculum`.
    """

    encoder: Encoder = "hrt"
    model: ModelSettings
    """Of the encoder "hrt"."""
    conformer: ConformerSettings = ConformerSettings()
    """Of the encoder "conformer"."""
    aligned: bool = True
    subject_layers: bool = False
    generic_share: Share = 0.5
    """With subject layers: share of windows that go through the layer of everybody else."""
    reversal: Weight = 0.0
    """Weight of the reversed gradient of the subject classifier."""
    reversal_schedule: Schedule = "dann"
    curriculum: Curriculum | None = None
    losses: Losses = Losses()
    own_subjects: CountOrNone = 0
    """So many of the known wearers get a model of their own, trained on their own clips; 0: one for all."""
    steps: Count = 600
    batch: Several = 256
    """At least two, as batch norm has nothing to say of one."""
    rate: Positive = 2e-3
    weight_decay: Weight = 0.05
    warm_up: CountOrNone = 40
    average: Share = 0.99
    """Of the weights' exponential mean, a step."""
    noise: Weight = 1.0
    """Most noise that is added, as a multiple of the EEG."""
    drop_channels: CountOrNone = 4
    null_share: Share = 0.0
    pseudo_trials: Count = 1
    """Clips of one wearer and concept that a window is the mean of at the beginning."""
    single_from: Share = 0.7
    """Share of the steps from which on windows are single clips again."""
    validate_every: Count = 50
    patience: Count = 6
    """Validations without a better one after which it stops."""
    precision: Literal["no", "bf16", "fp16"] = "bf16"


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of an experiment's table.

    Attributes
    ----------
    name : str
    against : str
        Name of the variant that this one is held against; empty: the experiment's baseline.
    change : mapping
        Settings that differ from the experiment's, nested as they are.
    calibrate : tuple of Method
        What is done with a new wearer's first clips.
    """

    name: str
    against: str = ""
    change: dict[str, Any] = {}
    calibrate: tuple[Method, ...] = ()


class Experiment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the evaluation.

    Attributes
    ----------
    name, title : str
    notes : str
        What the table is for, in a sentence or two; it stands above it.
    seeds : int
        How many, from 0.
    known, unseen : int
        How many of the wearers, in order of number, are learnt from, and how many of the next are not.
    validation : int
        How many blocks before the last are kept for early stopping; the last is the test.
    lag_s : float
        How much later than the clip its answer is sought.
    calibration_share : tuple of float
        Shares of a new wearer's clips for calibration; SAM-Net's is 0.15.
    tasks : bool
        Whether tables of attributes and of text retrieval are made too.
    probe : bool
        Whether it is measured how well the wearer can be told from the features.
    baseline : str
        Variant that the others are held against.
    base : RunSettings
    variants : tuple of Variant
    """

    name: str
    title: str
    notes: str
    seeds: Count = 3
    known: Count = 15
    unseen: CountOrNone = 5
    validation: Count = 1
    lag_s: Lag = 0.0
    calibration_share: tuple[Share, ...] = (0.15,)
    tasks: bool = False
    probe: bool = False
    baseline: str
    base: RunSettings
    variants: tuple[Variant, ...]

    def settings(self, variant: Variant) -> RunSettings:
        """The experiment's settings with the variant's changes."""
        merged = _merged(msgspec.to_builtins(self.base), variant.change)
        try:
            return msgspec.convert(merged, RunSettings)
        except msgspec.ValidationError as error:
            raise UsageError(
                f"Variant '{variant.name}' of experiment '{self.name}' cannot be used ({error}); "
                "mend its settings."
            ) from error


def load_experiment(name: str) -> Experiment:
    """Read an experiment by the name of one that comes with the package, or from a TOML file.

    A file may say ``extends = "NAME"``: what it does not say itself is taken from there.

    Raises
    ------
    UsageError
        If there is none of that name or none that it extends, or a setting is missing, unknown, of the wrong
        type or out of its range.
    """
    file = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not file.is_file():
        raise UsageError(
            f"There is no experiment '{name}'; take one of {', '.join(experiment_names())}, "
            "or give a TOML file."
        )
    experiment = settings_of(_read(file), Experiment, file, "experiment")
    names = [variant.name for variant in experiment.variants]
    if experiment.baseline not in names or len(set(names)) < len(names):
        raise UsageError(
            f"The experiment {file} needs variants with different names, one of them its baseline "
            f"'{experiment.baseline}'; mend the file."
        )
    for variant in experiment.variants:
        settings = experiment.settings(variant)
        if variant.against and variant.against not in names:
            raise UsageError(
                f"Variant '{variant.name}' in {file} is held against '{variant.against}', which is none of "
                "its variants; mend the file."
            )
        if variant.calibrate and (settings.encoder in LINEAR or settings.own_subjects):
            raise UsageError(
                f"Variant '{variant.name}' in {file} cannot be calibrated: only nets for all wearers can."
            )
    return experiment


def experiment_names() -> tuple[str, ...]:
    """Those that come with the package."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.toml") if file.stem != "base"))


def fingerprint(*parts: object) -> str:
    """A short hash; of settings, only what differs from its default counts."""
    plain = [without_defaults(part) if isinstance(part, msgspec.Struct) else part for part in parts]
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()[:12]


def without_defaults(settings: msgspec.Struct) -> dict[str, Any]:
    """Fields that differ from their defaults, nested structs likewise.

    (msgspec's own `omit_defaults` compares by identity: a number that was read is not its default.)
    """
    out = {}
    for field in msgspec.structs.fields(settings):
        value = getattr(settings, field.name)
        default = field.default
        if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if value != default:
            out[field.name] = without_defaults(value) if isinstance(value, msgspec.Struct) else value
    return out


def _read(file: Path) -> dict[str, Any]:
    content = read_toml(file, "experiment")
    base = content.pop("extends", None)
    if base is None:
        return content
    bases = sorted(shipped.stem for shipped in FOLDER.glob("*.toml"))
    if base not in bases:
        raise UsageError(
            f"The experiment {file} extends '{base}', which there is not; let it extend one of "
            f"{', '.join(bases)}."
        )
    return _merged(_read(FOLDER / f"{base}.toml"), content)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Nested tables are merged, everything else is replaced."""
    out = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = _merged(out[key], value) if both else value
    return out
