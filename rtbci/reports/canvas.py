"""What the charts are drawn with: a card with a title, words, an axis of shares, a bar with its interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from rtbci.viewer import theme as look
from rtbci.viewer.snapshot import ensure_application
from rtbci.viewer.theme import Theme

__all__ = [
    "CENTRE",
    "LEFT",
    "RIGHT",
    "SCALE",
    "WRAPPED",
    "Canvas",
    "Scale",
    "look",
    "percent",
    "reach",
    "render",
    "render_flat",
]

_NEAREST = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither
SCALE = 2
"""Pixels of the picture for one of the layout."""
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


class Canvas:
    """A painter that knows the house's colours and type."""

    def __init__(self, painter: QPainter) -> None:
        self.painter = painter
        self.theme = Theme()

    def write(
        self,
        where: QRectF,
        text: str,
        size: float = 15,
        colour: QColor = look.TEXT,
        align: int | Qt.AlignmentFlag = LEFT,
        bold: bool = False,
    ) -> None:
        """Write into a rectangle."""
        self.painter.setFont(self.theme.font(size, bold))
        self.painter.setPen(colour)
        self.painter.drawText(where, int(align), text)

    def card(self, where: QRectF, title: str, subtitle: str = "") -> QRectF:
        """Draw a card; returns the area below its title."""
        self.painter.setPen(QPen(look.CARD_EDGE, 1))
        self.painter.setBrush(look.CARD)
        self.painter.drawRoundedRect(where, 14, 14)
        area = look.inset(where, 24, 20)
        self.write(QRectF(area.left(), area.top(), area.width(), 24), title, 19, bold=True)
        self.write(QRectF(area.left(), area.top() + 26, area.width(), 20), subtitle, 15, look.SOFT)
        return area.adjusted(0, 60, 0, 0)

    def line(self, a: QPointF, b: QPointF, colour: QColor, width: float = 1.0, dashed: bool = False) -> None:
        """Draw a line."""
        pen = QPen(colour, width)
        if dashed:
            pen.setDashPattern([4, 4])
        self.painter.setPen(pen)
        self.painter.drawLine(a, b)

    def dot(self, at: QPointF, radius: float, colour: QColor, hollow: bool = False) -> None:
        """Draw a point, filled or as a ring."""
        self.painter.setPen(QPen(colour, 2.5) if hollow else Qt.PenStyle.NoPen)
        self.painter.setBrush(look.CARD if hollow else colour)
        self.painter.drawEllipse(at, radius, radius)


@dataclass(frozen=True)
class Scale:
    """Maps shares to places along a line."""

    start: float
    end: float
    top: float

    def __call__(self, share: float) -> float:
        """Where a share lies."""
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share / self.top))

    @property
    def ticks(self) -> list[float]:
        """Round shares to label."""
        step = next(s for s in (0.02, 0.05, 0.1, 0.2, 0.25) if s * 5.01 >= self.top or s == 0.25)
        return [k * step for k in range(int(self.top / step + 1e-6) + 1)]


def reach(*shares: float) -> float:
    """Return where an axis shall end that holds these shares: a round number a bit above."""
    most = max(shares) * 1.05
    return next(top for top in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0) if top >= most or top == 1.0)


def percent(share: float) -> str:
    """Whole per cents, one decimal where that would hide chance."""
    return (
        f"{100 * share:.1f} %" if 0 < share < 0.095 and round(1000 * share) % 10 else f"{100 * share:.0f} %"
    )


def render(width: int, height: int, draw: Callable[[Canvas], None]) -> bytes:
    """Draw on a dark ground of this size; returns a PNG with twice as many pixels each way."""
    return _written(_drawn(width, height, draw), "PNG")


def render_flat(width: int, height: int, draw: Callable[[Canvas], None]) -> bytes:
    """As `render`, but a lossless WebP in 256 colours: a fifth of the bytes, for what has few shades."""
    image = _drawn(width, height, draw)
    pixels = np.frombuffer(image.constBits(), np.uint32)
    colours, counts = np.unique(pixels, return_counts=True)
    # Qt's own choice of colours would be a fixed cube, without the house's.
    most = colours[np.argsort(-counts, kind="stable")[:256]].tolist()
    return _written(image.convertToFormat(QImage.Format.Format_Indexed8, most, _NEAREST), "WEBP", 100)


def _drawn(width: int, height: int, draw: Callable[[Canvas], None]) -> QImage:
    ensure_application()
    image = QImage(width * SCALE, height * SCALE, QImage.Format.Format_RGB32)
    image.fill(look.BACKGROUND)
    painter = QPainter(image)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(SCALE, SCALE)
        draw(Canvas(painter))
    finally:
        painter.end()
    return image


def _written(image: QImage, kind: str, quality: int = -1) -> bytes:
    raw = QByteArray()
    buffer = QBuffer(raw)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Qt's stubs take the format for bytes, and its own type checker for text; bytes work.
    if not image.save(buffer, kind, quality):  # type: ignore[call-overload]
        raise RuntimeError(f"Qt could not write a {kind} into memory")
    return bytes(raw.data())
