"""Panda and rabbit, and the table of all land animals."""

from PySide6.QtGui import QPainter

from rtbci.stimuli.draw.bird import BIRD
from rtbci.stimuli.draw.creature import (
    CREAM,
    PINK,
    Leg,
    behind,
    blend,
    draw_bead,
    draw_body,
    draw_leg,
    draw_smile,
)
from rtbci.stimuli.draw.grazers import draw_elephant, draw_horse
from rtbci.stimuli.draw.pets import draw_cat, draw_dog
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
    darker,
    faded,
    fill,
    gloss,
    leaf,
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
    draw_body(p, body, tones, -0.54, -0.03)
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
    "cat": Subject(draw_cat, width=1.45, travel=0.03, shadow=1.1),
    "dog": Subject(draw_dog, width=1.5, travel=0.035, shadow=1.1),
    "elephant": Subject(draw_elephant, width=1.7, travel=0.02, shadow=1.2),
    "horse": Subject(draw_horse, width=1.6, travel=0.035, shadow=1.1, scale=1.15),
    "panda": Subject(_panda, width=1.35, travel=0.02, shadow=1.15),
    "rabbit": Subject(_rabbit, width=0.95, travel=0.03, bob=0.09, shadow=0.9),
    "bird": BIRD,
}
"""Every land animal, by its concept."""
