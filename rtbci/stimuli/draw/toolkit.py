"""Brushes, shapes and colours that every drawing of the corpus is made of.

The convention for subjects
---------------------------
A subject is a function ``(p: QPainter, art: Art) -> None`` that draws **one** object in its own
coordinates: the origin is the middle of its base (between the feet), y points **down** as everywhere
in Qt, so the body lies in y = -1 (top) to 0 (base); the object is 1.0 high and **faces right**. Things
that fly or swim keep to the same box. `rtbci.stimuli.draw` places, scales, mirrors and repeats it, and
draws its shadow on the ground. A function may be called for several objects of one picture:
``art.index`` says which one this is.

Each file of subjects exports ``SUBJECTS: dict[str, Subject]``, concept name to `Subject`, which says how
to place and move it. Subjects with ``place="scene"`` are whole pictures instead: their coordinates run
from 0 to 1 from top to bottom and from 0 to ``art.aspect`` from left to right, and they draw everything
but the scene's background, which is there already.

What must show: ``art.shades`` (the clip's colour) dominates the object; everything that moves is driven
by ``art.phase`` (in cycles; fast clips run through more of them) or ``art.wave(...)``; details that differ
between clips come from ``art.rng(salt)``, which gives the same numbers in every frame of a clip.
Every fill is a gradient: use `ball`, `vertical`, `linear`, `radial`, `limb`. Draw no text.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QRadialGradient,
    QTransform,
)

from rtbci.stimuli.spec import ClipSpec

Colour = QColor
Point = tuple[float, float]
Paint = QColor | QBrush
Place = Literal["ground", "air", "deep", "water", "scene"]


def rgb(code: str, alpha: float = 1.0) -> QColor:
    """Colour from ``"rrggbb"`` and an opacity of 0 to 1."""
    value = int(code, 16)
    return QColor(value >> 16, (value >> 8) & 255, value & 255, round(255 * alpha))


def mix(a: QColor, b: QColor, k: float) -> QColor:
    """The colour that lies a fraction `k` of the way from `a` to `b`, opacity included."""
    return QColor(
        round(a.red() + (b.red() - a.red()) * k),
        round(a.green() + (b.green() - a.green()) * k),
        round(a.blue() + (b.blue() - a.blue()) * k),
        round(a.alpha() + (b.alpha() - a.alpha()) * k),
    )


def lighter(colour: QColor, k: float) -> QColor:
    """`colour` moved a fraction `k` towards white."""
    return mix(colour, QColor(255, 255, 255, colour.alpha()), k)


def darker(colour: QColor, k: float) -> QColor:
    """`colour` moved a fraction `k` towards a bluish black, as shadows are."""
    return mix(colour, QColor(14, 10, 34, colour.alpha()), k)


def faded(colour: QColor, alpha: float) -> QColor:
    """`colour` with another opacity (0 to 1)."""
    out = QColor(colour)
    out.setAlphaF(alpha)
    return out


@dataclass(frozen=True, slots=True)
class Shades:
    """One colour in five tones, from the brightest to the deepest shadow."""

    pale: QColor
    light: QColor
    base: QColor
    dark: QColor
    deep: QColor


def shades(base: QColor) -> Shades:
    """The five tones of a colour."""
    return Shades(lighter(base, 0.68), lighter(base, 0.34), base, darker(base, 0.34), darker(base, 0.58))


PALETTE: dict[str, Shades] = {
    name: shades(rgb(code))
    for name, code in {
        "red": "d92f35",
        "orange": "f08a24",
        "yellow": "f2c92f",
        "green": "3d9e48",
        "blue": "2f66d0",
        "purple": "8443b8",
        "brown": "885331",
        "grey": "8b8f98",
    }.items()
}
"""The tones of each of the corpus's colours."""

WHITE = shades(rgb("e9e8e6"))
BLACK = shades(rgb("34343d"))
WOOD = shades(rgb("a36a3e"))
METAL = shades(rgb("aeb6c2"))
LEAF = shades(rgb("4c9d45"))
SKIN: tuple[Shades, ...] = tuple(shades(rgb(code)) for code in ("f1c7a5", "dca57c", "b57a50", "7d4e31"))
INK = rgb("1d1a26")


