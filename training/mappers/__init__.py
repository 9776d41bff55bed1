"""Adapting a decoder to a new wearer: mapping waveforms, fitting by the decoding loss, choosing."""

from training.mappers.candidates import (
    CANDIDATES,
    Candidate,
    Fitted,
    OwnDecoder,
    Way,
    finetune_way,
    layer_way,
)
from training.mappers.choose import FEWEST_SLOTS, Choice, Judged, choose_adaptation, set_aside
from training.mappers.descent import DescentSettings
from training.mappers.finetune import FINETUNE, FinetuneFit, finetune
from training.mappers.interface import Adapted, Clips, Frozen, Mapped, Mapper, Mixture, SpatialMap
from training.mappers.layer import LAYER, LayerFit, fit_layer
from training.mappers.new2source import New2Source, publish_new2source
from training.mappers.waveform import Pairs, WaveformSettings, fit_waveform, squared_error

__all__ = [
    "CANDIDATES",
    "FEWEST_SLOTS",
    "FINETUNE",
    "LAYER",
    "Adapted",
    "Candidate",
    "Choice",
    "Clips",
    "DescentSettings",
    "FinetuneFit",
    "Fitted",
    "Frozen",
    "Judged",
    "LayerFit",
    "Mapped",
    "Mapper",
    "Mixture",
    "New2Source",
    "OwnDecoder",
    "Pairs",
    "SpatialMap",
    "WaveformSettings",
    "Way",
    "choose_adaptation",
    "finetune",
    "finetune_way",
    "fit_layer",
    "fit_waveform",
    "layer_way",
    "publish_new2source",
    "set_aside",
    "squared_error",
]
