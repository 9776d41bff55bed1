"""Qt's own boxes, with what a style sheet cannot draw into them."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QComboBox, QStyle, QStyleOptionButton, QWidget

from rtbci.viewer import theme as look

_TICK = ((-6.0, 0.0), (-2.0, 5.0), (7.0, -5.0))
_CHEVRON = ((-6.0, -3.0), (0.0, 3.0), (6.0, -3.0))


class TickBox(QCheckBox):
    """A box to tick, with a tick in it."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        if self.isChecked():
            option = QStyleOptionButton()
            self.initStyleOption(option)
            box = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
            _draw(self, _TICK, QPointF(box.center()) + QPointF(0.5, 0.5), box.width() / 26, look.BACKGROUND)


class ChoiceBox(QComboBox):
    """A list to choose from, with a sign that it opens."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        at = QPointF(self.width() - self.height() / 2, self.height() / 2)
        _draw(self, _CHEVRON, at, self.height() / 50, look.SOFT)


def _draw(
    widget: QWidget, points: tuple[tuple[float, float], ...], at: QPointF, unit: float, colour: QColor
) -> None:
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 3 * unit, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPolyline([at + QPointF(x, y) * unit for x, y in points])
    painter.end()
