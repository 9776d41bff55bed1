"""The thirteen places where clips play, under four skies."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from rtbci.stimuli.draw.toolkit import rgb, vertical
from rtbci.stimuli.spec import ClipSpec


def horizon(spec: ClipSpec) -> float:
    """Where the ground begins, as a fraction of the height from the top."""
    return 0.62


def scene_behind(p: QPainter, spec: ClipSpec, t: float, width: int, height: int) -> None:
    """Paint the background."""
    p.fillRect(QRectF(0, 0, width, height), vertical(0, height, rgb("8fc4f0"), rgb("e4f0d0"), rgb("5a9a40")))


def scene_in_front(p: QPainter, spec: ClipSpec, t: float, width: int, height: int) -> None:
    """Paint what lies before the objects."""
