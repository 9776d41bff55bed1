"""How long it takes from the newest EEG sample to each picture."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPainterPath, QPen

from rtbci.viewer import theme as look
from rtbci.viewer.panel import LEFT, RIGHT, Panel
from rtbci.viewer.state import ViewState
from rtbci.viewer.theme import Theme
from rtbci.wire.messages import StageTime

_ROWS = (("sample_to_preview", "preview"), ("sample_to_keyframe", "keyframe"), ("sample_to_clip", "clip"))
_SECONDS = 60.0
_FRESH_S = 0.2
_HIGH = 66


@dataclass(frozen=True)
class _Seen:
    stages: tuple[StageTime | None, ...]
    spark: tuple[tuple[float, float], ...]
    on_screen: float | None


class LatencyPanel(Panel):
    """Median and 95th percentile of the last minute, and a line of the previews' times."""

    title = "Latency"

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._on_screen: list[float] = []
        self._last_picture = 0
        self._when = 0

    def look_at(self, state: ViewState, now: float) -> object:
        """Stage times; refreshed twice a second, which is as fast as one reads."""
        self._note_on_screen(state, now)
        if int(now * 2) == self._when and self.seen is not None:
            return self.seen
        self._when = int(now * 2)
        latency = state.status.latency_ms if state.status else {}
        spark = tuple((now - at, ms) for at, ms in state.preview_ms)
        shown = sorted(self._on_screen)
        return _Seen(
            tuple(latency.get(key) for key, _ in _ROWS), spark, shown[len(shown) // 2] if shown else None
        )

    def _note_on_screen(self, state: ViewState, now: float) -> None:
        """Measure how old the newest sample of a picture is when the picture is first shown."""
        if state.picture is None or id(state.picture) == self._last_picture:
            return
        self._last_picture = id(state.picture)
        if now - state.picture.arrived > _FRESH_S:
            return
        age = state.clock.age(state.picture.header.times.newest, now)
        if age is not None:
            self._on_screen = [*self._on_screen[-59:], age * 1e3]

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the rows and the line."""
        px = self.theme.px
        seen = self.seen if isinstance(self.seen, _Seen) else _Seen((None,) * 3, (), None)
        head = QRectF(area.left(), px(14), area.width(), px(22))
        self.write(painter, head, "95 %", 13, look.FAINT, RIGHT)
        self.write(painter, head.adjusted(0, 0, -px(_HIGH), 0), "median", 13, look.FAINT, RIGHT)
        pitch = px(27)
        for i, ((_, name), stage) in enumerate(zip(_ROWS, seen.stages, strict=True)):
            self._row(painter, QRectF(area.left(), area.top() + i * pitch, area.width(), pitch), name, stage)
        last = QRectF(area.left(), area.top() + 3 * pitch, area.width(), pitch)
        shown = None if seen.on_screen is None else f"{seen.on_screen:.0f} ms"
        self.write(painter, last, "screen", 16, look.SOFT, LEFT)
        self.write(painter, last.adjusted(0, 0, -px(_HIGH), 0), shown or "–", 18, look.TEXT, RIGHT, bold=True)
        self._spark(
            painter,
            QRectF(area.left(), last.bottom() + px(6), area.width(), area.bottom() - last.bottom() - px(6)),
            seen.spark,
        )

    def _row(self, painter: QPainter, row: QRectF, name: str, stage: StageTime | None) -> None:
        px = self.theme.px
        self.write(painter, row, name, 16, look.SOFT, LEFT)
        middle = f"{stage.p50:.0f} ms" if stage else "–"
        high = f"{stage.p95:.0f} ms" if stage else "–"
        self.write(painter, row.adjusted(0, 0, -px(_HIGH), 0), middle, 18, look.TEXT, RIGHT, bold=True)
        self.write(painter, row, high, 15, look.SOFT, RIGHT)

    def _spark(self, painter: QPainter, area: QRectF, spark: tuple[tuple[float, float], ...]) -> None:
        if len(spark) < 2 or area.height() < 8:
            return
        values = sorted(ms for _, ms in spark)
        top = max(values[int(0.98 * (len(values) - 1))] * 1.25, 1.0)

        def place(age: float, ms: float) -> QPointF:
            share = min(1.0, max(0.0, ms / top))
            return QPointF(
                area.right() - age / _SECONDS * area.width(), area.bottom() - share * area.height()
            )

        line = QPainterPath(place(*spark[0]))
        for point in spark[1:]:
            line.lineTo(place(*point))
        under = QPainterPath(line)
        under.lineTo(place(spark[-1][0], 0.0))
        under.lineTo(place(spark[0][0], 0.0))
        shade = QLinearGradient(area.topLeft(), area.bottomLeft())
        shade.setColorAt(0, look.faded(look.BLUE, 0.3))
        shade.setColorAt(1, look.faded(look.BLUE, 0.02))
        painter.setClipRect(area)
        painter.fillPath(under, shade)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.BLUE, self.theme.px(1.6)))
        painter.drawPath(line)
        painter.setClipping(False)
