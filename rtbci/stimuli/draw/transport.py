"""Things that carry people: motorbike, car, balloon, airplane, ship."""

import math

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.toolkit import (
    BLACK,
    METAL,
    SKIN,
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
    glow,
    lighter,
    limb,
    linear,
    mix,
    moved,
    oval,
    poly,
    polygon,
    radial,
    rgb,
    soft,
    stroke,
    vertical,
)

_TYRE = rgb("1c1b22")
_GLASS = (rgb("e6f4fb"), rgb("9cc7dd"), rgb("4d7c98"))


def car(p: QPainter, art: Art) -> None:
    """A rounded saloon from the side, wheels turning."""
    tones = art.shades
    with moved(p, 0.0, -0.012 * abs(art.wave(2))):
        _car_body(p, tones)
        _car_glass(p, tones)
        _car_trim(p, art, tones)
    for x in (-0.56, 0.58):
        _wheel(p, x, -0.21, 0.21, art.phase + 0.13 * (x > 0))


def _car_body(p: QPainter, tones: Shades) -> None:
    body = QPainterPath()
    body.moveTo(-1.02, -0.22)
    body.cubicTo(-1.06, -0.5, -1.0, -0.57, -0.86, -0.6)
    body.lineTo(-0.62, -0.64)
    body.cubicTo(-0.5, -0.9, -0.4, -1.0, -0.16, -1.0)
    body.lineTo(0.12, -1.0)
    body.cubicTo(0.34, -1.0, 0.42, -0.86, 0.56, -0.63)
    body.cubicTo(0.84, -0.6, 1.0, -0.54, 1.03, -0.38)
    body.cubicTo(1.05, -0.3, 1.04, -0.22, 1.0, -0.19)
    body.lineTo(-0.96, -0.18)
    body.closeSubpath()
    fill(p, body, vertical(-1.0, -0.18, tones.pale, tones.light, tones.base, tones.dark, tones.deep))
    belt = [(-0.98, -0.5), (-0.4, -0.56), (0.5, -0.55), (1.0, -0.43)]
    stroke(p, belt, faded(tones.pale, 0.75), 0.02)
    stroke(p, [(-1.0, -0.26), (0.0, -0.25), (1.02, -0.27)], faded(tones.deep, 0.75), 0.03)
    gloss(p, -0.1, -0.95, 0.34, 0.045, 0.7)
    gloss(p, 0.78, -0.54, 0.16, 0.035, 0.6, 8)


def _car_glass(p: QPainter, tones: Shades) -> None:
    panes = (
        [(-0.5, -0.62), (-0.4, -0.82), (-0.28, -0.92), (-0.06, -0.93), (-0.06, -0.62)],
        [(0.0, -0.62), (0.0, -0.93), (0.13, -0.92), (0.28, -0.82), (0.42, -0.62)],
    )
    for pane in panes:
        poly(p, pane, linear(-0.4, -0.95, 0.2, -0.6, *_GLASS))
    poly(p, [(-0.32, -0.62), (-0.16, -0.93), (-0.09, -0.93), (-0.24, -0.62)], rgb("ffffff", 0.35))
    ball(p, 0.16, -0.7, 0.055, 0.065, SKIN[1])
    oval(p, 0.15, -0.745, 0.058, 0.035, vertical(-0.78, -0.71, rgb("5b4334"), rgb("33241d")))
    stroke(p, [(-0.03, -0.24), (-0.03, -0.95)], faded(tones.deep, 0.85), 0.022)


