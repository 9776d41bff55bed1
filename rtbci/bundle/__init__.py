"""Reading a bundle: the decoder, its generator and everything they need, in one checked folder."""

from rtbci.bundle.reader import MANIFEST_FILE, Bundle, default_folder, load_bundle
from rtbci.bundle.schema import (
    SCHEMA_VERSION,
    Array,
    Engine,
    EvidenceModel,
    Manifest,
    Metric,
    Preprocessing,
    Tensor,
)

__all__ = [
    "MANIFEST_FILE",
    "SCHEMA_VERSION",
    "Array",
    "Bundle",
    "Engine",
    "EvidenceModel",
    "Manifest",
    "Metric",
    "Preprocessing",
    "Tensor",
    "default_folder",
    "load_bundle",
]
