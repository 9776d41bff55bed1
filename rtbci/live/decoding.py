"""The decoder's thread: newest window in, judged evidence out, and its null control beside it."""

import logging
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pylsl import local_clock

from rtbci.bundle import Bundle
from rtbci.decode import Belief, Decoder, EvidenceTrack, NullConfidence, SurrogateStream, judge
from rtbci.live.acquisition import Arrival
from rtbci.live.latency import LatencyBook
from rtbci.live.mailbox import Mailbox
from rtbci.live.trials import Moment, TrialScorer
from rtbci.record import Recorder
from rtbci.wire.messages import Evidence, Guess, Header, Times

_log = logging.getLogger(__name__)
_TOP = 5
_SURROGATE_SEED = 1
_NULL_SEED = 2


class EvidenceSink(Protocol):
    """Where judged evidence is turned into pictures."""

    def draw(self, evidence: Evidence, buffers: tuple[NDArray[np.float32], ...]) -> None:
        """Take the newest evidence; must not wait."""
        ...


class Sender(Protocol):
    """Where messages go; a `Publisher` is one."""

    def send(self, header: Header, *buffers: NDArray[Any]) -> None:
        """Send one message without waiting."""
        ...


class DecodingLoop:
    """Decodes windows until the mailbox closes.

    Parameters
    ----------
    bundle : Bundle
        The decoder's bundle.
    decoder : Decoder
        Its adapter and encoder, opened.
    windows : Mailbox of Arrival
        Where windows come from.
    publisher : Sender
        Where evidence and trials go.
    pictures : EvidenceSink
        Where evidence goes to be drawn.
    latency : LatencyBook
        Takes the time from window to evidence.
    scorer : TrialScorer
        Knows the truth, where it is announced.
    exponent : float, optional
        A wearer's own evidence exponent.
    surrogate : bool
        Decode surrogate EEG in place of the real: the null control as a whole run.
    recorder : Recorder, optional
        Gets the evidence.
    """

    def __init__(
        self,
        bundle: Bundle,
        decoder: Decoder,
        windows: Mailbox[Arrival],
        publisher: Sender,
        pictures: EvidenceSink,
        latency: LatencyBook,
        scorer: TrialScorer,
        *,
        exponent: float | None = None,
        surrogate: bool = False,
        recorder: Recorder | None = None,
    ) -> None:
        manifest = bundle.manifest
        self._model = manifest.evidence
        self._concepts = manifest.concepts
        self._attributes = manifest.attributes
        self._silent = manifest.silent
        self._chance = 1 / len(manifest.concepts)
        self._decoder = decoder
        self._windows = windows
        self._publisher = publisher
        self._pictures = pictures
        self._latency = latency
        self._scorer = scorer
        self._recorder = recorder
        self._surrogate = surrogate
        shape = _window_shape(bundle)
        self._main_surrogate = SurrogateStream(*shape, seed=_SURROGATE_SEED)
        self._null_surrogate = SurrogateStream(*shape, seed=_NULL_SEED)
        self._track = EvidenceTrack(self._model, decoder.questions, exponent=exponent)
        self._null_track = EvidenceTrack(self._model, decoder.questions, exponent=exponent)
        self._null = NullConfidence(self._model.weak * self._chance)
        self._epoch = -1
        self.words: dict[str, int] = {"none": 0, "weak": 0, "moderate": 0, "strong": 0}
        self.decoded = 0

    def run(self) -> None:
        """Decode until the mailbox is closed."""
        while not self._windows.closed:
            arrival = self._windows.get(timeout=0.5)
            if arrival is not None:
                self.handle(arrival)

    def handle(self, arrival: Arrival) -> None:
        """Decode one window, publish its evidence, then run the null control on its surrogate."""
        if arrival.epoch != self._epoch:
            self._epoch = arrival.epoch
            self._track.reset()
            self._null_track.reset()
        z = arrival.window.z
        if self._surrogate:
            self._main_surrogate.observe(z)
            z = self._main_surrogate.window()
        belief = self._track.add(self._decoder.decode(z))
        self._publish(arrival, belief)
        null_belief = self._run_null(arrival.window.z)
        moment = Moment(arrival.window.newest, belief.posterior, null_belief.posterior)
        for trial in self._scorer.add(moment):
            self._publisher.send(trial)

    def _run_null(self, z: NDArray[np.float32]) -> Belief:
        self._null_surrogate.observe(z)
        belief = self._null_track.add(self._decoder.decode(self._null_surrogate.window()))
        self._null.add(belief.confidence)
        return belief

    def _publish(self, arrival: Arrival, belief: Belief) -> None:
        null = self._null.p95
        verdict = judge(
            belief.confidence,
            chance=self._chance,
            null_confidence=null,
            model=self._model,
            clean=arrival.window.clean,
        )
        posterior = belief.posterior
        order = np.argsort(posterior)[::-1][:_TOP]
        attributes = {name: belief.state.posterior(name) for name in self._attributes}
        decoded_at = local_clock()
        evidence = Evidence(
            window=arrival.number,
            context=belief.context,
            times=Times(
                newest=arrival.window.newest,
                received=arrival.received,
                ready=arrival.ready,
                decoded=decoded_at,
            ),
            top=tuple(Guess(self._concepts[i], float(posterior[i])) for i in order),
            attributes={
                name: Guess(self._attributes[name][int(np.argmax(p))], float(np.max(p)))
                for name, p in attributes.items()
                # What the decoder was never taught is nobody's guess.
                if name not in self._silent
            },
            chance=self._chance,
            confidence=belief.confidence,
            null_confidence=null,
            strength=verdict.strength,
            word=verdict.word,
            surrogate=self._surrogate,
            clean=arrival.window.clean,
        )
        buffers = (
            posterior.astype(np.float32),
            belief.state.means["text"].astype(np.float32),
            belief.state.means["latent"].astype(np.float32),
            np.concatenate(list(attributes.values())).astype(np.float32),
        )
        self._pictures.draw(evidence, buffers)
        self._latency.add("window_to_evidence", decoded_at - arrival.ready)
        self._publisher.send(evidence, *buffers)
        self.decoded += 1
        self.words[verdict.word] += 1
        if self._recorder is not None:
            self._recorder.evidence(evidence)


def _window_shape(bundle: Bundle) -> tuple[int, int, int]:
    preprocessing = bundle.manifest.preprocessing
    rate = preprocessing.rate_hz
    return (
        len(bundle.manifest.montage),
        round(preprocessing.window_s * rate),
        round(preprocessing.hop_s * rate),
    )
