"""Drawing a clip's frames in time."""

from PySide6.QtGui import QImage, QPainter

from rtbci.stimuli.draw import paint
from rtbci.stimuli.spec import CLIP_FPS, ClipSpec

MOST_PIXELS = 512
"""Of a side. A frame of this size takes a third of its time on one core; one of 1080 more than all of it."""


class Frames:
    """Draws each frame once; the first of the next clip can be drawn before its onset."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[ClipSpec, int, int], QImage] = {}

    def image(self, spec: ClipSpec, frame: int, side: int) -> QImage:
        """Return a clip's frame for a square of so many pixels, which it may have to be enlarged to."""
        side = max(1, min(side, MOST_PIXELS))
        key = (spec, frame, side)
        if key not in self._drawn:
            # Those before are over, but a first frame that is not on yet is still to come.
            self._drawn = {kept: image for kept, image in self._drawn.items() if kept[1] == 0}
            if len(self._drawn) > 2:
                self._drawn.clear()
            self._drawn[key] = _draw(spec, frame / CLIP_FPS, side)
        return self._drawn[key]


def _draw(spec: ClipSpec, t: float, side: int) -> QImage:
    image = QImage(side, side, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    try:
        paint(painter, spec, t, side, side)
    finally:
        painter.end()
    return image
