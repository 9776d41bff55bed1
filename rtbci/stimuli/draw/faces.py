"""A face, close up."""

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPainterPath

from rtbci.stimuli.draw.toolkit import (
    SKIN,
    Art,
    Shades,
    Subject,
    blob,
    clipped,
    darker,
    faded,
    fill,
    gloss,
    linear,
    mix,
    moved,
    oval,
    radial,
    rgb,
    shades,
    soft,
    stroke,
    vertical,
)

_EYES = ("3f7fae", "4d8a4a", "6a4226", "4a3a6a")
_CLOTHES = ("e8e4dc", "3b4256", "7f8ea3", "5e4a5c")


def _face(p: QPainter, art: Art) -> None:
    rng = art.rng(1)
    skin, hair = rng.choice(SKIN), art.shades
    iris, cloth = rgb(rng.choice(_EYES)), shades(rgb(rng.choice(_CLOTHES)))
    long = rng.random() < 0.55
    turn = 0.03 * art.wave(1.0)
    with moved(p, 0.0, -0.5, 2.5 * art.wave(1.0)):
        _back_hair(p, hair, long)
    _bust(p, skin, cloth)
    with moved(p, 0.0, -0.5, 2.5 * art.wave(1.0)):
        _head(p, skin)
        _features(p, art, skin, iris, turn)
        _fringe(p, hair, long)


def _back_hair(p: QPainter, hair: Shades, long: bool) -> None:
    bottom = 0.46 if long else 0.12
    shape = blob(
        [
            (0.0, -0.5),
            (-0.27, -0.43),
            (-0.41, -0.18),
            (-0.42, bottom * 0.5),
            (-0.36, bottom),
            (0.36, bottom),
            (0.42, bottom * 0.5),
            (0.41, -0.18),
            (0.27, -0.43),
        ]
    )
    fill(p, shape, linear(-0.42, -0.4, 0.42, 0.3, hair.base, hair.dark, hair.deep))


def _bust(p: QPainter, skin: Shades, cloth: Shades) -> None:
    """Neck and shoulders; they go on below the base, out of the picture."""
    fill(
        p,
        blob([(-0.13, -0.2), (0.13, -0.2), (0.16, 0.12), (-0.16, 0.12)]),
        vertical(-0.2, 0.05, skin.deep, skin.dark, skin.base),
    )
    body = QPainterPath(QPointF(-0.16, -0.02))
    body.cubicTo(-0.3, 0.05, -0.5, 0.06, -0.54, 0.3)
    body.lineTo(-0.56, 0.9)
    body.lineTo(0.56, 0.9)
    body.lineTo(0.54, 0.3)
    body.cubicTo(0.5, 0.06, 0.3, 0.05, 0.16, -0.02)
    body.cubicTo(0.1, 0.14, -0.1, 0.14, -0.16, -0.02)
    fill(p, body, linear(-0.5, 0.0, 0.5, 0.2, cloth.light, cloth.base, cloth.dark))


def _head(p: QPainter, skin: Shades) -> None:
    for side in (-1, 1):
        oval(p, 0.315 * side, 0.02, 0.055, 0.09, radial(0.3 * side, 0.0, 0.1, skin.base, skin.dark))
    shape = blob(
        [
            (0.0, -0.42),
            (-0.22, -0.36),
            (-0.32, -0.12),
            (-0.3, 0.12),
            (-0.19, 0.31),
            (0.0, 0.4),
            (0.19, 0.31),
            (0.3, 0.12),
            (0.32, -0.12),
            (0.22, -0.36),
        ]
    )
    fill(p, shape, radial(-0.09, -0.1, 0.56, skin.light, skin.base, skin.base, skin.dark))
    for side in (-1, 1):
        soft(p, 0.2 * side, 0.12, 0.1, 0.08, rgb("f0566a", 0.45))
    gloss(p, -0.08, -0.2, 0.14, 0.09, 0.3)


