"""The decoder's loop on windows of the test's own."""

import dataclasses

import msgspec
import numpy as np
import pytest

from rtbci.decode import Decoder
from rtbci.live.acquisition import Arrival
from rtbci.live.decoding import DecodingLoop
from rtbci.live.latency import LatencyBook
from rtbci.live.mailbox import Mailbox
from rtbci.live.trials import TrialScorer
from rtbci.signal import Window
from rtbci.wire.messages import Evidence


class Sure:
    """A decoder that is certain of the first concept while the EEG is loud, and knows nothing of silence."""

    def __init__(self, bundle):
        self._decoder = Decoder(bundle)
        self.questions = self._decoder.questions

    def decode(self, z):
        decoded = self._decoder.decode(z)
        concept = np.zeros_like(decoded.logits["concept"])
        concept[..., 0] = 200.0 * z.max()
        return dataclasses.replace(decoded, logits={**decoded.logits, "concept": concept})


class Kept:
    """Keeps the evidence that would be published and drawn."""

    def __init__(self):
        self.evidence = []

    def send(self, header, *buffers):
        if isinstance(header, Evidence):
            self.evidence.append(header)

    def draw(self, evidence, buffers):
        assert not evidence.surrogate


def loop_of(bundle):
    kept = Kept()
    scorer = TrialScorer(bundle.manifest.concepts, lag_s=0.0, hop_s=0.5)
    made = DecodingLoop(bundle, Sure(bundle), Mailbox(), kept, kept, LatencyBook(), scorer)
    made.kept = kept
    return made


@pytest.fixture
def loop(tiny_bundle, monkeypatch):
    made = loop_of(tiny_bundle)
    # The null control hears the same loud EEG, and would rightly take all its worth away.
    monkeypatch.setattr(made, "_run_null", lambda z: made._null_track.add(made._decoder.decode(0 * z)))
    return made


def window(number, clean):
    loud = np.ones((62, 400), np.float32)
    return Arrival(
        Window(uv=loud, z=loud, end=number, newest=float(number), clean=clean), number, 0, 0.0, 0.0
    )


def test_evidence_from_a_cap_that_is_not_clean_is_weak_at_most_and_says_so(loop):
    for number, clean in enumerate((True, True, False, True)):
        loop.handle(window(number, clean))
    seen = [(e.word, e.clean) for e in loop.kept.evidence]
    assert seen[1:] == [("strong", True), ("weak", False), ("strong", True)]
    assert loop.kept.evidence[2].strength <= 0.25
    assert loop.words["weak"] == 1


def test_what_the_decoder_was_never_taught_is_nobodys_guess(tiny_bundle):
    manifest = msgspec.structs.replace(tiny_bundle.manifest, silent=("scene", "sky", "latent"))
    mute = loop_of(dataclasses.replace(tiny_bundle, manifest=manifest))
    mute.handle(window(0, True))
    (evidence,) = mute.kept.evidence
    assert set(evidence.attributes) == {"colour", "number", "speed"}
