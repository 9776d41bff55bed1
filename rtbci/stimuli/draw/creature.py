"""What the animals share: walking legs, a striped or plain hide, faces."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPainterPath

from rtbci.stimuli.draw.toolkit import (
    INK,
    Art,
    Point,
    Shades,
    ball,
    bent,
    blob,
    fill,
    mix,
    oval,
    rgb,
    stroke,
    vertical,
)

CREAM = rgb("fbf3e6")
PINK = rgb("f29aa6")


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a walker.

    Attributes
    ----------
    hip : tuple of float
    length, thick, thin : float
        From hip to ground, and its widths at the two ends.
    beat : float
        When in the gait it steps, in cycles.
    side : float
        Which way its knee bends (see `toolkit.bent`).
    stride, lift : float
        How far the foot swings to each side, and how high it is lifted.
    """

    hip: Point
    length: float
    thick: float
    thin: float
    beat: float
    side: float = 1.0
    stride: float = 0.09
    lift: float = 0.07


def behind(tones: Shades) -> Shades:
    """The tones of what lies on the far side, in shadow."""
    return Shades(tones.base, mix(tones.base, tones.dark, 0.7), tones.dark, tones.deep, tones.deep)


def blend(tones: Shades, other: Shades, k: float) -> Shades:
    """Tones a fraction `k` of the way towards others."""
    return Shades(
        mix(tones.pale, other.pale, k),
        mix(tones.light, other.light, k),
        mix(tones.base, other.base, k),
        mix(tones.dark, other.dark, k),
        mix(tones.deep, other.deep, k),
    )


def draw_leg(p: QPainter, art: Art, leg: Leg, tones: Shades, paw: Shades) -> None:
    """Draw a leg at this moment of its gait."""
    angle = 2 * math.pi * (art.phase + leg.beat)
    foot = (leg.hip[0] + leg.stride * math.cos(angle), -0.025 - leg.lift * max(0.0, -math.sin(angle)))
    knee = bent(leg.hip, foot, leg.length * 0.506, leg.length * 0.506, leg.side)
    (x, y), a, b, c = leg.hip, leg.thick / 2, leg.thick * 0.28 + leg.thin * 0.22, leg.thin / 2
    outline = [(x - a, y), (knee[0] - b, knee[1]), (foot[0] - c, foot[1]), (foot[0] + c, foot[1])]
    outline += [(knee[0] + b, knee[1]), (x + a, y), (x, y - a)]
    fill(p, blob(outline), vertical(y - a, foot[1], tones.base, tones.base, tones.dark))
    ball(p, foot[0] + leg.thin * 0.22, foot[1] - 0.002, leg.thin * 0.78, leg.thin * 0.5, paw)


def draw_bead(p: QPainter, x: float, y: float, r: float, colour: QColor = INK) -> None:
    """A dark shining eye, as small animals have."""
    oval(p, x, y, r, r * 1.1, colour)
    oval(p, x + r * 0.3, y - r * 0.4, r * 0.36, r * 0.36, rgb("ffffff"))
    oval(p, x - r * 0.35, y + r * 0.4, r * 0.2, r * 0.2, rgb("ffffff", 0.6))


def draw_smile(p: QPainter, x: float, y: float, width: float, thick: float = 0.012) -> None:
    """A small mouth below a nose: two arcs."""
    half, drop = width / 2, width * 0.62
    path = QPainterPath(QPointF(x - half, y))
    path.quadTo(x - half / 2, y + drop, x, y)
    path.quadTo(x + half / 2, y + drop, x + half, y)
    stroke(p, path, rgb("4a2f38", 0.8), thick)


def draw_body(p: QPainter, path: QPainterPath, tones: Shades, top: float, bottom: float) -> None:
    """A rounded body: lit along the back, in shade below, with light coming back from the ground."""
    fill(
        p,
        path,
        vertical(
            top, bottom, tones.light, tones.base, tones.base, tones.dark, mix(tones.dark, tones.base, 0.4)
        ),
    )