def _features(p: QPainter, art: Art, skin: Shades, iris: QColor, turn: float) -> None:
    blink = max(0.06, min(1.0, abs(((art.t * 0.7 + art.rng(2).random()) % 1.0) - 0.5) * 14))
    for side in (-1, 1):
        x = 0.135 * side + turn * 0.6
        with moved(p, x, -0.03, 0.0, 1.0, blink):
            _eye(p, iris, turn)
        lid = [(x - 0.085, -0.035 * blink), (x, -0.03 - 0.058 * blink), (x + 0.085, -0.035 * blink)]
        stroke(p, lid, faded(darker(skin.deep, 0.5), 0.9), 0.017)
        brow = [
            (x - 0.09, -0.14 - 0.012 * side),
            (x, -0.165 + 0.01 * art.wave(1.0)),
            (x + 0.09, -0.14 + 0.012 * side),
        ]
        stroke(p, brow, darker(art.shades.deep, 0.15), 0.028)
    stroke(
        p, [(turn + 0.012, -0.02), (turn + 0.035, 0.09), (turn - 0.015, 0.11)], faded(skin.dark, 0.75), 0.016
    )
    gloss(p, turn + 0.0, 0.07, 0.025, 0.03, 0.45)
    _mouth(p, art, turn)


def _eye(p: QPainter, iris: QColor, turn: float) -> None:
    almond = QPainterPath(QPointF(-0.085, 0.0))
    almond.quadTo(0.0, -0.115, 0.085, 0.0)
    almond.quadTo(0.0, 0.085, -0.085, 0.0)
    fill(p, almond, vertical(-0.06, 0.05, rgb("d5d9e2"), rgb("ffffff")))
    with clipped(p, almond):
        x = turn * 0.9
        oval(p, x, -0.005, 0.048, 0.048, radial(x, 0.01, 0.05, iris, iris, rgb("1a1620")))
        oval(p, x, -0.005, 0.023, 0.023, rgb("0d0a12"))
        oval(p, x - 0.016, -0.022, 0.013, 0.013, rgb("ffffff"))


def _mouth(p: QPainter, art: Art, turn: float) -> None:
    talking = art.spec.attribute("speed") == "fast"
    gape = 0.035 + 0.03 * art.wave(2.0) if talking else 0.012
    x, y, half = turn * 0.8, 0.2, 0.115
    lips = QPainterPath(QPointF(x - half, y))
    lips.cubicTo(x - 0.05, y - 0.03, x - 0.02, y - 0.025, x, y - 0.012)
    lips.cubicTo(x + 0.02, y - 0.025, x + 0.05, y - 0.03, x + half, y)
    lips.cubicTo(x + 0.06, y + 0.06 + gape, x - 0.06, y + 0.06 + gape, x - half, y)
    fill(p, lips, vertical(y - 0.03, y + 0.08, rgb("c8485a"), rgb("e8788a"), rgb("b03a50")))
    inside = QPainterPath(QPointF(x - half * 0.82, y + 0.003))
    inside.quadTo(x, y + 0.008, x + half * 0.82, y + 0.003)
    inside.quadTo(x, y + 0.03 + gape * 1.5, x - half * 0.82, y + 0.003)
    fill(p, inside, vertical(y, y + 0.05, rgb("ffffff"), rgb("f2e6e4"), rgb("7a2030")))


def _fringe(p: QPainter, hair: Shades, long: bool) -> None:
    side = -0.37 if long else -0.34
    low = 0.26 if long else -0.06
    fringe = blob(
        [
            (0.02, -0.51),
            (-0.25, -0.46),
            (-0.4, -0.22),
            (side - 0.02, low),
            (side + 0.06, low - 0.02),
            (-0.29, -0.12),
            (-0.18, -0.24),
            (0.03, -0.3),
            (0.15, -0.33),
            (0.26, -0.24),
            (0.3, -0.1),
            (-side - 0.06, low - 0.02),
            (-side + 0.02, low),
            (0.4, -0.22),
            (0.25, -0.45),
        ]
    )
    fill(p, fringe, linear(-0.35, -0.5, 0.3, 0.1, hair.light, hair.base, hair.base, hair.dark))
    for x, top in ((-0.12, -0.46), (0.02, -0.48), (0.14, -0.46)):
        stroke(
            p,
            [(x, top), (x - 0.12, -0.38), (x - 0.2, -0.26)],
            faded(mix(hair.deep, hair.base, 0.4), 0.45),
            0.014,
        )
    with moved(p, -0.15, -0.4, -26):
        gloss(p, 0.0, 0.0, 0.14, 0.035, 0.6)


FACE = Subject(_face, width=0.92, place="air", bob=0.01, shadow=0.0, scale=1.25)
"""How faces are drawn and placed."""
