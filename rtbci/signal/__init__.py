"""Stateful causal transforms: resample, filter, repair, reference, normalise, window; channel quality.

Each is frozen settings with ``start() -> state`` and a pure ``step(state, x) -> (state, y)``; time comes
first. Any chunking of a stream gives the same bits, an empty chunk passes, no input is changed.
"""

from rtbci.signal.align import Align
from rtbci.signal.chain import Chain, ChainSettings, RepairChange, Window
from rtbci.signal.drift import Usual, UsualTally, distance
from rtbci.signal.filters import BandPass, Cascade, Notch
from rtbci.signal.linear import Linear
from rtbci.signal.offline import process_recording, scaled_covariance, windows_at
from rtbci.signal.quality import ChannelQuality, Verdict
from rtbci.signal.repair import Repair
from rtbci.signal.resample import Resample
from rtbci.signal.scale import RunningScale
from rtbci.signal.windower import Windower

__all__ = [
    "Align",
    "BandPass",
    "Cascade",
    "Chain",
    "ChainSettings",
    "ChannelQuality",
    "Linear",
    "Notch",
    "Repair",
    "RepairChange",
    "Resample",
    "RunningScale",
    "Usual",
    "UsualTally",
    "Verdict",
    "Window",
    "Windower",
    "distance",
    "process_recording",
    "scaled_covariance",
    "windows_at",
]
