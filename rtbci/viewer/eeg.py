"""Scrolling EEG: only the strip that is new is drawn, the rest is moved."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPixmap

from rtbci.montage import CHANNELS, REGIONS
from rtbci.viewer import theme as look
from rtbci.viewer.history import EegHistory
from rtbci.viewer.panel import CENTRE, LEFT, RIGHT, Panel
from rtbci.viewer.state import ViewState
from rtbci.viewer.theme import Theme

_STEPS = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
_JUDGE_S = 3.0
_JUDGE_EVERY_S = 1.0
_EVERY = "all"
# Two hues take turns from region to region, so that the eye finds its way.
_HEALTHY = (QColor("#79b3dc"), QColor("#86cfc3"))
_TURN = {i: n % 2 for n, members in enumerate(REGIONS.values()) for i in members}
_MADE_UP = QColor("#5b6878")


class EegPanel(Panel):
    """The last ten seconds of every channel, or of one region.

    Signals
    -------
    region_chosen
        Carries the name of the region that was clicked.
    """

    title = "EEG"
    region_chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.region = _EVERY
        self.always_smooth = False
        self._history = EegHistory()
        self._pixmap = QPixmap()
        self._drawn: tuple[object, ...] = ()
        self._judged = 0
        self._right = 0
        self._step = _STEPS[4]
        self._colours: tuple[str, ...] = ()
        self._buttons: list[tuple[QRectF, str]] = []

    def choose_region(self, region: str) -> None:
        """Show one region of the montage, or ``"all"``."""
        self.region = region
        self._judged = self._history.total + 1
        self.seen = None
        self.update()

    def next_region(self) -> None:
        """Show the next region, for a key."""
        names = [_EVERY, *REGIONS]
        self.choose_region(names[(names.index(self.region) + 1) % len(names)])

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        for box, name in self._buttons:
            if box.contains(event.position()):
                self.choose_region(name)
                self.region_chosen.emit(name)

    def look_at(self, state: ViewState, now: float) -> object:
        """How much EEG there is, and how each channel is doing."""
        self._history = state.eeg
        self._colours = _kinds(state)
        live = state.banner(now).situation == "streaming"
        return state.eeg.total, state.eeg.resets, id(state.eeg), self.region, live

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint traces, names and scale."""
        px = self.theme.px
        self._draw_buttons(painter)
        names = px(74)
        plot = area.adjusted(names, -px(2), 0, 0)
        if not self._history.total:
            self.write(painter, plot, "No EEG yet", 20, look.FAINT, CENTRE)
            return
        self._bring_up_to_date(plot)
        painter.drawPixmap(plot.topLeft(), self._pixmap)
        self._draw_names(painter, QRectF(area.left(), plot.top(), names - px(8), plot.height()))
        self._draw_scale(painter, plot)
        if isinstance(self.seen, tuple) and not self.seen[-1]:
            painter.fillRect(plot, look.faded(look.CARD, 0.6))
            self.write(painter, plot, "not live", 24, look.TEXT, CENTRE, bold=True)

    # ---- traces --------------------------------------------------------------------------------

    def _bring_up_to_date(self, plot: QRectF) -> None:
        history, ratio = self._history, self.devicePixelRatioF()
        width, height = int(plot.width() * ratio), int(plot.height() * ratio)
        picks = _picks(self.region, history.channels)
        self._judge_scale(picks)
        setting = (id(history), history.resets, width, height, ratio, self.region, self._step)
        per_sample = width / history.capacity
        right = int(history.total * per_sample)
        if setting != self._drawn or right - self._right >= width:
            self._drawn = setting
            self._pixmap = QPixmap(width, height)
            self._pixmap.setDevicePixelRatio(ratio)
            self._pixmap.fill(look.CARD)
            fresh = width
        else:
            fresh = right - self._right
            if not fresh:
                return
            self._pixmap.scroll(-fresh, 0, QRect(0, 0, width, height))
        self._draw_strip(picks, width, height, right, fresh, per_sample)
        self._right = right

    def _draw_strip(
        self, picks: NDArray[np.intp], width: int, height: int, right: int, fresh: int, per_sample: float
    ) -> None:
        """Draw the `fresh` columns at the right edge."""
        painter = QPainter(self._pixmap)
        # All in device pixels, so that strips meet without a seam at any scale of the screen.
        painter.scale(1 / self.devicePixelRatioF(), 1 / self.devicePixelRatioF())
        painter.setClipRect(width - fresh, 0, fresh, height)
        painter.fillRect(width - fresh, 0, fresh, height, look.CARD)
        start, data = self._history.since(int((right - fresh) / per_sample) - 2)
        self._draw_grid(painter, start, len(data), width, height, right, per_sample)
        self._draw_gaps(painter, start, data, width, height, right, per_sample)
        x = (np.arange(start, start + len(data)) * per_sample - right + width).tolist()
        lane = height / max(1, len(picks))
        pen = min(1.5, max(0.7, 0.28 * lane)) * self.devicePixelRatioF()
        limit = 5 * lane if len(picks) > 20 else 0.9 * lane
        # Smooth lines over the whole width take a second; strips take nothing.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.always_smooth or fresh < width // 4)
        for i, pick in enumerate(picks):
            y = np.clip(-data[:, pick] / self._step * lane, -limit, limit) + (i + 0.5) * lane
            painter.setPen(QPen(self._colour(int(pick)), pen))
            for run in _runs(y):
                points = [QPointF(a, b) for a, b in zip(x[run], y[run].tolist(), strict=True)]
                painter.drawPolyline(points)
        painter.end()

    def _draw_grid(
        self,
        painter: QPainter,
        start: int,
        count: int,
        width: int,
        height: int,
        right: int,
        per_sample: float,
    ) -> None:
        painter.setPen(QPen(look.CARD_EDGE, 1))
        second = max(1, round(self._history.rate))
        for sample in range(-(-start // second) * second, start + count, second):
            x = round(sample * per_sample - right + width)
            painter.drawLine(x, 0, x, height)

    def _draw_gaps(
        self,
        painter: QPainter,
        start: int,
        data: NDArray[np.float32],
        width: int,
        height: int,
        right: int,
        per_sample: float,
    ) -> None:
        """Shade what was lost."""
        lost = np.isnan(data).all(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], lost.view(np.int8), [0]))))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            x = (start + first) * per_sample - right + width
            painter.fillRect(
                QRectF(x, 0, max(1.0, (last - first) * per_sample), height), look.faded(look.BAD, 0.28)
            )

    def _judge_scale(self, picks: NDArray[np.intp]) -> None:
        """Choose microvolts a lane from the last seconds; change only when it is clearly off."""
        history = self._history
        if 0 <= history.total - self._judged < _JUDGE_EVERY_S * history.rate:
            return
        self._judged = history.total
        _, data = history.since(history.total - int(_JUDGE_S * history.rate))
        data = data[np.isfinite(data).all(axis=1)]
        if not len(data):
            return
        # The median channel decides: one bad electrode must not flatten the others.
        spread = np.percentile(np.abs(data[::4][:, picks]), 90, axis=0)
        wanted = float(np.median(spread)) * (0.7 if len(picks) > 20 else 2.0)
        fitting = next((step for step in _STEPS if step >= wanted), _STEPS[-1])
        if fitting > self._step or fitting < self._step / 2.4:
            self._step = fitting

    # ---- around the traces ---------------------------------------------------------------------

    def _colour(self, channel: int) -> QColor:
        kind = self._colours[channel] if channel < len(self._colours) else "good"
        if kind in ("good", ""):
            return _HEALTHY[_TURN.get(channel, 0)]
        return _MADE_UP if kind == "interpolated" else look.VERDICTS.get(kind, look.WARN)

    def _draw_names(self, painter: QPainter, area: QRectF) -> None:
        px = self.theme.px
        picks = _picks(self.region, self._history.channels)
        if self.region != _EVERY or self._history.channels != len(CHANNELS):
            lane = area.height() / max(1, len(picks))
            every = max(1, int(px(13) / lane) + (lane < px(13)))
            for i, pick in enumerate(picks[::every]):
                row = QRectF(area.left(), area.top() + (i * every) * lane, area.width(), lane)
                name = CHANNELS[pick] if self._history.channels == len(CHANNELS) else str(pick + 1)
                self.write(painter, row.adjusted(0, -px(6), 0, px(6)), name, 12, look.SOFT, LEFT)
            return
        bounds = _region_bounds(picks)
        for (first, name), (last, _) in pairwise([*bounds, (len(picks), "")]):
            lane = area.height() / len(picks)
            row = QRectF(area.left(), area.top() + first * lane, area.width(), (last - first) * lane)
            self.write(painter, row, name, 14, look.SOFT, LEFT)
            if first:
                self.mark(painter, row.topLeft(), row.topRight(), look.CARD_EDGE)

    def _draw_scale(self, painter: QPainter, plot: QRectF) -> None:
        px = self.theme.px
        picks = _picks(self.region, self._history.channels)
        lane = plot.height() / max(1, len(picks))
        value = next((step for step in _STEPS if step / self._step * lane >= px(24)), _STEPS[-1])
        length = value / self._step * lane
        box = QRectF(plot.right() - px(92), plot.top() + px(4), px(88), length + px(8))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.faded(look.CARD, 0.86))
        painter.drawRoundedRect(box, px(5), px(5))
        x, middle, half = box.right() - px(8), box.center().y(), length / 2
        self.mark(painter, QPointF(x, middle - half), QPointF(x, middle + half), look.TEXT)
        self.write(painter, box.adjusted(0, 0, -px(16), 0), f"{value:g} µV", 14, look.TEXT, RIGHT)

    def _draw_buttons(self, painter: QPainter) -> None:
        px = self.theme.px
        self._buttons = []
        right = self.width() - px(18)
        for name in reversed([_EVERY, *REGIONS]):
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
        text = f"last {self._history.seconds:g} s"
        self.write(painter, QRectF(px(60), px(14), px(120), px(22)), text, 14, look.FAINT)