def _car_trim(p: QPainter, art: Art, tones: Shades) -> None:
    for x in (-0.14, 0.32):
        box(p, x, -0.52, 0.11, 0.025, vertical(-0.52, -0.49, METAL.pale, METAL.dark), 0.012)
    oval(
        p, 0.965, -0.42, 0.045, 0.065, radial(0.98, -0.43, 0.08, rgb("fffbe0"), rgb("ffe08a"), rgb("b98a2d"))
    )
    box(p, -1.035, -0.49, 0.06, 0.13, vertical(-0.49, -0.36, rgb("ff7a6b"), rgb("a31620")), 0.025)
    box(p, 0.92, -0.25, 0.14, 0.06, vertical(-0.25, -0.19, METAL.pale, METAL.dark), 0.025)
    box(p, -1.06, -0.25, 0.14, 0.06, vertical(-0.25, -0.19, METAL.pale, METAL.dark), 0.025)
    if art.spec.attribute("sky") == "night":
        glow(p, 1.06, -0.42, 0.28, rgb("ffe9a8"), 0.65)
        poly(
            p,
            [(1.0, -0.45), (1.8, -0.6), (1.8, -0.1), (1.0, -0.38)],
            linear(1.0, 0, 1.8, 0, rgb("fff0b8", 0.5), rgb("fff0b8", 0.0)),
        )
    for x in (-0.56, 0.58):
        arch = QPainterPath()
        arch.moveTo(x - 0.26, -0.18)
        arch.arcTo(QRectF(x - 0.26, -0.46, 0.52, 0.54), 180, -180)
        arch.closeSubpath()
        fill(p, arch, vertical(-0.46, -0.18, darker(tones.deep, 0.5), _TYRE))


def _wheel(p: QPainter, x: float, y: float, r: float, turns: float, spokes: int = 5) -> None:
    """A tyre with a bright rim whose spokes turn."""
    oval(p, x, y, r, r, radial(x - 0.2 * r, y - 0.3 * r, 1.3 * r, rgb("4a4953"), _TYRE, rgb("0c0b10")))
    oval(p, x, y, 0.64 * r, 0.64 * r, linear(x - r, y - r, x + r, y + r, METAL.pale, METAL.base, METAL.deep))
    oval(p, x, y, 0.54 * r, 0.54 * r, radial(x, y, 0.55 * r, METAL.deep, rgb("3c414b")))
    for k in range(spokes):
        angle = 2 * math.pi * (k / spokes + turns)
        tip = (x + 0.56 * r * math.cos(angle), y + 0.56 * r * math.sin(angle))
        stroke(p, [(x, y), tip], METAL.light, 0.13 * r)
    oval(p, x, y, 0.15 * r, 0.15 * r, radial(x, y, 0.15 * r, METAL.pale, METAL.dark))


def motorbike(p: QPainter, art: Art) -> None:
    """A motorbike with a helmeted rider, leaning a little with the motion."""
    tones = art.shades
    with moved(p, 0.0, 0.0, -1.5 + 1.5 * art.wave()):
        for x in (-0.47, 0.5):
            _wheel(p, x, -0.2, 0.2, art.phase, 7)
        stroke(p, [(0.5, -0.2), (0.36, -0.6)], linear(0.36, -0.6, 0.5, -0.2, METAL.pale, METAL.dark), 0.045)
        stroke(
            p,
            [(-0.47, -0.2), (-0.2, -0.26), (0.04, -0.22)],
            linear(0, -0.3, 0, -0.2, METAL.light, METAL.deep),
            0.05,
        )
        _engine(p)
        _rider_leg(p)
        _bike_body(p, tones)
        _rider(p, tones, art.wave())
        if art.spec.attribute("sky") == "night":
            glow(p, 0.62, -0.54, 0.3, rgb("ffe9a8"), 0.65)


def _engine(p: QPainter) -> None:
    box(p, -0.13, -0.4, 0.3, 0.24, vertical(-0.4, -0.16, METAL.light, METAL.dark, METAL.deep), 0.06)
    for k in range(4):
        box(p, -0.1, -0.375 + 0.045 * k, 0.24, 0.018, faded(BLACK.deep, 0.7))
    oval(p, 0.05, -0.2, 0.075, 0.075, radial(0.03, -0.22, 0.09, METAL.pale, METAL.base, METAL.deep))
    pipe = [(0.12, -0.2), (-0.06, -0.11), (-0.4, -0.11), (-0.68, -0.17)]
    stroke(p, pipe, linear(0.0, -0.18, 0.0, -0.07, METAL.pale, METAL.base, METAL.deep), 0.055)
    oval(p, -0.69, -0.175, 0.02, 0.035, BLACK.deep)


