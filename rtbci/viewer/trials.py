"""Where the truth is known: what was shown above what was decoded, and the score beside chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPixmap, QTransform

from rtbci.errors import StimulusError
from rtbci.stimuli.spec import CLIP_SECONDS, clip_spec
from rtbci.viewer import theme as look
from rtbci.viewer.panel import CENTRE, RIGHT, Panel
from rtbci.viewer.state import PAIRS, Pair, ViewState
from rtbci.viewer.theme import Theme
from rtbci.wire.messages import Trial

_NAMES = 62
_Pictures = tuple[QPixmap | None, QPixmap | None]


@dataclass(frozen=True)
class _Seen:
    last: Trial
    # The trials stand for the pictures beside them, which cannot be compared cheaply.
    trials: tuple[Trial, ...]


class TrialsPanel(Panel):
    """Three rates (ours, null, chance), and the last trials as pairs of pictures, the newest at the right."""

    title = "Against the truth"

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._pairs: tuple[Pair, ...] = ()
        self._pictures: dict[tuple[float, int], _Pictures] = {}

    def look_at(self, state: ViewState, now: float) -> object:
        """The trials so far."""
        self._pairs = tuple(state.pairs)
        if not self._pairs:
            return None
        return _Seen(self._pairs[-1].trial, tuple(pair.trial for pair in self._pairs))

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the rates and the pairs."""
        px = self.theme.px
        if not isinstance(self.seen, _Seen):
            text = "Nobody announces what is watched, so hits cannot be counted."
            self.explain(painter, area, text)
            return
        last = self.seen.last
        head = QRectF(area.left(), px(14), area.width(), px(22))
        self.write(painter, head, f"{last.hits} of {last.trials} right", 15, look.TEXT, RIGHT, bold=True)
        self._draw_rates(painter, QRectF(area.left(), area.top() - px(4), area.width(), px(28)), last)
        self._draw_pairs(painter, area.adjusted(0, px(32), 0, 0))

    def _draw_rates(self, painter: QPainter, area: QRectF, trial: Trial) -> None:
        px = self.theme.px
        count = max(1, trial.trials)
        rates = (
            ("decoded", trial.hits / count, look.TEXT),
            ("surrogate", trial.null_hits / count, look.NULL),
            ("chance", trial.chance, look.CHANCE),
        )
        parts: list[tuple[str, float, QColor, bool, float]] = []
        for name, rate, colour in rates:
            figure = f"{rate * 100:.1f} %" if 0 < rate < 0.0995 else f"{rate * 100:.0f} %"
            parts += [(name, 14, look.SOFT, False, 6), (figure, 18, colour, True, 16)]

        def width(part: tuple[str, float, QColor, bool, float], scale: float) -> float:
            text, size, _, bold, space = part
            painter.setFont(self.theme.font(scale * size, bold))
            return painter.fontMetrics().horizontalAdvance(text) + px(2 + scale * space)

        # Three long figures would not fit; the last one's space is not needed.
        scale = min(1.0, area.width() / (sum(width(part, 1.0) for part in parts) - px(16)))
        x = area.left()
        for part in parts:
            text, size, ink, bold, space = part
            taken = width(part, scale)
            box = QRectF(x, area.top(), taken - px(scale * space), area.height())
            self.write(painter, box, text, scale * size, ink, bold=bold)
            x += taken

    def _draw_pairs(self, painter: QPainter, area: QRectF) -> None:
        px = self.theme.px
        left = area.left() + px(_NAMES)
        pitch = (area.right() - left + px(8)) / PAIRS
        gap, tick = px(5), px(9)
        side = min(pitch - px(8), (area.height() - gap - tick) / 2)
        rows = (area.top(), area.top() + side + gap)
        for top, name in zip(rows, ("shown", "decoded"), strict=True):
            self.write(painter, QRectF(area.left(), top, px(_NAMES), side), name, 14, look.SOFT)
        pictures = self._bring_up_to_date(round(side * self.devicePixelRatioF()))
        for i in range(PAIRS):
            boxes = [QRectF(left + i * pitch, top, side, side) for top in rows]
            below = QRectF(boxes[0].left(), boxes[1].bottom() + px(5), side, px(4))
            at = i - PAIRS + len(self._pairs)
            if at < 0:
                for box in boxes:
                    self._fill(painter, box, look.TRACK)
                continue
            trial = self._pairs[at].trial
            words = (trial.truth, "–")
            for box, pixmap, word in zip(boxes, pictures[at], words, strict=True):
                self._draw_picture(painter, box, pixmap, word)
            self._draw_verdict(painter, boxes[1], below, trial.correct)

    def _draw_picture(self, painter: QPainter, box: QRectF, pixmap: QPixmap | None, word: str) -> None:
        if pixmap is None:
            self._fill(painter, box, look.TRACK)
            self.write(painter, box, word, 12, look.SOFT, CENTRE)
            return
        brush = QBrush(pixmap)
        ratio = 1 / self.devicePixelRatioF()
        brush.setTransform(QTransform().translate(box.left(), box.top()).scale(ratio, ratio))
        self._fill(painter, box, brush)

    def _draw_verdict(self, painter: QPainter, box: QRectF, below: QRectF, correct: bool) -> None:
        """Mark a pair as hit or miss, by shape as well as by colour."""
        px = self.theme.px
        colour = look.GOOD if correct else look.BAD
        self._fill(painter, below, colour)
        centre = QPointF(box.right() - px(9), box.bottom() - px(9))
        painter.drawEllipse(centre, px(8), px(8))
        tag = QRectF(centre.x() - px(9), centre.y() - px(9), px(18), px(18))
        self.write(painter, tag, "✓" if correct else "✗", 12, look.BACKGROUND, CENTRE, bold=True)

    def _fill(self, painter: QPainter, box: QRectF, brush: QBrush | QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        radius = min(box.height() / 2, self.theme.px(6))
        painter.drawRoundedRect(box, radius, radius)

    def _bring_up_to_date(self, size: int) -> list[_Pictures]:
        """What was shown, drawn again, and what was decoded; each made once."""
        keys = [(pair.trial.at, size) for pair in self._pairs]
        made = {
            key: self._pictures.get(key) or (_truth(pair.trial, size), _pixmap(pair.decoded, size))
            for key, pair in zip(keys, self._pairs, strict=True)
        }
        self._pictures = made
        return [made[key] for key in keys]


def _truth(trial: Trial, size: int) -> QPixmap | None:
    from rtbci.stimuli.draw import draw_frame

    try:
        spec = clip_spec(trial.truth, trial.seed)
    except StimulusError:
        # A film's clip: its picture is not in the corpus.
        return None
    return _pixmap(draw_frame(spec, CLIP_SECONDS / 2, size), size)


def _pixmap(pixels: NDArray[np.uint8] | None, size: int) -> QPixmap | None:
    if pixels is None:
        return None
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    smooth = Qt.TransformationMode.SmoothTransformation
    image = image.scaled(size, size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, smooth)
    x, y = (image.width() - size) // 2, (image.height() - size) // 2
    return QPixmap.fromImage(image.copy(x, y, size, size))