@dataclass(frozen=True, slots=True)
class Art:
    """What a subject's function needs to know.

    Attributes
    ----------
    spec : ClipSpec
    t : float
        Seconds since the clip's start.
    phase : float
        Motion in cycles: `t` times the clip's tempo, plus an offset that differs between objects.
    index : int
        Which of the picture's objects this is, 0 being the main one.
    shades : Shades
        The clip's colour.
    aspect : float
        Width of the picture over its height.
    """

    spec: ClipSpec
    t: float
    phase: float
    index: int
    shades: Shades
    aspect: float = 1.0

    def wave(self, cycles: float = 1.0, offset: float = 0.0) -> float:
        """Sine of the motion's phase, -1 to 1; `cycles` per cycle of the motion, `offset` in cycles."""
        return math.sin(2 * math.pi * (self.phase * cycles + offset))

    def rng(self, salt: int = 0) -> random.Random:
        """Random numbers that belong to this object of this clip: the same in every frame."""
        return random.Random(((self.spec.seed * 64 + self.spec.concept) * 8 + self.index) * 1009 + salt)


@dataclass(frozen=True, slots=True)
class Subject:
    """How to draw a concept's object, and where and how it moves.

    Attributes
    ----------
    draw : callable
        Draws one object (see the top of this file).
    width : float
        Width of one object in heights; wide ones are made smaller so that they fit.
    place : str
        "ground" stands on the ground (or table), "air" flies, "deep" swims under water, "water" floats
        on the sea, "scene" is a whole picture.
    travel : float
        How far it goes forward in a slow clip, in heights of the picture a second.
    bob : float
        How far it rises and falls, in heights of the object.
    shadow : float
        Width of the shadow on the ground in heights of the object, 0 for none.
    scale : float
        Factor on the size, for things that would look too small or too large.
    most : int
        How many objects "many" are.
    """

    draw: Callable[[QPainter, Art], None]
    width: float = 1.0
    place: Place = "ground"
    travel: float = 0.0
    bob: float = 0.0
    shadow: float = 0.8
    scale: float = 1.0
    most: int = 4


def linear(x0: float, y0: float, x1: float, y1: float, *colours: QColor) -> QBrush:
    """Brush that runs evenly through `colours` from one point to another."""
    gradient = QLinearGradient(x0, y0, x1, y1)
    last = len(colours) - 1
    for i, colour in enumerate(colours):
        gradient.setColorAt(i / last, colour)
    return QBrush(gradient)


def vertical(top: float, bottom: float, *colours: QColor) -> QBrush:
    """Brush that runs evenly through `colours` from the top down."""
    return linear(0.0, top, 0.0, bottom, *colours)


def radial(cx: float, cy: float, r: float, *colours: QColor) -> QBrush:
    """Brush that runs evenly through `colours` from a centre outwards."""
    gradient = QRadialGradient(cx, cy, r)
    last = len(colours) - 1
    for i, colour in enumerate(colours):
        gradient.setColorAt(i / last, colour)
    return QBrush(gradient)


@contextmanager
def moved(
    p: QPainter, x: float, y: float, angle: float = 0.0, sx: float = 1.0, sy: float = 1.0
) -> Iterator[None]:
    """Draw inside at another place, turned by `angle` degrees (clockwise) and scaled."""
    p.save()
    p.translate(x, y)
    if angle:
        p.rotate(angle)
    if sx != 1.0 or sy != 1.0:
        p.scale(sx, sy)
    try:
        yield
    finally:
        p.restore()


_FINE = 1024.0
_ENLARGED = QTransform.fromScale(_FINE, _FINE)
"""Qt cuts a curve shorter than one unit into hundreds of pieces, whatever the painter's scale: eight times
slower. So curves are enlarged and the painter made smaller by the same power of two, which is exact."""


def _enlarged(paint: Paint) -> Paint:
    if isinstance(paint, QBrush) and paint.gradient() is not None:
        paint = QBrush(paint)
        paint.setTransform(_ENLARGED)
    return paint


def fill(p: QPainter, path: QPainterPath, paint: Paint) -> None:
    """Fill a path."""
    p.scale(1 / _FINE, 1 / _FINE)
    p.fillPath(_ENLARGED.map(path), _enlarged(paint))
    p.scale(_FINE, _FINE)


@contextmanager
def clipped(p: QPainter, path: QPainterPath) -> Iterator[None]:
    """Draw only what lies inside a path."""
    p.save()
    p.scale(1 / _FINE, 1 / _FINE)
    p.setClipPath(_ENLARGED.map(path), Qt.ClipOperation.IntersectClip)
    p.scale(_FINE, _FINE)
    try:
        yield
    finally:
        p.restore()