def _bike_body(p: QPainter, tones: Shades) -> None:
    seat = blob([(-0.6, -0.57), (-0.35, -0.53), (-0.08, -0.52), (0.0, -0.48), (-0.3, -0.44), (-0.55, -0.5)])
    fill(p, seat, vertical(-0.58, -0.44, BLACK.light, BLACK.base, BLACK.deep))
    tank = blob([(-0.1, -0.53), (0.06, -0.63), (0.26, -0.63), (0.38, -0.54), (0.3, -0.42), (0.05, -0.4)])
    fill(p, tank, radial(0.08, -0.6, 0.42, tones.pale, tones.light, tones.base, tones.dark))
    tail = blob([(-0.28, -0.47), (-0.5, -0.52), (-0.7, -0.6), (-0.66, -0.48), (-0.4, -0.38), (-0.2, -0.38)])
    fill(p, tail, vertical(-0.6, -0.38, tones.light, tones.base, tones.dark))
    nose = blob([(0.3, -0.52), (0.4, -0.68), (0.52, -0.66), (0.6, -0.54), (0.5, -0.44), (0.36, -0.42)])
    fill(p, nose, radial(0.4, -0.62, 0.34, tones.pale, tones.base, tones.dark))
    guard = [(0.28, -0.32), (0.4, -0.43), (0.58, -0.43), (0.72, -0.3)]
    stroke(p, guard, linear(0.3, -0.4, 0.7, -0.3, tones.light, tones.dark), 0.05)
    screen = polygon([(0.38, -0.66), (0.36, -0.82), (0.47, -0.76), (0.53, -0.65)])
    fill(p, screen, linear(0.36, -0.8, 0.5, -0.66, rgb("dff2fb", 0.75), rgb("6aa0bd", 0.75)))
    oval(p, 0.57, -0.55, 0.035, 0.05, radial(0.58, -0.55, 0.06, rgb("fffbe0"), rgb("ffd873")))
    box(p, -0.72, -0.6, 0.05, 0.05, vertical(-0.6, -0.55, rgb("ff7a6b"), rgb("a31620")), 0.02)
    gloss(p, 0.12, -0.59, 0.11, 0.025, 0.75, -8)


def _rider_leg(p: QPainter) -> None:
    limb(p, (-0.22, -0.56), (0.1, -0.42), 0.16, 0.13, BLACK)
    limb(p, (0.1, -0.42), (-0.04, -0.2), 0.12, 0.09, BLACK)
    limb(p, (-0.05, -0.17), (0.08, -0.16), 0.08, 0.06, BLACK)


def _rider(p: QPainter, tones: Shades, wave: float) -> None:
    with moved(p, 0.0, 0.008 * wave):
        back = blob(
            [(-0.36, -0.56), (-0.3, -0.76), (-0.08, -0.93), (0.1, -0.9), (0.06, -0.74), (-0.12, -0.55)]
        )
        fill(p, back, linear(-0.3, -0.9, 0.08, -0.55, tones.light, tones.base, tones.deep))
        limb(p, (0.02, -0.83), (0.16, -0.66), 0.13, 0.1, tones)
        limb(p, (0.16, -0.66), (0.36, -0.69), 0.1, 0.07, tones)
        ball(p, 0.37, -0.69, 0.05, 0.045, BLACK)
        ball(p, 0.12, -1.0, 0.135, 0.14, tones)
        visor = blob([(0.13, -1.07), (0.25, -1.05), (0.265, -0.98), (0.22, -0.93), (0.13, -0.96)])
        fill(p, visor, linear(0.12, -1.07, 0.27, -0.93, rgb("8fb7d6"), rgb("27384a"), rgb("0f1620")))
        gloss(p, 0.07, -1.08, 0.05, 0.03, 0.8, -25)


