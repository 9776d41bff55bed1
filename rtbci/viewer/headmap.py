"""The head from above with the quality of every electrode."""

from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPen

from rtbci.montage import CHANNELS, positions
from rtbci.viewer import theme as look
from rtbci.viewer.panel import CENTRE, LEFT, RIGHT, Panel
from rtbci.viewer.state import ViewState
from rtbci.viewer.theme import Theme


@cache
def flat_positions() -> NDArray[np.float64]:
    """Electrodes from above, azimuthal equidistant: the equator through the ears is the unit circle.

    Returns
    -------
    ndarray, shape (62, 2)
        Right and front.
    """
    xyz = positions(CHANNELS)
    from_top = np.arccos(np.clip(xyz[:, 2], -1, 1)) / (np.pi / 2)
    level = np.hypot(xyz[:, 0], xyz[:, 1])
    return np.asarray(xyz[:, :2] * (from_top / np.maximum(level, 1e-9))[:, None])


@dataclass(frozen=True)
class Electrodes:
    """What the head shows: of each channel, and whether it is known at all and of now."""

    verdicts: tuple[str, ...]
    scores: tuple[float, ...]
    interpolated: frozenset[str]
    repaired: frozenset[str]
    hovered: int
    known: bool
    live: bool


class HeadPanel(Panel):
    """Dots coloured by verdict; hollow where the signal is made up from the neighbours."""

    title = "Electrodes"

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._hovered = -1
        self._dots: list[QPointF] = []
        self._radius = 0.0
        self.setMouseTracking(True)

    def look_at(self, state: ViewState, now: float) -> object:
        """Verdicts, and which channels are interpolated or repaired."""
        quality, stream = state.quality, state.stream
        fits = quality is not None and len(quality.verdicts) == len(quality.scores) == len(CHANNELS)
        return Electrodes(
            quality.verdicts if quality and fits else ("missing",) * len(CHANNELS),
            tuple(round(score, 2) for score in quality.scores)
            if quality and fits
            else (0.0,) * len(CHANNELS),
            frozenset(stream.interpolated if stream else ()),
            frozenset(stream.repaired if stream else ()),
            self._hovered,
            bool(fits),
            state.banner(now).situation == "streaming",
        )

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint head, dots and the count of each verdict."""
        px = self.theme.px
        words = px(132)
        # The head may reach up beside the title; its nose and ears need a tenth more than the circle.
        radius = min((area.width() - words) / 2.14, (area.height() + px(26)) / 2.16)
        centre = QPointF(area.left() + (area.width() - words) / 2, area.bottom() - radius * 1.01)
        self._radius = radius
        self._draw_head(painter, centre, radius)
        seen = self.seen if isinstance(self.seen, Electrodes) else None
        if seen is None:
            return
        self._dots = [centre + QPointF(x, -y) * radius * 0.87 for x, y in flat_positions()]
        # What was found before the stream went says nothing of now.
        painter.setOpacity(1.0 if seen.live else 0.35)
        for i in range(len(CHANNELS)):
            self._draw_dot(painter, i, seen)
        for i in range(len(CHANNELS)):
            if i == seen.hovered or (seen.known and self._needs_name(i, seen)):
                self._draw_label(painter, i, seen)
        right = QRectF(area.right() - words, area.top(), words, area.height())
        self._draw_counts(painter, right, seen)
        painter.setOpacity(1.0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        where = event.position()
        reach = self.theme.px(12)
        near = [i for i, dot in enumerate(self._dots) if (dot - where).manhattanLength() < reach]
        self._hovered = near[0] if near else -1
        self.setToolTip(self._explain(near[0]) if near else "")

    def _explain(self, i: int) -> str:
        if not isinstance(self.seen, Electrodes):
            return CHANNELS[i]
        name = CHANNELS[i]
        text = f"{name}: {self.seen.verdicts[i]}, score {self.seen.scores[i]:.2f}"
        if name in self.seen.interpolated:
            return f"{text}; not in this cap, interpolated"
        return f"{text}; bad now, interpolated" if name in self.seen.repaired else text

    def _needs_name(self, i: int, seen: Electrodes) -> bool:
        name = CHANNELS[i]
        # What the cap lacks is known beforehand, and named beside the head.
        return name not in seen.interpolated and (seen.verdicts[i] != "good" or name in seen.repaired)

    def _draw_head(self, painter: QPainter, centre: QPointF, radius: float) -> None:
        painter.setPen(QPen(look.FAINT, self.theme.px(2)))
        painter.setBrush(look.BACKGROUND)
        nose = QPainterPath(centre + QPointF(-0.13, -0.985) * radius)
        nose.quadTo(centre + QPointF(-0.02, -1.14) * radius, centre + QPointF(0, -1.14) * radius)
        nose.quadTo(centre + QPointF(0.02, -1.14) * radius, centre + QPointF(0.13, -0.985) * radius)
        painter.drawPath(nose)
        for side in (-1, 1):
            painter.drawEllipse(centre + QPointF(side * 1.01, 0) * radius, radius * 0.06, radius * 0.16)
        painter.drawEllipse(centre, radius, radius)

    def _draw_dot(self, painter: QPainter, i: int, seen: Electrodes) -> None:
        px = self.theme.px
        name, at = CHANNELS[i], self._dots[i]
        colour = look.VERDICTS.get(seen.verdicts[i], look.WARN) if seen.known else look.TRACK
        size = self._radius * 0.058
        if name in seen.interpolated:
            painter.setPen(QPen(look.VERDICTS["missing"], px(2), Qt.PenStyle.DotLine))
            painter.setBrush(look.BACKGROUND)
        elif name in seen.repaired:
            painter.setPen(QPen(colour, px(3)))
            painter.setBrush(look.BACKGROUND)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
        painter.drawEllipse(at, size, size)

    def _draw_label(self, painter: QPainter, i: int, seen: Electrodes) -> None:
        px = self.theme.px
        text = CHANNELS[i]
        painter.setFont(self.theme.font(12, bold=True))
        width = painter.fontMetrics().horizontalAdvance(text) + px(8)
        # Labels lean towards the middle of the head, where there is room.
        at = self._dots[i] + QPointF(0, px(17))
        box = QRectF(at.x() - width / 2, at.y() - px(8), width, px(16))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.faded(look.BACKGROUND, 0.85))
        painter.drawRoundedRect(box, px(4), px(4))
        self.write(painter, box, text, 12, look.TEXT, CENTRE, bold=True)

    def _draw_counts(self, painter: QPainter, area: QRectF, seen: Electrodes) -> None:
        px = self.theme.px
        if not seen.known:
            self.write(
                painter,
                QRectF(area.left(), area.top(), area.width(), px(26)),
                "not known yet",
                16,
                look.FAINT,
                RIGHT,
            )
            return
        counts = Counter(
            "not in cap" if name in seen.interpolated else verdict
            for name, verdict in zip(CHANNELS, seen.verdicts, strict=True)
        )
        order = ["good", *sorted((k for k in counts if k != "good"), key=lambda k: -counts[k])]
        y = area.top() + px(4)
        for name in order:
            row = QRectF(area.left(), y, area.width(), px(26))
            colour = look.VERDICTS.get(name, look.FAINT)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            if name == "not in cap":
                painter.setPen(QPen(colour, px(2), Qt.PenStyle.DotLine))
                painter.setBrush(look.CARD)
            painter.drawEllipse(QPointF(row.left() + px(10), row.center().y()), px(7), px(7))
            ink = look.TEXT if name == "good" or counts[name] else look.FAINT
            self.write(painter, row.adjusted(px(26), 0, 0, 0), name, 16, look.SOFT, LEFT)
            self.write(painter, row, str(counts[name]), 17, ink, RIGHT, bold=True)
            y += px(26)
            if name == "not in cap":
                line = QRectF(row.left() + px(26), y - px(4), row.width() - px(26), px(16))
                missing = " ".join(channel for channel in CHANNELS if channel in seen.interpolated)
                self.write(painter, line, missing, 11, look.FAINT, LEFT)
                y += px(15)
        if seen.repaired:
            row = QRectF(area.left(), y + px(4), area.width(), px(26))
            painter.setPen(QPen(look.WARN, px(3)))
            painter.setBrush(look.CARD)
            painter.drawEllipse(QPointF(row.left() + px(10), row.center().y()), px(6), px(6))
            self.write(painter, row.adjusted(px(26), 0, 0, 0), "repaired", 16, look.SOFT, LEFT)
            self.write(painter, row, str(len(seen.repaired)), 17, look.TEXT, RIGHT, bold=True)
