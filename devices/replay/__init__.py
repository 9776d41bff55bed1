"""Any recording as LSL streams, as if it happened now."""

from devices.replay.play import read_recording, run_replay
from devices.replay.recording import Marks, Recording, Signal

__all__ = ["Marks", "Recording", "Signal", "read_recording", "run_replay"]
