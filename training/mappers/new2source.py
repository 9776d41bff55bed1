"""New2Source as SAM-Net publishes it: a new subject's EEG mapped to the known ones', by waveform."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from rtbci.errors import UsageError
from training.mappers.interface import Clips, Indices, Mapper
from training.mappers.waveform import Pairs, WaveformSettings, fit_waveform

Target = Literal["each", "centred"]


@dataclass(frozen=True, eq=False)
class New2Source:
    """What was fitted, and from how much.

    Attributes
    ----------
    mapper : Mapper
        New2Source: put it in front of the decoder.
    source2new : Mapper or None
        None where it was switched off.
    real, simulated : int
        Pairs that New2Source was fitted to.
    """

    mapper: Mapper
    source2new: Mapper | None
    real: int
    simulated: int


def publish_new2source(
    new: Clips,
    known: Clips,
    *,
    target: Target = "centred",
    centred: int | None = None,
    source2new: bool = True,
    settings: WaveformSettings | None = None,
    source2new_settings: WaveformSettings | None = None,
) -> New2Source:
    """Fit Source2New, simulate with it, and fit New2Source to simulated and real EEG.

    Source2New maps known subjects' EEG to the new one's for the same clips. It turns the known subjects' EEG
    of all other clips into simulated EEG of the new subject, which New2Source, beside the real EEG, learns to
    map back. No concept is looked at, only which clips are the same.

    Parameters
    ----------
    new : Clips
        What there is of the new wearer: `Clips.first` cuts the share p.
    known : Clips
        Of the known subjects.
    target : {"each", "centred"}
        What is mapped to: each known subject's EEG of the clip (for real EEG that comes to their mean), or
        the centred subject's; clips that the centred subject has not watched are left out then.
    centred : int
        Number of the centred subject as in `known.subject`; see `training.alignment.centred_subject`.
    source2new : bool
        Off: only the real EEG.
    settings : WaveformSettings, optional
        Of New2Source.
    source2new_settings : WaveformSettings, optional
        As `settings` if not given.

    Raises
    ------
    UsageError
        If no clip was watched by both, or the centred subject is not among the known.
    """
    if target not in get_args(Target):
        raise UsageError(f"New2Source cannot map to {target!r}; choose each or centred.")
    if target == "centred" and centred not in known.subject:
        raise UsageError(
            f"The centred subject {centred} is none of the known ones; give one of "
            f"{', '.join(str(s) for s in np.unique(known.subject))}."
        )
    settings = settings or WaveformSettings()
    new_clip, known_clip = _same_clips(new, known)
    shared = _join(known_clip, new_clip)
    if not len(shared):
        raise UsageError(
            "No clip of the new wearer was watched by a known subject, so there is nothing to map between; "
            "show them clips of the same material."
        )
    goal = np.flatnonzero(known.subject == centred) if target == "centred" else np.arange(len(known))
    back = _join(new_clip, known_clip[goal])
    real = Pairs(new.x, known.x, np.stack([back[:, 0], goal[back[:, 1]]], axis=1))
    if not source2new:
        return New2Source(fit_waveform([real], settings), None, len(real.rows), 0)

    forth = fit_waveform([Pairs(known.x, new.x, shared)], source2new_settings or settings)
    others = np.setdiff1d(np.arange(len(known)), shared[:, 0])
    if target == "each":
        rows = np.stack([others, others], axis=1)
    else:
        met = _join(known_clip[others], known_clip[goal])
        rows = np.stack([others[met[:, 0]], goal[met[:, 1]]], axis=1)
    simulated = Pairs(known.x, known.x, rows, through=forth)
    return New2Source(fit_waveform([simulated, real], settings), forth, len(real.rows), len(rows))


def _same_clips(a: Clips, b: Clips) -> tuple[Indices, Indices]:
    """Number the clips of both alike; -1 where it is not known which it was."""
    both = np.concatenate([np.stack([c.concept, c.stimulus], axis=1) for c in (a, b)])
    _, number = np.unique(both, axis=0, return_inverse=True)
    number = np.where(both[:, 1] < 0, -1, number.reshape(-1))
    return number[: len(a)], number[len(a) :]


def _join(a: Indices, b: Indices) -> Indices:
    """All (row of a, row of b) of the same clip: shape (k, 2)."""
    order = np.argsort(b, kind="stable")
    low, high = np.searchsorted(b[order], a, "left"), np.searchsorted(b[order], a, "right")
    count = np.where(a < 0, 0, high - low)
    left = np.repeat(np.arange(len(a)), count)
    place = np.arange(len(left)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)
    return np.stack([left, order[place]], axis=1).astype(np.int64)
