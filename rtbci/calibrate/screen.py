"""The screen that the wearer looks at: clips as a marker stream announces them, full screen."""

import threading
from collections import deque

from pylsl import local_clock
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from rtbci.stimuli.draw import paint
from rtbci.stimuli.markers import ClipMarker, EndMarker, Marker, decode
from rtbci.stimuli.spec import ClipSpec
from rtbci.stream import MarkerStream, StreamQuery

_FRAME_MS = 8
_GREY = QColor(38, 40, 46)


class Programme:
    """What is on at a time; filled by one thread, read by another.

    Markers come before their onset, so that each clip can begin exactly on time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clips: deque[tuple[float, float, ClipSpec]] = deque()
        self._end: float | None = None

    def on_marker(self, text: str, onset: float) -> None:
        """Take an announcement."""
        marker: Marker | None = decode(text)
        with self._lock:
            if isinstance(marker, ClipMarker):
                self._clips.append((onset, onset + marker.seconds, marker.spec()))
            elif isinstance(marker, EndMarker):
                self._end = onset

    def at(self, now: float) -> tuple[ClipSpec, float] | None:
        """The clip that is on and how long it has been, or None."""
        with self._lock:
            while self._clips and self._clips[0][1] <= now:
                self._clips.popleft()
            if self._clips and self._clips[0][0] <= now:
                onset, _, spec = self._clips[0]
                return spec, now - onset
            return None

    def ended(self, now: float) -> bool:
        """Whether the end was announced and has come."""
        with self._lock:
            return self._end is not None and now >= self._end


class Screen(QWidget):
    """Shows the programme: a clip in the largest square that fits, else a point to look at.

    Parameters
    ----------
    query : StreamQuery
        The marker stream that announces the clips.
    stop : threading.Event
        Closes the window when set; set when the window is closed.
    """

    def __init__(self, query: StreamQuery, stop: threading.Event) -> None:
        super().__init__()
        self.setWindowTitle("rtbci")
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.programme = Programme()
        self._stop = stop
        self._markers = MarkerStream(query, on_marker=self.programme.on_marker)
        self._markers.start()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._timer.start(_FRAME_MS)

    def _tick(self) -> None:
        if self._stop.is_set() or self.programme.ended(local_clock()):
            self.close()
        else:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is on now."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), _GREY)
        on = self.programme.at(local_clock())
        side = min(self.width(), self.height())
        if on is None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(210, 212, 220))
            painter.drawEllipse(QPointF(self.width() / 2, self.height() / 2), side / 120, side / 120)
        else:
            painter.translate((self.width() - side) / 2, (self.height() - side) / 2)
            paint(painter, on[0], on[1], side, side)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape ends the presentation."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let go of the markers and say that it is over."""
        self._timer.stop()
        self._stop.set()
        self._markers.stop()
        event.accept()
