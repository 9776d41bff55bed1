"""The strip at the top: what state the stream is in, and what is decoding it."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from rtbci.viewer import theme as look
from rtbci.viewer.icon import paint_mark
from rtbci.viewer.panel import CENTRE, RIGHT, Panel
from rtbci.viewer.state import Banner, Situation, ViewState
from rtbci.wire.messages import Status

_WORDS: dict[Situation, str] = {
    "waiting": "Waiting",
    "silent": "No word",
    "searching": "Searching",
    "streaming": "Streaming",
    "stalled": "Stalled",
    "lost": "Lost",
    "refused": "Refused",
    "ended": "Ended",
}
_COLOURS = {
    "streaming": look.GOOD,
    "searching": look.BLUE,
    "waiting": look.BLUE,
    "ended": look.SOFT,
    "stalled": look.WARN,
    "lost": look.BAD,
    "refused": look.BAD,
    "silent": look.BAD,
}


@dataclass(frozen=True)
class _Seen:
    banner: Banner
    source: str
    origin: str
    surrogate: bool


class BannerPanel(Panel):
    """One word in colour, one sentence, and on the right the bundle and the wearer."""

    def look_at(self, state: ViewState, now: float) -> object:
        """State of the stream, its name and rate, the bundle and the wearer."""
        banner = state.banner(now)
        seconds = None if banner.seconds is None else int(banner.seconds)
        stream, status, evidence = state.stream, state.status, state.evidence
        source = ""
        if stream is not None and stream.name:
            source = f"{stream.name} · {stream.channels} ch · {stream.rate_hz:g} Hz"
        bundle = status.bundle if status else ""
        wearer = wearer_line(status) if status else ""
        return _Seen(
            Banner(banner.situation, banner.sentence, seconds),
            source,
            " · ".join(part for part in (bundle, wearer) if part),
            bool(evidence and evidence.surrogate),
        )

    def paint(self, painter: QPainter) -> None:
        """Paint the strip without a card."""
        painter.fillRect(self.rect(), look.BACKGROUND)
        self.draw(painter, QRectF(self.rect()))

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the strip."""
        if not isinstance(self.seen, _Seen):
            return
        banner, px = self.seen.banner, self.theme.px
        colour = _COLOURS[banner.situation]
        quiet = banner.situation in ("streaming", "ended", "waiting", "searching")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.CARD if quiet else look.faded(colour, 0.17))
        painter.drawRoundedRect(area, px(12), px(12))
        side = px(34)
        mark = QRectF(area.left() + px(14), area.center().y() - side / 2, side, side)
        paint_mark(painter, mark)
        x = mark.right() + px(16)
        word = _WORDS[banner.situation]
        if banner.seconds is not None:
            word += f" for {banner.seconds} s" if banner.situation != "lost" else f" {banner.seconds} s ago"
        painter.setFont(self.theme.font(24, bold=True))
        width = painter.fontMetrics().horizontalAdvance(word) + px(58)
        pill = QRectF(x, area.top() + px(8), width, area.height() - px(16))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.faded(colour, 0.16 if quiet else 0.9))
        painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        ink = colour if quiet else look.BACKGROUND
        painter.setBrush(ink)
        painter.drawEllipse(QPointF(pill.left() + px(24), pill.center().y()), px(7), px(7))
        self.write(painter, pill.adjusted(px(40), 0, 0, 0), word, 24, ink, bold=True)
        right = self._origin(painter, area.adjusted(pill.right() + px(20), 0, -px(18), 0))
        room = QRectF(pill.right() + px(16), area.top(), right - pill.right() - px(28), area.height())
        self.write(painter, room, banner.sentence, 18, look.TEXT if not quiet else look.SOFT)

    def _origin(self, painter: QPainter, area: QRectF) -> float:
        """Write source, bundle and wearer at the right; return where they begin."""
        assert isinstance(self.seen, _Seen)
        px = self.theme.px
        lines = [line for line in (self.seen.source, self.seen.origin) if line]
        painter.setFont(self.theme.font(15))
        widths = [painter.fontMetrics().horizontalAdvance(line) for line in lines]
        width = min(max(widths, default=0) + px(4), area.width() * 0.45)
        height = px(20)
        top = area.center().y() - height * len(lines) / 2
        for i, line in enumerate(lines):
            row = QRectF(area.right() - width, top + i * height, width, height)
            self.write(painter, row, line, 15, look.SOFT if i == 0 else look.FAINT, RIGHT)
        left = area.right() - width
        if self.seen.surrogate:
            tag = QRectF(left - px(206), area.center().y() - px(16), px(190), px(32))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.NULL)
            painter.drawRoundedRect(tag, px(8), px(8))
            self.write(painter, tag, "SURROGATE EEG", 18, look.BACKGROUND, CENTRE, bold=True)
            left = tag.left()
        return left


def wearer_line(status: Status) -> str:
    """Name the wearer, with how far the signal has drifted from the calibration where that is known."""
    if not status.wearer:
        return "no calibration"
    return f"wearer {status.wearer}" + ("" if status.drift is None else f" · drift {status.drift:.1f}×")
