"""Decoding simulated wearers offline with the live runtime's own parts, sample by sample as it would."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.wearer import Wearer
from rtbci.bundle import Bundle
from rtbci.decode import Decoder
from rtbci.live.acquisition import Arrival
from rtbci.live.decoding import DecodingLoop
from rtbci.live.latency import LatencyBook
from rtbci.live.mailbox import Mailbox
from rtbci.live.report import decoding_summary
from rtbci.live.trials import TrialScorer
from rtbci.montage import CHANNELS, plan_remap
from rtbci.signal import Chain, ChainSettings
from rtbci.stimuli.markers import ClipMarker, encode
from rtbci.stimuli.playlist import Playlist
from rtbci.stimuli.spec import CLIP_SECONDS
from rtbci.wire.messages import Evidence, Header, Trial

_LEAD_S = 4.0
_TAIL_S = 2.0
_CHUNK = 20


@dataclass
class Kept:
    """What a session would have sent."""

    headers: list[Header] = field(default_factory=list)

    def send(self, header: Header, *buffers: NDArray[np.float32]) -> None:
        """Keep a message."""
        self.headers.append(header)

    def draw(self, evidence: Evidence, buffers: tuple[NDArray[np.float32], ...]) -> None:
        """Draw nothing."""


def evaluate_simulated(
    bundle: Bundle, seeds: Iterable[int], snr: float, clips: int, surrogate: bool, stop: threading.Event
) -> dict[str, Any] | None:
    """Pool the score of several simulated wearers.

    Parameters
    ----------
    bundle : Bundle
        To be measured.
    seeds : iterable of int
        Who is decoded.
    snr : float
        How clear they are.
    clips : int
        Clips each.
    surrogate : bool
        Whether surrogate EEG is decoded in place of theirs.
    stop : threading.Event
        Ends it early; a wearer who was not done by then does not count.

    Returns
    -------
    dict or None
        What `decoding_summary` gives, and per wearer and in all: mean and 99th percentile of confidence.
        None if it was stopped before the first wearer was done.
    """
    decoder = Decoder(bundle)
    each: list[dict[str, Any]] = []
    confidences: list[float] = []
    for seed in seeds:
        kept = decode_wearer(bundle, decoder, seed, snr, clips, surrogate, stop)
        if stop.is_set():
            break
        trials = [h for h in kept.headers if isinstance(h, Trial)]
        confidences += [h.confidence for h in kept.headers if isinstance(h, Evidence)]
        each.append(
            {
                "seed": seed,
                "trials": len(trials),
                "hits": sum(t.correct for t in trials),
                "null_hits": sum(t.null_correct for t in trials),
                "claimed": sum(t.guess.p for t in trials),
            }
        )
    if not each:
        return None
    total = {key: sum(row[key] for row in each) for key in ("trials", "hits", "null_hits", "claimed")}
    return {
        "snr": snr,
        **decoding_summary(total["trials"], total["hits"], total["null_hits"], len(bundle.manifest.concepts)),
        "mean_confidence": total["claimed"] / total["trials"],
        "confidence_p99": float(np.percentile(confidences, 99)),
        "wearers": [{"seed": row["seed"], "top1": row["hits"] / row["trials"]} for row in each],
    }


def decode_wearer(
    bundle: Bundle,
    decoder: Decoder,
    seed: int,
    snr: float,
    clips: int,
    surrogate: bool,
    stop: threading.Event | None = None,
) -> Kept:
    """Show clips back to back to one wearer and decode them; returns all that would have been sent.

    Once `stop` is set, no more is decoded.
    """
    stop = stop or threading.Event()
    preprocessing = bundle.manifest.preprocessing
    rate = preprocessing.rate_hz
    wearer = Wearer(seed, snr, rate)
    scorer = TrialScorer(bundle.manifest.concepts, lag_s=preprocessing.lag_s, hop_s=preprocessing.hop_s)
    for k, spec in enumerate(islice(Playlist(seed).rounds(), clips)):
        if stop.is_set():
            break
        onset = _LEAD_S + k * CLIP_SECONDS
        wearer.watch(spec, round(onset * rate))
        scorer.on_marker(encode(ClipMarker(concept=spec.name, seed=spec.seed)), onset)
    kept = Kept()
    loop = DecodingLoop(bundle, decoder, Mailbox(), kept, kept, LatencyBook(), scorer, surrogate=surrogate)
    chain = Chain(
        ChainSettings.from_preprocessing(
            preprocessing,
            rate,
            plan_remap(CHANNELS, ("uV",) * len(CHANNELS)),
            bundle.array("prior_covariance"),
        )
    )
    samples = round((_LEAD_S + clips * CLIP_SECONDS + _TAIL_S) * rate)
    number = 0
    for first in range(0, samples, _CHUNK):
        if stop.is_set():
            break
        stamps = np.arange(first, first + _CHUNK) / rate
        for window in chain.push(wearer.render(_CHUNK), stamps):
            number += 1
            loop.handle(Arrival(window, number, 0, window.newest, window.newest))
    return kept
