"""A laboratory small enough for tests: recordings on disk with something to be found in them."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from rtbci.montage import CHANNELS
from rtbci.stimuli.markers import ClipMarker, HintMarker, encode
from tests.training.recording_files import write_xdf
from training.lab.settings import LabSettings, load_lab_settings
from training.recordings import OwnRecordings
from training.source import Clip

CONCEPTS = ("cat", "guitar", "car")
_BEGIN, _RATE, _CLIPS = 50.0, 200.0, 3
_SETTINGS = """
lag_s = 0.1
seed = 0
threads = 1
smooth_power = 3.0
unseen = UNSEEN

[training]
subject_layers = true
steps = STEPS
batch = 32
rate = 5e-3
warm_up = 5
average = 0.9
noise = 0.1
drop_channels = 1
validate_every = 20
patience = 100
precision = "no"

[training.losses]
latent = 0.0

[training.model]
decimate = 8
region_widths = [4, 4, 4, 4, 8]
width = 24
kernels = [5, 11, 21]
stride = 2
layers = 1
heads = 2
queries = 2
trunk = 32
dropout = 0.1
"""


def write_recordings(folder: Path, wearers: int = 2, sessions: int = 3) -> Path:
    """As `rtbci record` and `rtbci present` leave them; each concept has a rhythm at a place of its own."""
    for wearer in range(wearers):
        for session in range(sessions):
            rng = np.random.default_rng((wearer, session))
            order = rng.permutation(len(CONCEPTS))
            n = round((4 + len(CONCEPTS) * (3 + 2 * _CLIPS)) * _RATE)
            eeg = 10 * rng.standard_normal((n, len(CHANNELS)))
            markers, at = [], 3.0
            for place in order:
                name = CONCEPTS[place]
                markers.append((encode(HintMarker(name)), _BEGIN + at))
                at += 3.0
                for _ in range(_CLIPS):
                    # Onsets are a few milliseconds off, as those on a screen are.
                    onset = at + rng.uniform(0.0, 0.012)
                    markers.append((encode(ClipMarker(name, int(rng.integers(1000)))), _BEGIN + onset))
                    at += 2.0
                watched = slice(round((at - 2 * _CLIPS) * _RATE), round(at * _RATE))
                seconds = np.arange(watched.start, watched.stop) / _RATE
                channels = slice(20 * place, 20 * place + 12)
                eeg[watched, channels] += 15 * np.sin(2 * np.pi * (6 + 3 * place) * seconds)[:, None]
            stamps = _BEGIN + np.arange(n) / _RATE
            write_xdf(
                folder / f"w{wearer + 1:02d}" / f"{session + 1}.xdf",
                [(eeg.astype(np.float32), stamps)],
                markers,
                chunk=200,
            )
    return folder


def without(source: OwnRecordings, *names: str) -> OwnRecordings:
    """The same recordings, of whose clips some attributes are not known."""

    def forgotten(clip: Clip) -> Clip:
        return replace(clip, attributes={k: v for k, v in clip.attributes.items() if k not in names})

    entries = [replace(entry, clips=tuple(map(forgotten, entry.clips))) for entry in source.entries]
    return OwnRecordings(source.folder, tuple(entries))


def lab_settings(folder: Path, steps: int, unseen: int = 0) -> LabSettings:
    """Settings of a decoder that is trained in a second."""
    file = folder / "lab.toml"
    file.write_text(_SETTINGS.replace("STEPS", str(steps)).replace("UNSEEN", str(unseen)))
    return load_lab_settings(file)
