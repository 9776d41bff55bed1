"""Pictures from evidence: preview, keyframe and clip, each as sharp as its evidence is strong."""

from rtbci.generate.draws import DrawingGenerator
from rtbci.generate.evidence_input import DecodedEvidence, from_message
from rtbci.generate.generator import Generator, MemoryGenerator
from rtbci.generate.memory import Composition, SceneMemory
from rtbci.generate.opening import open_generator
from rtbci.generate.sharpness import Sharpness, sharpness

__all__ = [
    "Composition",
    "DecodedEvidence",
    "DrawingGenerator",
    "Generator",
    "MemoryGenerator",
    "SceneMemory",
    "Sharpness",
    "from_message",
    "open_generator",
    "sharpness",
]
