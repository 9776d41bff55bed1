"""From a source's blocks to the decoder's windows, through the runtime's own signal path.

Every window is exactly what the live chain gives after the same block from its beginning. One block is in
memory at a time.
"""

import hashlib
import logging
import multiprocessing as mp
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rtbci.bundle.schema import Preprocessing
from rtbci.errors import UsageError
from rtbci.signal import ChainSettings, scaled_covariance, windows_at
from training.audit import Spans
from training.cohort import HELD_OUT, TRAIN, Windows
from training.model_settings import STORED
from training.source import Block, Clip, Source, clip_slice

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

_GAP_S = 0.1
"""Clips whose borders are no farther apart follow each other without a gap."""


def chain_of(block: Block, p: Preprocessing, prior: Floats | None = None) -> ChainSettings:
    """The runtime's chain for a block's channels, unit and rate."""
    return ChainSettings.from_preprocessing(p, block.rate_hz, block.remap(), prior)


def clip_windows(
    source: Source, block: Block, p: Preprocessing, prior: Floats | None = None
) -> tuple[NDArray[np.float32], tuple[Clip, ...]]:
    """One window a clip: it ends where the clip's answer ends, `p.lag_s` after the clip itself.

    Returns
    -------
    x : ndarray, shape (n, 62, T), float32
        `rtbci.signal.Window.z`. With `p.window_s` of 2 s and SEED-DV's rate these are a clip's 400 samples.
    clips : tuple of Clip
        What each shows. Clips whose answer the block's end cuts off are left out.
    """
    settings = chain_of(block, p, prior)
    kept, ends = [], []
    for clip in source.clips(block):
        span = clip_slice(block, clip, p.lag_s)
        end = -1 if span is None else settings.condition.resample.outputs(span.stop) - 1
        if end >= settings.windower.length - 1:
            kept.append(clip)
            ends.append(end)
    return windows_at(settings, source.eeg(block), ends), tuple(kept)


