"""Where the truth is known: what was shown, hit or miss, and the score beside chance."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QImage, QPainter, QPixmap, QTransform

from rtbci.errors import StimulusError
from rtbci.stimuli.spec import CLIP_SECONDS, clip_spec
from rtbci.viewer import theme as look
from rtbci.viewer.panel import CENTRE, LEFT, RIGHT, Panel
from rtbci.viewer.state import ViewState
from rtbci.viewer.theme import Theme
from rtbci.wire.messages import Trial

_SHOWN = 40


@dataclass(frozen=True)
class _Seen:
    last: Trial
    strip: tuple[bool, ...]


class TrialsPanel(Panel):
    """The truth of the last trial, a strip of hits and misses, and three rates: ours, null, chance."""

    title = "Against the truth"

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._thumbnail: tuple[str, int, int, QPixmap | None] = ("", -1, 0, None)

    def look_at(self, state: ViewState, now: float) -> object:
        """The trials so far."""
        if not state.trials:
            return None
        return _Seen(state.trials[-1], tuple(trial.correct for trial in list(state.trials)[-_SHOWN:]))

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint the drawn truth, the strip and the rates."""
        px = self.theme.px
        seen = self.seen
        if not isinstance(seen, _Seen):
            text = "Nobody announces what is watched, so hits cannot be counted."
            self.explain(painter, area, text)
            return
        last = seen.last
        head = QRectF(area.left(), px(14), area.width(), px(22))
        self.write(painter, head, f"{last.hits} of {last.trials} right", 15, look.TEXT, RIGHT, bold=True)
        side = min(px(104), area.height() - px(34))
        picture = QRectF(area.left(), area.top(), side, side)
        self._draw_truth(painter, picture, last)
        self._draw_verdict(painter, picture, last)
        right = QRectF(picture.right() + px(18), area.top(), area.right() - picture.right() - px(18), side)
        self._draw_rates(painter, right, last)
        strip = QRectF(
            area.left(), picture.bottom() + px(12), area.width(), area.bottom() - picture.bottom() - px(12)
        )
        self._draw_strip(painter, strip, seen.strip)

    def _draw_truth(self, painter: QPainter, box: QRectF, trial: Trial) -> None:
        px = self.theme.px
        size = round(box.width() * self.devicePixelRatioF())
        pixmap = self._picture_of(trial, size)
        painter.setPen(Qt.PenStyle.NoPen)
        if pixmap is None:
            painter.setBrush(look.TRACK)
            painter.drawRoundedRect(box, px(8), px(8))
            self.write(painter, box, trial.truth, 17, look.SOFT, CENTRE)
            return
        brush = QBrush(pixmap)
        ratio = 1 / self.devicePixelRatioF()
        brush.setTransform(QTransform().translate(box.left(), box.top()).scale(ratio, ratio))
        painter.setBrush(brush)
        painter.drawRoundedRect(box, px(8), px(8))

    def _draw_verdict(self, painter: QPainter, box: QRectF, trial: Trial) -> None:
        px = self.theme.px
        tag = QRectF(box.right() - px(30), box.bottom() - px(30), px(26), px(26))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.GOOD if trial.correct else look.BAD)
        painter.drawEllipse(tag)
        self.write(painter, tag, "✓" if trial.correct else "✗", 17, look.BACKGROUND, CENTRE, bold=True)

    def _draw_rates(self, painter: QPainter, area: QRectF, trial: Trial) -> None:
        px = self.theme.px
        told = f"{trial.truth}, decoded" if trial.correct else f"{trial.truth}, decoded {trial.guess.label}"
        self.write(painter, QRectF(area.left(), area.top(), area.width(), px(24)), told, 16, look.TEXT, LEFT)
        count = max(1, trial.trials)
        rates = (
            ("decoded", trial.hits / count, look.TEXT),
            ("surrogate", trial.null_hits / count, look.NULL),
            ("chance", trial.chance, look.CHANCE),
        )
        pitch = (area.height() - px(26)) / len(rates)
        for i, (name, rate, colour) in enumerate(rates):
            row = QRectF(area.left(), area.top() + px(28) + i * pitch, area.width(), pitch)
            figure = f"{rate * 100:.1f} %" if 0 < rate < 0.0995 else f"{rate * 100:.0f} %"
            self.write(painter, row, name, 16, look.SOFT, LEFT)
            self.write(painter, row, figure, 20, colour, RIGHT, bold=True)

    def _draw_strip(self, painter: QPainter, area: QRectF, strip: tuple[bool, ...]) -> None:
        pitch = area.width() / _SHOWN
        painter.setPen(Qt.PenStyle.NoPen)
        height = min(area.height(), self.theme.px(18))
        for i in range(_SHOWN):
            box = QRectF(area.left() + i * pitch, area.top(), pitch - self.theme.px(2), height)
            if i >= len(strip):
                painter.setBrush(look.TRACK)
            else:
                painter.setBrush(look.GOOD if strip[i] else look.faded(look.BAD, 0.55))
                if not strip[i]:
                    # Shape as well as colour tells hit from miss.
                    box.setTop(box.top() + height * 0.55)
            painter.drawRoundedRect(box, self.theme.px(2), self.theme.px(2))

    def _picture_of(self, trial: Trial, size: int) -> QPixmap | None:
        """What was shown, drawn again; None if it is no clip of the corpus."""
        if self._thumbnail[:3] != (trial.truth, trial.seed, size):
            self._thumbnail = (trial.truth, trial.seed, size, _draw(trial, size))
        return self._thumbnail[3]


def _draw(trial: Trial, size: int) -> QPixmap | None:
    from rtbci.stimuli.draw import draw_frame

    try:
        spec = clip_spec(trial.truth, trial.seed)
    except StimulusError:
        # A film's clip: its picture is not in the corpus.
        return None
    pixels = draw_frame(spec, CLIP_SECONDS / 2, size)
    return QPixmap.fromImage(
        QImage(pixels.tobytes(), size, size, 3 * size, QImage.Format.Format_RGB888).copy()
    )
