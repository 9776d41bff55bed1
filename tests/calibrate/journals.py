"""Sittings on the disk as an interrupted calibration leaves them, without waiting for one."""

import numpy as np

from rtbci.calibrate import Journal
from rtbci.montage import CHANNELS, plan_remap
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.markers import ClipMarker, encode
from rtbci.stream import Chunk, StreamContract

RATE = 200


def contract(labels=CHANNELS, name="cap", rate=RATE):
    return StreamContract(
        name=name,
        source_id="cap-1",
        host="here",
        uid="u",
        labels=tuple(labels),
        units=("uV",) * len(labels),
        types=("EEG",) * len(labels),
        rate_hz=float(rate),
        format="float32",
        remap=plan_remap(tuple(labels), ("uV",) * len(labels)),
    )


def noise(seconds, seed=0, start=100.0):
    n = round(seconds * RATE)
    data = 20 * np.random.default_rng(seed).standard_normal((n, len(CHANNELS)))
    stamps = start + np.arange(n) / RATE
    return Chunk(data.astype(np.float32).astype(np.float64), stamps, float(stamps[-1]))


def pieces(chunk, size=37):
    for first in range(0, len(chunk.data), size):
        part = slice(first, first + size)
        yield Chunk(chunk.data[part], chunk.stamps[part], float(chunk.stamps[part][-1]))


def write_journal(folder, clips=15, start=100.0, seconds=1.0, seed=0):
    """A sitting of so many whole clips and half a clip more, whose process was then ended."""
    journal = Journal(folder, 0)
    journal.start()
    journal.connected(contract())
    for i in range(clips + 1):
        name = CONCEPT_NAMES[(7 * i) % len(CONCEPT_NAMES)]
        journal.marker(encode(ClipMarker(concept=name, seed=i, seconds=seconds)), start + 4.0 + seconds * i)
    for piece in pieces(noise(4.0 + seconds * (clips + 0.5), seed, start)):
        journal.eeg(piece)
    journal.close()
    journal._lock.close()
