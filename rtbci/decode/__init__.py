"""From windows of EEG to calibrated evidence."""

from rtbci.decode.decoder import Decoded, Decoder, WearerAdapter
from rtbci.decode.evidence import EvidenceFilter, EvidenceState
from rtbci.decode.null import NullConfidence, SurrogateStream
from rtbci.decode.strength import Verdict, judge
from rtbci.decode.track import Belief, EvidenceTrack

__all__ = [
    "Belief",
    "Decoded",
    "Decoder",
    "EvidenceFilter",
    "EvidenceState",
    "EvidenceTrack",
    "NullConfidence",
    "SurrogateStream",
    "Verdict",
    "WearerAdapter",
    "judge",
]
