"""Measure the decoder on wearers it has never met.

Continuous streams, windows on a free-running grid of half a second, the runtime's own forward filter; a
clip's trial is decided by the window that ends nearest the clip's end (the lag added), as live. Fits the
temperatures and the evidence model on the fitting wearers and reports on the unseen ones. Writes
``evidence.json`` and ``metrics.json`` into the run's folder.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from rtbci.bundle.schema import EvidenceModel, Metric
from training.cohort import HELD_OUT, Windows, load_windows, make_cohort
from training.decoder import Decoder, load_decoder
from training.decoder_settings import DecoderSettings
from training.evidence import Stream, filtered, fit_evidence, fit_temperature, log_softmax, with_thresholds
from training.hrt import QUESTIONS
from training.scores import binomial_interval, calibration_error
from training.targets import clip_table, window_targets

log = logging.getLogger(__name__)

EVIDENCE_FILE, METRICS_FILE = "evidence.json", "metrics.json"
Array = NDArray[np.float64]

_UNSEEN = "unseen simulated wearers"
_KNOWN = "known simulated wearers, held-out sittings"
_CLEAR_SHARE = 0.75
"""Windows of known wearers count if one clip fills so much of them."""
_STRONG_BY_CHANCE = 0.0
"""What share of windows without an answer may look strong, to four digits (one in ten hours)."""


@torch.no_grad()
def answers_of(
    decoder: Decoder, x: NDArray[np.float16], layer: NDArray[np.int64] | None = None
) -> dict[str, Array]:
    """The decoder's logits for windows (n, 62, T), through the generic spatial layer or each its own."""
    parts: dict[str, list[NDArray[np.float32]]] = {}
    index = torch.from_numpy(np.zeros(len(x), dtype=np.int64) if layer is None else layer)
    for rows in np.array_split(np.arange(len(x)), max(1, len(x) // 512)):
        for name, answer in decoder(torch.from_numpy(x[rows]).float(), index[rows]).items():
            # Text embeddings may be of tens of thousands of numbers, and none of the figures is about them.
            if name in QUESTIONS:
                parts.setdefault(name, []).append(answer.numpy())
    return {name: np.concatenate(values).astype(np.float64) for name, values in parts.items()}


def streams_of(windows: Windows, logits: Array) -> Iterator[Stream]:
    """Cut windows into continuous streams, one a sitting."""
    for wearer in np.unique(windows.subject):
        for session in np.unique(windows.session[windows.subject == wearer]):
            rows = np.flatnonzero((windows.subject == wearer) & (windows.session == session))
            clip = windows.clips[rows, 0]
            # The window nearest the clip's end is the one the clip fills most.
            change = np.flatnonzero(np.any(clip[1:] != clip[:-1], axis=1)) + 1
            ends = np.zeros(len(rows), dtype=bool)
            for part in np.split(np.arange(len(rows)), change):
                ends[part[np.argmax(windows.share[rows[part]])]] = True
            yield Stream(
                logits=logits[rows],
                shown=clip[:, 0],
                ends=ends,
                snr=float(windows.snr[rows[0]]),
                null=bool(windows.null[rows[0]]),
            )


def fit(settings: DecoderSettings, decoder: Decoder, cache: Path) -> tuple[dict[str, float], EvidenceModel]:
    """Temperatures of every question and the evidence model, from the fitting wearers."""
    windows = load_windows(cache, settings.cohort.fitting, settings.model.decimate)
    targets = window_targets(windows, clip_table(windows.clips), settings.smooth_power)
    every = torch.arange(len(windows.x))
    wanted = targets.of(every, torch.zeros(len(every), dtype=torch.bool))
    answers = answers_of(decoder, windows.x)
    temperature = {
        name: fit_temperature(answers[name], wanted[name].numpy().astype(np.float64)) for name in QUESTIONS
    }
    streams = list(streams_of(windows, answers["concept"] / temperature["concept"]))
    return temperature, with_thresholds(fit_evidence(streams), streams)


def measure(
    settings: DecoderSettings,
    decoder: Decoder,
    cache: Path,
    temperature: dict[str, float],
    evidence: EvidenceModel,
) -> list[Metric]:
    """All figures on the unseen wearers, each with its chance."""
    windows = load_windows(cache, settings.cohort.unseen, settings.model.decimate)
    answers = answers_of(decoder, windows.x)
    scaled = {name: answers[name] / temperature[name] for name in QUESTIONS}
    chance = 1.0 / QUESTIONS["concept"]
    streams = list(streams_of(windows, scaled["concept"]))
    metrics: list[Metric] = []
    for snr, null in sorted({(stream.snr, stream.null) for stream in streams}, reverse=True):
        label = ("surrogate" if snr else "background") if null else f"snr{snr:g}"
        chosen = [stream for stream in streams if (stream.snr, stream.null) == (snr, null)]
        after = [filtered(stream, evidence.exponent, evidence.hazard) for stream in chosen]
        posterior = np.concatenate([p[s.ends] for p, s in zip(after, chosen, strict=True)])
        truth = np.concatenate([stream.shown[stream.ends] for stream in chosen])
        metrics += _top1(f"trial_top1_{label}", posterior, truth, chance)
        confidence = np.concatenate([p.max(axis=1) for p in after])
        metrics.append(
            _metric(f"confidence_p99_{label}", float(np.quantile(confidence, 0.99)), chance, len(confidence))
        )
        sure = int((confidence >= evidence.strong).sum())
        metrics.append(_share(f"strong_{label}", sure, len(confidence), _STRONG_BY_CHANCE))
        hit = posterior.argmax(axis=1) == truth
        error = calibration_error(posterior.max(axis=1), hit)
        metrics.append(_metric(f"trial_ece_{label}", error, 0.0, len(hit)))
        single = np.concatenate([np.exp(log_softmax(stream.logits[stream.ends])) for stream in chosen])
        metrics += _top1(f"window_top1_{label}", single, truth, chance)
        if not null and snr == max(settings.cohort.stream_snr):
            order = np.random.default_rng(0).permutation(len(truth))
            metrics += _top1(f"shuffled_top1_{label}", posterior, truth[order], chance)
    metrics += _attributes(settings, windows, scaled)
    return metrics


def measure_known(settings: DecoderSettings, decoder: Decoder, cache: Path) -> list[Metric]:
    """Figures on held-out sittings of the known wearers.

    These sittings chose among the encoder's checkpoints, though it was not trained on them: what it does on
    the unseen is the figure that counts. `training.own_linear` has what a linear decoder of each wearer's own
    does there.
    """
    windows = load_windows(cache, settings.cohort.known, settings.model.decimate)
    held = windows.where((windows.purpose == HELD_OUT) & (windows.share >= _CLEAR_SHARE))
    place = {number: index + 1 for index, number in enumerate(settings.cohort.known)}
    layer = np.array([place[int(number)] for number in held.subject])
    truth, chance = held.clips[:, 0, 0], 1.0 / QUESTIONS["concept"]
    guesses = {
        "known_top1": answers_of(decoder, held.x, layer)["concept"].argmax(axis=1),
        "known_generic_top1": answers_of(decoder, held.x)["concept"].argmax(axis=1),
    }
    metrics = []
    for name, said in guesses.items():
        for snr in np.unique(held.snr):
            mask = held.snr == snr
            hits = int((said == truth)[mask].sum())
            metrics.append(_share(f"{name}_snr{snr:g}", hits, int(mask.sum()), chance, _KNOWN))
    return metrics


def _attributes(settings: DecoderSettings, windows: Windows, scaled: dict[str, Array]) -> Iterator[Metric]:
    """Attributes of clear windows at the highest snr, against always guessing the commonest value.

    In the corpus only the scene depends on the concept; its chance is the commonest of the true
    concept.
    """
    mask = (windows.snr == max(settings.cohort.stream_snr)) & ~windows.null & (windows.share >= 0.8)
    table = clip_table(windows.clips[mask])
    rows = np.array([table.row[int(c), int(s)] for c, s in windows.clips[mask][:, 0]])
    concept = windows.clips[mask][:, 0, 0]
    for name in QUESTIONS:
        if name == "concept":
            continue
        truth = table.answers[name][rows].argmax(axis=1)
        counts = np.bincount(truth)
        chance = counts.max() / len(truth)
        if name == "scene":
            chance = sum(np.bincount(truth[concept == c]).max() for c in np.unique(concept)) / len(truth)
        yield from _top1(f"window_{name}", scaled[name][mask], truth, float(chance))


def _top1(name: str, scores: Array, truth: NDArray[np.int64], chance: float) -> list[Metric]:
    return [_share(name, int((scores.argmax(axis=1) == truth).sum()), len(truth), chance)]


def _share(name: str, count: int, n: int, chance: float, split: str = _UNSEEN) -> Metric:
    low, high = binomial_interval(count, n)
    return _metric(name, count / n, chance, n, (round(low, 4), round(high, 4)), split)


def _metric(
    name: str,
    value: float,
    chance: float,
    n: int,
    ci: tuple[float, float] | None = None,
    split: str = _UNSEEN,
) -> Metric:
    return Metric(
        name=name,
        value=round(value, 4),
        chance=round(chance, 4),
        n=n,
        split=split,
        ci95=ci,
    )


def evaluate(settings: DecoderSettings) -> list[Metric]:
    """Fit, measure and write both files."""
    torch.set_num_threads(settings.threads)
    cache = make_cohort(settings, (*settings.cohort.known, *settings.cohort.fitting, *settings.cohort.unseen))
    decoder = load_decoder(settings)
    temperature, evidence = fit(settings, decoder, cache)
    metrics = measure(settings, decoder, cache, temperature, evidence)
    metrics += measure_known(settings, decoder, cache)
    folder = Path(settings.folder)
    fitted = {"temperature": temperature, "evidence": msgspec.to_builtins(evidence)}
    (folder / EVIDENCE_FILE).write_text(json.dumps(fitted, indent=1))
    (folder / METRICS_FILE).write_text(json.dumps(msgspec.to_builtins(metrics), indent=1))
    return metrics
