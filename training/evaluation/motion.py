"""How clips move: how much, where, and whether they flicker."""

import numpy as np
from numpy.typing import NDArray

Clips = NDArray[np.uint8]
_STILL = 1e-3


def motion(clips: Clips) -> float:
    """Mean absolute change from frame to frame of clips (n, frames, h, w, 3), in grey levels."""
    return float(np.abs(_steps(clips)).mean())


def motion_place(truth: Clips, made: Clips) -> float:
    """Correlation between where clips move and where they should; 0 for clips that stand still.

    Of each clip, over the pixels' mean absolute change; the mean over clips.
    """
    found = []
    for true_map, made_map in zip(_map(truth), _map(made), strict=True):
        a, b = true_map - true_map.mean(), made_map - made_map.mean()
        size = float(np.linalg.norm(a) * np.linalg.norm(b))
        found.append(float(a.ravel() @ b.ravel()) / size if size > _STILL else 0.0)
    return float(np.mean(found))


def flicker(clips: Clips) -> float:
    """Root mean square of the second differences over that of the first.

    Steady motion gives little; frames that differ at random give sqrt(3) = 1.73. 0 for clips that stand
    still or have fewer than three frames.
    """
    steps = _steps(clips)
    if steps.shape[1] < 2:
        return 0.0
    first = float(np.sqrt(np.mean(np.square(steps))))
    second = float(np.sqrt(np.mean(np.square(np.diff(steps, axis=1)))))
    return second / first if first > _STILL else 0.0


def _steps(clips: Clips) -> NDArray[np.float32]:
    return np.diff(clips.astype(np.float32), axis=1)


def _map(clips: Clips) -> NDArray[np.float32]:
    return np.asarray(np.abs(_steps(clips)).mean(axis=(1, 4)))
