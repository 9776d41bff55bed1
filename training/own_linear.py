"""A linear decoder of each known wearer's own, on windows cut at the clips' onsets: the own-subject figure.

The answers to clips are locked to their onsets, and a linear decoder has nothing to find them by in windows
that begin anywhere. So this one is given what the table of `devices.wearer` was measured with: one window a
clip, from its onset (the lag added) to its end, as an experiment that knows the onsets cuts it. It learns
from the same training sittings of the wearer as the encoder did, of all levels, and from no one else's.
"""

import json
import multiprocessing as mp
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.simulate import FIRST_CLIP_S
from rtbci.bundle.schema import Metric
from rtbci.signal import windows_at
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.spec import CLIP_SECONDS
from training.cohort import (
    HELD_OUT,
    TRAIN,
    Sitting,
    chain_settings,
    load_prior,
    make_cohort,
    record,
    sittings,
)
from training.decoder_settings import DecoderSettings
from training.models.linear import binned
from training.models.linear import fit as fit_linear
from training.scores import binomial_interval

OWN_LINEAR_FILE = "own_linear.json"

Hits = dict[float, tuple[int, int]]
"""Right answers and clips for each snr."""
_SPLIT = (
    "own-subject: each known simulated wearer's training sittings to held-out sittings, windows cut at clip "
    "onsets"
)


def measure_own_linear(settings: DecoderSettings) -> list[Metric]:
    """Measure, and write ``own_linear.json`` into the run's folder."""
    cache = make_cohort(settings, settings.cohort.known)
    metrics = own_linear_metrics(own_linear_hits(settings, cache))
    text = json.dumps(msgspec.to_builtins(metrics), indent=1)
    (Path(settings.folder) / OWN_LINEAR_FILE).write_text(text)
    return metrics


def own_linear_metrics(hits: Hits) -> list[Metric]:
    """The figures of a bundle, one for each snr, faintest first."""
    metrics = []
    for snr, (right, n) in sorted(hits.items()):
        low, high = binomial_interval(right, n)
        metrics.append(
            Metric(
                name=f"own_subject_linear_top1_snr{snr:g}",
                value=round(right / n, 4),
                chance=round(1 / len(CONCEPTS), 4),
                n=n,
                split=_SPLIT,
                ci95=(round(low, 4), round(high, 4)),
            )
        )
    return metrics


def own_linear_hits(settings: DecoderSettings, cache: Path, processes: int = 2) -> Hits:
    """Right answers on held-out sittings, all known wearers together, each by a decoder of their own.

    Parameters
    ----------
    settings : DecoderSettings
    cache : Path
        Folder of the cohort: its prior covariance is what the live chain begins with.
    processes : int
        That simulate and fit.

    Returns
    -------
    dict of float to (int, int)
        By the held-out sittings' snr.
    """
    jobs = [(settings, load_prior(cache), wearer) for wearer in settings.cohort.known]
    hits: Counter[float] = Counter()
    clips: Counter[float] = Counter()
    with mp.get_context("spawn").Pool(processes) as pool:
        for found in pool.imap_unordered(_of_wearer, jobs):
            for snr, (right, n) in found.items():
                hits[snr] += right
                clips[snr] += n
    return {snr: (hits[snr], clips[snr]) for snr in clips}


def clip_windows(
    sitting: Sitting, settings: DecoderSettings, prior: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Simulate a sitting and cut one window a clip, through the runtime's own chain.

    Returns
    -------
    x : ndarray, shape (n, 62, bins)
        The chain's z, averaged as `training.models.linear.binned` does.
    concept : ndarray, shape (n,)
        What was shown. The last clip is left out where the lag reaches beyond the recording.
    """
    p = settings.preprocessing
    step, lag = round(CLIP_SECONDS * p.rate_hz), round(p.lag_s * p.rate_hz)
    length = round(p.window_s * p.rate_hz)
    spread = settings.cohort.snr_spread if sitting.purpose == TRAIN else 0.0
    data, clips = record(sitting, spread)
    ends = round(FIRST_CLIP_S * p.rate_hz) + lag + step * np.arange(len(clips)) + length - 1
    ends = ends[ends < len(data)]
    z = windows_at(chain_settings(p, prior), data, ends.tolist())
    return binned(z), np.array([clip.concept for clip in clips[: len(ends)]])


def _of_wearer(job: tuple[DecoderSettings, NDArray[np.float64], int]) -> Hits:
    """Fit on one wearer's training sittings; the last of them that is most like a held-out one chooses."""
    settings, prior, wearer = job
    plan = list(sittings(settings.cohort, wearer))
    learnt = [one for one in plan if one.purpose == TRAIN and one.snr > 0 and not one.surrogate]
    parts = [clip_windows(one, settings, prior) for one in learnt]
    x, concept = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    of = np.repeat(np.arange(len(parts)), [len(part[1]) for part in parts])
    found: Hits = {}
    for held in (one for one in plan if one.purpose == HELD_OUT):
        chooser = min(range(len(learnt)), key=lambda k: (abs(learnt[k].snr - held.snr), -k))
        model = fit_linear(x, concept, len(CONCEPTS), chooses=of == chooser)
        seen, truth = clip_windows(held, settings, prior)
        right, n = found.get(held.snr, (0, 0))
        right += int((model.logits(seen).argmax(axis=1) == truth).sum())
        found[held.snr] = (right, n + len(truth))
    return found