def stroke(p: QPainter, path: QPainterPath | Sequence[Point], paint: Paint, width: float) -> None:
    """Draw a line with round ends along a path or a smooth curve through points."""
    if not isinstance(path, QPainterPath):
        path = curve(path) if len(path) > 2 else _line(path)
    brush = _enlarged(paint if isinstance(paint, QBrush) else QBrush(paint))
    pen = QPen(
        brush, width * _FINE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    )
    p.scale(1 / _FINE, 1 / _FINE)
    p.strokePath(_ENLARGED.map(path), pen)
    p.scale(_FINE, _FINE)


def oval(p: QPainter, cx: float, cy: float, rx: float, ry: float, paint: Paint, angle: float = 0.0) -> None:
    """Fill an ellipse, turned by `angle` degrees."""
    if angle:
        with moved(p, cx, cy, angle):
            # A turned ellipse's brush is given about its own middle.
            oval(p, 0.0, 0.0, rx, ry, paint)
        return
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(_enlarged(paint))
    p.scale(1 / _FINE, 1 / _FINE)
    p.drawEllipse(QRectF((cx - rx) * _FINE, (cy - ry) * _FINE, 2 * rx * _FINE, 2 * ry * _FINE))
    p.scale(_FINE, _FINE)


def ball(p: QPainter, cx: float, cy: float, rx: float, ry: float, tones: Shades, angle: float = 0.0) -> None:
    """Fill an ellipse that looks round: lit from the upper left, dark at the lower right."""
    with moved(p, cx, cy, angle, rx / _FINE, ry / _FINE):
        gradient = QRadialGradient(
            QPointF(-0.2 * _FINE, -0.3 * _FINE), 1.3 * _FINE, QPointF(-0.35 * _FINE, -0.5 * _FINE)
        )
        gradient.setColorAt(0.0, tones.light)
        gradient.setColorAt(0.45, tones.base)
        gradient.setColorAt(1.0, tones.dark)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(gradient)
        p.drawEllipse(QRectF(-_FINE, -_FINE, 2 * _FINE, 2 * _FINE))


def soft(p: QPainter, cx: float, cy: float, rx: float, ry: float, colour: QColor, angle: float = 0.0) -> None:
    """An ellipse that fades out towards its edge: light, haze, blush."""
    with moved(p, cx, cy, angle, rx, ry):
        gradient = QRadialGradient(0.0, 0.0, 1.0)
        gradient.setColorAt(0.0, colour)
        gradient.setColorAt(0.45, faded(colour, colour.alphaF() * 0.5))
        gradient.setColorAt(1.0, faded(colour, 0.0))
        # The square's corners stay clear, and a rectangle is much faster to fill than an ellipse.
        p.fillRect(QRectF(-1, -1, 2, 2), QBrush(gradient))


def glow(p: QPainter, cx: float, cy: float, r: float, colour: QColor, strength: float = 0.6) -> None:
    """Light that adds to what is behind it."""
    before = p.compositionMode()
    p.setCompositionMode(QPainter.CompositionMode.CompositionMode_Plus)
    soft(p, cx, cy, r, r, faded(colour, strength))
    p.setCompositionMode(before)


def shadow(p: QPainter, cx: float, cy: float, rx: float, ry: float, strength: float = 0.42) -> None:
    """A soft shadow on the ground."""
    soft(p, cx, cy, rx, ry, QColor(10, 8, 26, round(255 * strength)))


def polygon(points: Sequence[Point]) -> QPainterPath:
    """Closed path with straight sides."""
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    path.closeSubpath()
    return path


def poly(p: QPainter, points: Sequence[Point], paint: Paint) -> None:
    """Fill a shape with straight sides."""
    p.fillPath(polygon(points), paint)


def curve(points: Sequence[Point]) -> QPainterPath:
    """Smooth open path through all points (Catmull-Rom)."""
    return _spline(points, closed=False)


def _line(points: Sequence[Point]) -> QPainterPath:
    path = QPainterPath(QPointF(*points[0]))
    for point in points[1:]:
        path.lineTo(*point)
    return path


def blob(points: Sequence[Point]) -> QPainterPath:
    """Smooth closed path through all points (Catmull-Rom)."""
    return _spline(points, closed=True)


def _spline(points: Sequence[Point], closed: bool) -> QPainterPath:
    n = len(points)
    path = QPainterPath(QPointF(*points[0]))

    def at(i: int) -> Point:
        return points[i % n] if closed else points[min(max(i, 0), n - 1)]

    for i in range(n if closed else n - 1):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = at(i - 1), at(i), at(i + 1), at(i + 2)
        path.cubicTo(bx + (cx - ax) / 6, by + (cy - ay) / 6, cx - (dx - bx) / 6, cy - (dy - by) / 6, cx, cy)
    if closed:
        path.closeSubpath()
    return path


