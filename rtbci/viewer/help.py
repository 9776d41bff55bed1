"""The legend that H shows over the window."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from rtbci.viewer import theme as look
from rtbci.viewer.theme import Theme

_KEYS = (
    ("F", "full screen, and back"),
    ("S", "save this picture as PNG, with where it comes from"),
    ("R", "next region of the EEG (or click its name)"),
    ("H", "this legend, and away with it"),
    ("Q", "quit"),
)
_NOTES = (
    ("Strong", look.STRENGTH["strong"], "the picture may be trusted as far as the ring says"),
    ("Moderate", look.STRENGTH["moderate"], "clearly above chance, may still be wrong"),
    ("Weak", look.STRENGTH["weak"], "above chance at times; dim, and labelled a guess"),
    ("None", look.STRENGTH["none"], "no better than chance; nothing should be read into it"),
    ("White tick", look.CHANCE, "what blind guessing would reach"),
    ("Violet tick", look.NULL, "what the same decoder claims of surrogate EEG, 95 of 100 times less"),
)


class HelpOverlay(QWidget):
    """A sheet over the window; a click or any key takes it away."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        px = self.theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), look.faded(look.BACKGROUND, 0.78))
        card = QRectF(0, 0, px(900), px(560))
        card.moveCenter(QRectF(self.rect()).center())
        painter.setPen(QPen(look.CARD_EDGE, px(2)))
        painter.setBrush(look.CARD)
        painter.drawRoundedRect(card, px(16), px(16))
        y = card.top() + px(34)
        y = self._heading(painter, card, y, "Keys")
        for key, text in _KEYS:
            box = QRectF(card.left() + px(44), y, px(34), px(32))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.TRACK)
            painter.drawRoundedRect(box, px(6), px(6))
            self._text(painter, box, key, 18, look.TEXT, Qt.AlignmentFlag.AlignCenter)
            self._text(painter, QRectF(box.right() + px(20), y, px(760), px(32)), text, 18, look.SOFT)
            y += px(39)
        y = self._heading(painter, card, y + px(12), "How sure")
        for name, colour, text in _NOTES:
            self._text(painter, QRectF(card.left() + px(44), y, px(130), px(30)), name, 18, colour)
            self._text(painter, QRectF(card.left() + px(176), y, px(690), px(30)), text, 18, look.SOFT)
            y += px(32)
        painter.end()

    def _heading(self, painter: QPainter, card: QRectF, y: float, text: str) -> float:
        px = self.theme.px
        self._text(painter, QRectF(card.left() + px(44), y, px(500), px(34)), text, 22, look.TEXT)
        return y + px(46)

    def _text(
        self,
        painter: QPainter,
        where: QRectF,
        text: str,
        size: float,
        colour: QColor,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignVCenter,
    ) -> None:
        painter.setFont(self.theme.font(size, bold=size > 20 or align == Qt.AlignmentFlag.AlignCenter))
        painter.setPen(colour)
        painter.drawText(where, int(align), text)
