"""What all panels have in common: a card, a title, and repainting only when something changed."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from rtbci.viewer import theme as look
from rtbci.viewer.state import ViewState
from rtbci.viewer.theme import Theme

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


class Panel(QWidget):
    """A card of the window.

    Subclasses say in `look_at` what they show of the state (anything comparable); `draw` is called only
    when that has changed.
    """

    title = ""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.seen: object = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def look_at(self, state: ViewState, now: float) -> object:
        """What of the state is on show here."""
        raise NotImplementedError

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint it into the area below the title."""
        raise NotImplementedError

    def show_state(self, state: ViewState, now: float) -> None:
        """Show the state as it is now."""
        seen = self.look_at(state, now)
        if seen != self.seen:
            self.seen = seen
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        try:
            self.paint(painter)
        finally:
            # A painter left open by an error would spoil every later one.
            painter.end()

    def paint(self, painter: QPainter) -> None:
        """Paint the card with its title, then what is on it."""
        painter.fillRect(self.rect(), look.BACKGROUND)
        card = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(look.CARD_EDGE, 1))
        painter.setBrush(look.CARD)
        painter.drawRoundedRect(card, self.theme.px(12), self.theme.px(12))
        area = look.inset(card, self.theme.px(18), self.theme.px(14))
        if self.title:
            head = QRectF(area.left(), area.top(), area.width(), self.theme.px(22))
            self.write(painter, head, self.title, 15, look.SOFT, bold=True)
            area.setTop(head.bottom() + self.theme.px(8))
        self.draw(painter, area)

    def write(
        self,
        painter: QPainter,
        where: QRectF,
        text: str,
        size: float,
        colour: QColor = look.TEXT,
        align: Qt.AlignmentFlag = LEFT,
        bold: bool = False,
    ) -> None:
        """Write one line; what does not fit ends in an ellipsis."""
        painter.setFont(self.theme.font(size, bold))
        painter.setPen(colour)
        line = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(where.width()) + 1)
        painter.drawText(where, int(align), line)

    def explain(self, painter: QPainter, where: QRectF, text: str) -> None:
        """Write why there is nothing to see, in the middle, on as many lines as it takes."""
        painter.setFont(self.theme.font(17))
        painter.setPen(look.FAINT)
        painter.drawText(where, int(CENTRE) | int(Qt.TextFlag.TextWordWrap), text)

    def bar(self, painter: QPainter, track: QRectF, share: float, colour: QColor) -> None:
        """Draw a rounded bar filled to a share of its track."""
        radius = min(track.height() / 2, self.theme.px(5))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.TRACK)
        painter.drawRoundedRect(track, radius, radius)
        width = max(0.0, min(1.0, share)) * track.width()
        # Clipped, not rounded at its end: a bar of 1 % must not be as long as its corners are wide.
        painter.save()
        painter.setClipRect(QRectF(track.left(), track.top(), width, track.height()))
        painter.setBrush(colour)
        painter.drawRoundedRect(track, radius, radius)
        painter.restore()

    def mark(
        self, painter: QPainter, top: QPointF, bottom: QPointF, colour: QColor, dashed: bool = False
    ) -> None:
        """Draw a thin line, such as chance on a bar chart."""
        pen = QPen(colour, max(1.0, self.theme.px(1.6)))
        if dashed:
            pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.drawLine(top, bottom)
