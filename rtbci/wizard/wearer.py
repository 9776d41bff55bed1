"""Third page: who, for how long, on which screen, and whether they agree."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
)

from rtbci.calibrate import Task, standing
from rtbci.errors import RtbciError
from rtbci.stimuli.library import Library, LibraryError, open_library
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

_BUILDS_ON = "This calibration builds on this wearer's profile; saving the new one replaces it."


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
        # Under another name there would be nothing to build on.
        self.name.setEnabled(self.course.settings.older is None)
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
        self.pictures = ChoiceBox()
        self.pictures.addItems(["the drawn corpus", "a folder of your own …"])
        self.pictures.activated.connect(self._choose)
        fields.addRow("Pictures", self.pictures)
        self.holds = label("", "note")
        fields.addRow("", self.holds)
        self._opening: Task[Library] | None = None
        self._show_library()
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
        self._show_library()
        self._known = ("", None)
        self.name.setFocus()

    def leave(self) -> None:
        """Do not wait for a folder that is being looked through."""
        self._opening = None

    def _choose(self, index: int) -> None:
        if index == 0:
            self.course.change(library=None)
        else:
            asked = QFileDialog.getExistingDirectory(self, "The folder with your clips and clips.csv")
            if asked:
                self.open_folder(Path(asked))
        self._show_library()

    def open_folder(self, folder: Path) -> None:
        """Look through a folder of clips, and show them if nothing is wrong with them."""
        settings, concepts = self.course.settings, self.course.bundle.manifest.concepts
        self.wizard.say("")
        self._opening = Task(lambda stop: open_library(folder, settings.clip_s, concepts))
        self._show_library()

    def _look_through(self) -> None:
        """Take what was found in the folder, once it is looked through."""
        opening = self._opening
        if opening is None or opening.running:
            return
        self._opening = None
        if opening.error is None:
            self.course.change(library=opening.result)
        elif isinstance(opening.error, LibraryError):
            more = len(opening.error.faults) - 1
            others = f" ({more} more: rtbci calibrate --clips lists them)" if more else ""
            self.wizard.say(f"{opening.error.faults[0]}{others}", "bad")
        else:
            self.wizard.fail(opening.error)
        self._show_library()

    def _show_library(self) -> None:
        library = self.course.settings.library
        self.pictures.setCurrentIndex(0 if library is None and self._opening is None else 1)
        self.pictures.setEnabled(self._opening is None)
        text = ""
        if self._opening is not None:
            text = "Looking through the folder …"
        elif library is not None:
            text = (
                f"{len(library.clips)} clips of {len(library.concepts)} concepts in '{library.folder.name}'"
            )
        self.holds.setText(text)
        self.holds.setVisible(bool(text))

    def tick(self) -> None:
        """Say what is known of the name, and of a folder of clips."""
        self._look_through()
        name = self.name.text().strip()
        if self._known[0] != name or self._known[1] is None:
            found = standing(name)
            self._known = (name, found)
            builds_on = self.course.settings.older is not None and not found.interrupted
            self.standing.setText(_BUILDS_ON if builds_on else found.sentence)
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
        known = standing_usable(self._known[1]) and self._opening is None
        return Action("Begin", known and self.consent.isChecked())

    def act(self) -> None:
        """Begin under this name, or say why that cannot be."""
        wizard, minutes = self.wizard, round(self.minutes.value(), 1)
        if minutes != round(self.course.settings.minutes, 1):
            self.course.change(minutes=minutes)
        channel = self.course.settings.photodiode
        if channel is not None and self.patch is None:
            wizard.say(
                f"The photodiode's channel {channel} has nothing to see: choose the corner of its patch.",
                "bad",
            )
            return
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
