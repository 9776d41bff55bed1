"""A crowd: rows of simple people, the far ones small and pale."""

import math

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.figure import HAIR
from rtbci.stimuli.draw.toolkit import (
    SKIN,
    Art,
    Shades,
    Subject,
    box,
    fill,
    moved,
    oval,
    rgb,
    shades,
    stroke,
    vertical,
)

_OTHERS = tuple(shades(rgb(code)) for code in ("e9e5dd", "545b6e", "c9b28f", "7d8894"))
_ROWS = ((0.52, 0.1), (0.59, 0.125), (0.675, 0.155), (0.78, 0.19), (0.91, 0.225))
"""Height of the heads and size of the people, row by row from the back."""


def _crowd(p: QPainter, art: Art) -> None:
    rng = art.rng(1)
    for row, (y, size) in enumerate(_ROWS):
        y, size = y + (art.spec.y - 0.56) * 0.5, size * (0.7 + 0.55 * art.spec.size)
        count = math.ceil(art.aspect / (size * 0.92)) + 3
        for i in range(count):
            x = (
                (i - 1 + 0.5 * (row % 2)) * size * 0.92
                + 0.15 * (art.spec.x - 0.5)
                + rng.uniform(-0.15, 0.15) * size
            )
            cloth = art.shades if rng.random() < 0.68 else rng.choice(_OTHERS)
            person = (
                rng.choice(SKIN),
                rng.choice(HAIR),
                cloth,
                rng.random(),
                rng.random() < 0.3,
                rng.random() < 0.5,
            )
            if _stands(art, x / art.aspect, row):
                _one(p, art, x, y + rng.uniform(-0.012, 0.012), size, row, *person)


def _stands(art: Art, x: float, row: int) -> bool:
    """Whether there is somebody at `x` (0 to 1): one group, two with a gap, or people everywhere."""
    number = art.spec.attribute("number")
    if number == "many":
        return True
    if number == "two":
        return abs(x - art.spec.x) > 0.09
    return abs(x - art.spec.x) < 0.3 + 0.04 * row


def _one(
    p: QPainter,
    art: Art,
    x: float,
    y: float,
    size: float,
    row: int,
    skin: Shades,
    hair: Shades,
    cloth: Shades,
    beat: float,
    waving: bool,
    long: bool,
) -> None:
    hop = 0.05 * abs(math.sin(math.pi * (art.phase + beat)))
    sway = 0.1 * math.sin(2 * math.pi * (art.phase * 0.5 + beat))
    with moved(p, x + sway * size, y - hop * size, 0.0, size, size):
        if waving:
            swing = 0.14 * math.sin(2 * math.pi * (art.phase + beat))
            side = 1 if beat < 0.5 else -1
            stroke(
                p, [(0.34 * side, 0.52), (0.52 * side, 0.1), (0.5 * side + swing, -0.42)], cloth.dark, 0.17
            )
            oval(p, 0.5 * side + swing, -0.46, 0.1, 0.11, skin.base)
        coat = vertical(0.36, 1.5, cloth.light, cloth.base, cloth.deep)
        box(p, -0.46, 0.36, 0.92, 1.5, coat, 0.34)
        if long:
            oval(p, 0.0, 0.1, 0.36, 0.46, hair.dark)
        oval(p, 0.0, 0.02, 0.29, 0.33, vertical(-0.3, 0.35, skin.light, skin.base, skin.dark))
        cap = QPainterPath(QPointF(-0.31, 0.02))
        cap.cubicTo(-0.4, -0.5, 0.4, -0.5, 0.31, 0.02)
        cap.cubicTo(0.22, -0.22, -0.1, -0.12, -0.31, 0.02)
        fill(p, cap, vertical(-0.4, 0.0, hair.light, hair.dark))
        if row >= 1:
            for eye in (-0.1, 0.1):
                oval(p, eye, 0.05, 0.038, 0.055, rgb("1d1720"))
            stroke(p, [(-0.09, 0.17), (0.0, 0.225), (0.09, 0.17)], rgb("8d2c38"), 0.045)


CROWD = Subject(_crowd, width=1.0, place="scene", shadow=0.0)
"""How crowds are drawn."""
