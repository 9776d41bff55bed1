"""Musical instruments: drum, guitar, piano. They play by themselves."""

import math

from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.toolkit import (
    BLACK,
    METAL,
    WHITE,
    WOOD,
    Art,
    Shades,
    Subject,
    ball,
    blob,
    box,
    darker,
    faded,
    fill,
    gloss,
    lighter,
    limb,
    linear,
    moved,
    oval,
    poly,
    radial,
    rgb,
    shades,
    soft,
    stroke,
    vertical,
)

_GOLD = shades(rgb("dfb04a"))
_HEAD = shades(rgb("efe6d2"))


def drum(p: QPainter, art: Art) -> None:
    """A field drum with a shell in the clip's colour; two sticks beat it in turn."""
    tones = art.shades
    for x in (-0.36, 0.36):
        limb(p, (x * 0.8, -0.1), (x, -0.01), 0.05, 0.04, METAL)
    shell = QPainterPath()
    shell.moveTo(-0.5, -0.62)
    shell.lineTo(-0.47, -0.14)
    shell.cubicTo(-0.42, 0.0, 0.42, 0.0, 0.47, -0.14)
    shell.lineTo(0.5, -0.62)
    shell.closeSubpath()
    fill(p, shell, linear(-0.5, 0, 0.5, 0, tones.base, tones.light, tones.base, tones.dark, tones.deep))
    for k in range(6):
        x0, x1 = -0.46 + 0.155 * k, -0.46 + 0.155 * (k + 1)
        for a, b in (((x0, -0.55), ((x0 + x1) / 2, -0.13)), (((x0 + x1) / 2, -0.13), (x1, -0.55))):
            ya, yb = (q[1] + 0.085 * math.sqrt(max(1 - (q[0] / 0.5) ** 2, 0.0)) for q in (a, b))
            stroke(p, [(a[0], ya), (b[0], yb)], linear(a[0], ya, b[0], yb, WHITE.pale, WHITE.dark), 0.017)
    for y, half, thick in ((-0.14, 0.48, 0.06), (-0.6, 0.51, 0.07)):
        rim = QPainterPath()
        rim.moveTo(-half, y)
        rim.cubicTo(-0.42, y + 0.135, 0.42, y + 0.135, half, y)
        stroke(p, rim, linear(-half, 0, half, 0, _GOLD.dark, _GOLD.pale, _GOLD.base, _GOLD.deep), thick)
    hits = [max(0.0, art.wave(1, 0.5 * k)) for k in (0, 1)]
    ring = 0.012 * (1 - max(hits)) * art.wave(6)
    oval(p, 0.0, -0.63, 0.51, 0.125, linear(-0.5, 0, 0.5, 0, _GOLD.light, _GOLD.base, _GOLD.dark))
    oval(p, 0.0, -0.635, 0.475, 0.108, linear(-0.4, -0.75, 0.4, -0.5, _HEAD.pale, _HEAD.base, _HEAD.dark))
    oval(p, 0.0, -0.635 + ring, 0.3, 0.064, faded(_HEAD.dark, 0.25))
    for side, lift in zip((-1, 1), hits, strict=True):
        tip = (0.13 * side, -0.66 - 0.2 * lift)
        soft(p, 0.13 * side, -0.62, 0.1, 0.03, faded(_HEAD.deep, 0.5))
        limb(p, (0.52 * side, -0.93 + 0.08 * (1 - lift) - 0.05 * lift), tip, 0.04, 0.024, WOOD)
        ball(p, tip[0], tip[1], 0.042, 0.036, WOOD)


