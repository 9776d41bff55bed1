"""What all pages of the wizard have in common."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from rtbci.wizard.window import WizardWindow


@dataclass(frozen=True)
class Action:
    """What a button at the foot of the page does now."""

    text: str
    enabled: bool = True


class Page(QWidget):
    """One step. Widgets only: what is decided is decided in `rtbci.calibrate`.

    Parameters
    ----------
    wizard : WizardWindow
        The window that it is in.
    """

    step = ""
    """Its name on the strip."""
    title = ""
    lead = ""

    def __init__(self, wizard: "WizardWindow") -> None:
        super().__init__()
        self.wizard = wizard
        self.course = wizard.course
        self.theme = wizard.theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.heading = label(self.title, "title")
        self.words = label(self.lead, "lead")
        layout.addWidget(self.heading)
        layout.addWidget(self.words)
        layout.addSpacing(14)
        self.body = QVBoxLayout()
        self.body.setSpacing(14)
        layout.addLayout(self.body, 1)

    def enter(self) -> None:
        """Begin; the page is on show now."""

    def leave(self) -> None:
        """End; whatever it started ends too."""

    def tick(self) -> None:
        """Show what is so now; called thirty times a second while the page is on show."""

    def left_screen(self) -> None:
        """The wearer's screen was closed by whoever looks at it."""

    def back(self) -> str | None:
        """Return the step that one can go back to."""
        return None

    def primary(self) -> Action | None:
        """What the main button does."""
        return None

    def secondary(self) -> Action | None:
        """What the other button does."""
        return None

    def act(self) -> None:
        """Do what the main button says."""

    def act_otherwise(self) -> None:
        """Do what the other button says."""


def label(text: str = "", name: str = "") -> QLabel:
    """Make a label that wraps, named for the style sheet."""
    made = QLabel(text)
    made.setObjectName(name)
    made.setWordWrap(True)
    return made


def card() -> tuple[QFrame, QVBoxLayout]:
    """Make a card and the layout in it."""
    frame = QFrame()
    frame.setObjectName("card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(30, 26, 30, 26)
    layout.setSpacing(14)
    return frame, layout
