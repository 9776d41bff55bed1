"""First page: which stream."""

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen

from rtbci.calibrate import Lookout, Seen
from rtbci.viewer import theme as look
from rtbci.viewer.panel import LEFT, RIGHT
from rtbci.wizard.board import Board
from rtbci.wizard.page import Action, Page, label

if TYPE_CHECKING:
    from rtbci.wizard.window import WizardWindow

_MOST = 5


class StreamRow(Board):
    """One stream: what it is called, what it is, and whether it fits."""

    def __init__(self, page: "StreamPage", index: int) -> None:
        super().__init__(page.theme)
        self._page = page
        self._index = index
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paint(self, painter: QPainter) -> None:
        """Paint the row; without a stream, nothing."""
        painter.fillRect(self.rect(), look.BACKGROUND)
        if self.seen is not None:
            self.draw(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint card, names and verdict."""
        assert isinstance(self.seen, tuple)
        stream, chosen = self.seen
        assert isinstance(stream, Seen)
        px = self.theme.px
        painter.setPen(QPen(look.BLUE if chosen else look.CARD_EDGE, px(2.5) if chosen else 1))
        painter.setBrush(look.TRACK if chosen else look.CARD)
        painter.drawRoundedRect(area, px(12), px(12))
        found = stream.found
        upper = QRectF(area.left() + px(70), area.top() + px(14), area.width() * 0.55, px(32))
        lower = upper.translated(0, px(34))
        colour = look.GOOD if stream.fits else look.WARN
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(area.left() + px(35), area.center().y()), px(7), px(7))
        self.write(painter, upper, found.name or "(no name)", 23, look.TEXT, LEFT, bold=True)
        facts = (f"{found.channels} channels", f"{found.rate_hz:g} Hz", f"on {found.host}")
        self.write(painter, lower, "   ".join(facts), 18, look.SOFT)
        right = QRectF(
            area.right() - area.width() * 0.4, area.top(), area.width() * 0.4 - px(28), area.height()
        )
        words = "can be decoded" if stream.fits else "does not fit"
        self.write(painter, right, words, 19, colour, RIGHT, bold=True)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        self._page.choose(self._index)


class StreamPage(Page):
    """Lists the EEG streams of the network; the only one that fits is chosen already."""

    step = "Stream"
    title = "Which cap?"
    lead = "Every EEG stream on this network is listed as soon as it is switched on."

    def __init__(self, wizard: "WizardWindow") -> None:
        super().__init__(wizard)
        self._lookout: Lookout | None = None
        self._chosen: str | None = None
        self.rows = [StreamRow(self, i) for i in range(_MOST)]
        for row in self.rows:
            row.setMinimumHeight(92)
            self.body.addWidget(row)
        self.note = label("", "note")
        self.body.addWidget(self.note)
        self.body.addStretch(1)

    def enter(self) -> None:
        """Begin to look."""
        self._lookout = Lookout(self.course.settings.query, self.course.settings.stream)

    def leave(self) -> None:
        """Look no more."""
        if self._lookout is not None:
            self._lookout.stop()
            self._lookout = None

    def choose(self, index: int) -> None:
        """Choose the stream of a row."""
        if index < len(self.seen):
            self._chosen = self.seen[index].found.uid
            self.tick()

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The streams on show."""
        return (self._lookout.seen or ())[:_MOST] if self._lookout is not None else ()

    @property
    def chosen(self) -> Seen | None:
        """The one that is chosen, if it is there; the only one that fits needs no choosing."""
        named = [stream for stream in self.seen if stream.found.uid == self._chosen]
        fitting = [stream for stream in self.seen if stream.fits]
        return named[0] if named else fitting[0] if len(fitting) == 1 else None

    def tick(self) -> None:
        """Show what there is."""
        chosen = self.chosen
        for i, row in enumerate(self.rows):
            stream = self.seen[i] if i < len(self.seen) else None
            row.show_seen(None if stream is None else (stream, stream is chosen))
        self.note.setText(self._advice(chosen))

    def _advice(self, chosen: Seen | None) -> str:
        if self._lookout is None or self._lookout.seen is None:
            return "Looking for streams."
        if not self.seen:
            return (
                f"No stream with {escape(str(self.course.settings.query))} answers yet. Switch the amplifier "
                "and its LSL sender on; both machines must be on one network."
            )
        if chosen is not None and not chosen.fits:
            return escape(chosen.verdict.removeprefix("no: "))
        return "" if chosen is not None else "Click the one that the wearer has on."

    def primary(self) -> Action | None:
        """Go on with the chosen one."""
        chosen = self.chosen
        return Action("Check the signal", chosen is not None and chosen.fits)

    def act(self) -> None:
        """Go on with the chosen one."""
        chosen = self.chosen
        if chosen is not None:
            self.course.change(query=chosen.query)
            self.wizard.go_to("Signal")
