"""The card of the scrolling EEG: traces, legend, scale, and a button for each region."""

from math import ceil

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QLabel

from rtbci.montage import CHANNELS, REGIONS
from rtbci.viewer import theme as look
from rtbci.viewer.eegplot import EegPlot
from rtbci.viewer.gain import Gain, scale_bar
from rtbci.viewer.history import EegHistory
from rtbci.viewer.panel import CENTRE, Panel
from rtbci.viewer.state import ViewState
from rtbci.viewer.theme import Theme
from rtbci.viewer.traces import EVERY, picks, region_bounds

_JUDGE_EVERY_S = 1.0
# Two hues take turns from region to region, so that the eye finds its way.
_HEALTHY = (QColor("#8fcbf7"), QColor("#8fe3d3"))
_TURN = {i: n % 2 for n, members in enumerate(REGIONS.values()) for i in members}
_MADE_UP = QColor("#6b7990")


class EegPanel(Panel):
    """The last ten seconds of the 10–20 system's channels, or of every channel of one region.

    Signals
    -------
    region_chosen
        Carries the name of the region that was clicked.
    """

    title = "EEG"
    region_chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.region = EVERY
        self._history = EegHistory()
        self._gain = Gain()
        self._judged: tuple[object, ...] = ()
        self._traced: tuple[object, ...] = ()
        self._kinds: tuple[str, ...] = ()
        self._buttons: list[tuple[QRectF, str]] = []
        self._plot = EegPlot(theme, self)
        self._veil = QLabel("No EEG yet", self._plot, alignment=Qt.AlignmentFlag.AlignCenter)

    def choose_region(self, region: str) -> None:
        """Show one region of the montage, or ``"all"``."""
        self.region = region
        self._show_traces()
        self.update()

    def next_region(self) -> None:
        """Show the next region, for a key."""
        names = [EVERY, *REGIONS]
        self.choose_region(names[(names.index(self.region) + 1) % len(names)])

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        for box, name in self._buttons:
            if box.contains(event.position()):
                self.choose_region(name)
                self.region_chosen.emit(name)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        px = self.theme.px
        area = QRectF(self.rect()).adjusted(px(18), px(46), -px(18), -px(12)).toRect()
        self._plot.setGeometry(area)
        self._veil.setGeometry(self._plot.rect())
        self._veil.setFont(self.theme.font(22, bold=True))
        self._show_traces()

    def show_state(self, state: ViewState, now: float) -> None:
        """Show the state as it is now; the card around the traces is repainted only if it changes."""
        live = state.banner(now).situation == "streaming"
        traced = (id(state.eeg), state.eeg.resets, state.eeg.total, live, kinds := _kinds(state))
        if traced != self._traced:
            self._traced, self._history, self._kinds = traced, state.eeg, kinds
            self._show_veil(live)
            self._show_traces()
        super().show_state(state, now)

    def look_at(self, state: ViewState, now: float) -> object:
        """What is written around the traces."""
        microvolt, length = self._scale()
        return self.region, self._history.channels, microvolt, round(length)

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint legend, scale and buttons; the traces are a widget of their own."""
        px = self.theme.px
        self._draw_buttons(painter)
        channels = self._history.channels
        if not channels:
            return
        shown = len(picks(self.region, channels))
        text = f"last {self._history.seconds:g} s · "
        text += f"all {channels} channels" if shown == channels else f"{shown} of {channels} channels"
        if channels == len(CHANNELS):
            text += " (10–20 system)" if self.region == EVERY else f" ({self.region})"
        painter.setFont(self.theme.font(14))
        width = painter.fontMetrics().horizontalAdvance(text) + px(2)
        self.write(painter, QRectF(px(60), px(14), width, px(22)), text, 14, look.FAINT)
        microvolt, length = self._scale()
        x, y = px(60) + width + px(22), px(25)
        self.mark(painter, QPointF(x, y - length / 2), QPointF(x, y + length / 2), look.TEXT)
        box = QRectF(x + px(8), px(14), px(80), px(22))
        self.write(painter, box, f"{microvolt:g} µV", 14, look.TEXT)

    def _scale(self) -> tuple[float, float]:
        return scale_bar(self._gain.lane, self._plot.lane_px, self.theme.px(26))

    def _show_veil(self, live: bool) -> None:
        empty = not self._history.total
        self._veil.setText("No EEG yet" if empty else "not live")
        ink, ground = (look.FAINT, look.CARD) if empty else (look.TEXT, look.faded(look.CARD, 0.6))
        self._veil.setStyleSheet(
            f"color: {ink.name()}; background: {ground.name(QColor.NameFormat.HexArgb)};"
        )
        self._veil.setVisible(empty or not live)

    def _show_traces(self) -> None:
        history = self._history
        if not history.total:
            return
        shown = picks(self.region, history.channels)
        self._judge_gain()
        if history.channels == len(CHANNELS) and self.region == EVERY:
            bounds = region_bounds(shown)
            names = [((first + end) / 2, name) for name, first, end in bounds]
            self._plot.name_lanes(len(shown), names, [first for _, first, _ in bounds[1:]], size=14)
        else:
            names = [(i + 0.5, self._name(int(pick))) for i, pick in enumerate(shown)]
            # Names that would not fit one below the other are left out evenly.
            every = ceil(self.theme.px(13) * len(shown) / max(1, self._plot.height()))
            self._plot.name_lanes(len(shown), names[::every], [], size=12)
        self._plot.show_traces(history, shown, self._gain.lane, [self._colour(int(i)) for i in shown])

    def _judge_gain(self) -> None:
        """Follow the signal once a second; take the height of another choice of channels at once."""
        history = self._history
        choice = (id(history), history.resets, self.region)
        second = int(history.total / history.rate / _JUDGE_EVERY_S)
        if self._judged == (*choice, second):
            return
        if self._judged[:-1] != choice:
            self._gain.forget()
        self._judged = (*choice, second)
        data = history.since(0)[1][:, picks(self.region, history.channels)]
        self._gain.follow(data, history.total / history.rate)

    def _name(self, channel: int) -> str:
        return CHANNELS[channel] if self._history.channels == len(CHANNELS) else str(channel + 1)

    def _colour(self, channel: int) -> QColor:
        kind = self._kinds[channel] if channel < len(self._kinds) else "good"
        if kind in ("good", ""):
            return _HEALTHY[_TURN.get(channel, 0)]
        return _MADE_UP if kind == "interpolated" else look.VERDICTS.get(kind, look.WARN)

    def _draw_buttons(self, painter: QPainter) -> None:
        px = self.theme.px
        self._buttons = []
        right = self.width() - px(18)
        for name in reversed([EVERY, *REGIONS]):
            painter.setFont(self.theme.font(14))
            width = painter.fontMetrics().horizontalAdvance(name) + px(20)
            box = QRectF(right - width, px(12), width, px(26))
            chosen = name == self.region
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.faded(look.BLUE, 0.22) if chosen else look.TRACK)
            painter.drawRoundedRect(box, px(7), px(7))
            self.write(painter, box, name, 14, look.BLUE if chosen else look.SOFT, CENTRE)
            self._buttons.append((box, name))
            right = box.left() - px(6)


def _kinds(state: ViewState) -> tuple[str, ...]:
    """Per channel its verdict, or that it is made up."""
    if state.quality is None or len(state.quality.verdicts) != len(CHANNELS):
        return ()
    made_up = frozenset(state.stream.interpolated if state.stream else ())
    pairs = zip(CHANNELS, state.quality.verdicts, strict=True)
    return tuple("interpolated" if name in made_up else verdict for name, verdict in pairs)
