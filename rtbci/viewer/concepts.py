"""The likeliest concepts against chance and against the null control."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from rtbci.viewer import theme as look
from rtbci.viewer.figures import percent
from rtbci.viewer.panel import CENTRE, LEFT, RIGHT, Panel
from rtbci.viewer.state import ViewState
from rtbci.wire.messages import Guess

_ROWS = 5


@dataclass(frozen=True)
class _Seen:
    top: tuple[Guess, ...]
    attributes: tuple[tuple[str, Guess], ...]
    chance: float
    null: float
    word: str
    old: bool


class ConceptsPanel(Panel):
    """Bars from 0 to 100 %, never stretched, so that weak evidence looks weak."""

    title = "What it could be"

    def look_at(self, state: ViewState, now: float) -> object:
        """The first guesses and attributes of the newest evidence."""
        evidence = state.evidence
        if evidence is None:
            return None
        return _Seen(
            evidence.top[:_ROWS],
            tuple(evidence.attributes.items()),
            evidence.chance,
            evidence.null_confidence,
            evidence.word,
            state.is_old(now),
        )

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the bars, the two lines and the attributes."""
        px = self.theme.px
        seen = self.seen if isinstance(self.seen, _Seen) else None
        if seen is None:
            self.explain(painter, area, "No evidence has been received yet.")
            return
        self._legend(painter, seen)
        bottom = QRectF(area.left(), area.bottom() - px(30), area.width(), px(30))
        rows = QRectF(area.left(), area.top() + px(2), area.width(), area.height() - px(42))
        pitch = rows.height() / _ROWS
        left, right = rows.left() + px(150), rows.right() - px(74)
        for i, guess in enumerate(seen.top):
            row = QRectF(rows.left(), rows.top() + i * pitch, rows.width(), pitch)
            track = QRectF(left, row.center().y() - px(10), right - left, px(20))
            colour = look.STRENGTH[seen.word] if i == 0 else look.FAINT
            ink = look.TEXT if i == 0 else look.SOFT
            if seen.old:
                colour = ink = look.FAINT
            self.write(
                painter, QRectF(row.left(), row.top(), px(142), pitch), guess.label, 20, ink, LEFT, i == 0
            )
            self.bar(painter, track, guess.p, look.faded(colour, 1.0 if i == 0 else 0.75))
            number = QRectF(right, row.top(), rows.right() - right, pitch)
            self.write(painter, number, percent(guess.p), 20, ink, RIGHT, i == 0)
        for value, colour in ((seen.chance, look.CHANCE), (seen.null, look.NULL)):
            x = left + max(0.0, min(1.0, value)) * (right - left)
            top, end = QPointF(x, rows.top() + px(3)), QPointF(x, rows.bottom() - px(3))
            self.mark(painter, top, end, colour, dashed=colour is look.CHANCE)
        self._attributes(painter, bottom, seen)

    def _legend(self, painter: QPainter, seen: _Seen) -> None:
        px = self.theme.px
        painter.setFont(self.theme.font(14))
        right = self.width() - px(18)
        y = px(14) + px(11)
        entries = (
            (f"surrogate (95 %) {seen.null * 100:.0f} %", look.NULL, False),
            (f"chance {seen.chance * 100:.1f} %", look.CHANCE, True),
        )
        for text, colour, dashed in entries:
            width = painter.fontMetrics().horizontalAdvance(text) + px(4)
            self.write(painter, QRectF(right - width, y - px(12), width, px(24)), text, 14, colour, RIGHT)
            x = right - width - px(7)
            self.mark(painter, QPointF(x, y - px(9)), QPointF(x, y + px(9)), colour, dashed)
            right = x - px(18)
            painter.setFont(self.theme.font(14))

    def _attributes(self, painter: QPainter, area: QRectF, seen: _Seen) -> None:
        """Write the attributes' values; what they are values of goes without saying."""
        px = self.theme.px
        x = area.left()
        for _, guess in seen.attributes:
            text = f"{guess.label} {percent(guess.p)}"
            painter.setFont(self.theme.font(15))
            chip = QRectF(
                x, area.top() + px(2), painter.fontMetrics().horizontalAdvance(text) + px(20), px(27)
            )
            if chip.right() > area.right() + 1:
                break
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.TRACK)
            painter.drawRoundedRect(chip, px(7), px(7))
            self.write(painter, chip, text, 15, look.FAINT if seen.old else look.SOFT, CENTRE)
            x = chip.right() + px(7)
