"""The head from above, and where its electrodes lie."""

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPen

from rtbci.reports.canvas import Canvas
from rtbci.viewer import theme as look
from rtbci.viewer.headmap import flat_positions

REACH = 0.87
"""Where the equator through the ears lies, as a share of the drawn head's radius."""


def electrode_places(centre: QPointF, radius: float) -> list[QPointF]:
    """Return where the 62 electrodes lie on a head of this radius."""
    return [centre + QPointF(x, -y) * radius * REACH for x, y in flat_positions()]


def draw_head(canvas: Canvas, centre: QPointF, radius: float) -> None:
    """Draw the outline, nose up."""
    painter = canvas.painter
    painter.setPen(QPen(look.FAINT, 2))
    painter.setBrush(look.BACKGROUND)
    nose = QPainterPath(centre + QPointF(-0.13, -0.985) * radius)
    nose.quadTo(centre + QPointF(-0.02, -1.14) * radius, centre + QPointF(0, -1.14) * radius)
    nose.quadTo(centre + QPointF(0.02, -1.14) * radius, centre + QPointF(0.13, -0.985) * radius)
    painter.drawPath(nose)
    for side in (-1, 1):
        painter.drawEllipse(centre + QPointF(side * 1.01, 0) * radius, radius * 0.06, radius * 0.16)
    painter.drawEllipse(centre, radius, radius)
