"""Fifth page: the clips, and how it goes."""

import threading
from typing import TYPE_CHECKING

from pylsl import local_clock
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from rtbci.calibrate import OnClip, OnRest, Progress, Task
from rtbci.calibrate.adaptive import ROUND
from rtbci.calibrate.fit import FEWEST_SLOTS
from rtbci.calibrate.plain import left, outlook
from rtbci.viewer import theme as look
from rtbci.viewer.panel import CENTRE, RIGHT
from rtbci.wizard.board import Board
from rtbci.wizard.head import CheckedHead
from rtbci.wizard.page import Action, Page
from rtbci.wizard.screen import Status, fitted

if TYPE_CHECKING:
    from rtbci.wizard.window import WizardWindow

_WRAPPED = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)


class Mirror(Board):
    """What the wearer sees, small."""

    title = "The wearer sees"

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the clip that is on, or say what is."""
        side = min(area.width(), area.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(area.center())
        if isinstance(self.seen, QImage):
            painter.drawImage(fitted(self.seen, area), self.seen)
            return
        painter.fillRect(square, look.BACKGROUND)
        painter.setFont(self.theme.font(24))
        painter.setPen(look.SOFT)
        text = self.seen if isinstance(self.seen, str) else ""
        painter.drawText(
            look.inset(square, self.theme.px(30)), int(CENTRE) | int(Qt.TextFlag.TextWordWrap), text
        )


class ProgressBoard(Board):
    """How many clips, and how long still."""

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the figures and the bar."""
        if not isinstance(self.seen, Progress):
            return
        px, seen = self.theme.px, self.seen
        top = QRectF(area.left(), area.top(), area.width(), px(42))
        self.write(painter, top, f"{seen.watched} of {seen.wanted} clips", 30, look.TEXT, bold=True)
        words = "paused" if seen.held else left(seen.left_s) if seen.watched < seen.wanted else "all watched"
        self.write(painter, top, words, 21, look.SOFT, RIGHT)
        bar = QRectF(area.left(), top.bottom() + px(12), area.width(), px(14))
        self.bar(painter, bar, seen.watched / max(1, seen.wanted), look.BLUE)


class OutlookBoard(Board):
    """How well it will work, as far as that is known."""

    title = "How well it will work"

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the estimate's interval against chance, and say it."""
        if not isinstance(self.seen, Progress):
            return
        px, estimate = self.theme.px, self.seen.estimate
        if estimate is None:
            self.explain(
                painter,
                area,
                f"A first estimate comes after {ROUND} clips, and a new one after each {ROUND}.",
            )
            return
        low, high = estimate.reached.ci95
        chance = estimate.chance
        above = low > chance
        colour = look.GOOD if above else look.FAINT
        track = QRectF(area.left(), area.top() + px(34), area.width(), px(18))
        top = next(limit for limit in (0.25, 0.5, 1.0) if max(high, chance) <= limit)

        def x(share: float) -> float:
            return track.left() + track.width() * share / top

        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.TRACK)
        painter.drawRoundedRect(track, px(9), px(9))
        painter.setBrush(look.faded(colour, 0.75))
        painter.drawRoundedRect(QRectF(x(low), track.top(), x(high) - x(low), track.height()), px(9), px(9))
        if above:
            painter.setBrush(look.TEXT)
            painter.drawEllipse(QPointF(x(estimate.reached.top1), track.center().y()), px(7), px(7))
        painter.setPen(QPen(look.CHANCE, px(2)))
        painter.drawLine(QPointF(x(chance), track.top() - px(6)), QPointF(x(chance), track.bottom() + px(6)))
        tag = QRectF(x(chance) - px(4), track.top() - px(34), px(120), px(24))
        self.write(painter, tag, "chance", 16, look.SOFT)
        for share in (0.0, top / 2, top):
            box = QRectF(x(share) - px(40), track.bottom() + px(6), px(80), px(24))
            box.moveLeft(min(max(box.left(), track.left() - px(20)), track.right() - px(60)))
            self.write(painter, box, f"{100 * share:g} %", 16, look.FAINT, CENTRE)
        painter.setFont(self.theme.font(20))
        painter.setPen(look.TEXT if above else look.SOFT)
        words = QRectF(
            area.left(), track.bottom() + px(42), area.width(), area.bottom() - track.bottom() - px(42)
        )
        text = self.seen.verdict or outlook(estimate.clips, estimate.reached, chance)
        painter.drawText(words, _WRAPPED, text)


