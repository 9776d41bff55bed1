"""Elephant and horse."""

from PySide6.QtGui import QPainter

from rtbci.stimuli.draw.creature import CREAM, PINK, Leg, behind, blend, draw_body, draw_leg
from rtbci.stimuli.draw.toolkit import (
    INK,
    Art,
    Shades,
    ball,
    blob,
    curve,
    eye,
    faded,
    fill,
    gloss,
    lighter,
    linear,
    mix,
    moved,
    oval,
    poly,
    radial,
    rgb,
    shades,
    stroke,
    vertical,
)

_CREAM = shades(CREAM)


def draw_elephant(p: QPainter, art: Art) -> None:
    """Draw one elephant."""
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
    draw_body(p, body, tones, -0.9, -0.26)
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


def draw_horse(p: QPainter, art: Art) -> None:
    """Draw one horse."""
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
    draw_body(p, body, tones, -0.67, -0.34)
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