def _picks(region: str, channels: int) -> NDArray[np.intp]:
    """Channels on show, from front to back."""
    if channels != len(CHANNELS):
        return np.arange(channels)
    if region != _EVERY:
        return np.array(REGIONS[region], dtype=np.intp)
    return np.array([i for members in REGIONS.values() for i in members], dtype=np.intp)


def _region_bounds(picks: NDArray[np.intp]) -> list[tuple[int, str]]:
    """Where each region begins among all picks."""
    bounds, at = [], 0
    for name, members in REGIONS.items():
        bounds.append((at, name))
        at += len(members)
    return bounds if at == len(picks) else []


def _runs(y: NDArray[np.floating]) -> list[slice]:
    """Stretches without NaN."""
    good = np.isfinite(y)
    if good.all():
        return [slice(0, len(y))]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], good.view(np.int8), [0]))))
    return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]


def _kinds(state: ViewState) -> tuple[str, ...]:
    """Per channel its verdict, or that it is made up."""
    if state.quality is None or len(state.quality.verdicts) != len(CHANNELS):
        return ()
    made_up = frozenset(state.stream.interpolated if state.stream else ())
    pairs = zip(CHANNELS, state.quality.verdicts, strict=True)
    return tuple("interpolated" if name in made_up else verdict for name, verdict in pairs)
