"""The steps at the top: which are done, which is on, which are to come."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from rtbci.viewer import theme as look
from rtbci.viewer.icon import paint_mark
from rtbci.viewer.panel import CENTRE
from rtbci.viewer.theme import Theme
from rtbci.wizard.board import Board


class StepStrip(Board):
    """Numbered steps on a line.

    Parameters
    ----------
    theme : Theme
    steps : tuple of str
        Their names.
    """

    def __init__(self, theme: Theme, steps: tuple[str, ...]) -> None:
        super().__init__(theme)
        self._steps = steps
        self.seen = 0

    def paint(self, painter: QPainter) -> None:
        """Paint it without a card."""
        painter.fillRect(self.rect(), look.BACKGROUND)
        self.draw(painter, QRectF(self.rect()))

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the mark and the steps."""
        px, now = self.theme.px, self.seen
        assert isinstance(now, int)
        side = px(40)
        paint_mark(painter, QRectF(area.left(), area.center().y() - side / 2, side, side))
        names = QRectF(area.left() + side + px(16), area.top(), px(220), area.height())
        self.write(painter, names, "Calibration", 22, look.TEXT, bold=True)
        painter.setFont(self.theme.font(18, bold=True))
        metrics = painter.fontMetrics()
        widths = [px(46) + metrics.horizontalAdvance(name) for name in self._steps]
        gap = px(34)
        x = area.right() - sum(widths) - gap * (len(widths) - 1)
        y = area.center().y()
        for i, (name, width) in enumerate(zip(self._steps, widths, strict=True)):
            ink = look.TEXT if i == now else look.SOFT if i < now else look.FAINT
            disc = QPointF(x + px(15), y)
            painter.setPen(Qt.PenStyle.NoPen if i <= now else QPen(look.FAINT, px(1.5)))
            painter.setBrush(look.BLUE if i == now else look.faded(look.GOOD, 0.2) if i < now else look.CARD)
            painter.drawEllipse(disc, px(15), px(15))
            box = QRectF(disc.x() - px(15), y - px(15), px(30), px(30))
            if i < now:
                self._tick(painter, disc)
            else:
                colour = look.BACKGROUND if i == now else look.FAINT
                self.write(painter, box, str(i + 1), 16, colour, CENTRE, bold=True)
            label = QRectF(x + px(40), area.top(), width, area.height())
            self.write(painter, label, name, 18, ink, bold=i == now)
            if i + 1 < len(widths):
                painter.setPen(QPen(look.CARD_EDGE, px(2)))
                painter.drawLine(QPointF(x + width + px(6), y), QPointF(x + width + gap - px(8), y))
            x += width + gap

    def _tick(self, painter: QPainter, at: QPointF) -> None:
        px = self.theme.px
        painter.setPen(QPen(look.GOOD, px(2.6), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPolyline([at + QPointF(*p) * px(1) for p in ((-6, 0), (-2, 5), (7, -5))])
