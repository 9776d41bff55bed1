"""The wizard's window: one page after the other."""

from dataclasses import dataclass

from pylsl import local_clock
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from rtbci.calibrate import Course
from rtbci.errors import RtbciError
from rtbci.viewer.icon import make_icon
from rtbci.viewer.theme import DESIGNED_FOR, Theme
from rtbci.wearers import Profile
from rtbci.wizard.clips import ClipsPage
from rtbci.wizard.fit import FitPage
from rtbci.wizard.page import Action, Page, label
from rtbci.wizard.report import ReportPage
from rtbci.wizard.rest import RestPage
from rtbci.wizard.screen import Patch, Screen, Status
from rtbci.wizard.signal import SignalPage
from rtbci.wizard.stream import StreamPage
from rtbci.wizard.strip import StepStrip
from rtbci.wizard.style import sheet
from rtbci.wizard.wearer import WearerPage

_TICK_MS = 33
_MARGIN = 44


@dataclass
class WizardOptions:
    """What was said on the command line, and what the pages make of it.

    Attributes
    ----------
    wearer : str
        Pseudonym to begin with; may be empty.
    fresh : bool
        Forget a calibration that was interrupted.
    passphrase : str or None
        To encrypt the profile with.
    patch : Patch or None
        For a photodiode.
    screen : int
        Number of the wearer's screen.
    window_px : int or None
        Side of a window for the clips, instead of the full screen.
    """

    wearer: str = ""
    fresh: bool = False
    passphrase: str | None = None
    patch: Patch | None = None
    screen: int = 0
    window_px: int | None = None


