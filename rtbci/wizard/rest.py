"""Fourth page: a rest with the eyes open and closed, and what alpha does meanwhile."""

import threading
from typing import TYPE_CHECKING

import numpy as np
from pylsl import local_clock
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QApplication, QHBoxLayout

from rtbci.calibrate import Alpha, OnRest, Task
from rtbci.calibrate.rest import ALPHA_HZ, SHOWN_HZ
from rtbci.viewer import theme as look
from rtbci.viewer.panel import CENTRE, LEFT, RIGHT
from rtbci.wizard.board import Board
from rtbci.wizard.page import Action, Page

if TYPE_CHECKING:
    from rtbci.wizard.window import WizardWindow

_WRAPPED = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)
_BEFORE = "Here the rhythm of the resting brain is shown once the rest is over."
_TOO_LITTLE = (
    "Too little EEG without a break came for alpha to be measured; the clips can be watched all the same."
)
_OPEN, _CLOSED = look.BLUE, look.NULL


class Instruction(Board):
    """What the wearer does now, in a ring that empties."""

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the ring and the words in it."""
        if not isinstance(self.seen, tuple):
            return
        first, second, share, eyes = self.seen
        px = self.theme.px
        side = min(area.width(), area.height()) - px(40)
        ring = QRectF(0, 0, side, side)
        ring.moveCenter(area.center())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.TRACK, px(14)))
        painter.drawEllipse(ring)
        colour = _CLOSED if eyes == "closed" else _OPEN
        painter.setPen(QPen(colour, px(14), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        if share > 0:
            painter.drawArc(ring, 90 * 16, round(360 * 16 * share))
        middle = area.center().y()
        wide = QRectF(area.left(), middle - px(44), area.width(), px(52))
        self.write(painter, wide, first, 38, look.TEXT, CENTRE, bold=True)
        self.write(painter, wide.translated(0, px(54)), second, 21, look.SOFT, CENTRE)


class SpectrumBoard(Board):
    """The spectra over the back of the head with the eyes open and closed, and what they say."""

    title = "Alpha at the back of the head"

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint axes and curves, and below them the sentence."""
        found = self.seen
        if not isinstance(found, Alpha):
            self.explain(painter, area, found if isinstance(found, str) else _BEFORE)
            return
        px = self.theme.px
        words = QRectF(area.left(), area.bottom() - px(104), area.width(), px(104))
        painter.setFont(self.theme.font(20))
        painter.setPen(look.TEXT if found.rose else look.WARN)
        painter.drawText(words, _WRAPPED, found.sentence)
        plot = area.adjusted(px(10), px(44), -px(10), -px(104 + 54))
        self._legend(painter, QRectF(area.left(), area.top(), area.width(), px(30)), found)
        powers = np.log10(np.concatenate([found.open_spectrum, found.closed_spectrum]))
        low, high = float(powers.min()) - 0.1, float(powers.max()) + 0.15

        def place(hz: float, power: float) -> QPointF:
            x = (hz - SHOWN_HZ[0]) / (SHOWN_HZ[1] - SHOWN_HZ[0])
            return QPointF(
                plot.left() + x * plot.width(),
                plot.bottom() - (np.log10(power) - low) / (high - low) * plot.height(),
            )

        left, right = place(ALPHA_HZ[0], 1.0).x(), place(ALPHA_HZ[1], 1.0).x()
        painter.fillRect(QRectF(left, plot.top(), right - left, plot.height()), look.faded(look.TRACK, 0.8))
        painter.setPen(QPen(look.CARD_EDGE, px(1.5)))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        for hz in (5, 10, 15, 20, 25):
            x = place(hz, 1.0).x()
            box = QRectF(x - px(30), plot.bottom() + px(4), px(60), px(24))
            self.write(painter, box, f"{hz} Hz" if hz == 25 else str(hz), 15, look.FAINT, CENTRE)
        for spectrum, colour in ((found.open_spectrum, _OPEN), (found.closed_spectrum, _CLOSED)):
            path = QPainterPath()
            for i, (hz, power) in enumerate(zip(found.hz, spectrum, strict=True)):
                point = place(float(hz), float(power))
                path.lineTo(point) if i else path.moveTo(point)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            pen = QPen(colour, px(3.2))
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPath(path)

    def _legend(self, painter: QPainter, row: QRectF, found: Alpha) -> None:
        px = self.theme.px
        x = row.left()
        for name, uv, colour in (
            ("eyes open", found.open_uv, _OPEN),
            ("eyes closed", found.closed_uv, _CLOSED),
        ):
            painter.setPen(QPen(colour, px(4)))
            painter.drawLine(QPointF(x, row.center().y()), QPointF(x + px(28), row.center().y()))
            self.write(
                painter, QRectF(x + px(38), row.top(), px(240), row.height()), name, 18, look.SOFT, LEFT
            )
            value = QRectF(x + px(38), row.top(), px(190), row.height())
            self.write(painter, value, f"{uv:.1f} µV", 18, look.TEXT, RIGHT, bold=True)
            x += px(262)


