"""The screen that the wearer looks at: clips, rests and pauses, full screen."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from pylsl import local_clock
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QColor, QImage, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from rtbci.calibrate import FrameClock, OnClip, OnRest, Programme
from rtbci.calibrate.timing import frame_of
from rtbci.stimuli.markers import ShownMarker
from rtbci.viewer.theme import Theme
from rtbci.wizard.films import Films
from rtbci.wizard.frames import Frames

_log = logging.getLogger(__name__)

_LOOK_MS = 4
"""How often it is looked whether another frame is due: so late may one be, and its drawing."""
_GREY = QColor(38, 40, 46)
_CARD = QColor(58, 61, 69)
_INK = QColor(210, 212, 220)
_DIM = QColor(132, 136, 148)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)

Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
CORNERS: tuple[Corner, ...] = get_args(Corner)


@dataclass(frozen=True)
class Patch:
    """A square for a photodiode: it turns from black to white or back with each clip's first frame.

    Attributes
    ----------
    corner : str
    side : int
        In pixels.
    """

    corner: Corner = "bottom-right"
    side: int = 80

    def place(self, width: int, height: int) -> QRectF:
        """Where it lies on a screen of this size."""
        x = 0 if self.corner.endswith("left") else width - self.side
        y = 0 if self.corner.startswith("top") else height - self.side
        return QRectF(x, y, self.side, self.side)


@dataclass(frozen=True)
class Status:
    """What the wearer may know in breaks and pauses.

    Attributes
    ----------
    held : bool
        Whether the clips are paused.
    share : float
        Of the clips, watched.
    words : str
        How far it is.
    trouble : str
        Why the clips wait, if not because of a pause.
    """

    held: bool = False
    share: float = 0.0
    words: str = ""
    trouble: str = ""


def fitted(picture: QImage, area: QRectF) -> QRectF:
    """Where a picture lies in the middle of an area, as large as fits."""
    scale = min(area.width() / picture.width(), area.height() / picture.height())
    place = QRectF(0, 0, scale * picture.width(), scale * picture.height())
    place.moveCenter(area.center())
    return place


class Screen(QWidget):
    """Shows a programme: a clip as large as fits, else a point to look at or what to do.

    A clip of the drawn corpus is a square; a laboratory's own has its own shape, and what it leaves is grey.

    Parameters
    ----------
    programme : Programme
        What is on when.
    patch : Patch, optional
        A square for a photodiode.
    on_shown : callable, optional
        Gets, after each clip, how punctually it was shown, and the stamp of its first frame; of a clip of
        which no frame was shown, that of its onset.
    now : callable
        The clock that the programme is on.

    Signals
    -------
    space
        The space bar was pressed.
    closed
        The window was closed, by whatever means.
    unseen
        A clip cannot be shown; a sentence says which and why. It is not for the wearer's eyes.
    """

    space = Signal()
    closed = Signal()
    unseen = Signal(str)

    def __init__(
        self,
        programme: Programme,
        patch: Patch | None = None,
        on_shown: Callable[[ShownMarker, float], None] | None = None,
        now: Callable[[], float] = local_clock,
    ) -> None:
        super().__init__()
        self.setWindowTitle("rtbci")
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.theme = Theme()
        self.status = Status()
        self._programme = programme
        self._patch = patch
        self._bright = False
        self._onset: float | None = None
        self._on_shown = on_shown
        self._now = now
        self._clock = FrameClock()
        self._frames = Frames()
        self._films = Films()
        self._painted: set[float] = set()
        """Onsets of clips of which a frame was painted, until they are over."""
        self._blamed: OnClip | None = None
        self._looks: object = None
        self.picture: QImage | None = None
        """The frame of a clip that is on, None while none is."""
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(_LOOK_MS)

    def _tick(self) -> None:
        now = self._now()
        if self._programme.ended(now):
            self.close()
            return
        on = self._programme.at(now)
        self._tell_unpainted(self._programme.over(now))
        if isinstance(on, OnClip):
            self._films.prepare(on, self._programme.library, self._box())
            looks: object = on.onset, self._ready(on, now), self._trouble_with(on)
        else:
            looks = on, round(on.until - now) if on is not None else 0, self.status, self.size()
        if looks != self._looks:
            self._looks = looks
            self.update()
        elif (coming := self._programme.coming(now)) is not None:
            # Drawn or decoded before its onset, so that it is there at its onset.
            if coming.file:
                self._films.prepare(coming, self._programme.library, self._box())
            else:
                self._frames.image(coming.spec, 0, self._side())

    def _side(self) -> int:
        return min(self.width(), self.height())

    def _box(self) -> tuple[int, int]:
        ratio = self.devicePixelRatio()
        return round(self.width() * ratio), round(self.height() * ratio)

    def _ready(self, clip: OnClip, now: float) -> int | None:
        """Which frame of a clip can be shown now: the one that is due, or the newest that is decoded."""
        due = frame_of(clip, now)
        return self._films.ready(clip, due, self._box()) if clip.file else due

    def _trouble_with(self, clip: OnClip) -> str:
        """Why a clip cannot be shown, in a sentence; empty if it can."""
        if clip.lacking:
            return f"This screen lacks the clip {clip.file}; give it the folder with --clips."
        return self._films.failure(clip, self._box()) if clip.file else ""

    def _picture_of(self, clip: OnClip, frame: int) -> QImage:
        if clip.file:
            return self._films.image(clip, frame, self._box())
        return self._frames.image(clip.spec, frame, self._side())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is on now."""
        now = self._now()
        on = self._programme.at(now)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        try:
            painter.fillRect(self.rect(), _GREY)
            clip = on if isinstance(on, OnClip) else None
            frame = None if clip is None else self._ready(clip, now)
            self.picture = None if clip is None or frame is None else self._picture_of(clip, frame)
            if self.picture is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(fitted(self.picture, QRectF(self.rect())), self.picture)
            elif clip is not None:
                self._lack(painter, self._trouble_with(clip))
            else:
                self._between(painter, on, now)
            self._paint_patch(painter, clip.onset if clip is not None and self.picture is not None else None)
        finally:
            painter.end()
        self._tell(clip, frame)

    def _tell(self, clip: OnClip | None, frame: int | None = None) -> None:
        self._clock.refresh_hz = round(self.screen().refreshRate(), 2)
        over = self._clock.painted(clip if frame is not None else None, self._now(), frame)
        if over is not None and self._on_shown is not None:
            self._on_shown(*over)
        if clip is not None and frame is not None:
            self._painted.add(clip.onset)
        if clip is not None and clip != self._blamed and (trouble := self._trouble_with(clip)):
            self._blamed = clip
            self.unseen.emit(trouble)

    def _tell_unpainted(self, over: list[OnClip]) -> None:
        """Tell of clips of which no frame was painted: they could not be read, or the window was held up."""
        for clip in over:
            if clip.onset in self._painted:
                self._painted.remove(clip.onset)
                continue
            _log.warning("The screen painted nothing of a clip while it was on; that clip does not count.")
            if self._on_shown is not None:
                self._on_shown(ShownMarker(0.0, 0, clip.frames, self._clock.refresh_hz), clip.onset)

    def _lack(self, painter: QPainter, trouble: str) -> None:
        """Paint a card in a clip's place; what clip it is would betray the concept."""
        if not trouble:
            # It is only late.
            return
        self.theme.fit(self.width(), self.height())
        side = 0.8 * self._side()
        card = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_CARD)
        painter.drawRoundedRect(card, side / 40, side / 40)
        painter.setPen(_INK)
        painter.setFont(self.theme.font(32))
        words = "This screen lacks the clip that is on now. Whoever runs it has been told what to do."
        inner = card.adjusted(side / 10, 0, -side / 10, 0)
        painter.drawText(inner, _CENTRE, words)

    def _paint_patch(self, painter: QPainter, onset: float | None) -> None:
        if onset is not None and onset != self._onset:
            self._onset, self._bright = onset, not self._bright
        if self._patch is not None:
            colour = Qt.GlobalColor.white if self._bright else Qt.GlobalColor.black
            painter.fillRect(self._patch.place(self.width(), self.height()), colour)

    def _between(self, painter: QPainter, on: OnRest | OnClip | None, now: float) -> None:
        self.theme.fit(self.width(), self.height())
        status = self.status
        if status.trouble:
            self._write(painter, "One moment", status.trouble)
        elif status.held and not isinstance(on, OnRest):
            self._write(painter, "Pause", "Space goes on; Escape leads back to the window.")
            self._progress(painter)
        elif isinstance(on, OnRest) and on.eyes == "closed":
            self._write(painter, "Close your eyes", "until you hear the sound")
        elif isinstance(on, OnRest) and on.eyes == "open":
            self._point(painter)
            self._write(painter, "", "Look at the point, and rest.", 0.62)
        elif isinstance(on, OnRest):
            self._point(painter)
            left = max(1, round(on.until - now + 0.4))
            self._write(painter, "", f"Blink and settle; then look at the point.   {left}", 0.62)
            self._progress(painter)
        else:
            self._point(painter)

    def _point(self, painter: QPainter) -> None:
        side = min(self.width(), self.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_INK)
        painter.drawEllipse(QPointF(self.width() / 2, self.height() / 2), side / 120, side / 120)

    def _write(self, painter: QPainter, first: str, second: str, at: float = 0.5) -> None:
        px, width, middle = self.theme.px, float(self.width()), self.height() * at
        painter.setPen(_INK)
        painter.setFont(self.theme.font(64, bold=True))
        painter.drawText(QRectF(0, middle - px(96), width, px(90)), _CENTRE, first)
        painter.setPen(_INK if not first else _DIM)
        painter.setFont(self.theme.font(32))
        box = QRectF(0.1 * width, middle + px(8), 0.8 * width, px(130))
        painter.drawText(box, _CENTRE & ~int(Qt.AlignmentFlag.AlignVCenter), second)

    def _progress(self, painter: QPainter) -> None:
        if not self.status.words:
            return
        px = self.theme.px
        track = QRectF(0, 0, px(640), px(8))
        track.moveCenter(QPointF(self.width() / 2, self.height() * 0.84))
        painter.setPen(Qt.PenStyle.NoPen)
        for share, colour in ((1.0, QColor(62, 65, 74)), (self.status.share, QColor(140, 170, 200))):
            painter.setBrush(colour)
            filled = QRectF(track.left(), track.top(), track.width() * share, track.height())
            painter.drawRoundedRect(filled, min(px(4), filled.width() / 2), px(4))
        painter.setPen(_DIM)
        painter.setFont(self.theme.font(24))
        line = QRectF(0, track.bottom() + px(14), self.width(), px(36))
        painter.drawText(line, _CENTRE, self.status.words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space pauses; Escape leaves."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.space.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Say that it is over, and what was shown of a clip that was still on."""
        self._timer.stop()
        now = self._now()
        on = self._programme.at(now)
        self._tell_unpainted([*self._programme.over(now), *([on] if isinstance(on, OnClip) else [])])
        self._tell(None)
        self._films.close()
        self.closed.emit()
        event.accept()
