"""Cat, dog, elephant, horse, panda and rabbit: one walker's legs, six bodies."""

from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.bird import BIRD
from rtbci.stimuli.draw.creature import CREAM, PINK, Leg, behind, blend, draw_bead, draw_leg, draw_smile
from rtbci.stimuli.draw.toolkit import (
    BLACK,
    INK,
    LEAF,
    WHITE,
    Art,
    Shades,
    Subject,
    ball,
    blob,
    curve,
    darker,
    eye,
    faded,
    fill,
    gloss,
    leaf,
    lighter,
    limb,
    linear,
    mix,
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

_CREAM = shades(CREAM)


def _hide(p: QPainter, path: QPainterPath, tones: Shades, top: float, bottom: float) -> None:
    """A rounded body: lit along the back, in shade below, with light coming back from the ground."""
    fill(
        p,
        path,
        vertical(
            top, bottom, tones.light, tones.base, tones.base, tones.dark, mix(tones.dark, tones.base, 0.4)
        ),
    )


def _cat(p: QPainter, art: Art) -> None:
    tones, far = art.shades, behind(art.shades)
    draw_leg(p, art, Leg((-0.27, -0.36), 0.36, 0.15, 0.09, 0.5, -1.0), far, far)
    draw_leg(p, art, Leg((0.25, -0.36), 0.36, 0.13, 0.09, 0.75), far, far)
    _cat_tail(p, art)
    body = blob(
        [
            (-0.44, -0.46),
            (-0.34, -0.61),
            (-0.08, -0.6),
            (0.2, -0.63),
            (0.4, -0.55),
            (0.38, -0.33),
            (0.05, -0.27),
            (-0.33, -0.25),
        ]
    )
    _hide(p, body, tones, -0.64, -0.24)
    for i in range(6):
        x = -0.36 + 0.11 * i
        stroke(p, [(x, -0.61), (x + 0.03, -0.52), (x + 0.01, -0.43)], faded(tones.deep, 0.6), 0.034)
    oval(p, 0.36, -0.42, 0.1, 0.13, radial(0.37, -0.44, 0.13, CREAM, rgb("fbf3e6", 0.75), rgb("fbf3e6", 0.0)))
    gloss(p, -0.12, -0.56, 0.28, 0.06, 0.4)
    draw_leg(p, art, Leg((-0.3, -0.36), 0.36, 0.19, 0.1, 0.0, -1.0), tones, _CREAM)
    draw_leg(p, art, Leg((0.28, -0.36), 0.36, 0.15, 0.1, 0.25), tones, _CREAM)
    with moved(p, 0.42, -0.67, 2.5 * art.wave(1.0)):
        _cat_head(p, tones)


def _cat_tail(p: QPainter, art: Art) -> None:
    tones = art.shades
    sway = 0.05 * art.wave(1.0)
    path = curve(
        [(-0.4, -0.5), (-0.55, -0.52), (-0.63, -0.68), (-0.58 + sway, -0.85), (-0.66 + sway * 1.8, -0.97)]
    )
    stroke(p, path, vertical(-1.0, -0.48, tones.light, tones.base, tones.dark), 0.09)
    for i in range(5):
        at = 0.18 + 0.17 * i
        point = path.pointAtPercent(at)
        oval(p, point.x(), point.y(), 0.018, 0.046, faded(tones.deep, 0.75), -path.angleAtPercent(at))


def _cat_head(p: QPainter, tones: Shades) -> None:
    for side in (-1, 1):
        x = 0.125 * side
        ear = [(x - 0.085, -0.08), (x + 0.035 * side, -0.31), (x + 0.085, -0.08)]
        poly(p, ear, vertical(-0.31, -0.06, tones.base, tones.dark))
        inner = [(x - 0.045, -0.11), (x + 0.028 * side, -0.25), (x + 0.05, -0.11)]
        poly(p, inner, vertical(-0.26, -0.08, PINK, rgb("c8606f")))
    ball(p, 0.0, 0.0, 0.235, 0.195, tones)
    for x in (-0.06, 0.0, 0.06):
        stroke(p, [(x, -0.17), (x * 0.8, -0.1)], faded(tones.deep, 0.65), 0.026)
    for side in (-1, 1):
        stroke(p, [(0.22 * side, -0.02), (0.16 * side, 0.0)], faded(tones.deep, 0.55), 0.024)
        stroke(p, [(0.21 * side, 0.05), (0.155 * side, 0.055)], faded(tones.deep, 0.55), 0.024)
        oval(
            p,
            0.03 + 0.055 * side,
            0.09,
            0.075,
            0.062,
            radial(0.03 + 0.05 * side, 0.07, 0.09, CREAM, darker(CREAM, 0.08)),
        )
    gloss(p, -0.07, -0.1, 0.12, 0.06, 0.4)
    for x in (-0.08, 0.125):
        eye(p, x, -0.025, 0.052, 0.15, rgb("2c5c38"))
    poly(p, [(0.0, 0.04), (0.062, 0.04), (0.031, 0.075)], vertical(0.04, 0.08, PINK, rgb("b8505f")))
    draw_smile(p, 0.031, 0.085, 0.1)
    for side in (-1, 1):
        for tilt in (-0.05, 0.0, 0.05):
            start = (0.03 + 0.09 * side, 0.085 + tilt * 0.3)
            stroke(p, [start, (0.03 + 0.3 * side, 0.08 + tilt * 1.3)], rgb("ffffff", 0.85), 0.009)


def _dog(p: QPainter, art: Art) -> None:
    tones, far = art.shades, behind(art.shades)
    wag = 12 * art.wave(2.0)
    draw_leg(p, art, Leg((-0.27, -0.4), 0.4, 0.15, 0.09, 0.5, -1.0, 0.1), far, far)
    draw_leg(p, art, Leg((0.24, -0.4), 0.4, 0.14, 0.09, 0.75, 1.0, 0.1), far, far)
    with moved(p, -0.4, -0.56, wag):
        tail = curve([(0.03, 0.03), (-0.13, -0.05), (-0.2, -0.2), (-0.16, -0.32)])
        stroke(p, tail, linear(0.0, 0.0, -0.18, -0.32, tones.dark, tones.base, tones.pale), 0.085)
    body = blob(
        [
            (-0.44, -0.5),
            (-0.33, -0.64),
            (-0.05, -0.62),
            (0.2, -0.68),
            (0.4, -0.6),
            (0.39, -0.38),
            (0.1, -0.33),
            (-0.3, -0.29),
        ]
    )
    _hide(p, body, tones, -0.68, -0.28)
    oval(
        p,
        -0.14,
        -0.55,
        0.17,
        0.1,
        radial(-0.16, -0.58, 0.2, tones.dark, faded(tones.dark, 0.85), faded(tones.dark, 0.0)),
    )
    oval(p, 0.36, -0.47, 0.1, 0.15, radial(0.37, -0.49, 0.14, CREAM, rgb("fbf3e6", 0.7), rgb("fbf3e6", 0.0)))
    gloss(p, 0.06, -0.6, 0.2, 0.05, 0.4)
    draw_leg(p, art, Leg((-0.3, -0.4), 0.4, 0.2, 0.1, 0.0, -1.0, 0.1), tones, _CREAM)
    draw_leg(p, art, Leg((0.27, -0.4), 0.4, 0.16, 0.1, 0.25, 1.0, 0.1), tones, _CREAM)
    with moved(p, 0.4, -0.72, 3 * art.wave(1.0)):
        _dog_head(p, art)


def _dog_head(p: QPainter, art: Art) -> None:
    tones = art.shades
    limb(p, (-0.03, 0.04), (-0.07, 0.18), 0.27, 0.27, tones)
    stroke(
        p,
        [(-0.16, 0.13), (-0.03, 0.19), (0.1, 0.15)],
        linear(-0.16, 0.1, 0.1, 0.2, rgb("5aa0f0"), rgb("1d4fae")),
        0.045,
    )
    oval(p, -0.01, 0.205, 0.032, 0.032, radial(-0.02, 0.195, 0.04, rgb("fff3b0"), rgb("d79a1c")))
    ball(p, 0.0, -0.03, 0.23, 0.215, tones)
    pant = 0.02 * art.wave(2.0)
    tongue = blob([(0.15, 0.1), (0.24, 0.1), (0.245, 0.2 + pant), (0.2, 0.24 + pant), (0.155, 0.2 + pant)])
    fill(p, tongue, vertical(0.1, 0.24, rgb("d8505f"), rgb("ff8f98")))
    oval(p, 0.2, 0.05, 0.155, 0.105, radial(0.18, 0.01, 0.17, CREAM, CREAM, mix(CREAM, tones.dark, 0.45)))
    stroke(p, [(0.08, 0.1), (0.18, 0.125), (0.29, 0.1)], rgb("4a2f38", 0.8), 0.014)
    oval(p, 0.3, -0.01, 0.058, 0.045, radial(0.28, -0.03, 0.07, rgb("6a6270"), INK))
    oval(p, 0.285, -0.027, 0.018, 0.01, rgb("ffffff", 0.85))
    gloss(p, -0.02, -0.15, 0.11, 0.05, 0.45)
    eye(p, 0.01, -0.06, 0.046, 0.25, rgb("4a2c18"))
    eye(p, 0.16, -0.07, 0.044, 0.25, rgb("4a2c18"))
    for x in (0.01, 0.16):
        stroke(p, [(x - 0.04, -0.13), (x, -0.15), (x + 0.035, -0.135)], faded(tones.deep, 0.8), 0.016)
    flop = 0.02 * art.wave(1.0, 0.2)
    ear = blob(
        [
            (-0.09, -0.2),
            (-0.19, -0.2),
            (-0.29, -0.05 + flop),
            (-0.28, 0.14 + flop),
            (-0.2, 0.17 + flop),
            (-0.12, 0.03),
        ]
    )
    fill(p, ear, linear(-0.28, -0.2, -0.1, 0.15, tones.dark, tones.deep, darker(tones.deep, 0.3)))
    gloss(p, -0.2, -0.1, 0.05, 0.08, 0.25)


def _elephant(p: QPainter, art: Art) -> None:
    p.translate(-0.13, 0.0)
    tones = blend(art.shades, shades(rgb("8b8f98")), 0.25)
    far, nail = behind(tones), _CREAM
    for leg in (
        Leg((-0.3, -0.4), 0.4, 0.24, 0.19, 0.5, -1.0, 0.06, 0.04),
        Leg((0.2, -0.4), 0.4, 0.22, 0.19, 0.75, 1.0, 0.06, 0.04),
    ):
        draw_leg(p, art, leg, far, far)
    sway = 0.03 * art.wave(1.0)
    stroke(p, [(-0.5, -0.6), (-0.58, -0.48), (-0.57 + sway, -0.33)], tones.dark, 0.035)
    oval(p, -0.57 + sway, -0.3, 0.028, 0.055, tones.deep)
    body = blob(
        [
            (-0.53, -0.5),
            (-0.46, -0.76),
            (-0.18, -0.9),
            (0.12, -0.86),
            (0.34, -0.74),
            (0.36, -0.4),
            (0.05, -0.28),
            (-0.4, -0.28),
        ]
    )
    _hide(p, body, tones, -0.9, -0.26)
    gloss(p, -0.14, -0.8, 0.28, 0.08, 0.42)
    for leg in (
        Leg((-0.34, -0.4), 0.4, 0.28, 0.2, 0.0, -1.0, 0.06, 0.04),
        Leg((0.22, -0.4), 0.4, 0.25, 0.2, 0.25, 1.0, 0.06, 0.04),
    ):
        draw_leg(p, art, leg, tones, tones)
        foot = leg.hip[0] + 0.06 * art.wave(1.0, leg.beat + 0.25)
        for i in range(3):
            oval(p, foot + 0.02 + 0.055 * i, -0.022, 0.024, 0.02, faded(nail.base, 0.9))
    with moved(p, 0.38, -0.72, 2.5 * art.wave(1.0, 0.3)):
        _elephant_head(p, art, tones)


def _elephant_head(p: QPainter, art: Art, tones: Shades) -> None:
    swing = 0.07 * art.wave(0.5)
    points = [
        (0.14, 0.02),
        (0.27, 0.2),
        (0.27 + swing * 0.5, 0.38),
        (0.3 + swing, 0.5),
        (0.4 + swing * 1.3, 0.53),
    ]
    trunk = curve(points)
    for i in range(14):
        at = trunk.pointAtPercent(i / 13)
        r = 0.115 - 0.0052 * i
        oval(
            p,
            at.x(),
            at.y(),
            r,
            r,
            linear(
                at.x() - r,
                at.y() - r * 0.4,
                at.x() + r,
                at.y() + r * 0.4,
                tones.base,
                tones.light,
                tones.base,
                tones.dark,
            ),
        )
    for i in range(3, 11):
        at = trunk.pointAtPercent(i / 13)
        r = 0.095 - 0.005 * i
        stroke(
            p,
            [(at.x() - r, at.y() - 0.01), (at.x(), at.y() + 0.02), (at.x() + r, at.y() - 0.01)],
            faded(tones.deep, 0.35),
            0.01,
        )
    ball(p, 0.03, -0.03, 0.24, 0.25, tones)
    tusk = curve([(0.14, 0.16), (0.22, 0.29), (0.36, 0.3), (0.43, 0.22)])
    stroke(p, tusk, linear(0.14, 0.16, 0.42, 0.2, rgb("d9c69c"), rgb("fffaea")), 0.052)
    gloss(p, 0.06, -0.18, 0.11, 0.06, 0.45)
    eye(p, 0.13, -0.05, 0.038, 0.25, rgb("3a2418"))
    stroke(p, [(0.08, -0.09), (0.13, -0.105), (0.18, -0.085)], faded(tones.deep, 0.8), 0.014)
    with moved(p, -0.02, -0.08, 7 * art.wave(1.0, 0.5)):
        ear = blob(
            [
                (0.04, -0.12),
                (-0.14, -0.19),
                (-0.3, -0.08),
                (-0.31, 0.14),
                (-0.2, 0.3),
                (-0.08, 0.24),
                (0.04, 0.1),
            ]
        )
        fill(p, ear, linear(-0.3, -0.1, 0.05, 0.2, tones.light, tones.base, tones.dark))
        inner = blob(
            [(-0.01, -0.05), (-0.13, -0.11), (-0.24, -0.04), (-0.24, 0.12), (-0.17, 0.22), (-0.07, 0.14)]
        )
        fill(p, inner, radial(-0.12, 0.04, 0.2, mix(PINK, tones.base, 0.35), mix(PINK, tones.dark, 0.6)))


def _horse(p: QPainter, art: Art) -> None:
    tones, far = art.shades, behind(art.shades)
    hair, hoof = shades(mix(tones.deep, INK, 0.45)), shades(rgb("3a3036"))
    for leg in (
        Leg((-0.3, -0.44), 0.45, 0.14, 0.06, 0.5, -1.0, 0.13, 0.09),
        Leg((0.2, -0.44), 0.45, 0.12, 0.06, 0.75, 1.0, 0.13, 0.09),
    ):
        draw_leg(p, art, leg, far, hoof)
    sway = 0.05 * art.wave(1.0)
    tail = blob(
        [
            (-0.4, -0.62),
            (-0.53, -0.6),
            (-0.62 + sway, -0.4),
            (-0.6 + sway * 1.5, -0.16),
            (-0.52 + sway, -0.26),
            (-0.46, -0.5),
        ]
    )
    fill(p, tail, linear(-0.62, -0.6, -0.42, -0.2, hair.light, hair.base, hair.dark))
    neck = blob(
        [
            (0.12, -0.5),
            (0.14, -0.66),
            (0.25, -0.84),
            (0.38, -0.96),
            (0.52, -0.84),
            (0.42, -0.68),
            (0.38, -0.46),
        ]
    )
    fill(p, neck, linear(0.14, -0.8, 0.48, -0.6, tones.light, tones.base, tones.dark))
    body = blob(
        [
            (-0.44, -0.52),
            (-0.36, -0.66),
            (-0.12, -0.63),
            (0.1, -0.65),
            (0.34, -0.64),
            (0.4, -0.5),
            (0.26, -0.38),
            (-0.1, -0.36),
            (-0.36, -0.38),
        ]
    )
    _hide(p, body, tones, -0.67, -0.34)
    gloss(p, -0.28, -0.6, 0.16, 0.05, 0.5)
    gloss(p, 0.26, -0.62, 0.1, 0.09, 0.3)
    for leg in (
        Leg((-0.32, -0.46), 0.47, 0.2, 0.065, 0.0, -1.0, 0.13, 0.09),
        Leg((0.25, -0.46), 0.47, 0.15, 0.065, 0.25, 1.0, 0.13, 0.09),
    ):
        draw_leg(p, art, leg, tones, hoof)
    with moved(p, 0.42, -0.88, 4 * art.wave(1.0)):
        _horse_head(p, art, tones, hair)
    flow = 0.03 * art.wave(1.0, 0.3)
    mane = blob(
        [
            (0.4, -1.0),
            (0.3, -0.95),
            (0.18, -0.82),
            (0.08 - flow, -0.68),
            (0.07 - flow, -0.56),
            (0.16, -0.6),
            (0.22, -0.68),
            (0.28, -0.74),
            (0.36, -0.86),
        ]
    )
    fill(p, mane, linear(0.1, -0.95, 0.32, -0.65, hair.light, hair.base, hair.dark))
    for i in range(4):
        stroke(
            p,
            [(0.32 - 0.06 * i, -0.93 + 0.085 * i), (0.24 - 0.05 * i - flow, -0.8 + 0.07 * i)],
            faded(hair.pale, 0.35),
            0.012,
        )


def _horse_head(p: QPainter, art: Art, tones: Shades, hair: Shades) -> None:
    for x, paint in ((0.0, tones.dark), (0.045, tones.base)):
        poly(
            p,
            [(x - 0.045, -0.05), (x - 0.005, -0.17), (x + 0.04, -0.05)],
            vertical(-0.17, -0.04, lighter(paint, 0.15), paint),
        )
    head = blob(
        [
            (-0.07, -0.04),
            (0.02, -0.09),
            (0.12, -0.02),
            (0.24, 0.13),
            (0.27, 0.21),
            (0.21, 0.26),
            (0.1, 0.2),
            (-0.02, 0.14),
        ]
    )
    fill(p, head, linear(0.02, -0.1, 0.1, 0.24, tones.light, tones.base, tones.dark))
    oval(p, 0.215, 0.195, 0.068, 0.06, radial(0.2, 0.18, 0.08, mix(tones.dark, PINK, 0.3), tones.dark))
    blaze = blob([(0.09, -0.03), (0.13, 0.0), (0.22, 0.13), (0.2, 0.14), (0.12, 0.05)])
    fill(p, blaze, rgb("fff8ee", 0.85))
    oval(p, 0.24, 0.185, 0.014, 0.019, INK)
    stroke(p, [(0.25, 0.235), (0.19, 0.225), (0.14, 0.2)], rgb("2a1a20", 0.65), 0.011)
    eye(p, 0.055, 0.02, 0.03, 0.25, rgb("35211a"))
    oval(
        p, 0.0, 0.1, 0.06, 0.055, radial(-0.01, 0.09, 0.06, faded(tones.light, 0.5), faded(tones.light, 0.0))
    )
    lock = blob([(-0.03, -0.12), (0.04, -0.11), (0.08, -0.03), (0.06, 0.02), (0.03, -0.04)])
    fill(p, lock, vertical(-0.12, 0.02, hair.light, hair.dark))


def _panda(p: QPainter, art: Art) -> None:
    tones = art.shades
    patch = blend(BLACK, shades(mix(tones.dark, INK, 0.35)), 0.75)
    far = behind(patch)
    for leg in (
        Leg((-0.25, -0.36), 0.36, 0.22, 0.17, 0.5, -1.0, 0.06, 0.05),
        Leg((0.2, -0.36), 0.36, 0.21, 0.17, 0.75, 1.0, 0.06, 0.05),
    ):
        draw_leg(p, art, leg, far, far)
    ball(p, -0.49, -0.46, 0.07, 0.065, WHITE)
    body = blob(
        [
            (-0.5, -0.44),
            (-0.42, -0.66),
            (-0.16, -0.76),
            (0.14, -0.73),
            (0.36, -0.62),
            (0.38, -0.38),
            (0.1, -0.24),
            (-0.36, -0.24),
        ]
    )
    fill(p, body, vertical(-0.76, -0.22, rgb("ffffff"), rgb("f3f1ee"), rgb("d9d5d6"), rgb("b4aeb8")))
    band = blob([(0.02, -0.74), (0.2, -0.73), (0.34, -0.62), (0.38, -0.34), (0.22, -0.28), (0.12, -0.48)])
    fill(p, band, vertical(-0.74, -0.28, patch.light, patch.base, patch.dark))
    gloss(p, -0.2, -0.66, 0.18, 0.06, 0.5)
    for leg in (
        Leg((-0.29, -0.36), 0.36, 0.28, 0.18, 0.0, -1.0, 0.06, 0.05),
        Leg((0.25, -0.38), 0.38, 0.25, 0.18, 0.25, 1.0, 0.06, 0.05),
    ):
        draw_leg(p, art, leg, patch, patch)
    _scarf(p, art)
    with moved(p, 0.33, -0.7, 3 * art.wave(1.0)):
        _panda_head(p, patch)


def _scarf(p: QPainter, art: Art) -> None:
    tones = art.shades
    flap = 0.03 * art.wave(1.0, 0.1)
    tail = blob([(0.16, -0.5), (0.27, -0.48), (0.24 - flap, -0.22), (0.13 - flap * 1.5, -0.23)])
    fill(p, tail, vertical(-0.5, -0.22, tones.base, tones.light, tones.dark))
    neck = [(0.1, -0.66), (0.17, -0.52), (0.34, -0.45), (0.5, -0.5)]
    stroke(p, neck, linear(0.1, -0.7, 0.4, -0.4, tones.light, tones.base, tones.dark), 0.13)
    stroke(p, [(x, y - 0.025) for x, y in neck[1:]], faded(tones.pale, 0.6), 0.018)


def _panda_head(p: QPainter, patch: Shades) -> None:
    for side in (-1, 1):
        ball(p, 0.03 + 0.19 * side, -0.2, 0.085, 0.085, patch)
    oval(p, 0.03, 0.0, 0.275, 0.24, radial(-0.05, -0.08, 0.36, rgb("ffffff"), rgb("f6f4f2"), rgb("c9c4cb")))
    for side in (-1, 1):
        x = 0.05 + 0.115 * side
        oval(p, x, 0.0, 0.066, 0.088, vertical(-0.09, 0.09, patch.base, patch.deep), 28 * side)
        draw_bead(p, x, -0.012, 0.032, rgb("100c16"))
    oval(p, 0.06, 0.115, 0.1, 0.075, radial(0.05, 0.09, 0.1, rgb("ffffff"), rgb("e4e0e4")))
    oval(p, 0.06, 0.085, 0.045, 0.03, radial(0.05, 0.075, 0.05, rgb("5a5364"), INK))
    draw_smile(p, 0.06, 0.12, 0.1)
    stem = [(-0.16, 0.33), (0.06, 0.16), (0.34, 0.03)]
    stroke(p, stem, linear(-0.1, 0.1, -0.06, 0.24, LEAF.light, LEAF.base, LEAF.dark), 0.036)
    for x, y, angle in ((0.34, 0.03, -50), (0.33, 0.04, 10), (0.25, 0.075, -85), (-0.15, 0.33, 130)):
        leaf(p, x, y, 0.14, 0.045, angle, LEAF)


def _rabbit(p: QPainter, art: Art) -> None:
    tones, far = art.shades, behind(art.shades)
    tuck = 0.05 * art.wave(1.0)
    ball(p, -0.38, -0.22, 0.1, 0.1, shades(rgb("fdfbf7")))
    ball(p, 0.17 + tuck, -0.06, 0.13, 0.05, far)
    body = blob(
        [
            (-0.39, -0.2),
            (-0.34, -0.4),
            (-0.14, -0.52),
            (0.1, -0.5),
            (0.27, -0.4),
            (0.27, -0.18),
            (0.1, -0.07),
            (-0.26, -0.05),
        ]
    )
    _hide(p, body, tones, -0.54, -0.03)
    oval(p, 0.2, -0.24, 0.1, 0.15, radial(0.2, -0.25, 0.15, CREAM, rgb("fbf3e6", 0.8), rgb("fbf3e6", 0.0)))
    ball(p, -0.16, -0.22, 0.2, 0.2, tones, -12)
    gloss(p, -0.2, -0.32, 0.1, 0.07, 0.4)
    ball(p, -0.1 - tuck, -0.05, 0.19, 0.058, blend(tones, _CREAM, 0.35))
    limb(p, (0.17, -0.24), (0.22 + tuck, -0.06), 0.12, 0.08, tones)
    ball(p, 0.25 + tuck, -0.045, 0.085, 0.048, blend(tones, _CREAM, 0.6))
    with moved(p, 0.24, -0.52, 3 * art.wave(1.0)):
        _rabbit_head(p, art)


def _rabbit_head(p: QPainter, art: Art) -> None:
    tones = art.shades
    for x, angle, part in ((-0.1, -22, behind(tones)), (0.03, 2, tones)):
        with moved(p, x, -0.1, angle + 7 * art.wave(1.0, 0.2)):
            ear = blob(
                [(-0.055, 0.02), (-0.08, -0.2), (-0.02, -0.4), (0.02, -0.4), (0.075, -0.2), (0.05, 0.02)]
            )
            fill(p, ear, linear(-0.08, 0.0, 0.08, 0.0, part.light, part.base, part.dark))
            oval(p, 0.0, -0.19, 0.034, 0.15, vertical(-0.35, -0.04, rgb("ffc3c8"), rgb("d9808c")))
    ball(p, 0.0, 0.0, 0.19, 0.175, tones)
    gloss(p, -0.04, -0.1, 0.09, 0.05, 0.45)
    for x in (0.055, 0.155):
        oval(p, x, 0.075, 0.062, 0.054, radial(x - 0.01, 0.06, 0.07, CREAM, darker(CREAM, 0.08)))
    soft(p, -0.03, 0.07, 0.07, 0.05, rgb("f29aa6", 0.6))
    oval(p, 0.005, -0.025, 0.046, 0.054, rgb("ffffff"))
    draw_bead(p, 0.012, -0.02, 0.04)
    oval(p, 0.15, -0.03, 0.034, 0.046, rgb("ffffff"))
    draw_bead(p, 0.153, -0.025, 0.031)
    poly(p, [(0.082, 0.03), (0.135, 0.03), (0.108, 0.06)], vertical(0.03, 0.06, PINK, rgb("c05a6a")))
    poly(
        p,
        [(0.085, 0.105), (0.13, 0.105), (0.127, 0.15), (0.088, 0.15)],
        vertical(0.1, 0.15, rgb("ffffff"), rgb("e2dcd8")),
    )
    draw_smile(p, 0.108, 0.085, 0.11)
    for end in ((0.3, 0.03), (0.32, 0.08), (-0.14, 0.06), (-0.13, 0.11)):
        stroke(p, [(0.15 if end[0] > 0 else 0.03, 0.08), end], rgb("ffffff", 0.75), 0.008)


SUBJECTS: dict[str, Subject] = {
    "cat": Subject(_cat, width=1.45, travel=0.03, shadow=1.1),
    "dog": Subject(_dog, width=1.5, travel=0.035, shadow=1.1),
    "elephant": Subject(_elephant, width=1.7, travel=0.02, shadow=1.2),
    "horse": Subject(_horse, width=1.6, travel=0.035, shadow=1.1, scale=1.15),
    "panda": Subject(_panda, width=1.35, travel=0.02, shadow=1.15),
    "rabbit": Subject(_rabbit, width=0.95, travel=0.03, bob=0.09, shadow=0.9),
    "bird": BIRD,
}
"""Every land animal, by its concept."""
