"""Lossless recording of what came in and what was decoded, as XDF."""

from rtbci.record.decoded import from_text, to_text
from rtbci.record.recorder import EegChunk, EegContract, Recorder
from rtbci.record.salvage import read_xdf, whole_length

__all__ = ["EegChunk", "EegContract", "Recorder", "from_text", "read_xdf", "to_text", "whole_length"]