def balloon(p: QPainter, art: Art) -> None:
    """A hot-air balloon in stripes of the clip's colour and white, with a basket that swings."""
    tones = art.shades
    with moved(p, 0.0, -1.0, 2.5 * art.wave(0.5)):
        p.translate(0.0, 1.0)
        for x0, x1 in ((-0.16, -0.075), (0.16, 0.075), (-0.06, -0.03), (0.06, 0.03)):
            stroke(p, [(x0, -0.34), (x1, -0.13)], WOOD.dark, 0.008)
        envelope = _envelope(1.0)
        fill(p, envelope, linear(-0.4, 0, 0.42, 0, tones.light, tones.base, tones.dark))
        for k in (0.86, 0.34):
            ring = _envelope(k).subtracted(_envelope(k - 0.3))
            fill(p, ring, linear(-0.4, 0, 0.42, 0, WHITE.pale, WHITE.light, WHITE.dark))
        band = QPainterPath()
        band.moveTo(-0.5, -0.72)
        band.cubicTo(-0.2, -0.65, 0.2, -0.65, 0.5, -0.72)
        band.lineTo(0.5, -0.64)
        band.cubicTo(0.2, -0.57, -0.2, -0.57, -0.5, -0.64)
        band.closeSubpath()
        fill(p, band.intersected(envelope), linear(-0.45, 0, 0.45, 0, tones.base, tones.dark, tones.deep))
        gloss(p, -0.19, -0.84, 0.13, 0.15, 0.65, 25)
        flame = max(0.0, art.wave(1.5))
        glow(p, 0.0, -0.3, 0.13 + 0.05 * flame, rgb("ffb347"), 0.35 + 0.5 * flame)
        oval(p, 0.0, -0.335, 0.165, 0.022, vertical(-0.36, -0.31, tones.deep, darker(tones.deep, 0.5)))
        _basket(p)


def _envelope(k: float) -> QPainterPath:
    """The balloon's outline, its width multiplied by `k`: several of them inside each other make gores."""
    k = max(k, 0.01)
    path = QPainterPath()
    path.moveTo(0.0, -1.0)
    path.cubicTo(0.32 * k, -1.0, 0.42 * k, -0.86, 0.42 * k, -0.73)
    path.cubicTo(0.42 * k, -0.57, 0.27 * k, -0.46, 0.16 * k, -0.335)
    path.lineTo(-0.16 * k, -0.335)
    path.cubicTo(-0.27 * k, -0.46, -0.42 * k, -0.57, -0.42 * k, -0.73)
    path.cubicTo(-0.42 * k, -0.86, -0.32 * k, -1.0, 0.0, -1.0)
    path.closeSubpath()
    return path


def _basket(p: QPainter) -> None:
    for x in (-0.035, 0.035):
        ball(p, x, -0.165, 0.025, 0.028, SKIN[1 if x < 0 else 3])
    basket = polygon([(-0.085, -0.135), (0.085, -0.135), (0.07, 0.0), (-0.07, 0.0)])
    fill(p, basket, linear(-0.09, 0, 0.09, 0, WOOD.light, WOOD.base, WOOD.deep))
    for y in (-0.1, -0.065, -0.03):
        stroke(p, [(-0.078, y), (0.078, y)], faded(WOOD.deep, 0.6), 0.007)
    stroke(p, [(-0.09, -0.135), (0.09, -0.135)], linear(-0.09, 0, 0.09, 0, WOOD.pale, WOOD.dark), 0.018)


