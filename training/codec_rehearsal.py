"""The remembered scenes, for the decoder to practise: these are what it draws most in use."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FRAMES_FILE = "memory_frames.npy"


class Rehearsal:
    """Frames of the memory with their stored latents.

    Parameters
    ----------
    folder : Path
        With ``memory_latents.npy``, ``memory_scale.npy`` and the pictures in ``memory_frames.npy``, as
        `training.memory` writes them.
    """

    def __init__(self, folder: Path) -> None:
        self._latents = np.load(folder / "memory_latents.npy", mmap_mode="r")
        self._frames = np.load(folder / FRAMES_FILE, mmap_mode="r")
        self._scale = np.load(folder / "memory_scale.npy")[:, None, None]

    def sample(self, rng: np.random.Generator, count: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Take random frames of random clips.

        Returns
        -------
        latents : ndarray, shape (count, 8, 16, 16), float32
            As the runtime reads them.
        pictures : ndarray, shape (count, 256, 256, 3), uint8
        """
        clips, frames = self._latents.shape[:2]
        clip, frame = rng.integers(clips, size=count), rng.integers(frames, size=count)
        return (self._latents[clip, frame] * self._scale).astype(np.float32), self._frames[clip, frame]