class ClipsPage(Page):
    """Starts, pauses and ends the clips; the wearer's own screen is full of them."""

    step = "Clips"
    title = "Watch the clips"
    lead = "Look at the pictures and keep still; blink in the breaks. Space pauses, Escape comes back here."

    def __init__(self, wizard: "WizardWindow") -> None:
        super().__init__(wizard)
        self.task: Task[None] | None = None
        self._failed = False
        self._left = False
        self.mirror = Mirror(self.theme)
        self.progress = ProgressBoard(self.theme)
        self.outlook = OutlookBoard(self.theme)
        self.head = CheckedHead(self.theme)
        row = QHBoxLayout()
        row.setSpacing(18)
        self.body.addLayout(row, 1)
        row.addWidget(self.mirror, 8)
        column = QVBoxLayout()
        column.setSpacing(18)
        row.addLayout(column, 10)
        column.addWidget(self.progress, 4)
        column.addWidget(self.outlook, 8)
        column.addWidget(self.head, 8)

    def enter(self) -> None:
        """Say what is kept already."""
        self._failed = self._left = False
        kept = self.course.collector.watched
        if kept:
            self.wizard.say(
                f"{kept} of {self.course.settings.clips} clips are kept; it goes on from there.", "info"
            )

    def leave(self) -> None:
        """End the clips; what was watched is kept."""
        if self.task is not None:
            self.task.stop()
            self.task = None
        self.wizard.hide_screen()

    @property
    def _going(self) -> bool:
        return self.task is not None and self.task.running

    def tick(self) -> None:
        """Show how it goes; open the wearer's screen when it begins, go on when it is over."""
        task, seen = self.task, self.course.progress
        if task is not None and not task.running:
            self.task = None
            self.wizard.hide_screen()
            if task.error is None:
                self.wizard.go_to("Fit")
                return
            self.course.disconnect()
            self._failed = True
            self.wizard.fail(task.error)
        on = self.course.programme.at(local_clock()) if self._going else None
        if self._going and self.course.shows and on is not None and not self._left:
            self.wizard.show_screen()
        trouble = ""
        if self._going and seen.quiet_s:
            trouble = f"No EEG for {seen.quiet_s:.0f} s. The clips wait for it."
        self._say_trouble(trouble)
        share = seen.watched / max(1, seen.wanted)
        words = f"{seen.watched} of {seen.wanted} clips, {left(seen.left_s)}"
        self.wizard.tell_screen(Status(seen.held, share, words, trouble))
        self.mirror.show_seen(self._mirrored(on, seen))
        # Seconds would change the board thirty times a second, and are not shown.
        self.progress.show_seen(_coarse(seen))
        self.outlook.show_seen(_coarse(seen))
        contract = self.course.collector.contract
        self.head.show_verdict(
            self.course.collector.verdict if self._going and not trouble else None,
            contract.remap.interpolated if contract else (),
        )

    def _say_trouble(self, trouble: str) -> None:
        if trouble:
            self.wizard.say(trouble, "bad")
        elif self._going and self.wizard.said.startswith("No EEG for"):
            self.wizard.say("")

    def _mirrored(self, on: OnClip | OnRest | None, seen: Progress) -> object:
        screen = self.wizard.screen_window
        if screen is not None and screen.picture is not None:
            return screen.picture
        if not self._going:
            return "nothing yet" if not seen.watched else "nothing now"
        if not self.course.connected:
            return "connecting"
        if not self.course.shows:
            return "what the stream's own markers announce"
        if seen.held:
            return "a pause"
        if isinstance(on, OnClip) and on.file and screen is not None:
            return "nothing: the clip is not there"
        return "a point to look at" if not isinstance(on, OnRest) else "a break to blink in"

    def left_screen(self) -> None:
        """The wearer's screen was closed: pause."""
        if self._going:
            self._left = True
            self.course.screen_left()

    def unseen(self, sentence: str) -> None:
        """A clip could not be shown: pause, since the next one may not be there either."""
        self.wizard.say(sentence, "bad")
        if self._going:
            self.course.hold(True)

    def toggle(self) -> None:
        """Pause, or go on."""
        if self._going and self.course.shows:
            held = self.course.progress.held
            self.wizard.say("")
            self.course.hold(not held)
            self._left = self._left and not held

    def back(self) -> str | None:
        """To the name."""
        return None if self._going else "Wearer"

    def primary(self) -> Action | None:
        """Begin, pause or go on."""
        if self._going:
            if not self.course.shows or not self.course.connected:
                return Action("Pause", False)
            return Action("Go on" if self.course.progress.held else "Pause")
        return Action("Go on" if self._failed or self.course.collector.watched else "Begin the clips")

    def secondary(self) -> Action | None:
        """Fit to what there is."""
        return Action("Fit what there is", self.course.collector.watched >= FEWEST_SLOTS)

    def act(self) -> None:
        """Begin, pause or go on."""
        if self._going:
            self.toggle()
            return
        self.wizard.say("")
        self._failed = self._left = False

        def work(stop: threading.Event) -> None:
            if not self.course.connected:
                self.course.connect(stop)
            self.course.watch(stop)

        self.task = Task(work)

    def act_otherwise(self) -> None:
        """Fit to what there is."""
        self.wizard.go_to("Fit")


def _coarse(seen: Progress) -> Progress:
    return Progress(
        seen.watched, seen.wanted, round(seen.left_s / 5) * 5, seen.estimate, seen.verdict, seen.held
    )
