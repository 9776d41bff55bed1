"""What was lost, repaired or made up, and the last things that the operator should know."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from rtbci.viewer import theme as look
from rtbci.viewer.panel import CENTRE, LEFT, RIGHT, Panel
from rtbci.viewer.state import ViewState

_LEVELS = {"info": look.BLUE, "warning": look.WARN, "error": look.BAD}


@dataclass(frozen=True)
class _Seen:
    tiles: tuple[tuple[str, str, bool], ...]
    load: str
    notices: tuple[tuple[str, str, str], ...]


class HealthPanel(Panel):
    """Counts that should be zero light up when they are not."""

    title = "Lost and repaired"

    def look_at(self, state: ViewState, now: float) -> object:
        """Counts, load and the last notices."""
        stream, status = state.stream, state.status
        missed = sum(state.missed.values()) + state.refused
        lost = stream.lost_samples if stream else 0
        repaired = len(stream.repaired) if stream else 0
        tiles = (
            ("lost", _short(lost), lost > 0),
            ("gaps", _short(stream.gaps if stream else 0), bool(stream and stream.gaps)),
            ("repaired", str(repaired), repaired > 0),
            ("missed", _short(missed), missed > 0),
        )
        load = f"{status.cpu_percent:.0f} % cpu · {status.rss_mb:.0f} MB" if status else ""
        notices = [(level(n.level), n.sentence, _ago(now - at)) for at, n in list(state.notices)[-3:]]
        if state.refusal:
            notices.append(("error", state.refusal, ""))
        return _Seen(tiles, load, tuple(notices[::-1][:3]))

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the counts and the notices."""
        if not isinstance(self.seen, _Seen):
            return
        px = self.theme.px
        foot = QRectF(area.left(), area.bottom() - px(18), area.width(), px(20))
        self.write(painter, foot, self.seen.load, 13, look.FAINT, RIGHT)
        area = area.adjusted(0, 0, 0, -px(24))
        pitch = area.width() / len(self.seen.tiles)
        for i, (name, figure, alarming) in enumerate(self.seen.tiles):
            box = QRectF(area.left() + i * pitch, area.top(), pitch, px(50))
            ink = look.WARN if alarming else look.TEXT
            self.write(painter, box.adjusted(0, 0, 0, -px(20)), figure, 25, ink, CENTRE, bold=True)
            self.write(painter, box.adjusted(0, px(30), 0, 0), name, 14, look.SOFT, CENTRE)
        y = area.top() + px(60)
        if not self.seen.notices:
            row = QRectF(area.left(), y, area.width(), px(24))
            self.write(painter, row, "Nothing to report.", 15, look.FAINT, LEFT)
        for i, notice in enumerate(self.seen.notices):
            # The newest is told in full, the others in a line.
            height = self._height(painter, notice[1], area.width() - px(66)) if i == 0 else px(24)
            row = QRectF(area.left(), y, area.width(), height)
            if row.bottom() > area.bottom() + px(6):
                break
            self._draw_notice(painter, row, notice)
            y = row.bottom() + px(2)

    def _height(self, painter: QPainter, text: str, width: float) -> float:
        """Height of a notice told in full; at most four lines."""
        px = self.theme.px
        painter.setFont(self.theme.font(15))
        room = QRectF(0, 0, width, px(78))
        needed = painter.boundingRect(room, int(Qt.TextFlag.TextWordWrap), text).height()
        return max(px(24), min(room.height(), needed + px(5)))

    def _draw_notice(self, painter: QPainter, row: QRectF, notice: tuple[str, str, str]) -> None:
        px = self.theme.px
        kind, sentence, ago = notice
        first = QRectF(row.left(), row.top(), row.width(), px(24))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_LEVELS[kind])
        painter.drawEllipse(QPointF(first.left() + px(5), first.center().y()), px(4), px(4))
        self.write(painter, first, ago, 13, look.FAINT, RIGHT)
        where = row.adjusted(px(16), 0, -px(50), 0)
        if row.height() < px(30):
            self.write(painter, where, sentence, 15, look.SOFT, LEFT)
            return
        painter.setFont(self.theme.font(15))
        painter.setPen(look.SOFT)
        painter.drawText(where.translated(0, px(2)), int(Qt.TextFlag.TextWordWrap), sentence)


def level(name: str) -> str:
    """The level if it is a known one."""
    return name if name in _LEVELS else "info"


def _short(count: int) -> str:
    return f"{count / 1000:.1f}k" if count >= 10_000 else str(count)


def _ago(seconds: float) -> str:
    if seconds < 60:
        return f"{int(seconds)} s"
    return f"{int(seconds // 60)} min" if seconds < 3600 else f"{int(seconds // 3600)} h"
