"""The big picture, with how sure it is."""

from dataclasses import dataclass
from math import cos, pi, sin

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPixmap, QTransform

from rtbci.viewer import theme as look
from rtbci.viewer.figures import percent
from rtbci.viewer.icon import paint_mark
from rtbci.viewer.panel import CENTRE, Panel
from rtbci.viewer.state import Past, Shown, ViewState
from rtbci.viewer.theme import Theme
from rtbci.wire.messages import Picture

_DIM = {"none": 0.55, "weak": 0.25, "moderate": 0.0, "strong": 0.0}
_GRADES = ("preview", "keyframe", "clip")


@dataclass(frozen=True)
class _Seen:
    # The identity of `Shown` stands for its pixels, which cannot be compared cheaply.
    shown: int
    frame: int
    past: Past | None
    null_confidence: float
    word_when_empty: str


class PicturePanel(Panel):
    """The picture at its grade; the frame, the light and the words follow the strength of the evidence."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._shown: Shown | None = None
        self._pixmaps: dict[tuple[int, int, bool], QPixmap] = {}

    def look_at(self, state: ViewState, now: float) -> object:
        """The picture, its frame of the moment, and whether it is old."""
        if state.picture is not self._shown:
            self._shown = state.picture
            self._pixmaps.clear()
        past = state.past(now)
        return _Seen(
            id(self._shown),
            self._shown.frame(now) if self._shown and not past else 0,
            past,
            round(state.evidence.null_confidence, 3) if state.evidence else 0.0,
            state.banner(now).situation,
        )

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint picture and verdict."""
        px = self.theme.px
        side = min(area.width(), area.height() - px(158))
        frame = QRectF(area.center().x() - side / 2, area.top(), side, side)
        below = QRectF(
            area.left(), frame.bottom() + px(18), area.width(), area.bottom() - frame.bottom() - px(18)
        )
        seen = self.seen
        if not isinstance(seen, _Seen) or self._shown is None:
            self._draw_empty(painter, frame, below, seen)
            return
        header = self._shown.header
        old = seen.past is not None
        self._draw_picture(painter, frame, header, seen)
        colour = look.FAINT if old else look.STRENGTH[header.word]
        ring = QRectF(below.left() + px(4), below.center().y() - px(60), px(120), px(120))
        self._draw_ring(painter, ring, header, seen.null_confidence, colour, look.FAINT if old else look.TEXT)
        self._draw_words(painter, below.adjusted(px(148), 0, 0, 0), header, old, colour)

    # ---- the picture ---------------------------------------------------------------------------

    def _draw_picture(self, painter: QPainter, frame: QRectF, header: Picture, seen: _Seen) -> None:
        px = self.theme.px
        old = seen.past is not None
        pixmap = self._pixmap(seen.frame, round(frame.width() * self.devicePixelRatioF()), old)
        brush = QBrush(pixmap)
        ratio = self.devicePixelRatioF()
        brush.setTransform(QTransform().translate(frame.left(), frame.top()).scale(1 / ratio, 1 / ratio))
        inner = look.inset(frame, px(3))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawRoundedRect(inner, px(10), px(10))
        dim = 0.6 if old else _DIM[header.word]
        if dim:
            painter.setBrush(look.faded(look.BACKGROUND, dim))
            painter.drawRoundedRect(inner, px(10), px(10))
        self._draw_frame(painter, frame, header.word, old)
        if seen.past is not None:
            self._draw_stamp(painter, frame, seen.past.sentence, look.BAD if seen.past.fault else look.FAINT)
        elif header.word == "none":
            self._draw_stamp(painter, frame, "A guess at chance level", look.STRENGTH["none"])
        elif header.word == "weak":
            self._draw_stamp(painter, frame, "Weak evidence: a guess", look.STRENGTH["weak"])

    def _draw_frame(self, painter: QPainter, frame: QRectF, word: str, old: bool) -> None:
        px = self.theme.px
        colour = look.FAINT if old else look.STRENGTH[word]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if word == "strong" and not old:
            for width, opacity in ((11, 0.12), (8, 0.2)):
                painter.setPen(QPen(look.faded(colour, opacity), px(width)))
                painter.drawRoundedRect(look.inset(frame, px(2)), px(11), px(11))
        pen = QPen(
            colour if old or word != "none" else look.faded(colour, 0.7), px(4 if word == "strong" else 2.5)
        )
        if old or word in ("none", "weak"):
            pen.setDashPattern([5, 4])
        painter.setPen(pen)
        painter.drawRoundedRect(look.inset(frame, px(2)), px(11), px(11))

    def _draw_stamp(self, painter: QPainter, frame: QRectF, text: str, colour: QColor) -> None:
        px = self.theme.px
        painter.setFont(self.theme.font(21, bold=True))
        width = painter.fontMetrics().horizontalAdvance(text) + px(40)
        stamp = QRectF(frame.center().x() - width / 2, frame.bottom() - px(62), width, px(42))
        painter.setPen(QPen(colour, px(1.5)))
        painter.setBrush(look.faded(look.BACKGROUND, 0.86))
        painter.drawRoundedRect(stamp, stamp.height() / 2, stamp.height() / 2)
        self.write(painter, stamp, text, 21, look.TEXT, CENTRE, bold=True)

    def _pixmap(self, frame: int, side: int, grey: bool) -> QPixmap:
        key = (frame, side, grey)
        if key not in self._pixmaps:
            assert self._shown is not None
            image = as_image(self._shown, frame)
            if grey:
                image = image.convertToFormat(QImage.Format.Format_Grayscale8)
            smooth = Qt.TransformationMode.SmoothTransformation
            # Cut to the square rather than squeezed, whatever the generator's shape.
            image = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding, smooth)
            x, y = (image.width() - side) // 2, (image.height() - side) // 2
            self._pixmaps[key] = QPixmap.fromImage(image.copy(x, y, side, side))
        return self._pixmaps[key]

    # ---- what it is and how sure ---------------------------------------------------------------

    def _draw_ring(
        self, painter: QPainter, ring: QRectF, header: Picture, null: float, colour: QColor, ink: QColor
    ) -> None:
        px = self.theme.px
        arc = look.inset(ring, px(8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        cap = Qt.PenCapStyle.FlatCap
        painter.setPen(QPen(look.TRACK, px(12), Qt.PenStyle.SolidLine, cap))
        painter.drawEllipse(arc)
        share = max(0.0, min(1.0, header.guess.p))
        painter.setPen(QPen(colour, px(12), Qt.PenStyle.SolidLine, cap))
        painter.drawArc(arc, 90 * 16, -round(share * 360 * 16))
        for value, tint in ((header.chance, look.CHANCE), (null, look.NULL)):
            if 0 < value < 1:
                angle = 2 * pi * value - pi / 2
                way = QPointF(cos(angle), sin(angle))
                radius = arc.width() / 2
                self.mark(
                    painter,
                    ring.center() + way * (radius - px(9)),
                    ring.center() + way * (radius + px(9)),
                    tint,
                )
        text = percent(share)
        size = 31 if len(text) < 5 else 25
        self.write(painter, ring.translated(0, -px(7)), text, size, ink, CENTRE, bold=True)
        self.write(painter, ring.translated(0, px(21)), "confidence", 13, look.SOFT, CENTRE)

    def _draw_words(
        self, painter: QPainter, area: QRectF, header: Picture, old: bool, colour: QColor
    ) -> None:
        px = self.theme.px
        unsure = header.word in ("none", "weak")
        label = header.guess.label + ("?" if unsure else "")
        ink = look.FAINT if old or header.word == "none" else look.SOFT if unsure else look.TEXT
        caption = "Nothing should be read into this picture." if header.word == "none" else header.caption
        top = area.center().y() - px(62)
        self.write(
            painter,
            QRectF(area.left(), top, area.width(), px(54)),
            label.capitalize(),
            46,
            ink,
            bold=True,
        )
        if not old:
            self._draw_grades(painter, area.right(), top + px(60), header.grade)
        word = look.WORDS[header.word] + (", shown earlier" if old else "")
        self.write(
            painter, QRectF(area.left(), top + px(58), area.width(), px(30)), word, 23, colour, bold=True
        )
        painter.setFont(self.theme.font(17))
        painter.setPen(look.SOFT)
        lines = QRectF(area.left(), top + px(93), area.width(), px(26))
        self.write(painter, lines, caption, 17, look.FAINT if old else look.SOFT)

    def _draw_grades(self, painter: QPainter, right: float, top: float, grade: str) -> None:
        """Draw the three grades with the present one lit."""
        px = self.theme.px
        for name in reversed(_GRADES):
            painter.setFont(self.theme.font(14, bold=True))
            width = painter.fontMetrics().horizontalAdvance(name) + px(20)
            chip = QRectF(right - width, top, width, px(27))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.faded(look.BLUE, 0.22) if name == grade else look.TRACK)
            painter.drawRoundedRect(chip, px(7), px(7))
            self.write(painter, chip, name, 14, look.BLUE if name == grade else look.FAINT, CENTRE, bold=True)
            right = chip.left() - px(6)

    def _draw_empty(self, painter: QPainter, frame: QRectF, below: QRectF, seen: object) -> None:
        px = self.theme.px
        painter.setPen(QPen(look.CARD_EDGE, px(2.5), Qt.PenStyle.DashLine))
        painter.setBrush(look.BACKGROUND)
        painter.drawRoundedRect(look.inset(frame, px(2)), px(11), px(11))
        waiting = isinstance(seen, _Seen) and seen.word_when_empty != "streaming"
        mark = QRectF(0, 0, px(96), px(96))
        mark.moveCenter(frame.center() - QPointF(0, px(54)))
        painter.setOpacity(0.45)
        paint_mark(painter, mark)
        painter.setOpacity(1.0)
        text = "No picture yet" if waiting else "The first window is filling"
        self.write(painter, frame.translated(0, px(44)), text, 28, look.FAINT, CENTRE, bold=True)
        text = "Pictures appear about two seconds after the first EEG sample."
        self.write(painter, below.adjusted(0, 0, 0, -px(60)), text, 17, look.FAINT, CENTRE)


def as_image(shown: Shown, frame: int) -> QImage:
    """One frame of a picture as a QImage that owns its pixels."""
    pixels = shown.pixels[frame]
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
