"""Sixth page: what is tried, and how far it is."""

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from rtbci.calibrate import Task
from rtbci.calibrate.candidates import CANDIDATES
from rtbci.errors import RtbciError
from rtbci.reports import with_pages
from rtbci.viewer import theme as look
from rtbci.wearers import Profile
from rtbci.wizard.board import Board
from rtbci.wizard.page import Action, Page

if TYPE_CHECKING:
    from rtbci.wizard.window import WizardWindow

_CLOSED_FORM = tuple(candidate.name for candidate in CANDIDATES)
_AFTERWARDS = ("amount of data", "report")
_WORDS = {
    "none": "the decoder as it comes",
    "head": "its answers, corrected for this wearer",
    "own": "a decoder of this wearer's own in its place",
    "own+encoder": "both together",
    "layer": "the electrodes, mixed anew for this wearer",
    "profile": "this wearer's profile as it was",
    "new2source": "the EEG, mapped to what others answer",
    "layer by gradient": "the electrodes, mixed anew for this wearer",
    "finetune": "the whole decoder, trained on for this wearer",
    "amount of data": "what more clips would bring",
    "report": "drawing the report",
}


class FitBoard(Board):
    """Each candidate: done, on, or to come."""

    title = "What is tried, each on clips that it has not seen"

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the list and the bar below it."""
        px = self.theme.px
        steps, now, failed = self.seen if isinstance(self.seen, tuple) else ((), -1, False)
        if not steps:
            return
        height = min(px(58), (area.height() - px(50)) / len(steps))
        for i, name in enumerate(steps):
            y = area.top() + px(8) + i * height
            at = QPointF(area.left() + px(24), y + height / 2)
            done = i < now
            painter.setPen(Qt.PenStyle.NoPen if i <= now else QPen(look.FAINT, px(1.5)))
            painter.setBrush(look.GOOD if done else look.BLUE if i == now and not failed else look.CARD)
            painter.drawEllipse(at, px(8), px(8))
            ink = look.TEXT if i == now else look.SOFT if done else look.FAINT
            row = QRectF(area.left() + px(56), y, area.width() * 0.2, height)
            self.write(painter, row, name, 22, ink, bold=i == now)
            if name in _WORDS:
                note = QRectF(area.left() + area.width() * 0.22, y, area.width() * 0.7, height)
                self.write(painter, note, _WORDS[name], 19, look.FAINT)
        bar = QRectF(area.left(), area.bottom() - px(16), area.width(), px(12))
        self.bar(painter, bar, max(0, now) / len(steps), look.BLUE)


class FitPage(Page):
    """Fits, draws the report, and goes on by itself."""

    step = "Fit"
    title = "Fitting"
    lead = "Every way of fitting is judged on clips that it has not seen; the simplest good one wins."

    def __init__(self, wizard: "WizardWindow") -> None:
        super().__init__(wizard)
        self.task: Task[Profile] | None = None
        self._at = "none"
        self._failed = False
        self.board = FitBoard(self.theme)
        self.body.addWidget(self.board, 1)

    def enter(self) -> None:
        """Begin."""
        self.wizard.say("")
        self._begin()

    def _begin(self) -> None:
        self._failed = False
        self._at = ""
        self._show()

        def work(stop: threading.Event) -> Profile:
            return self.course.fit(self._note)

        self.task = Task(work)

    def _show(self) -> None:
        steps = (*(self.course.steps or _CLOSED_FORM), *_AFTERWARDS)
        self.board.show_seen((steps, steps.index(self._at) if self._at in steps else 0, self._failed))

    def _note(self, name: str) -> None:
        self._at = name

    def leave(self) -> None:
        """Wait for its end: a fit cannot be cut short, and nothing is lost by it."""
        if self.task is not None:
            self.task.stop()
            self.task = None

    def tick(self) -> None:
        """Show how far it is; draw the report at the end."""
        task = self.task
        if task is None:
            return
        if task.running:
            self._show()
            return
        if task.error is not None:
            self.task = None
            self._failed = True
            self._show()
            self.wizard.fail(task.error)
        elif self._at != "report":
            # One tick later, so that it is said before the drawing takes its second.
            self._at = "report"
            self._show()
        elif task.result is not None:
            try:
                self.wizard.profile = with_pages(task.result)
            except RtbciError as error:
                self.wizard.fail(error)
                self.task = None
                return
            self.wizard.go_to("Report")

    def back(self) -> str | None:
        """To the clips, if it did not work."""
        return "Clips" if self._failed else None

    def primary(self) -> Action | None:
        """Try again, if it did not work."""
        return Action("Try again") if self._failed else None

    def act(self) -> None:
        """Try again."""
        self.wizard.say("")
        self._begin()
