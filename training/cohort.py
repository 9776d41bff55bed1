"""The simulated cohort: sittings of wearers, through the runtime's own signal chain, cut into windows.

Every window is exactly what the live chain would have given the decoder, averaged over `STORED` samples;
the encoder begins with such an averaging. A few files for each wearer, made once and kept.
"""

import hashlib
import logging
import multiprocessing as mp
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.simulate import FIRST_CLIP_S
from devices.wearer import Wearer
from rtbci.bundle.schema import Preprocessing
from rtbci.montage import CHANNELS, plan_remap
from rtbci.signal import ChainSettings, scaled_covariance, windows_at
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.playlist import WATCHED_SEEDS, Playlist
from rtbci.stimuli.spec import CLIP_SECONDS, ClipSpec, clip_spec
from training.decoder_settings import CohortSettings, DecoderSettings
from training.model_settings import STORED

log = logging.getLogger(__name__)

TRAIN, HELD_OUT, STREAM = 0, 1, 2
WEARER_VERSION = 3
"""Raise it when the simulated wearer changes, so that old caches are not used."""


@dataclass(frozen=True)
class Sitting:
    """One continuous recording of one wearer."""

    wearer: int
    session: int
    purpose: int
    snr: float
    surrogate: bool
    seconds: float


@dataclass(frozen=True)
class Windows:
    """Windows of one or more wearers.

    Attributes
    ----------
    x : ndarray, shape (n, 62, T), float16
        The chain's z, averaged in time.
    clips : ndarray, shape (n, 2, 2), int64
        Concept and seed of the two clips that share the window.
    share : ndarray, shape (n,), float32
        Part of the window that the first of them fills.
    null : ndarray, shape (n,), bool
        Whether there is nothing to be found.
    subject, session, purpose : ndarray, shape (n,), int64
    snr : ndarray, shape (n,), float32
        Nominal.
    """

    x: NDArray[np.float16]
    clips: NDArray[np.int64]
    share: NDArray[np.float32]
    null: NDArray[np.bool_]
    subject: NDArray[np.int64]
    session: NDArray[np.int64]
    purpose: NDArray[np.int64]
    snr: NDArray[np.float32]

    def where(self, mask: NDArray[np.bool_]) -> "Windows":
        """Only some of them."""
        return Windows(**{name: getattr(self, name)[mask] for name in self.__dataclass_fields__})


def sittings(cohort: CohortSettings, wearer: int) -> Iterator[Sitting]:
    """All recordings of one wearer."""
    plan: list[tuple[int, float, bool, float]] = []
    if wearer in cohort.known:
        plan += [(TRAIN, snr, False, cohort.session_s) for snr in cohort.train_snr]
        plan += [(TRAIN, snr, True, cohort.session_s) for snr in cohort.surrogate_snr]
        plan += [(HELD_OUT, snr, False, cohort.session_s) for snr in cohort.held_out_snr]
    else:
        plan += [(STREAM, snr, False, cohort.stream_s) for snr in cohort.stream_snr]
        strongest = max(cohort.stream_snr)
        plan += [(STREAM, strongest, True, cohort.stream_s), (STREAM, 0.0, False, cohort.stream_s)]
    for session, (purpose, snr, surrogate, seconds) in enumerate(plan):
        yield Sitting(wearer, session, purpose, snr, surrogate, seconds)


def chain_settings(
    preprocessing: Preprocessing, prior: NDArray[np.float64] | None, rate: float = 200.0
) -> ChainSettings:
    """The runtime's chain for a wearer with the 62 channels in microvolt."""
    remap = plan_remap(CHANNELS, ["microvolts"] * len(CHANNELS))
    return ChainSettings.from_preprocessing(preprocessing, rate, remap, prior)


