"""Decoding a laboratory's own clips ahead of their time."""

import math
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from rtbci.calibrate import OnClip
from rtbci.errors import StimulusError
from rtbci.stimuli.library import Library
from rtbci.stimuli.video import read_frames

MOST_DECODED = 2
"""Clips in memory: the one that is on and the one that comes."""

Box = tuple[int, int]


class Films:
    """Decodes each clip once, on a thread of its own, as soon as it is asked for."""

    def __init__(self) -> None:
        self._reels: dict[tuple[str, float, Box], _Reel] = {}

    def prepare(self, clip: OnClip, library: Library | None, box: Box) -> None:
        """Begin to decode a clip of a folder; the one that was begun the longest ago is let go of.

        Parameters
        ----------
        clip : OnClip
        library : Library or None
            Where its film is.
        box : (int, int)
            Width and height that it is fitted into.
        """
        if clip.own is None or library is None:
            return
        key = (clip.file, clip.seconds, box)
        if key not in self._reels:
            while len(self._reels) >= MOST_DECODED:
                self._reels.pop(next(iter(self._reels))).stop()
            count = math.ceil(clip.seconds * clip.rate)
            self._reels[key] = _Reel(library.path(clip.own), count, clip.rate, box)

    def ready(self, clip: OnClip, due: int, box: Box) -> int | None:
        """Which frame can be shown when this one is due; None if there is none yet."""
        reel = self._reels.get((clip.file, clip.seconds, box))
        return None if reel is None or not reel.images else min(due, len(reel.images) - 1)

    def image(self, clip: OnClip, frame: int, box: Box) -> QImage:
        """Return a frame that is ready."""
        return self._reels[clip.file, clip.seconds, box].images[frame]

    def failure(self, clip: OnClip, box: Box) -> str:
        """Why a clip cannot be decoded, as a sentence; empty if it can."""
        reel = self._reels.get((clip.file, clip.seconds, box))
        return "" if reel is None else reel.failure

    def close(self) -> None:
        """Let go of all."""
        while self._reels:
            self._reels.popitem()[1].stop()


class _Reel:
    """The frames of one clip, as far as they are decoded."""

    def __init__(self, path: Path, count: int, rate: float, box: Box) -> None:
        self.images: list[QImage] = []
        self.failure = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(path, count, rate, box), name="film", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Decode no more; waits for the frame that is being decoded."""
        self._stopped.set()
        self._thread.join()

    def _run(self, path: Path, count: int, rate: float, box: Box) -> None:
        before: NDArray[np.uint8] | None = None
        try:
            for pixels in read_frames(path, count, rate, box):
                if self._stopped.is_set():
                    return
                self.images.append(self.images[-1] if pixels is before else _image(pixels))
                before = pixels
        except StimulusError as error:
            self.failure = str(error)


def _image(pixels: NDArray[np.uint8]) -> QImage:
    height, width, _ = pixels.shape
    view = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    # Without the copy the image would look at memory that numpy may free.
    return view.copy()