class RestPage(Page):
    """Half a minute of rest, and alpha."""

    step = "Rest"
    title = "A short rest first"
    lead = "The wearer looks at the point with the eyes open, then closes them until the sound."

    def __init__(self, wizard: "WizardWindow") -> None:
        super().__init__(wizard)
        self.task: Task[Alpha | None] | None = None
        self._eyes = ""
        self._left = False
        self.instruction = Instruction(self.theme)
        self.spectrum = SpectrumBoard(self.theme)
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addWidget(self.instruction, 9)
        row.addWidget(self.spectrum, 11)
        self.body.addLayout(row, 1)

    def leave(self) -> None:
        """End the rest if it goes on; what was recorded is kept."""
        if self.task is not None:
            self.task.stop()
            self.task = None
        self.wizard.hide_screen()
        self._eyes = ""

    def tick(self) -> None:
        """Show what the wearer does now, and at the end what was found."""
        task = self.task
        if task is not None and not task.running and task.error is not None:
            self.task = None
            self.wizard.hide_screen()
            self.course.disconnect()
            self.wizard.fail(task.error)
        elif task is not None and not task.running:
            self.wizard.hide_screen()
        on = self.course.programme.at(local_clock()) if self._going else None
        if isinstance(on, OnRest) and on.eyes and not self._left:
            self.wizard.show_screen()
        eyes = on.eyes if isinstance(on, OnRest) else ""
        if self._eyes == "closed" and eyes != "closed":
            QApplication.beep()
        self._eyes = eyes
        self.instruction.show_seen(self._instruction(on))
        self.spectrum.show_seen((task.result or _TOO_LITTLE) if self._over and task is not None else None)

    def left_screen(self) -> None:
        """The rest goes on in the window alone."""
        self._left = True

    @property
    def _going(self) -> bool:
        return self.task is not None and self.task.running

    @property
    def _over(self) -> bool:
        return self.task is not None and not self.task.running

    def _instruction(self, on: object) -> tuple[str, str, float, str]:
        if self._over:
            return "Thank you", "now the clips", 0.0, ""
        if not self._going:
            each = f"{self.course.settings.rest_s:g} s"
            return "Eyes open, then closed", f"{each} of each", 0.0, ""
        if isinstance(on, OnRest) and on.eyes:
            share = round(max(0.0, (on.until - local_clock()) / on.seconds), 3)
            left = f"{max(0.0, on.until - local_clock()):.0f} s"
            return ("Eyes open" if on.eyes == "open" else "Eyes closed"), left, share, on.eyes
        return ("Get ready" if self.course.connected else "Connecting"), "", 0.0, ""

    def back(self) -> str | None:
        """To the name."""
        return None if self._going else "Wearer"

    def primary(self) -> Action | None:
        """Begin the rest, or go on to the clips."""
        return Action("To the clips") if self._over else Action("Begin the rest", not self._going)

    def secondary(self) -> Action | None:
        """Go without."""
        return None if self._over else Action("Skip the rest")

    def act(self) -> None:
        """Begin the rest, or go on to the clips."""
        if self._over:
            self.wizard.go_to("Clips")
            return
        self.wizard.say("")
        self._left = False

        def work(stop: threading.Event) -> Alpha | None:
            if not self.course.connected:
                self.course.connect(stop)
            return self.course.rest(stop)

        self.task = Task(work)

    def act_otherwise(self) -> None:
        """Go without."""
        self.wizard.go_to("Clips")