def record(sitting: Sitting, spread: float = 0.0) -> tuple[NDArray[np.float64], list[ClipSpec]]:
    """Simulate a sitting.

    Returns
    -------
    data : ndarray, shape (n, 62)
        Microvolt at 200 Hz.
    clips : list of ClipSpec
        Shown one after the other from `FIRST_CLIP_S` on, two seconds each.
    """
    rng = np.random.default_rng((sitting.wearer, sitting.session, 77))
    snr = sitting.snr * float(np.exp(spread * rng.standard_normal()))
    wearer = Wearer(sitting.wearer, snr, surrogate=sitting.surrogate, session=sitting.session + 1)
    count = int((sitting.seconds - FIRST_CLIP_S) // CLIP_SECONDS)
    if sitting.purpose == STREAM:
        rounds = Playlist(sitting.wearer * 100 + sitting.session).rounds()
        clips = [next(rounds) for _ in range(count)]
    else:
        order = np.concatenate([rng.permutation(len(CONCEPTS)) for _ in range(count // len(CONCEPTS) + 1)])
        clips = [clip_spec(int(c), int(rng.integers(WATCHED_SEEDS.start))) for c in order[:count]]
    parts = [wearer.render(round(FIRST_CLIP_S * wearer.rate))]
    step = round(CLIP_SECONDS * wearer.rate)
    for index, clip in enumerate(clips):
        wearer.watch(clip, wearer.position)
        parts.append(wearer.render(step))
        assert wearer.position == len(parts[0]) + (index + 1) * step
    return np.concatenate(parts), clips


def cut(
    sitting: Sitting,
    data: NDArray[np.float64],
    clips: list[ClipSpec],
    settings: DecoderSettings,
    prior: NDArray[np.float64],
) -> Windows:
    """Windows of a sitting, with what they show."""
    p = settings.preprocessing
    hop, length = round(p.hop_s * p.rate_hz), round(p.window_s * p.rate_hz)
    step, lag = round(CLIP_SECONDS * p.rate_hz), round(p.lag_s * p.rate_hz)
    start = round(FIRST_CLIP_S * p.rate_hz) + lag
    rng = np.random.default_rng((sitting.wearer, sitting.session, 78))
    ends = np.arange(start + length + hop, len(data) - hop, hop) + int(rng.integers(-hop // 2, hop // 2))
    if sitting.purpose != STREAM:
        reach = round(settings.cohort.jitter_s * p.rate_hz)
        ends = ends + rng.integers(-reach, reach + 1, len(ends))
        ends = ends[(ends >= start + length - 1) & (ends < len(data))]
    z = windows_at(chain_settings(p, prior), data, ends.tolist())
    x = _averaged(z, STORED)

    newest = (ends - start) // step
    newest = np.minimum(newest, len(clips) - 1)
    in_newest = np.minimum(ends + 1 - (start + newest * step), length) / length
    older = np.maximum(newest - 1, 0)
    first = np.where(in_newest >= 0.5, newest, older)
    second = np.where(in_newest >= 0.5, older, newest)
    table = np.array([(clip.concept, clip.seed) for clip in clips])
    n = len(ends)
    return Windows(
        x=x.astype(np.float16),
        clips=np.stack([table[first], table[second]], axis=1),
        share=np.where(in_newest >= 0.5, in_newest, 1.0 - in_newest).astype(np.float32),
        null=np.full(n, sitting.surrogate or sitting.snr == 0.0),
        subject=np.full(n, sitting.wearer),
        session=np.full(n, sitting.session),
        purpose=np.full(n, sitting.purpose),
        snr=np.full(n, sitting.snr, dtype=np.float32),
    )


def fingerprint(settings: DecoderSettings) -> str:
    """What decides the windows, as a short hash: the name of the cache."""
    parts = [settings.cohort, settings.preprocessing, STORED, WEARER_VERSION]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:12]


def make_cohort(settings: DecoderSettings, wearers: tuple[int, ...], processes: int = 2) -> Path:
    """Simulate wearers, unless it was done before.

    Returns
    -------
    Path
        Folder with ``prior.npy`` and one ``NAME-SEED.npy`` for each field of `Windows` and wearer.
    """
    folder = Path(settings.cache) / fingerprint(settings)
    folder.mkdir(parents=True, exist_ok=True)
    cohort = settings.cohort
    context = mp.get_context("spawn")
    with context.Pool(processes) as pool:
        prior_file = folder / "prior.npy"
        if not prior_file.is_file():
            jobs = [(settings.preprocessing, next(sittings(cohort, wearer))) for wearer in cohort.known]
            covariances = pool.starmap(_covariance, jobs)
            _save(prior_file, np.mean(covariances, axis=0))
        missing = [w for w in wearers if not (folder / f"x-{w}.npy").is_file()]
        done = pool.imap_unordered(_make_wearer, [(settings, folder, wearer) for wearer in missing])
        for number, wearer in enumerate(done, start=1):
            log.info("simulated wearer %d (%d of %d)", wearer, number, len(missing))
    return folder


def load_prior(folder: Path) -> NDArray[np.float64]:
    """The cohort's mean covariance of scaled EEG, shape (62, 62)."""
    return np.asarray(np.load(folder / "prior.npy", allow_pickle=False), dtype=np.float64)


def load_windows(folder: Path, wearers: tuple[int, ...], decimate: int) -> Windows:
    """Windows of some wearers, all sittings, averaged over `decimate` samples (a multiple of `STORED`)."""
    fields = {
        name: [np.load(folder / f"{name}-{w}.npy", allow_pickle=False) for w in wearers]
        for name in Windows.__dataclass_fields__
    }
    fields["x"] = [_averaged(x, decimate // STORED).astype(np.float16) for x in fields["x"]]
    return Windows(**{name: np.concatenate(arrays) for name, arrays in fields.items()})


def _averaged(x: NDArray[np.floating], factor: int) -> NDArray[np.float32]:
    averaged: NDArray[np.float32] = x.reshape(*x.shape[:2], -1, factor).mean(axis=3, dtype=np.float32)
    return averaged


def _covariance(preprocessing: Preprocessing, sitting: Sitting) -> NDArray[np.float64]:
    data, _ = record(sitting)
    return scaled_covariance(chain_settings(preprocessing, None), data)


def _make_wearer(job: tuple[DecoderSettings, Path, int]) -> int:
    settings, folder, wearer = job
    prior = load_prior(folder)
    parts = []
    for sitting in sittings(settings.cohort, wearer):
        spread = settings.cohort.snr_spread if sitting.purpose == TRAIN else 0.0
        data, clips = record(sitting, spread)
        parts.append(cut(sitting, data, clips, settings, prior))
    # The windows themselves come last: their file says that the wearer is complete.
    for name in reversed(Windows.__dataclass_fields__):
        _save(folder / f"{name}-{wearer}.npy", np.concatenate([getattr(part, name) for part in parts]))
    return wearer


def _save(file: Path, array: NDArray[np.generic]) -> None:
    partial = file.with_suffix(".partial.npy")
    np.save(partial, array, allow_pickle=False)
    partial.rename(file)
