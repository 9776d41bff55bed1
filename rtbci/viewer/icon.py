"""The mark of the window, drawn by code: an eye whose pupil is a wave."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QLinearGradient, QPainter, QPainterPath, QPen, QPixmap

_SIZES = (16, 32, 64, 128, 256)


def make_icon() -> QIcon:
    """Return the icon in the usual sizes."""
    icon = QIcon()
    for size in _SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_mark(painter, QRectF(0, 0, size, size))
        painter.end()
        icon.addPixmap(pixmap)
    return icon


def paint_mark(painter: QPainter, area: QRectF) -> None:
    """Paint the mark into a square."""
    painter.save()
    painter.translate(area.topLeft())
    painter.scale(area.width() / 64, area.height() / 64)
    ground = QLinearGradient(0, 0, 64, 64)
    ground.setColorAt(0, QColor("#1f6f8f"))
    ground.setColorAt(1, QColor("#2b2f77"))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(QRectF(0, 0, 64, 64), 15, 15)
    eye = QPainterPath(QPointF(7, 32))
    eye.cubicTo(18, 12, 46, 12, 57, 32)
    eye.cubicTo(46, 52, 18, 52, 7, 32)
    painter.setPen(QPen(QColor("#e9f6ff"), 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(eye)
    wave = QPainterPath(QPointF(18, 32))
    for x, y in ((25, 32), (28, 23), (32, 42), (36, 25), (39, 32), (46, 32)):
        wave.lineTo(x, y)
    joined = Qt.PenJoinStyle.RoundJoin
    painter.setPen(QPen(QColor("#58e6b0"), 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, joined))
    painter.drawPath(wave)
    painter.restore()