class WizardWindow(QWidget):
    """Shows one page at a time, and what may be done about it.

    Parameters
    ----------
    course : Course
        What it leads through; released when the window is closed.
    options : WizardOptions, optional

    Attributes
    ----------
    profile : Profile or None
        What was fitted.
    saved, discarded : bool
        What became of it.
    crash : Exception or None
        What nobody foresaw; the window is closed then.

    Signals
    -------
    closed
        The window was closed, by whatever means.
    """

    closed = Signal()

    def __init__(self, course: Course, options: WizardOptions | None = None) -> None:
        super().__init__()
        self.course = course
        self.options = options or WizardOptions()
        self.theme = Theme()
        self.profile: Profile | None = None
        self.saved = self.discarded = False
        self.crash: Exception | None = None
        self.said = ""
        self.screen_window: Screen | None = None
        self.setObjectName("wizard")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle("rtbci calibration")
        self.setWindowIcon(make_icon())
        self.setMinimumSize(960, 620)
        self.stream = StreamPage(self)
        self.signal = SignalPage(self)
        self.wearer = WearerPage(self)
        self.rest = RestPage(self)
        self.clips = ClipsPage(self)
        self.fit = FitPage(self)
        self.report = ReportPage(self)
        self._pages: dict[str, Page] = {
            page.step: page
            for page in (
                self.stream,
                self.signal,
                self.wearer,
                self.rest,
                self.clips,
                self.fit,
                self.report,
            )
        }
        self._strip = StepStrip(self.theme, tuple(self._pages))
        self._stack = QStackedWidget()
        for page in self._pages.values():
            self._stack.addWidget(page)
        self.message = label("", "message")
        self.back_button = QPushButton("Back")
        self.second_button = QPushButton()
        self.main_button = QPushButton()
        self.main_button.setObjectName("primary")
        # The space bar pauses; it must not press a button that was clicked some time before.
        for button in (self.back_button, self.second_button, self.main_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.back_button.clicked.connect(self._go_back)
        self.second_button.clicked.connect(lambda: self.page.act_otherwise())
        self.main_button.clicked.connect(lambda: self.page.act())
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self._strip)
        self._layout.addWidget(self._stack, 1)
        foot = QHBoxLayout()
        foot.setSpacing(14)
        foot.addWidget(self.back_button)
        foot.addWidget(self.message, 1)
        foot.addWidget(self.second_button)
        foot.addWidget(self.main_button)
        self._layout.addLayout(foot)
        self.page: Page = self.stream
        self.resize(*DESIGNED_FOR)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin with the first page."""
        self.page.enter()
        self._tick()
        self._timer.start(_TICK_MS)

    def go_to(self, step: str) -> None:
        """Show another page."""
        self.page.leave()
        self.say("")
        self.page = self._pages[step]
        self._stack.setCurrentWidget(self.page)
        self._strip.show_seen(list(self._pages).index(step))
        self.setFocus()
        self.page.enter()
        self._tick_page()

    def say(self, sentence: str, tone: str = "info") -> None:
        """Say something at the foot of the window until something else is said; "bad", "good" or "info"."""
        if (sentence, tone) != (self.said, self.message.property("tone")):
            self.said = sentence
            self.message.setText(sentence)
            self.message.setProperty("tone", tone if sentence else "info")
            self.message.style().polish(self.message)

    def fail(self, error: Exception) -> None:
        """Say what went wrong; what nobody foresaw closes the window and is raised by whoever opened it."""
        if isinstance(error, RtbciError):
            self.say(str(error), "bad")
        else:
            self.crash = error
            self.close()

    # ---- the wearer's screen -------------------------------------------------------------------

    def show_screen(self) -> None:
        """Open the wearer's screen, if it is not open."""
        if self.screen_window is not None:
            return
        shown = Screen(self.course.programme, self.options.patch, self.course.shown)
        shown.space.connect(self.clips.toggle)
        shown.closed.connect(self._screen_closed)
        shown.unseen.connect(self.clips.unseen)
        self.screen_window = shown
        screens = QGuiApplication.screens()
        if self.options.screen < len(screens):
            shown.setGeometry(screens[self.options.screen].geometry())
        if self.options.window_px is None:
            shown.showFullScreen()
        else:
            shown.resize(self.options.window_px, self.options.window_px)
            shown.show()

    def hide_screen(self) -> None:
        """Close the wearer's screen, if it is open."""
        shown, self.screen_window = self.screen_window, None
        if shown is not None:
            shown.close()
            shown.deleteLater()

    def tell_screen(self, status: Status) -> None:
        """Tell the wearer's screen how it goes."""
        if self.screen_window is not None:
            self.screen_window.status = status

    def _screen_closed(self) -> None:
        if self.screen_window is not None:
            shown, self.screen_window = self.screen_window, None
            shown.deleteLater()
            if not self.course.programme.ended(local_clock()):
                self.page.left_screen()

    # ---- the window ----------------------------------------------------------------------------

    def _tick(self) -> None:
        try:
            self._tick_page()
        except Exception as error:
            # Qt would print it and go on.
            self.crash = error
            self.close()

    def _tick_page(self) -> None:
        self.page.tick()
        self.back_button.setVisible(self.page.back() is not None)
        _show(self.main_button, self.page.primary())
        _show(self.second_button, self.page.secondary())

    def _go_back(self) -> None:
        step = self.page.back()
        if step is not None:
            self.go_to(step)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.main_button.isEnabled():
            self.main_button.click()
        elif event.key() == Qt.Key.Key_Space and self.page is self.clips and not event.isAutoRepeat():
            self.clips.toggle()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        self.theme.fit(self.width(), self.height())
        self.setStyleSheet(sheet(self.theme))
        margin = round(self.theme.px(_MARGIN))
        self._layout.setContentsMargins(margin, round(margin * 0.6), margin, round(margin * 0.8))
        self._layout.setSpacing(round(self.theme.px(20)))
        self._strip.setFixedHeight(round(self.theme.px(56)))

    def closeEvent(self, event: QCloseEvent) -> None:
        """End what goes on; what came in is kept."""
        self._timer.stop()
        self.hide_screen()
        self.hide()
        # A fit that goes on is waited for.
        self.page.leave()
        self.course.release()
        self.closed.emit()
        event.accept()


def _show(button: QPushButton, action: Action | None) -> None:
    button.setVisible(action is not None)
    if action is not None:
        button.setText(action.text)
        button.setEnabled(action.enabled)
