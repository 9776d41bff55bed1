"""Third page: who, for how long, on which screen, and whether they agree."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
)

from rtbci.calibrate import standing
from rtbci.errors import RtbciError
from rtbci.wizard.boxes import ChoiceBox, TickBox
from rtbci.wizard.page import Action, Page, card, label
from rtbci.wizard.screen import CORNERS, Patch

if TYPE_CHECKING:
    from rtbci.wizard.window import WizardWindow

_AGREEMENT = (
    "The EEG is recorded on this computer while the pictures are watched, and deleted once the profile is "
    "saved. The profile holds no EEG and no name. It can be deleted at any time, and so can a recording that "
    "was interrupted: rtbci wearers delete."
)


class WearerPage(Page):
    """Pseudonym and consent on the left, the sitting on the right."""

    step = "Wearer"
    title = "Who wears it?"
    lead = "A pseudonym, never a real name."

    def __init__(self, wizard: "WizardWindow") -> None:
        super().__init__(wizard)
        row = QHBoxLayout()
        row.setSpacing(18)
        self.body.addLayout(row)
        self.body.addStretch(1)
        left, form = card()
        row.addWidget(left, 11)
        form.addWidget(label("Pseudonym", "heading"))
        self.name = QLineEdit(wizard.options.wearer)
        self.name.setObjectName("name")
        self.name.setPlaceholderText("w01")
        self.name.setMaxLength(80)
        form.addWidget(self.name)
        self.standing = label("", "note")
        form.addWidget(self.standing)
        self.fresh = TickBox("Forget it and begin anew")
        self.fresh.setChecked(wizard.options.fresh)
        form.addWidget(self.fresh)
        form.addSpacing(18)
        form.addWidget(label("Consent", "heading"))
        form.addWidget(label(_AGREEMENT, "note"))
        self.consent = TickBox("The wearer has been told this, and agrees")
        form.addWidget(self.consent)
        form.addStretch(1)
        right, more = card()
        row.addWidget(right, 9)
        more.addWidget(label("The sitting", "heading"))
        fields = QFormLayout()
        fields.setVerticalSpacing(16)
        fields.setLabelAlignment(Qt.AlignmentFlag.AlignVCenter)
        fields.setHorizontalSpacing(24)
        more.addLayout(fields)
        more.addStretch(1)
        self.minutes = QDoubleSpinBox()
        self.minutes.setDecimals(1)
        self.minutes.setRange(0.1, 120.0)
        self.minutes.setSuffix(" minutes at most")
        self.minutes.setValue(self.course.settings.minutes)
        fields.addRow("Clips", self.minutes)
        self.screen_box = ChoiceBox()
        for number, screen in enumerate(QGuiApplication.screens(), start=1):
            size = screen.size()
            self.screen_box.addItem(
                f"{number}: {screen.name() or 'screen'}, {size.width()} x {size.height()}"
            )
        self.screen_box.setCurrentIndex(self.screen_box.count() - 1)
        fields.addRow("Wearer's screen", self.screen_box)
        self.corner = ChoiceBox()
        self.corner.addItem("none")
        self.corner.addItems([corner.replace("-", " ") for corner in CORNERS])
        fields.addRow("Photodiode patch", self.corner)
        self.side = QSpinBox()
        self.side.setRange(8, 800)
        self.side.setSuffix(" pixels wide")
        fields.addRow("", self.side)
        patch = wizard.options.patch
        self.side.setValue(patch.side if patch else Patch().side)
        if patch is not None:
            self.corner.setCurrentIndex(1 + CORNERS.index(patch.corner))
        for box in (self.minutes, self.side):
            box.lineEdit().setTextMargins(12, 0, 0, 0)
        self._known: tuple[str, object] = ("", None)
        self.name.textChanged.connect(lambda: self.wizard.say(""))

    def enter(self) -> None:
        """Let the name be typed at once."""
        self.course.release()
        self._known = ("", None)
        self.name.setFocus()

    def tick(self) -> None:
        """Say what is known of the name."""
        name = self.name.text().strip()
        if self._known[0] != name or self._known[1] is None:
            found = standing(name)
            self._known = (name, found)
            self.standing.setText(found.sentence)
            self.standing.setProperty("tone", "info" if found.usable else "warn")
            self.standing.style().polish(self.standing)
            self.fresh.setVisible(found.interrupted)
        self.side.setEnabled(self.corner.currentIndex() > 0)

    @property
    def patch(self) -> Patch | None:
        """The patch that is asked for."""
        index = self.corner.currentIndex()
        return Patch(CORNERS[index - 1], self.side.value()) if index > 0 else None

    def back(self) -> str | None:
        """To the electrodes."""
        return "Signal"

    def primary(self) -> Action | None:
        """Begin, once there is a name and the wearer agrees."""
        return Action("Begin", standing_usable(self._known[1]) and self.consent.isChecked())

    def act(self) -> None:
        """Begin under this name, or say why that cannot be."""
        wizard, minutes = self.wizard, round(self.minutes.value(), 1)
        if minutes != round(self.course.settings.minutes, 1):
            self.course.change(minutes=minutes)
        wizard.options.patch = self.patch
        wizard.options.screen = self.screen_box.currentIndex()
        try:
            kept = self.course.begin(
                self.name.text().strip(),
                fresh=self.fresh.isVisibleTo(self) and self.fresh.isChecked(),
                consent=True,
            )
        except RtbciError as error:
            wizard.say(str(error), "bad")
            return
        if self.course.complete:
            wizard.go_to("Fit")
        elif kept or not self.course.settings.rest_s:
            wizard.go_to("Clips")
        else:
            wizard.go_to("Rest")


def standing_usable(found: object) -> bool:
    """Whether a standing, if there is one, lets a calibration begin."""
    return bool(getattr(found, "usable", False))