def grid_windows(
    source: Source, block: Block, p: Preprocessing, prior: Floats | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
    """Windows every `p.hop_s` that lie wholly within clips, lag considered; hints and rests are skipped.

    A clip that begins within 0.1 s of another's end follows it without a gap.

    Returns
    -------
    x : ndarray, shape (n, 62, T), float32
    clips : ndarray, shape (n, 2), int64
        Places in ``source.clips(block)`` of the clip that fills most of the window and of the other one (the
        same again where there is none).
    share : ndarray, shape (n,), float32
        Part of the window that the first fills.
    """
    settings = chain_of(block, p, prior)
    resample, length = settings.condition.resample, settings.windower.length
    shift = p.lag_s * block.rate_hz
    # A clip's borders at the decoder's rate, the answer's lag included.
    borders = np.array(
        [(clip.start + shift, clip.start + clip.samples + shift) for clip in source.clips(block)]
    ).reshape(-1, 2)
    borders = np.round(borders * float(resample.ratio)).astype(np.int64)
    # What a screen shows one after the other has onsets that are a few milliseconds off.
    close = np.flatnonzero(np.abs(borders[1:, 0] - borders[:-1, 1]) <= _GAP_S * p.rate_hz)
    borders[close, 1] = borders[close + 1, 0]
    ends, clips, share = [], [], []
    for end in range(length - 1, resample.outputs(block.samples), settings.windower.hop):
        begin, stop = end + 1 - length, end + 1
        near = np.flatnonzero((borders[:, 0] < stop) & (borders[:, 1] > begin))
        overlap = np.minimum(borders[near, 1], stop) - np.maximum(borders[near, 0], begin)
        if not 1 <= len(near) <= 2 or overlap.sum() != length:
            continue
        order = near[np.argsort(-overlap, kind="stable")]
        ends.append(end)
        clips.append((order[0], order[-1]))
        share.append(overlap.max() / length)
    x = windows_at(settings, source.eeg(block), ends)
    return x, np.array(clips, dtype=np.int64).reshape(-1, 2), np.array(share, dtype=np.float32)


def mean_covariance(source: Source, blocks: Iterable[Block], p: Preprocessing) -> Floats:
    """Mean covariance (62, 62) of some blocks' scaled EEG: the prior of the runtime's whitening.

    Give it training blocks only: it is part of what is learned.
    """
    total, count = np.zeros(()), 0
    for block in blocks:
        total = total + scaled_covariance(chain_of(block, p), source.eeg(block))
        count += 1
    return np.asarray(total / max(count, 1))


def block_spans(source: Source, blocks: Iterable[Block]) -> Spans:
    """Where whole blocks lie, for the audit of what was made of all their EEG."""
    blocks = tuple(blocks)
    return Spans(
        subject=np.array([source.number(block.subject) for block in blocks]),
        recording=np.array([source.blocks(block.subject).index(block) for block in blocks]),
        start_s=np.zeros(len(blocks)),
        stop_s=np.array([block.samples / block.rate_hz for block in blocks]),
    )


def subject_windows(
    source: Source,
    subject: str,
    p: Preprocessing,
    prior: Floats | None = None,
    held_out: Collection[Block] = (),
) -> Windows:
    """All grid windows of a wearer, as the simulated cohort has them.

    `Windows.session` is the block's place among the wearer's, `Windows.purpose` is `HELD_OUT` for the blocks
    that are held out, and the second of each clip's numbers is its stimulus: `training.source.stimuli` says
    what it shows.
    """
    parts = []
    for place, block in enumerate(source.blocks(subject)):
        z, which, share = grid_windows(source, block, p, prior)
        table = np.array([(c.concept, c.stimulus) for c in source.clips(block)], dtype=np.int64).reshape(
            -1, 2
        )
        n = len(z)
        parts.append(
            Windows(
                x=z.reshape(n, z.shape[1], z.shape[2] // STORED, STORED).mean(axis=3).astype(np.float16),
                clips=table[which],
                share=share,
                null=np.zeros(n, dtype=bool),
                subject=np.full(n, source.number(subject)),
                session=np.full(n, place),
                purpose=np.full(n, HELD_OUT if block in held_out else TRAIN),
                snr=np.full(n, np.nan, dtype=np.float32),
            )
        )
    return Windows(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS})


def last_blocks(source: Source) -> tuple[Block, ...]:
    """The last block of every session: SEED-DV's own test block, the seventh."""
    last = {(b.subject, b.session): b for subject in source.subjects() for b in source.blocks(subject)}
    return tuple(last.values())


def last_sessions(source: Source) -> tuple[Block, ...]:
    """All of every wearer's last session: for own recordings, in whose blocks one slot may go on."""
    held = []
    for subject in source.subjects():
        blocks = source.blocks(subject)
        held += [block for block in blocks if block.session == blocks[-1].session]
    return tuple(held)


def whole_blocks(source: Source) -> bool:
    """Whether blocks can be held out one by one: every session has several, and none parts a slot.

    A gap in a recording ends a block, even within a slot, and the clips of one slot are alike.
    """
    slots: dict[tuple[str, str], list[set[int]]] = {}
    for subject in source.subjects():
        for block in source.blocks(subject):
            own = {clip.slot for clip in source.clips(block)}
            slots.setdefault((block.subject, block.session), []).append(own)
    return all(
        len(blocks) > 1 and sum(map(len, blocks)) == len(set.union(*blocks)) for blocks in slots.values()
    )


def held_out_blocks(source: Source) -> tuple[Block, ...]:
    """The last block of every session where blocks can be held out, as SEED-DV's; else the last session."""
    return last_blocks(source) if whole_blocks(source) else last_sessions(source)


def make_windows(
    source: Source,
    cache: Path,
    p: Preprocessing,
    known: Collection[str],
    held_out: Collection[Block],
    processes: int = 2,
) -> Path:
    """Make every wearer's windows, unless it was done before.

    Parameters
    ----------
    source : Source
    cache : Path
        Where to keep them.
    p : Preprocessing
    known : collection of str
        Wearers whose blocks, but for the held-out ones, make the prior of the whitening.
    held_out : collection of Block
        Never trained on; see `last_blocks` and `last_sessions`.
    processes : int

    Returns
    -------
    Path
        Folder with ``prior.npy`` and one ``NAME-NUMBER.npy`` for each field and wearer, as
        `training.cohort.load_prior` and `training.cohort.load_windows` read them.

    Raises
    ------
    UsageError
        If a known wearer is left without a block to learn from.
    """
    learned = {s: [b for b in source.blocks(s) if b not in held_out] for s in source.subjects() if s in known}
    if not learned or not all(learned.values()):
        nobody = ", ".join(subject for subject, blocks in learned.items() if not blocks) or "anybody"
        raise UsageError(
            f"Nothing of {nobody} in {source.folder} is left to learn from; hold out less, or name others."
        )
    folder = cache / fingerprint(source, p, known, held_out)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [s for s in source.subjects() if not (folder / f"x-{source.number(s)}.npy").is_file()]
    if missing:
        with workers(min(processes, len(missing))) as each:
            if not (folder / "prior.npy").is_file():
                jobs = [(source, blocks, p) for blocks in learned.values()]
                save(folder / "prior.npy", np.mean(list(each(_mean_covariance, jobs)), axis=0))
            done = each(_make_subject, [(source, s, folder, p, tuple(held_out)) for s in missing])
            for count, subject in enumerate(done, start=1):
                log.info("windows of %s (%d of %d)", subject, count, len(missing))
    return folder


@contextmanager
def workers(processes: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """Map a function over jobs, in their order, in processes of their own where there is more than one.

    One thread of BLAS each: with more, they wait for each other over matrices of 62 x 62.
    """
    with threadpool_limits(1):
        if processes <= 1:
            yield map
            return
        with mp.get_context("spawn").Pool(processes, threadpool_limits, (1,)) as pool:
            yield pool.imap


def _mean_covariance(job: tuple[Source, list[Block], Preprocessing]) -> Floats:
    return mean_covariance(*job)


_FIELDS = tuple(Windows.__dataclass_fields__)


def _make_subject(job: tuple[Source, str, Path, Preprocessing, tuple[Block, ...]]) -> str:
    source, subject, folder, p, held_out = job
    prior = np.load(folder / "prior.npy", allow_pickle=False)
    windows = subject_windows(source, subject, p, prior, held_out)
    # The windows themselves come last: their file says that the wearer is complete.
    for name in reversed(_FIELDS):
        save(folder / f"{name}-{source.number(subject)}.npy", getattr(windows, name))
    return subject


def fingerprint(
    source: Source,
    p: Preprocessing,
    known: Collection[str],
    held_out: Collection[Block],
    version: int = 1,
) -> str:
    """Whatever decides a source's windows, as a short hash."""
    blocks = []
    for subject in source.subjects():
        for block in source.blocks(subject):
            shown = [(clip.start, clip.samples, clip.concept, clip.stimulus) for clip in source.clips(block)]
            blocks.append((msgspec.to_builtins(block), source.version(block), shown))
    held = sorted((block.subject, block.session, block.number) for block in held_out)
    parts = [p, sorted(known), held, STORED, blocks, *([version] if version > 1 else [])]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:12]


def save(file: Path, array: NDArray[np.generic]) -> None:
    """Write an array as npy, whole or not at all."""
    partial = file.with_suffix(".partial.npy")
    np.save(partial, array, allow_pickle=False)
    partial.rename(file)
