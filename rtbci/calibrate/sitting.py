"""What a calibration sitting yields: windows of EEG and the clips that were watched meanwhile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import WearerError

_NEAR_S = 0.5
"""A window is an example of a clip if it ends within so much of the clip's end."""
_TOLERANCE_HOPS = 0.6
"""A clip is scored at the window nearest to its end, if it is within so many hops of it."""


@dataclass(frozen=True, slots=True)
class WatchedClip:
    """One clip: when it began on LSL's clock, how long it lasted, what it showed; its file if it has one."""

    onset: float
    seconds: float
    concept: int
    file: str = ""


@dataclass(frozen=True, eq=False)
class Sitting:
    """Windows and clips of one sitting.

    Attributes
    ----------
    z : ndarray, shape (n, 62, 400), float32
        The chain's output, in order of time.
    newest : ndarray, shape (n,), float64
        Stamp of each window's newest sample.
    clips : tuple of WatchedClip
        In order of time.
    window_s, hop_s, lag_s : float
        Length of a window, time between two, and how long the brain's answer trails the picture.
    """

    z: NDArray[np.float32]
    newest: NDArray[np.float64]
    clips: tuple[WatchedClip, ...]
    window_s: float = 2.0
    hop_s: float = 0.5
    lag_s: float = 0.0

    def __post_init__(self) -> None:
        if len(self.z) != len(self.newest) or np.any(np.diff(self.newest) <= 0):
            raise ValueError("every window needs a stamp, and the stamps must increase")


@dataclass(frozen=True, eq=False)
class Trials:
    """Which window stands for which clip; clips without EEG are left out.

    Attributes
    ----------
    concept : ndarray, shape (m,)
        What each clip showed.
    decided : ndarray, shape (m,)
        Index of the window at which each clip is scored.
    slot : ndarray, shape (m,)
        Clips of one concept in a row are one slot: they are never parted between folds.
    example : ndarray, shape (e,)
        Indices of the windows to learn from.
    example_trial : ndarray, shape (e,)
        The trial that each example belongs to.
    """

    concept: NDArray[np.int64]
    decided: NDArray[np.int64]
    slot: NDArray[np.int64]
    example: NDArray[np.int64]
    example_trial: NDArray[np.int64]

    @property
    def example_concept(self) -> NDArray[np.int64]:
        """What each example showed."""
        return self.concept[self.example_trial]


def find_trials(sitting: Sitting) -> Trials:
    """Match clips with windows.

    Raises
    ------
    WearerError
        If no clip has a window.
    """
    concept: list[int] = []
    decided: list[int] = []
    slot: list[int] = []
    example: list[int] = []
    example_trial: list[int] = []
    before: WatchedClip | None = None
    slots = -1
    for clip in sitting.clips:
        if before is None or before.concept != clip.concept:
            slots += 1
        before = clip
        off = np.abs(sitting.newest - (clip.onset + clip.seconds + sitting.lag_s))
        if not len(off) or off.min() > _TOLERANCE_HOPS * sitting.hop_s:
            continue
        near = np.flatnonzero(off <= _NEAR_S)
        example += near.tolist()
        example_trial += [len(concept)] * len(near)
        concept.append(clip.concept)
        decided.append(int(off.argmin()))
        slot.append(slots)
    if not concept:
        raise WearerError(
            f"None of the {len(sitting.clips)} clips of the calibration met with EEG; check that the markers "
            "belong to the EEG stream and calibrate again."
        )
    return Trials(
        concept=np.array(concept, dtype=np.int64),
        decided=np.array(decided, dtype=np.int64),
        slot=np.array(slot, dtype=np.int64),
        example=np.array(example, dtype=np.int64),
        example_trial=np.array(example_trial, dtype=np.int64),
    )
