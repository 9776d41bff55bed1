"""Blocks as the live decoder would hear them: every window, through hints and rests, and where clips end."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle.schema import Preprocessing
from rtbci.signal import windows_at
from training.cohort import load_prior
from training.lab.surrogate import phase_randomised
from training.model_settings import STORED
from training.source import Block, Source
from training.source_windows import chain_of, workers

log = logging.getLogger(__name__)

_TOLERANCE = 0.6
"""A clip is decided by a window that ends within so many hops of the clip's end, as live."""


@dataclass(frozen=True, eq=False)
class BlockStream:
    """All windows of one block, in order.

    Attributes
    ----------
    x : ndarray, shape (n, 62, T), float16
        The chain's z, averaged in time.
    trial : ndarray, shape (m,), int64
        For each clip, the window that ends nearest to the clip's end, the lag added.
    clips : ndarray, shape (m, 2), int64
        Concept and stimulus of each.
    slot : ndarray, shape (m,), int64
        Slot of its session.
    """

    x: NDArray[np.float16]
    trial: NDArray[np.int64]
    clips: NDArray[np.int64]
    slot: NDArray[np.int64]


_FIELDS = tuple(BlockStream.__dataclass_fields__)


def stream_of(
    source: Source, block: Block, p: Preprocessing, prior: NDArray[np.float64], surrogate: int | None = None
) -> BlockStream:
    """Run a block through the runtime's chain, or with a seed its phase-randomised surrogate."""
    settings = chain_of(block, p, prior)
    resample, length, hop = settings.condition.resample, settings.windower.length, settings.windower.hop
    eeg = source.eeg(block)
    if surrogate is not None:
        eeg = phase_randomised(eeg, np.random.default_rng((surrogate, block.number)))
    ends = np.arange(length - 1, resample.outputs(block.samples), hop)
    z = windows_at(settings, eeg, ends.tolist())
    trial, clips, slot = [], [], []
    for clip in source.clips(block):
        over = (clip.start + clip.samples + p.lag_s * block.rate_hz) * float(resample.ratio)
        nearest = int(np.abs(ends + 1 - over).argmin()) if len(ends) else -1
        if nearest >= 0 and abs(ends[nearest] + 1 - over) <= _TOLERANCE * hop:
            trial.append(nearest)
            clips.append((clip.concept, clip.stimulus))
            slot.append(clip.slot)
    return BlockStream(
        x=z.reshape(len(z), z.shape[1], -1, STORED).mean(axis=3).astype(np.float16),
        trial=np.array(trial, dtype=np.int64),
        clips=np.array(clips, dtype=np.int64).reshape(-1, 2),
        slot=np.array(slot, dtype=np.int64),
    )


def make_streams(
    source: Source, folder: Path, p: Preprocessing, blocks: Sequence[Block], processes: int = 2
) -> None:
    """Make the streams of some blocks and of their surrogates, unless it was done before.

    Parameters
    ----------
    source : Source
    folder : Path
        Of the source's windows, as `training.source_windows.make_windows` made it.
    p : Preprocessing
    blocks : sequence of Block
    processes : int
    """
    jobs = [
        (source, block, p, folder, null)
        for block in blocks
        for null in (False, True)
        if not _file(source, folder, block, null).is_file()
    ]
    if jobs:
        with workers(min(processes, len(jobs))) as each:
            for count, name in enumerate(each(_make, jobs), start=1):
                log.info("stream of %s (%d of %d)", name, count, len(jobs))


def load_stream(source: Source, folder: Path, block: Block, null: bool, decimate: int) -> BlockStream:
    """A stream that was made, averaged over `decimate` samples (a multiple of `STORED`)."""
    with np.load(_file(source, folder, block, null), allow_pickle=False) as stored:
        fields = {name: stored[name] for name in _FIELDS}
    x, factor = fields["x"], decimate // STORED
    averaged = x.reshape(*x.shape[:2], -1, factor).mean(axis=3, dtype=np.float32)
    return BlockStream(**(fields | {"x": averaged.astype(np.float16)}))


def _file(source: Source, folder: Path, block: Block, null: bool) -> Path:
    place = source.blocks(block.subject).index(block)
    return folder / f"{'surrogate' if null else 'stream'}-{source.number(block.subject)}-{place}.npz"


def _make(job: tuple[Source, Block, Preprocessing, Path, bool]) -> str:
    source, block, p, folder, null = job
    stream = stream_of(source, block, p, load_prior(folder), source.number(block.subject) if null else None)
    file = _file(source, folder, block, null)
    partial = file.with_suffix(".partial.npz")
    np.savez(partial, **{name: getattr(stream, name) for name in _FIELDS})
    partial.rename(file)
    return block.name + (" (surrogate)" if null else "")