def guitar(p: QPainter, art: Art) -> None:
    """An acoustic guitar, its body in the clip's colour, that swings while its strings tremble."""
    tones = art.shades
    stand = shades(rgb("3a3a46"))
    for x in (-0.2, 0.2):
        limb(p, (0.0, -0.2), (x, -0.01), 0.028, 0.022, stand)
    with moved(p, 0.0, -0.06, 14 + 9 * art.wave()):
        body = blob(
            [
                (0.0, 0.0),
                (-0.23, -0.05),
                (-0.255, -0.2),
                (-0.165, -0.335),
                (-0.19, -0.46),
                (-0.1, -0.545),
                (0.0, -0.535),
                (0.1, -0.545),
                (0.19, -0.46),
                (0.165, -0.335),
                (0.255, -0.2),
                (0.23, -0.05),
            ]
        )
        with moved(p, 0.02, 0.012):
            fill(p, body, linear(-0.2, 0, 0.26, 0, tones.deep, darker(tones.deep, 0.4)))
        fill(p, body, radial(-0.06, -0.28, 0.36, tones.light, tones.base, tones.base, tones.dark, tones.deep))
        stroke(p, body, faded(WHITE.light, 0.85), 0.009)
        gloss(p, -0.13, -0.2, 0.05, 0.14, 0.5, 12)
        gloss(p, 0.11, -0.45, 0.04, 0.06, 0.35, -20)
        guard = blob([(0.05, -0.36), (0.13, -0.28), (0.15, -0.17), (0.08, -0.2), (0.03, -0.27)])
        fill(p, guard, linear(0, -0.36, 0.15, -0.15, rgb("5a2a20"), rgb("2a1414")))
        oval(p, 0.0, -0.345, 0.088, 0.088, linear(-0.09, -0.43, 0.09, -0.26, _GOLD.light, _GOLD.dark))
        oval(p, 0.0, -0.345, 0.072, 0.072, radial(0.02, -0.33, 0.08, rgb("120a0c"), rgb("3a2420")))
        box(p, -0.085, -0.165, 0.17, 0.034, vertical(-0.165, -0.13, rgb("6a4028"), rgb("2f1a10")), 0.012)
        box(
            p,
            -0.034,
            -0.98,
            0.068,
            0.58,
            linear(-0.034, 0, 0.034, 0, rgb("7a4e30"), rgb("4a2c1a"), rgb("2f1a10")),
        )
        for k in range(10):
            box(p, -0.034, -0.47 - 0.047 * k, 0.068, 0.006, linear(-0.03, 0, 0.03, 0, METAL.pale, METAL.dark))
        for k in (2, 4, 6):
            oval(p, 0.0, -0.492 - 0.047 * k, 0.009, 0.009, WHITE.pale)
        headstock = [
            (-0.036, -0.95),
            (-0.062, -1.0),
            (-0.05, -1.13),
            (0.0, -1.11),
            (0.05, -1.13),
            (0.062, -1.0),
            (0.036, -0.95),
        ]
        poly(p, headstock, linear(-0.06, 0, 0.06, 0, tones.light, tones.base, tones.deep))
        for k in range(3):
            for side in (-1, 1):
                ball(p, 0.078 * side, -1.005 - 0.042 * k, 0.02, 0.014, METAL)
        for k in range(6):
            x = -0.0255 + 0.0102 * k
            tremble = 0.012 * art.wave(5, k / 6) * max(0.0, art.wave(1, 0.1))
            stroke(
                p, [(x * 1.5, -0.15), (x * 1.3 + tremble, -0.5), (x, -0.97)], faded(METAL.pale, 0.95), 0.0045
            )
    _notes(p, art, ((0.3, -0.5), (-0.32, -0.62), (0.36, -0.8)))


