"""Second page: whether the electrodes sit."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout

from rtbci.calibrate import Advice, Readiness, SignalCheck
from rtbci.viewer import theme as look
from rtbci.wizard.board import Board
from rtbci.wizard.head import CheckedHead
from rtbci.wizard.page import Action, Page

if TYPE_CHECKING:
    from rtbci.wizard.window import WizardWindow

_COLOURS = {"wait": look.BLUE, "good": look.GOOD, "usable": look.WARN, "bad": look.BAD}
_WORDS = {"wait": "One moment", "good": "Ready", "usable": "Usable", "bad": "Not usable"}
_WRAPPED = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)


class AdviceBoard(Board):
    """One word, one sentence, and what to do electrode by electrode."""

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint them; what does not fit is counted."""
        if not isinstance(self.seen, Readiness):
            return
        px, state = self.theme.px, self.seen.state
        colour = _COLOURS[state]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        top = area.top() + px(6)
        painter.drawEllipse(QPointF(area.left() + px(20), top + px(24)), px(11), px(11))
        word = QRectF(area.left() + px(48), top, area.width(), px(48))
        self.write(painter, word, _WORDS[state], 34, colour, bold=True)
        painter.setFont(self.theme.font(21))
        painter.setPen(look.TEXT)
        box = QRectF(area.left() + px(8), top + px(60), area.width() - px(16), px(120))
        used = painter.drawText(box, _WRAPPED, self.seen.sentence)
        y = used.bottom() + px(26) if used is not None else box.bottom()
        room = max(0, int((area.bottom() - y) / px(40)))
        advice = self.seen.advice
        shown = advice if len(advice) <= room else advice[: max(0, room - 1)]
        for one in shown:
            self._row(painter, QRectF(area.left() + px(8), y, area.width() - px(16), px(38)), one)
            y += px(40)
        if len(shown) < len(advice):
            rest = QRectF(area.left() + px(40), y, area.width() - px(48), px(38))
            self.write(painter, rest, f"and {len(advice) - len(shown)} more; these first", 18, look.FAINT)

    def _row(self, painter: QPainter, row: QRectF, one: Advice) -> None:
        px = self.theme.px
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.VERDICTS[one.verdict])
        painter.drawEllipse(QPointF(row.left() + px(12), row.center().y()), px(7), px(7))
        self.write(painter, row.adjusted(px(34), 0, 0, 0), one.channel, 20, look.TEXT, bold=True)
        self.write(painter, row.adjusted(px(106), 0, 0, 0), one.remedy, 19, look.SOFT)


class SignalPage(Page):
    """The head with every electrode's quality now, and what to do about the poor ones."""

    step = "Signal"
    title = "Do the electrodes sit?"
    lead = "Each is judged every second. Mend the coloured ones, and watch them turn green."

    def __init__(self, wizard: "WizardWindow") -> None:
        super().__init__(wizard)
        self._check: SignalCheck | None = None
        self.head = CheckedHead(self.theme)
        self.advice = AdviceBoard(self.theme)
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addWidget(self.head, 11)
        row.addWidget(self.advice, 9)
        self.body.addLayout(row, 1)

    def enter(self) -> None:
        """Begin to listen."""
        settings = self.course.settings
        self._check = SignalCheck(self.course.bundle, settings.query, settings.stream, settings.mains_hz)

    def leave(self) -> None:
        """Let go of the stream."""
        if self._check is not None:
            self._check.stop()
            self._check = None

    def tick(self) -> None:
        """Show what is said of the electrodes."""
        if self._check is not None:
            contract = self._check.contract
            self.head.show_verdict(self._check.verdict, contract.remap.interpolated if contract else ())
            self.advice.show_seen(self._check.readiness)

    def back(self) -> str | None:
        """To the streams."""
        return "Stream"

    def primary(self) -> Action | None:
        """Go on, once something is known."""
        seen = self.advice.seen
        state = seen.state if isinstance(seen, Readiness) else "wait"
        known = self._check is not None and self._check.verdict is not None
        return Action("Go on all the same" if state == "bad" else "Go on", known)

    def act(self) -> None:
        """Go on."""
        self.wizard.go_to("Wearer")