def airplane(p: QPainter, art: Art) -> None:
    """A jet liner with a stripe and tail in the clip's colour, banking gently."""
    tones = art.shades
    with moved(p, 0.0, -0.5, -7 + 4 * art.wave(0.5)):
        far = polygon([(0.1, -0.1), (-0.12, -0.42), (-0.28, -0.42), (-0.18, -0.08)])
        fill(p, far, linear(0, -0.42, 0, -0.05, tones.deep, tones.dark))
        fin = polygon([(-0.68, -0.1), (-0.98, -0.5), (-1.14, -0.5), (-1.0, -0.06)])
        fill(p, fin, linear(-1.1, -0.5, -0.7, -0.1, tones.light, tones.base, tones.dark))
        _hull(p, tones)
        plane = polygon([(-0.7, -0.02), (-1.0, 0.1), (-1.14, 0.1), (-0.98, -0.05)])
        fill(p, plane, vertical(-0.05, 0.1, tones.base, tones.deep))
        wing = polygon([(0.28, 0.05), (-0.3, 0.47), (-0.5, 0.48), (-0.2, 0.06)])
        fill(p, wing, linear(0.1, 0.05, -0.3, 0.5, tones.light, tones.base, tones.dark))
        stroke(p, [(0.26, 0.06), (-0.3, 0.465)], faded(tones.pale, 0.7), 0.014)
        for x, y in ((0.08, 0.2), (-0.16, 0.37)):
            ball(p, x + 0.04, y + 0.05, 0.12, 0.055, METAL)
            oval(p, x + 0.15, y + 0.05, 0.022, 0.05, radial(x + 0.15, y + 0.05, 0.05, BLACK.base, BLACK.deep))
        if art.wave(3) > 0.2:
            glow(p, -0.4, 0.47, 0.08, rgb("ff5a4a"), 0.9)


def _hull(p: QPainter, tones: Shades) -> None:
    hull = QPainterPath()
    hull.moveTo(1.06, 0.02)
    hull.cubicTo(1.0, -0.1, 0.84, -0.15, 0.66, -0.15)
    hull.lineTo(-0.6, -0.14)
    hull.cubicTo(-0.86, -0.13, -1.0, -0.12, -1.12, -0.1)
    hull.cubicTo(-1.0, 0.02, -0.8, 0.12, -0.5, 0.14)
    hull.lineTo(0.66, 0.15)
    hull.cubicTo(0.9, 0.15, 1.06, 0.1, 1.06, 0.02)
    hull.closeSubpath()
    top, low = lighter(tones.pale, 0.75), mix(METAL.dark, tones.dark, 0.3)
    fill(p, hull, vertical(-0.15, 0.15, rgb("ffffff"), top, mix(top, low, 0.45), low))
    stripe = [(1.02, 0.04), (0.5, 0.035), (-0.5, 0.03), (-1.02, -0.06)]
    stroke(p, stripe, linear(-1, 0, 1, 0, tones.dark, tones.base, tones.light), 0.05)
    for k in range(13):
        box(
            p,
            -0.62 + 0.1 * k,
            -0.075,
            0.05,
            0.06,
            vertical(-0.075, -0.015, rgb("4f7fa6"), rgb("1c2f47")),
            0.022,
        )
    screen = blob([(0.8, -0.1), (0.9, -0.1), (0.98, -0.03), (0.86, -0.03)])
    fill(p, screen, linear(0.8, -0.1, 0.98, -0.03, *_GLASS))
    gloss(p, 0.2, -0.125, 0.6, 0.02, 0.8)


def ship(p: QPainter, art: Art) -> None:
    """A steamer with its hull in the clip's colour, rolling on the swell, smoke from the funnel."""
    tones = art.shades
    with moved(p, 0.0, 0.0, 2.2 * art.wave(0.5)):
        _smoke(p, art)
        _decks(p)
        funnel = polygon([(-0.16, -0.94), (0.03, -0.94), (0.06, -0.66), (-0.17, -0.66)])
        fill(p, funnel, linear(-0.16, 0, 0.05, 0, tones.light, tones.base, tones.deep))
        box(
            p, -0.165, -0.95, 0.2, 0.065, linear(-0.16, 0, 0.05, 0, BLACK.light, BLACK.base, BLACK.deep), 0.02
        )
        box(p, -0.165, -0.845, 0.21, 0.045, linear(-0.16, 0, 0.05, 0, WHITE.pale, WHITE.dark))
        stroke(p, [(0.56, -0.4), (0.56, -0.86)], linear(0.54, 0, 0.58, 0, WOOD.light, WOOD.deep), 0.022)
        stroke(p, [(0.56, -0.84), (0.98, -0.42)], faded(BLACK.base, 0.8), 0.008)
        flag = [
            (0.56, -0.86),
            (0.4, -0.84 + 0.02 * art.wave(2)),
            (0.4, -0.74 + 0.02 * art.wave(2)),
            (0.56, -0.76),
        ]
        poly(p, flag, linear(0.4, 0, 0.56, 0, tones.light, tones.dark))
        _ship_hull(p, tones)
    foam = 0.02 * art.wave()
    for x, half in ((-0.75, 0.28), (0.0, 0.5), (0.8, 0.3)):
        soft(p, x + foam, 0.0, half, 0.05, rgb("ffffff", 0.75))


