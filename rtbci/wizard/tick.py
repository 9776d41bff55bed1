"""A box to tick, with a tick in it."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

from rtbci.viewer import theme as look


class TickBox(QCheckBox):
    """Qt's check box; a style sheet can colour its indicator, but not draw into it."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        centre, unit = QPointF(box.center()) + QPointF(0.5, 0.5), box.width() / 26
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.BACKGROUND, 3.4 * unit, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPolyline([centre + QPointF(*p) * unit for p in ((-6, 0), (-2, 5), (7, -5))])
        painter.end()
