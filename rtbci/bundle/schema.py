"""What `bundle.json` holds: the only thing that training and runtime share about a decoder."""

from typing import Literal

import msgspec

SCHEMA_VERSION = 1

Precision = Literal["fp32", "fp16", "int8"]


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Name, element type and shape of an input or output; -1 is the batch."""

    name: str
    dtype: str
    shape: tuple[int, ...]


class Engine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ONNX graph of the bundle."""

    file: str
    sha256: str
    precision: Precision
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class Array(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One npy file of the bundle, never pickled."""

    file: str
    sha256: str
    dtype: str
    shape: tuple[int, ...]


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of weights: what graphs of more than 2 GB keep beside them, or an encoder's (safetensors)."""

    file: str
    sha256: str


class Preprocessing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How EEG becomes the decoder's input; `rtbci.signal` turns it into transforms.

    Frequencies in hertz, durations in seconds.
    """

    rate_hz: float = 200.0
    low_hz: float = 1.0
    high_hz: float = 45.0
    order: int = 4
    mains_hz: float = 50.0
    reference: Literal["average"] = "average"
    normalise_s: float = 30.0
    """Time constant of the robust per-channel scale."""
    clip_sd: float = 8.0
    """Values beyond this many robust standard deviations are clipped."""
    whiten: bool = True
    """Whether the wearer's own running covariance whitens the EEG; without, channels are scaled only."""
    align_s: float = 60.0
    """Time constant of the running covariance that whitens the EEG (Euclidean alignment)."""
    align_prior_s: float = 10.0
    """Weight of the cohort's mean covariance, as if so many seconds of it had been seen."""
    window_s: float = 2.0
    hop_s: float = 0.5
    lag_s: float = 0.0
    """How long the brain's answer trails the picture: a trial's windows are sought this much later."""


class EvidenceModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How windows add up to evidence, fitted on held-out wearers.

    The posterior is a forward filter: ``p_t ~ ((1 - hazard) p_(t-1) + hazard / K) * q_t ** exponent``
    with ``q_t`` the softmax of one window's logits and K the number of concepts.
    """

    exponent: float
    hazard: float
    weak: float = 2.0
    """The multiple of chance that counts as weak (one window in twenty without an answer comes as far),"""
    moderate: float = 0.25
    """the confidence that counts as moderate (one window in a hundred without an answer comes as far)"""
    strong: float = 0.5
    """and the one that counts as strong (one such window in ten hours), from which a picture may be crisp."""


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measured figure of the bundle, never without its chance level."""

    name: str
    value: float
    chance: float
    n: int
    split: str
    ci95: tuple[float, float] | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `bundle.json`."""

    schema_version: int
    id: str
    created: str
    description: str
    licence: str
    montage: tuple[str, ...]
    concepts: tuple[str, ...]
    attributes: dict[str, tuple[str, ...]]
    preprocessing: Preprocessing
    evidence: EvidenceModel
    engines: dict[str, Engine]
    arrays: dict[str, Array]
    data_fingerprint: str
    code_version: str
    metrics: tuple[Metric, ...]
    silent: tuple[str, ...] = ()
    """Outputs of the encoder that nothing taught it: attributes whose values are always equally likely, and
    "latent" where it is always the mean of the memory's pictures."""
    weights: dict[str, Weights] = {}
    """Weights by engine, as torch keeps them, for what needs gradients; a bundle may be without."""