def _ship_hull(p: QPainter, tones: Shades) -> None:
    hull = QPainterPath()
    hull.moveTo(-0.98, -0.36)
    hull.lineTo(0.74, -0.36)
    hull.cubicTo(0.92, -0.38, 1.0, -0.44, 1.1, -0.48)
    hull.cubicTo(1.02, -0.26, 0.94, -0.1, 0.86, 0.0)
    hull.lineTo(-0.82, 0.0)
    hull.cubicTo(-0.92, -0.08, -0.98, -0.2, -0.98, -0.36)
    hull.closeSubpath()
    fill(p, hull, vertical(-0.46, 0.0, tones.light, tones.base, tones.dark, tones.deep))
    stroke(
        p, [(-0.98, -0.35), (0.74, -0.35), (1.08, -0.47)], linear(-1, 0, 1, 0, WHITE.pale, WHITE.base), 0.03
    )
    stroke(p, [(-0.88, -0.07), (0.0, -0.06), (0.9, -0.07)], faded(WHITE.light, 0.85), 0.022)
    for k in range(9):
        x = -0.78 + 0.175 * k
        oval(p, x, -0.22, 0.034, 0.034, radial(x, -0.22, 0.036, METAL.dark, METAL.pale))
        oval(p, x, -0.22, 0.023, 0.023, radial(x - 0.01, -0.23, 0.03, rgb("9fd0e8"), rgb("17293c")))


def _decks(p: QPainter) -> None:
    for x, y, width, height in ((-0.72, -0.54, 1.3, 0.19), (-0.5, -0.68, 0.9, 0.15)):
        shade = linear(x, 0, x + width, 0, rgb("ffffff"), WHITE.light, WHITE.dark)
        box(p, x, y, width, height, shade, 0.03)
        for k in range(int(width / 0.13) - 1):
            pane = vertical(y + 0.04, y + 0.11, rgb("8fc3dd"), rgb("274760"))
            box(p, x + 0.08 + 0.13 * k, y + 0.04, 0.075, 0.07, pane, 0.014)
        box(p, x - 0.02, y - 0.012, width + 0.04, 0.024, vertical(y, y + 0.02, WHITE.pale, METAL.dark), 0.01)
    box(p, 0.2, -0.8, 0.2, 0.13, linear(0.2, 0, 0.4, 0, rgb("ffffff"), WHITE.dark), 0.03)
    box(p, 0.26, -0.775, 0.13, 0.05, vertical(-0.77, -0.72, rgb("8fc3dd"), rgb("274760")), 0.01)


def _smoke(p: QPainter, art: Art) -> None:
    for k in range(5):
        age = (art.phase * 0.6 + k / 5) % 1.0
        size = 0.05 + 0.13 * age
        colour = rgb("d9dbe2", 0.75 * (1 - age))
        soft(p, -0.08 - 0.55 * age, -0.98 - 0.2 * age - 0.02 * math.sin(9 * age), size * 1.3, size, colour)


SUBJECTS: dict[str, Subject] = {
    "motorbike": Subject(motorbike, width=1.5, travel=0.1, shadow=1.5, scale=0.85, most=3),
    "car": Subject(car, width=2.1, travel=0.12, shadow=2.2, scale=0.8, most=3),
    "balloon": Subject(balloon, width=0.9, place="air", travel=0.02, bob=0.04, shadow=0.0, scale=1.25),
    "airplane": Subject(airplane, width=2.3, place="air", travel=0.07, bob=0.04, shadow=0.0, most=3),
    "ship": Subject(ship, width=2.1, place="water", travel=0.03, bob=0.02, shadow=0.0, most=3),
}
