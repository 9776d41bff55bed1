"""Last page: what it means, and whether to keep it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout

from rtbci.errors import RtbciError
from rtbci.reports.content import read
from rtbci.viewer import theme as look
from rtbci.wizard.board import Board
from rtbci.wizard.page import Action, Page

if TYPE_CHECKING:
    from rtbci.wizard.window import WizardWindow


class ReportBoard(Board):
    """The report's picture, as large as it can be."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._scaled: QImage | None = None

    def paint(self, painter: QPainter) -> None:
        """Paint it without a card: the picture has its own."""
        painter.fillRect(self.rect(), look.BACKGROUND)
        self.draw(painter, QRectF(self.rect()))

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint it."""
        if not isinstance(self.seen, bytes):
            return
        ratio = self.devicePixelRatioF()
        size = (area.size() * ratio).toSize()
        if self._scaled is None or self._scaled.text("for") != f"{size.width()} {size.height()}":
            mode = Qt.TransformationMode.SmoothTransformation
            image = QImage.fromData(self.seen)
            self._scaled = image.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, mode)
            self._scaled.setText("for", f"{size.width()} {size.height()}")
        box = QRectF(0, 0, self._scaled.width() / ratio, self._scaled.height() / ratio)
        box.moveCenter(area.center())
        painter.drawImage(box, self._scaled)

    def show_picture(self, png: bytes) -> None:
        """Show a picture."""
        self._scaled = None
        self.show_seen(png)


class ReportPage(Page):
    """Save or discard."""

    step = "Report"
    title = "What it found"

    def __init__(self, wizard: "WizardWindow") -> None:
        super().__init__(wizard)
        self.words.hide()
        self.heading.hide()
        self._done = False
        self._sure = False
        self.board = ReportBoard(self.theme)
        row = QHBoxLayout()
        row.addWidget(self.board)
        self.body.addLayout(row, 1)

    def enter(self) -> None:
        """Show the report."""
        self._done = self._sure = False
        profile = self.wizard.profile
        if profile is not None:
            self.board.show_picture(profile.pages["report.png"])
            tone = "good" if profile.report["decodable"] else "bad"
            light = read(profile.report).light
            if light is not None and light.warning:
                self.wizard.say(light.warning, "bad")
            else:
                self.wizard.say(profile.report["plain"][0], tone)

    def primary(self) -> Action | None:
        """Save, then close."""
        return Action("Close") if self._done else Action("Save the profile")

    def secondary(self) -> Action | None:
        """Discard; asked twice."""
        if self._done:
            return None
        return Action("Discard it all" if self._sure else "Discard")

    def act(self) -> None:
        """Save, then close."""
        wizard = self.wizard
        if self._done:
            wizard.close()
            return
        assert wizard.profile is not None
        try:
            self.course.save(wizard.profile, wizard.options.passphrase)
        except RtbciError as error:
            wizard.say(str(error), "bad")
            return
        self._done = True
        wizard.saved = True
        wizard.say(f"Saved. Use it with: rtbci run --wearer {self.course.wearer}", "good")

    def act_otherwise(self) -> None:
        """Discard; asked twice."""
        wizard = self.wizard
        if not self._sure:
            self._sure = True
            wizard.say(
                "The recording and this report will be gone for good. Press again to discard them.", "bad"
            )
            return
        try:
            self.course.discard()
        except RtbciError as error:
            wizard.say(str(error), "bad")
            return
        self._done = True
        wizard.discarded = True
        wizard.say("Discarded; nothing is kept of this sitting.", "info")
