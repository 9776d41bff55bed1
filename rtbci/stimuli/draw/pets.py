"""Cat and dog."""

from PySide6.QtGui import QPainter

from rtbci.stimuli.draw.creature import CREAM, PINK, Leg, behind, draw_body, draw_leg, draw_smile
from rtbci.stimuli.draw.toolkit import (
    INK,
    Art,
    Shades,
    ball,
    blob,
    curve,
    darker,
    eye,
    faded,
    fill,
    gloss,
    limb,
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


def draw_cat(p: QPainter, art: Art) -> None:
    """Draw one cat."""
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
    draw_body(p, body, tones, -0.64, -0.24)
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


def draw_dog(p: QPainter, art: Art) -> None:
    """Draw one dog."""
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
    draw_body(p, body, tones, -0.68, -0.28)
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