def piano(p: QPainter, art: Art) -> None:
    """A grand piano with an open lid, in the clip's colour, whose keys go down by themselves."""
    tones = BLACK if art.spec.attribute("colour") == "grey" else art.shades
    for x, foot in ((-0.5, 0.0), (0.56, 0.0), (0.1, -0.06)):
        leg = [
            (x - 0.045, foot - 0.34),
            (x + 0.045, foot - 0.34),
            (x + 0.022, foot - 0.03),
            (x - 0.022, foot - 0.03),
        ]
        poly(p, leg, linear(x - 0.045, 0, x + 0.045, 0, tones.light, tones.dark, tones.deep))
        ball(p, x, foot - 0.02, 0.03, 0.02, _GOLD)
    lyre = [(-0.02, -0.3), (-0.07, -0.05), (0.07, -0.05), (0.02, -0.3)]
    poly(p, [(x - 0.18, y) for x, y in lyre], linear(-0.25, 0, -0.1, 0, tones.base, tones.deep))
    sway = 0.012 * art.wave()
    lid = QPainterPath()
    lid.moveTo(-0.56, -0.6)
    lid.lineTo(-0.46, -0.98 + sway)
    lid.cubicTo(-0.1, -1.03 + sway, 0.16, -0.86 + sway, 0.4, -0.84 + sway)
    lid.cubicTo(0.66, -0.82 + sway, 0.76, -0.74, 0.72, -0.6)
    lid.closeSubpath()
    fill(p, lid, linear(-0.5, -1.0, 0.5, -0.5, tones.light, tones.base, tones.dark, tones.deep))
    stroke(p, lid, faded(tones.pale, 0.6), 0.008)
    inside = [(-0.56, -0.62), (0.7, -0.62), (0.62, -0.55), (-0.54, -0.55)]
    poly(p, inside, linear(-0.5, 0, 0.6, 0, _GOLD.light, _GOLD.base, _GOLD.dark))
    for k in range(15):
        x = -0.5 + 0.075 * k
        stroke(p, [(x, -0.615), (x + 0.02, -0.56)], faded(_GOLD.deep, 0.7), 0.006)
    limb(p, (0.34, -0.58), (0.42, -0.82 + sway), 0.018, 0.014, tones)
    case = QPainterPath()
    case.moveTo(-0.6, -0.57)
    case.lineTo(0.62, -0.57)
    case.cubicTo(0.76, -0.56, 0.78, -0.34, 0.62, -0.31)
    case.lineTo(-0.6, -0.31)
    case.closeSubpath()
    fill(p, case, vertical(-0.58, -0.3, tones.light, tones.base, tones.dark, tones.deep))
    gloss(p, 0.35, -0.5, 0.28, 0.035, 0.5)
    _keyboard(p, art, tones)
    rest = [(-0.36, -0.6), (-0.33, -0.77), (0.02, -0.77), (0.05, -0.6)]
    poly(p, rest, linear(-0.36, -0.77, 0.05, -0.6, tones.base, tones.deep))
    for x in (-0.3, -0.145):
        box(p, x, -0.755, 0.145, 0.145, linear(x, 0, x + 0.145, 0, rgb("fffdf4"), rgb("e2dac8")))
        for k in range(4):
            box(p, x + 0.015, -0.735 + 0.03 * k, 0.115, 0.005, rgb("6a6470", 0.8))
            oval(p, x + 0.03 + 0.028 * k, -0.727 + 0.03 * k, 0.008, 0.006, rgb("2a2630"))
    _notes(p, art, ((-0.4, -0.86), (0.3, -0.95), (0.0, -0.92)))


def _keyboard(p: QPainter, art: Art, tones: Shades) -> None:
    slab = [(-0.66, -0.4), (0.34, -0.4), (0.3, -0.24), (-0.72, -0.24)]
    poly(p, slab, vertical(-0.4, -0.24, tones.deep, tones.base))
    rng, count = art.rng(1), 16
    order = [rng.randrange(count) for _ in range(8)]
    beat = int(art.phase * 4)
    pressed = {order[beat % 8], order[(beat * 3 + 2) % 8]}
    for k in range(count):
        top, bottom = (-0.62 + 0.9 * k / count, -0.67 + 0.93 * k / count)
        width = 0.9 / count - 0.006
        down = 0.012 if k in pressed else 0.0
        key = [(top, -0.392), (top + width, -0.392), (bottom + width, -0.275 + down), (bottom, -0.275 + down)]
        poly(
            p,
            key,
            vertical(
                -0.39,
                -0.26,
                rgb("b9b5ae") if down else rgb("f2efe8"),
                rgb("e2ddd0") if down else rgb("ffffff"),
            ),
        )
        if k % 7 not in (2, 6):
            black = [
                (top + 0.038, -0.392),
                (top + 0.068, -0.392),
                (top + 0.05, -0.325),
                (top + 0.022, -0.325),
            ]
            poly(p, black, vertical(-0.39, -0.325, rgb("4a4652"), rgb("16131c")))
    box(p, -0.72, -0.262, 1.02, 0.05, vertical(-0.26, -0.21, tones.light, tones.base, tones.deep), 0.012)


def _notes(p: QPainter, art: Art, places: tuple[tuple[float, float], ...]) -> None:
    """Notes that rise from an instrument and fade."""
    for k, (x, y) in enumerate(places):
        rise = (art.phase * 0.8 + k / len(places)) % 1.0
        ink = faded(lighter(art.shades.light, 0.3), math.sin(math.pi * rise))
        x, y = x + 0.05 * math.sin(6 * rise + k), y + 0.08 - 0.24 * rise
        stroke(p, [(x + 0.028, y), (x + 0.028, y - 0.12)], ink, 0.011)
        stroke(p, [(x + 0.028, y - 0.12), (x + 0.06, y - 0.1), (x + 0.07, y - 0.07)], ink, 0.015)
        oval(p, x, y, 0.031, 0.022, ink, -20)


SUBJECTS: dict[str, Subject] = {
    "drum": Subject(drum, width=1.08, shadow=1.15, scale=0.95),
    "guitar": Subject(guitar, width=0.7, shadow=0.6, scale=1.05),
    "piano": Subject(piano, width=1.5, shadow=1.4, scale=1.05),
}
"""How the concepts of this file are drawn."""