def box(
    p: QPainter, x: float, y: float, width: float, height: float, paint: Paint, radius: float = 0.0
) -> None:
    """Fill a rectangle with rounded corners; x and y are its upper left corner."""
    if not radius:
        p.fillRect(QRectF(x, y, width, height), paint)
        return
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(_enlarged(paint))
    p.scale(1 / _FINE, 1 / _FINE)
    p.drawRoundedRect(
        QRectF(x * _FINE, y * _FINE, width * _FINE, height * _FINE), radius * _FINE, radius * _FINE
    )
    p.scale(_FINE, _FINE)


def limb(p: QPainter, start: Point, end: Point, thick: float, thin: float, tones: Shades) -> None:
    """A rounded, tapering limb, lit from one side; `thick` and `thin` are its widths at the two ends."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    a, b = thick / 2, thin / 2
    with moved(p, x0, y0, math.degrees(math.atan2(y1 - y0, x1 - x0))):
        path = QPainterPath(QPointF(0.0, -a))
        path.lineTo(length, -b)
        path.arcTo(QRectF(length - b, -b, 2 * b, 2 * b), 90, -180)
        path.lineTo(0.0, a)
        path.arcTo(QRectF(-a, -a, 2 * a, 2 * a), 270, -180)
        # Light comes from the upper left whatever way the limb points.
        lit_first = (x1 - x0) + (y0 - y1) * 0.6 >= 0
        ends = (tones.light, tones.base, tones.dark) if lit_first else (tones.dark, tones.base, tones.light)
        fill(p, path, linear(0.0, -a * 1.15, 0.0, a * 1.15, *ends))


def bent(root: Point, tip: Point, upper: float, lower: float, side: float) -> Point:
    """Where the knee or elbow is between `root` and `tip`, for two bones of given lengths.

    `side` is 1 or -1 and chooses which way the joint bends: with y down and the limb hanging, 1 bends
    it to the right. If the tip is out of reach the limb is stretched straight.
    """
    dx, dy = tip[0] - root[0], tip[1] - root[1]
    distance = max(math.hypot(dx, dy), 1e-9)
    along = (upper**2 - lower**2 + distance**2) / (2 * distance)
    along = min(max(along, 0.0), max(upper, distance * upper / (upper + lower)))
    off = math.sqrt(max(upper**2 - along**2, 0.0)) * side
    if distance >= upper + lower:
        along, off = distance * upper / (upper + lower), 0.0
    return root[0] + (dx * along + dy * off) / distance, root[1] + (dy * along - dx * off) / distance


def eye(p: QPainter, x: float, y: float, r: float, look: float = 0.3, iris: QColor = INK) -> None:
    """A round eye that looks to the right by `look` of its radius."""
    oval(p, x, y, r, r, radial(x, y, r, rgb("ffffff"), rgb("ffffff"), rgb("c9ced8")))
    oval(p, x + look * r, y, r * 0.62, r * 0.62, radial(x + look * r, y, r * 0.62, lighter(iris, 0.25), iris))
    oval(p, x + (look - 0.2) * r, y - 0.25 * r, r * 0.2, r * 0.2, rgb("ffffff"))


def gloss(
    p: QPainter, cx: float, cy: float, rx: float, ry: float, strength: float = 0.6, angle: float = 0.0
) -> None:
    """A soft highlight on something shiny."""
    soft(p, cx, cy, rx, ry, QColor(255, 255, 255, round(255 * strength)), angle)


def leaf(p: QPainter, x: float, y: float, length: float, width: float, angle: float, tones: Shades) -> None:
    """A pointed leaf from its stem at (x, y) outwards, `angle` degrees clockwise from the right."""
    with moved(p, x, y, angle):
        path = QPainterPath(QPointF(0.0, 0.0))
        path.cubicTo(length * 0.3, -width, length * 0.75, -width * 0.8, length, 0.0)
        path.cubicTo(length * 0.75, width * 0.8, length * 0.3, width, 0.0, 0.0)
        fill(p, path, linear(0.0, -width * 0.7, 0.0, width * 0.7, tones.light, tones.base, tones.dark))
        stroke(p, [(0.0, 0.0), (length * 0.9, 0.0)], faded(tones.dark, 0.6), width * 0.08)
