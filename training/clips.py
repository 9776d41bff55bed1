"""One window a clip, of every wearer of a source: what experiments learn from and are judged on.

Made once by the runtime's own signal path, kept as one memory-mapped file a wearer and kind:

- ``aligned``: what the live decoder is given, whitened by the wearer's own running covariance;
- ``raw``: the same without whitening, channels scaled only;
- ``de``: differential entropy of five bands over the whole two seconds.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from rtbci.bundle.schema import Preprocessing
from rtbci.errors import UsageError
from training.audit import Spans
from training.model_settings import STORED
from training.models.de import differential_entropy
from training.source import Block, Source
from training.source_windows import clip_windows, fingerprint, mean_covariance, save, workers

log = logging.getLogger(__name__)

Kind = Literal["aligned", "raw", "de"]
KINDS: tuple[Kind, ...] = ("aligned", "raw", "de")
Ints = NDArray[np.int64]
_VERSION = 2
"""Raise it when the signal path or what is kept of it changes, so that old caches are not used."""
_SESSION = 1_000_000


@dataclass(frozen=True, eq=False)
class ClipRows:
    """Clips of one or more wearers, one row each, in order of time.

    Attributes
    ----------
    concept, stimulus : ndarray, shape (n,), int64
        What was shown; see `training.source.Clip`.
    subject : ndarray, shape (n,), int64
        The wearers' numbers.
    block : ndarray, shape (n,), int64
        Place of the block among the wearer's, from 0.
    slot : ndarray, shape (n,), int64
        Run of clips of one concept, of the wearer.
    start_s, stop_s : ndarray, shape (n,), float64
        Where the window lies in its block.
    """

    concept: Ints
    stimulus: Ints
    subject: Ints
    block: Ints
    slot: Ints
    start_s: NDArray[np.float64]
    stop_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.concept)

    def where(self, rows: NDArray[np.bool_] | Ints) -> "ClipRows":
        """Only some of them."""
        return ClipRows(**{name: getattr(self, name)[rows] for name in _FIELDS})

    def spans(self) -> Spans:
        """Where they lie, for the audit."""
        return Spans(
            subject=self.subject,
            recording=self.block,
            start_s=self.start_s,
            stop_s=self.stop_s,
            clip=np.round(self.start_s * 1000).astype(np.int64),
            slot=self.slot,
            stimulus=self.concept * 2**33 + self.stimulus if (self.stimulus >= 0).all() else None,
        )


_FIELDS = tuple(ClipRows.__dataclass_fields__)


@dataclass(frozen=True)
class ClipStore:
    """Clips on disk; windows are mapped, not loaded."""

    folder: Path
    subjects: tuple[int, ...]

    def clips(self, subjects: Sequence[int] | None = None) -> ClipRows:
        """All clips of some wearers, one after the other."""
        chosen = self.subjects if subjects is None else subjects
        tables = [np.load(self.folder / f"clips-{number}.npz", allow_pickle=False) for number in chosen]
        return ClipRows(**{name: np.concatenate([table[name] for table in tables]) for name in _FIELDS})

    def x(self, kind: Kind, subject: int) -> NDArray[np.float16]:
        """Windows of one wearer, mapped: (n, 62, T), or (n, 62, 5) for ``de``."""
        mapped: NDArray[np.float16] = np.load(
            self.folder / f"{kind}-{subject}.npy", mmap_mode="r", allow_pickle=False
        )
        return mapped


def make_clips(
    source: Source,
    cache: Path,
    p: Preprocessing,
    known: Collection[str],
    held_out: Collection[Block],
    processes: int = 2,
) -> ClipStore:
    """Make every wearer's clips, unless it was done before.

    Parameters
    ----------
    source : Source
    cache : Path
        Where to keep them.
    p : Preprocessing
        Its lag says how much later than the clip the window is.
    known : collection of str
        Wearers whose first block, if it is not held out, makes the prior of the whitening.
    held_out : collection of Block
        Never learnt from.
    processes : int
    """
    folder = cache / f"clips-{fingerprint(source, p, known, held_out, _VERSION)}"
    folder.mkdir(parents=True, exist_ok=True)
    numbers = tuple(source.number(subject) for subject in source.subjects())
    missing = [s for s in source.subjects() if not (folder / f"clips-{source.number(s)}.npz").is_file()]
    if missing:
        with workers(min(processes, len(missing))) as each:
            if not (folder / "prior.npy").is_file():
                first = prior_blocks(source, known, held_out)
                covariances = list(each(_covariance, [(source, block, p) for block in first]))
                save(folder / "prior.npy", np.mean(covariances, axis=0))
            done = each(_make, [(source, subject, folder, p) for subject in missing])
            for count, subject in enumerate(done, start=1):
                log.info("clips of %s (%d of %d)", subject, count, len(missing))
    return ClipStore(folder, numbers)


def prior_blocks(source: Source, known: Collection[str], held_out: Collection[Block]) -> tuple[Block, ...]:
    """Blocks whose EEG makes the prior of the whitening: of each known wearer, the first not held out.

    Raises
    ------
    UsageError
        If all of a wearer is held out.
    """
    return tuple(_first(source, subject, held_out) for subject in known)


def _first(source: Source, subject: str, held_out: Collection[Block]) -> Block:
    found = next((block for block in source.blocks(subject) if block not in held_out), None)
    if found is None:
        raise UsageError(
            f"Nothing of {subject} in {source.folder} is left to learn from; leave them out, or record more."
        )
    return found


def _covariance(job: tuple[Source, Block, Preprocessing]) -> NDArray[np.float64]:
    source, block, p = job
    return mean_covariance(source, [block], p)


def _make(job: tuple[Source, str, Path, Preprocessing]) -> str:
    source, subject, folder, p = job
    prior = np.load(folder / "prior.npy", allow_pickle=False)
    plain = msgspec.structs.replace(p, whiten=False)
    windows: dict[Kind, list[NDArray[np.float16]]] = {kind: [] for kind in KINDS}
    rows: dict[str, list[NDArray[np.generic]]] = {name: [] for name in _FIELDS}
    number, blocks = source.number(subject), source.blocks(subject)
    sessions = list(dict.fromkeys(block.session for block in blocks))
    for place, block in enumerate(blocks):
        # Sources count slots anew in each session.
        first_slot = _SESSION * sessions.index(block.session)
        aligned, clips = clip_windows(source, block, p, prior)
        raw, _ = clip_windows(source, block, plain)
        windows["aligned"].append(_averaged(aligned))
        windows["raw"].append(_averaged(raw))
        windows["de"].append(differential_entropy(raw, p.rate_hz).astype(np.float16))
        start = np.array([clip.start for clip in clips]) / block.rate_hz + p.lag_s
        rows["concept"].append(np.array([clip.concept for clip in clips]))
        rows["stimulus"].append(np.array([clip.stimulus for clip in clips]))
        rows["subject"].append(np.full(len(clips), number))
        rows["block"].append(np.full(len(clips), place))
        rows["slot"].append(np.array([clip.slot for clip in clips]) + first_slot)
        rows["start_s"].append(start)
        rows["stop_s"].append(start + np.array([clip.samples for clip in clips]) / block.rate_hz)
    for kind in KINDS:
        save(folder / f"{kind}-{number}.npy", np.concatenate(windows[kind]))
    table = folder / f"clips-{number}.npz"
    partial = table.with_suffix(".partial.npz")
    np.savez(partial, **{name: np.concatenate(rows[name]) for name in _FIELDS})
    # The table comes last: it says that the wearer is complete.
    partial.rename(table)
    return subject


def _averaged(z: NDArray[np.float32]) -> NDArray[np.float16]:
    return z.reshape(len(z), z.shape[1], z.shape[2] // STORED, STORED).mean(axis=3).astype(np.float16)
