"""The window: panels laid out, keys, saving."""

import time
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from rtbci.errors import RtbciError
from rtbci.viewer import theme as look
from rtbci.viewer.banner import BannerPanel
from rtbci.viewer.concepts import ConceptsPanel
from rtbci.viewer.eeg import EegPanel
from rtbci.viewer.headmap import HeadPanel
from rtbci.viewer.health import HealthPanel
from rtbci.viewer.help import HelpOverlay
from rtbci.viewer.icon import make_icon
from rtbci.viewer.latency import LatencyPanel
from rtbci.viewer.panel import Panel
from rtbci.viewer.picture import PicturePanel
from rtbci.viewer.snapshot import save_image
from rtbci.viewer.state import ViewState
from rtbci.viewer.theme import Theme
from rtbci.viewer.trials import TrialsPanel

_GAP = 14
_BANNER = 62
_HERO = 620


class Window(QWidget):
    """Everything on one page.

    Parameters
    ----------
    pictures : Path
        Where S saves.

    Signals
    -------
    closed
        The window was closed, by whatever means.
    """

    closed = Signal()

    def __init__(self, pictures: Path) -> None:
        super().__init__()
        self.theme = Theme()
        self.pictures = pictures
        self.state = ViewState()
        self.saved: Path | None = None
        self.setWindowTitle("rtbci")
        self.setWindowIcon(make_icon())
        self.setMinimumSize(960, 540)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.banner = BannerPanel(self.theme, self)
        self.picture = PicturePanel(self.theme)
        self.concepts = ConceptsPanel(self.theme)
        self.head = HeadPanel(self.theme)
        self.eeg = EegPanel(self.theme)
        self.trials = TrialsPanel(self.theme)
        self.latency = LatencyPanel(self.theme)
        self.health = HealthPanel(self.theme)
        self.panels: tuple[Panel, ...] = (
            self.banner,
            self.picture,
            self.concepts,
            self.head,
            self.eeg,
            self.trials,
            self.latency,
            self.health,
        )
        for panel in self.panels:
            panel.setParent(self)
        self.help = HelpOverlay(self.theme, self)
        self.resize(*look.DESIGNED_FOR)

    def show_state(self, state: ViewState, now: float) -> None:
        """Show the state as it is at `now` (monotonic seconds); panels without news are not repainted."""
        self.state = state
        for panel in self.panels:
            panel.show_state(state, now)
        stream = state.stream
        title = f"rtbci · {stream.name}" if stream and stream.name else "rtbci"
        if title != self.windowTitle():
            self.setWindowTitle(title)

    def save(self) -> Path:
        """Save the picture on show, labelled; returns its file.

        Raises
        ------
        UsageError
            If it cannot be written.
        """
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")[:-3]
        path = self.pictures / f"rtbci-{stamp}.png"
        save_image(self.grab().toImage(), self.state, path)
        self.saved = path
        return path

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        match event.key():
            case Qt.Key.Key_F:
                self.showNormal() if self.isFullScreen() else self.showFullScreen()
            case Qt.Key.Key_S:
                self._save_and_tell()
            case Qt.Key.Key_R:
                self.eeg.next_region()
            case Qt.Key.Key_Q:
                self.close()
            case Qt.Key.Key_H:
                self.help.setVisible(not self.help.isVisible())
            case Qt.Key.Key_Escape if self.help.isVisible():
                self.help.hide()
            case Qt.Key.Key_Escape if self.isFullScreen():
                self.showNormal()
            case _:
                super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        self.theme.fit(self.width(), self.height())
        self._lay_out()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102
        self.closed.emit()
        super().closeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        QPainter(self).fillRect(event.rect(), look.BACKGROUND)

    def _save_and_tell(self) -> None:
        from rtbci.wire.messages import Notice

        try:
            notice = Notice(level="info", sentence=f"Saved as {self.save()}.", at=0.0)
        except RtbciError as error:
            notice = Notice(level="error", sentence=str(error), at=0.0)
        self.state.notices.append((time.monotonic(), notice))

    def _lay_out(self) -> None:
        gap, px = round(self.theme.px(_GAP)), self.theme.px
        width, height = self.width(), self.height()
        top = gap + round(px(_BANNER)) + gap
        self.banner.setGeometry(gap, gap, width - 2 * gap, round(px(_BANNER)))
        body = height - top - gap
        # On wide screens the picture grows with the height, and the rest takes the width.
        hero = min(round(px(_HERO)) + max(0, round((body - px(796)) * 0.8)), round(width * 0.42))
        self.picture.setGeometry(gap, top, hero, body)
        left = 2 * gap + hero
        room = width - left - gap
        rows = _split(body - 2 * gap, (0.37, 0.34, 0.29))
        upper = _split(room - gap, (0.53, 0.47))
        self.concepts.setGeometry(left, top, upper[0], rows[0])
        self.head.setGeometry(left + upper[0] + gap, top, upper[1], rows[0])
        y = top + rows[0] + gap
        self.eeg.setGeometry(left, y, room, rows[1])
        y += rows[1] + gap
        lower = _split(room - 2 * gap, (0.44, 0.27, 0.29))
        x = left
        for panel, wide in zip((self.trials, self.latency, self.health), lower, strict=True):
            panel.setGeometry(x, y, wide, rows[2])
            x += wide + gap
        self.help.setGeometry(QRect(0, 0, width, height))


def _split(length: int, shares: tuple[float, ...]) -> list[int]:
    """Whole pixels in the given shares, adding up to `length`."""
    parts = [int(length * share) for share in shares[:-1]]
    return [*parts, length - sum(parts)]
