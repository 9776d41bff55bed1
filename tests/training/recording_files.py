"""Recordings as labs have them: XDF by rtbci's own recorder, BrainVision in a BIDS folder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtbci.montage import CHANNELS
from rtbci.record import Recorder


@dataclass(frozen=True)
class Contract:
    rate_hz: float = 200.0
    units: tuple[str, ...] = ("microvolts",) * 62
    unit: str = "uV"
    labels: tuple[str, ...] = CHANNELS
    types: tuple[str, ...] = ()
    name: str = "cap"
    source_id: str = "dev-1"
    host: str = "lab"
    delay_s: float = 0.0
    format: str = "float32"


@dataclass(frozen=True)
class Chunk:
    data: np.ndarray
    stamps: np.ndarray
    received: float


def write_xdf(path: Path, parts, markers, contract: Contract | None = None, chunk: int = 20) -> None:
    """Record parts of (data, stamps), each of a sender that came anew, and markers of (text, stamp)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Recorder(path) as recorder:
        for data, stamps in parts:
            recorder.add_eeg_stream(contract or Contract())
            for start in range(0, len(data), chunk):
                piece = slice(start, start + chunk)
                recorder.eeg(Chunk(data[piece], stamps[piece], float(stamps[piece][-1])))
        for text, stamp in markers:
            recorder.marker(text, stamp)


def write_brainvision(path: Path, data: np.ndarray, rate: float, labels=CHANNELS, markers=()) -> None:
    """Write (n, channels) microvolt as float32; markers are (text, sample)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stem = path.stem
    header = [
        "Brain Vision Data Exchange Header File Version 1.0",
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={stem}.eeg",
        f"MarkerFile={stem}.vmrk",
        "DataFormat=BINARY",
        "DataOrientation=MULTIPLEXED",
        f"NumberOfChannels={len(labels)}",
        f"SamplingInterval={1e6 / rate:.0f}",
        "[Binary Infos]",
        "BinaryFormat=IEEE_FLOAT_32",
        "[Channel Infos]",
        *(f"Ch{i}={label},,1,µV" for i, label in enumerate(labels, start=1)),
    ]
    path.write_text("\n".join(header) + "\n", encoding="utf-8")
    rows = ["Brain Vision Data Exchange Marker File Version 1.0", "[Common Infos]", f"DataFile={stem}.eeg"]
    rows += ["[Marker Infos]", "Mk1=New Segment,,1,1,0,20260101120000000000"]
    rows += [f"Mk{i}=Stimulus,{text},{at + 1},1,0" for i, (text, at) in enumerate(markers, start=2)]
    path.with_suffix(".vmrk").write_text("\n".join(rows) + "\n", encoding="utf-8")
    path.with_suffix(".eeg").write_bytes(data.astype("<f4").tobytes())
