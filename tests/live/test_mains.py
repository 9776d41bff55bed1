"""What becomes of the stream's samples and events, without a stream."""

import numpy as np

from rtbci.live.acquisition import Acquisition
from rtbci.live.latency import LatencyBook
from rtbci.live.mailbox import Mailbox
from rtbci.montage import CHANNELS, plan_remap
from rtbci.stream import Chunk, Connected, StreamContract
from rtbci.wire.messages import EegChunk, Notice


class Outbox:
    """Keeps what would be published."""

    def __init__(self):
        self.sent = []

    def send(self, header, *buffers):
        self.sent.append((header, *buffers))

    def eeg(self):
        return np.concatenate([sent[1] for sent in self.sent if isinstance(sent[0], EegChunk)])


def contract() -> StreamContract:
    many = len(CHANNELS)
    remap = plan_remap(CHANNELS, ("uV",) * many)
    return StreamContract(
        "cap", "id", "host", "uid", CHANNELS, ("uV",) * many, ("EEG",) * many, 200.0, "float32", remap
    )


def hum_left(bundle, mains_hz) -> float:
    """How much of a 60 Hz hum the EEG for display still holds."""
    out = Outbox()
    acquisition = Acquisition(bundle, out, Mailbox(), LatencyBook(), mains_hz=mains_hz)
    acquisition.on_item(Connected(contract()))
    t = np.arange(2000) / 200.0
    noise = 10 * np.random.default_rng(0).normal(size=(2000, len(CHANNELS)))
    hum = 400 * np.sin(2 * np.pi * 60 * t)[:, None] * np.linspace(0.5, 1.5, len(CHANNELS))
    for first in range(0, 2000, 20):
        rows = slice(first, first + 20)
        acquisition.on_item(Chunk(noise[rows] + hum[rows], 100 + t[rows], 100 + t[rows][-1]))
    shown = out.eeg()[1000:]
    tone = np.exp(-2j * np.pi * 60 * np.arange(len(shown)) / 200.0)
    return float(np.abs(tone @ shown).max() * 2 / len(shown))


def test_the_operators_mains_are_filtered_out(tiny_bundle):
    assert hum_left(tiny_bundle, 60.0) < 0.1 * hum_left(tiny_bundle, None)


def test_a_cap_unlike_eeg_is_told_once(tiny_bundle):
    out = Outbox()
    acquisition = Acquisition(tiny_bundle, out, Mailbox(), LatencyBook())
    acquisition.on_item(Connected(contract()))
    noise = 10 * np.random.default_rng(0).normal(size=(3000, len(CHANNELS)))
    for first in range(0, 3000, 20):
        stamps = 100 + np.arange(first, first + 20) / 200.0
        acquisition.on_item(Chunk(noise[first : first + 20], stamps, stamps[-1]))
    told = [sent[0].sentence for sent in out.sent if isinstance(sent[0], Notice)]
    assert sum("does not look like EEG" in sentence for sentence in told) == 1
