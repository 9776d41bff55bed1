"""Fit how windows add up on the validation blocks, and measure on the held-out ones.

Everything goes through the generic spatial layer, as a wearer without a profile does live.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from rtbci.bundle.schema import EvidenceModel, Metric
from training.cohort import Windows
from training.decoder import Decoder
from training.evaluate_decoder import answers_of
from training.evidence import Stream, filtered, fit_evidence, fit_temperature, log_softmax, with_thresholds
from training.lab.streams import BlockStream
from training.metrics import blind_chance, class_conditional_accuracy, clustered_interval
from training.scores import binomial_interval, calibration_error
from training.targets import ClipTable, Targets

Array = NDArray[np.float64]


def fit_temperatures(decoder: Decoder, windows: Windows, targets: Targets) -> dict[str, float]:
    """Of each question, from the validation windows that say anything of it.

    Parameters
    ----------
    decoder : Decoder
    windows : Windows
        Of the validation blocks.
    targets : Targets
        Of the same windows.
    """
    every = torch.arange(len(windows.x))
    wanted = targets.of(every, torch.zeros(len(every), dtype=torch.bool))
    answers = answers_of(decoder, windows.x)
    temperature = {}
    for name, logits in answers.items():
        target = wanted[name].numpy().astype(np.float64)
        said = target.sum(axis=1) > 0
        temperature[name] = fit_temperature(logits[said], target[said]) if said.any() else 1.0
    return temperature


def fit_model(
    decoder: Decoder, temperature: float, real: Sequence[BlockStream], surrogates: Sequence[BlockStream]
) -> EvidenceModel:
    """Exponent and hazard from validation blocks and their surrogates, the words from the latter alone."""
    streams = [evidence_stream(decoder, temperature, stream, null=False) for stream in real]
    streams += [evidence_stream(decoder, temperature, stream, null=True) for stream in surrogates]
    return with_thresholds(fit_evidence(streams), streams)


def evidence_stream(decoder: Decoder, temperature: float, stream: BlockStream, *, null: bool) -> Stream:
    """A block's concept logits, and the windows that decide its clips."""
    shown = np.full(len(stream.x), -1, dtype=np.int64)
    shown[stream.trial] = stream.clips[:, 0]
    return Stream(
        logits=answers_of(decoder, stream.x)["concept"] / temperature,
        shown=shown,
        ends=shown >= 0,
        snr=float("nan"),
        null=null,
    )


def concept_metrics(
    decoder: Decoder,
    temperature: float,
    evidence: EvidenceModel,
    streams: Sequence[BlockStream],
    taught: int,
    split: str,
    label: str = "",
) -> list[Metric]:
    """What single windows and the evidence after them say where clips end.

    Intervals take the clips of a slot as one cluster.

    Parameters
    ----------
    decoder : Decoder
    temperature : float
        Of the concept's logits.
    evidence : EvidenceModel
    streams : sequence of BlockStream
        Real ones, or surrogates.
    taught : int
        How many concepts the decoder learnt: a guess need not be among any others.
    split : str
        Whose and which blocks, in words.
    label : str
        Ends the names of the metrics.
    """
    posteriors, singles, truth, slots, confidences = [], [], [], [], []
    for number, stream in enumerate(streams):
        heard = evidence_stream(decoder, temperature, stream, null=bool(label))
        after = filtered(heard, evidence.exponent, evidence.hazard)
        # By clip: two that end at one window are two trials.
        posteriors.append(after[stream.trial])
        singles.append(np.exp(log_softmax(heard.logits[stream.trial])))
        truth.append(stream.clips[:, 0])
        slots.append(stream.slot + number * 1_000_000)
        confidences.append(after.max(axis=1))
    posterior, single = np.concatenate(posteriors), np.concatenate(singles)
    shown, slot, confidence = np.concatenate(truth), np.concatenate(slots), np.concatenate(confidences)
    counts = np.bincount(shown)
    counts = counts[counts > 0]
    # What was shown and not taught makes the classes more, never fewer.
    classes = max(taught, len(counts))
    chance = blind_chance(counts, classes)
    hit = posterior.argmax(axis=1) == shown
    sure = int((confidence >= evidence.strong).sum())
    high = float(np.quantile(confidence, 0.99))
    return [
        _share(f"window_top1{label}", single.argmax(axis=1) == shown, slot, chance, split),
        _share(f"trial_top1{label}", hit, slot, chance, split),
        _metric(f"trial_ece{label}", calibration_error(posterior.max(axis=1), hit), 0.0, len(hit), split),
        _metric(
            f"strong{label}",
            sure / len(confidence),
            0.0,
            len(confidence),
            split,
            binomial_interval(sure, len(confidence)),
        ),
        _metric(f"confidence_p99{label}", high, 1 / classes, len(confidence), split),
    ]


def attribute_metrics(
    decoder: Decoder, streams: Sequence[BlockStream], table: ClipTable, split: str
) -> list[Metric]:
    """Each attribute where clips end, beside what the class alone says of the very same clips."""
    x = np.concatenate([stream.x[stream.trial] for stream in streams])
    clips = np.concatenate([stream.clips for stream in streams])
    slot = np.concatenate([stream.slot + number * 1_000_000 for number, stream in enumerate(streams)])
    row = np.array([table.row[int(concept), int(stimulus)] for concept, stimulus in clips])
    answers = answers_of(decoder, x)
    metrics = []
    for name, given in table.answers.items():
        known = given[row].sum(axis=1) > 0
        if name == "concept" or not known.any():
            continue
        truth = given[row].argmax(axis=1)[known]
        hit = answers[name].argmax(axis=1)[known] == truth
        chance = class_conditional_accuracy(truth, clips[known, 0])
        metrics.append(_share(f"window_{name}", hit, slot[known], chance, split))
    return metrics


def measured(
    decoder: Decoder,
    temperature: Mapping[str, float],
    evidence: EvidenceModel,
    real: Sequence[BlockStream],
    surrogates: Sequence[BlockStream],
    table: ClipTable,
    taught: int,
    split: str,
) -> list[Metric]:
    """All figures of some blocks."""
    of = temperature["concept"]
    return [
        *concept_metrics(decoder, of, evidence, real, taught, split),
        *concept_metrics(decoder, of, evidence, surrogates, taught, split, "_surrogate"),
        *attribute_metrics(decoder, real, table, split),
    ]


def _share(name: str, hit: NDArray[np.bool_], slot: NDArray[np.int64], chance: float, split: str) -> Metric:
    _, of = np.unique(slot, return_inverse=True)
    ci = clustered_interval(np.bincount(of, weights=hit), np.bincount(of))
    return _metric(name, float(hit.mean()), chance, len(hit), split, ci)


def _metric(
    name: str, value: float, chance: float, n: int, split: str, ci: tuple[float, float] | None = None
) -> Metric:
    rounded = None if ci is None else (round(ci[0], 4), round(ci[1], 4))
    return Metric(name=name, value=round(value, 4), chance=round(chance, 4), n=n, split=split, ci95=rounded)
