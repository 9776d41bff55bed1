"""Places under a roof: room, table, stage; the sky shows in windows and sets the mood of lamps."""

import math

from PySide6.QtGui import QColor, QPainter

from rtbci.stimuli.draw.backdrop import Backdrop, Layer
from rtbci.stimuli.draw.skies import View
from rtbci.stimuli.draw.toolkit import (
    PALETTE,
    ball,
    box,
    darker,
    faded,
    glow,
    leaf,
    lighter,
    linear,
    mix,
    oval,
    poly,
    rgb,
    shades,
    soft,
    stroke,
    vertical,
)

_WALLS = ("e6d3b8", "cfdcc8", "c9d6e6", "e3c9cc", "d6cbe4", "e9dfb6")
_BEAMS: dict[str, tuple[str, str, str]] = {
    "day": ("fff4d8", "cfe8ff", "fff4d8"),
    "sunset": ("ffb04a", "ff6f6a", "ffd27a"),
    "night": ("5f7dff", "b26bff", "4fd0ff"),
    "overcast": ("d5dde2", "e9ecee", "d5dde2"),
}


def _lit(view: View, code: str) -> QColor:
    """A colour as it looks indoors, where lamps make up for much of the night."""
    colour = rgb(code)
    mood = {
        "day": ("fff6de", 0.06),
        "sunset": ("ff8f4a", 0.22),
        "night": ("1c2150", 0.45),
        "overcast": ("7f8a94", 0.3),
    }
    tint, k = mood[view.sky.name]
    return mix(colour, rgb(tint), k)


def _window(p: QPainter, view: View, x: float, y: float, w: float, h: float) -> None:
    sky = view.sky
    frame = _lit(view, "f4efe6")
    soft(
        p,
        x + w / 2,
        y + h / 2,
        w * 1.3,
        h * 1.1,
        faded(lighter(sky.low, 0.3), 0.5 if not sky.lamps else 0.15),
    )
    box(
        p,
        x - 0.018,
        y - 0.018,
        w + 0.036,
        h + 0.036,
        linear(x, y, x + w, y + h, lighter(frame, 0.4), darker(frame, 0.2)),
        0.006,
    )
    box(p, x, y, w, h, vertical(y, y + h, sky.top, sky.middle, sky.low))
    if sky.name == "night":
        ball(p, x + 0.7 * w, y + 0.24 * h, 0.02, 0.02, shades(rgb("f4f1dc")))
        for k in range(7):
            oval(
                p,
                x + w * ((k * 0.37 + 0.1) % 1),
                y + 0.7 * h * ((k * 0.61 + 0.13) % 1),
                0.0025,
                0.0025,
                rgb("ffffff", 0.9),
            )
    else:
        oval(p, x + 0.3 * w, y + 0.3 * h, 0.2 * w, 0.05 * h, faded(sky.cloud, 0.85))
        oval(p, x + 0.45 * w, y + 0.34 * h, 0.18 * w, 0.05 * h, faded(sky.cloud, 0.85))
    hill = sky.lit("5f9a58")
    poly(
        p,
        [(x, y + h), (x, y + 0.82 * h), (x + 0.4 * w, y + 0.72 * h), (x + w, y + 0.86 * h), (x + w, y + h)],
        vertical(y + 0.7 * h, y + h, lighter(hill, 0.2), hill),
    )
    box(p, x + w / 2 - 0.006, y, 0.012, h, frame)
    box(p, x, y + h / 2 - 0.006, w, 0.012, frame)
    box(
        p,
        x - 0.03,
        y + h + 0.012,
        w + 0.06,
        0.02,
        vertical(y + h, y + h + 0.03, lighter(frame, 0.4), darker(frame, 0.25)),
        0.004,
    )


def _planks(p: QPainter, view: View, top: float, wood: QColor, converge: float) -> None:
    """Floor boards that run towards the viewer."""
    rng = view.rng(90)
    box(p, view.left, top, view.span, 1 - top, vertical(top, 1, darker(wood, 0.2), wood, lighter(wood, 0.12)))
    middle, count = view.aspect / 2, max(6, round(view.span * 9))
    for i in range(count):
        x0, x1 = (view.left - 0.3 + (view.span + 0.6) * k / count for k in (i, i + 0.97))
        far0, far1 = (middle + (x - middle) * converge for x in (x0, x1))
        tone = mix(
            wood, darker(wood, 0.35) if rng.random() < 0.5 else lighter(wood, 0.3), rng.random() * 0.45
        )
        poly(
            p,
            [(far0, top), (far1, top), (x1, 1), (x0, 1)],
            vertical(top, 1, faded(darker(tone, 0.2), 0.8), faded(tone, 0.9)),
        )


def _room(p: QPainter, view: View) -> None:
    rng = view.rng(91)
    wall = _lit(view, rng.choice(_WALLS))
    box(p, view.left, 0, view.span, 0.74, vertical(0, 0.74, lighter(wall, 0.12), wall, darker(wall, 0.16)))
    x = view.left
    while x < view.right:
        box(p, x, 0, 0.035, 0.7, faded(lighter(wall, 0.45), 0.28))
        x += 0.07
    left = rng.random() < 0.5
    _window(p, view, view.aspect * (0.08 if left else 0.66), 0.12, 0.26, 0.32)
    _picture(p, view, view.aspect * (0.74 if left else 0.2), 0.16)
    _lamp(p, view, view.aspect * (0.93 if left else 0.06))
    box(p, view.left, 0.7, view.span, 0.03, vertical(0.7, 0.73, lighter(wall, 0.75), lighter(wall, 0.35)))
    _planks(p, view, 0.73, _lit(view, rng.choice(("b07a48", "96643c", "c08f5c"))), 0.55)
    rug = _lit(view, rng.choice(("9a5b62", "5f7f9a", "7f8f62", "8a6a9a")))
    oval(p, view.aspect / 2, 0.885, 0.46, 0.085, linear(0, 0.8, 0, 0.97, darker(rug, 0.1), lighter(rug, 0.2)))
    oval(p, view.aspect / 2, 0.885, 0.41, 0.07, faded(lighter(rug, 0.4), 0.5))
    oval(p, view.aspect / 2, 0.885, 0.38, 0.062, linear(0, 0.8, 0, 0.97, rug, lighter(rug, 0.15)))
    if view.sky.name in ("day", "sunset"):
        x = view.aspect * (0.3 if left else 0.7)
        beam = lighter(view.sky.low, 0.4)
        poly(
            p,
            [(x - 0.13, 0.76), (x + 0.12, 0.76), (x + 0.2, 0.95), (x - 0.15, 0.95)],
            vertical(0.76, 0.95, faded(beam, 0.15), faded(beam, 0.4)),
        )


def _picture(p: QPainter, view: View, x: float, y: float) -> None:
    frame = _lit(view, "8a5a34")
    box(p, x - 0.004, y + 0.006, 0.17, 0.2, rgb("140a10", 0.3), 0.006)
    box(
        p,
        x - 0.012,
        y - 0.012,
        0.174,
        0.204,
        linear(x, y, x + 0.17, y + 0.2, lighter(frame, 0.4), darker(frame, 0.4)),
        0.006,
    )
    box(p, x, y, 0.15, 0.18, vertical(y, y + 0.18, _lit(view, "f6e3c5"), _lit(view, "e9b98f")))
    oval(p, x + 0.1, y + 0.06, 0.022, 0.022, _lit(view, "f2733c"))
    poly(
        p,
        [
            (x, y + 0.18),
            (x, y + 0.13),
            (x + 0.05, y + 0.08),
            (x + 0.09, y + 0.13),
            (x + 0.12, y + 0.105),
            (x + 0.15, y + 0.14),
            (x + 0.15, y + 0.18),
        ],
        vertical(y + 0.08, y + 0.18, _lit(view, "7f8fb0"), _lit(view, "4f6f86")),
    )


def _lamp(p: QPainter, view: View, x: float) -> None:
    on = view.sky.lamps
    box(
        p,
        x - 0.005,
        0.36,
        0.01,
        0.4,
        linear(x - 0.005, 0, x + 0.005, 0, _lit(view, "c9a66a"), _lit(view, "6f5430")),
    )
    oval(p, x, 0.765, 0.05, 0.012, _lit(view, "7f623a"))
    shade = rgb("ffe3a3") if on else _lit(view, "e9dcc0")
    poly(
        p,
        [(x - 0.045, 0.26), (x + 0.045, 0.26), (x + 0.085, 0.39), (x - 0.085, 0.39)],
        linear(x - 0.08, 0, x + 0.08, 0, darker(shade, 0.12), lighter(shade, 0.4), darker(shade, 0.2)),
    )
    if on:
        glow(p, x, 0.36, 0.5, rgb("ff9a3a"), 0.24)
        glow(p, x, 0.34, 0.17, rgb("ffc46a"), 0.28)


def _kitchen(p: QPainter, view: View) -> None:
    """The background of the table, out of focus."""
    rng = view.rng(92)
    wall = _lit(view, rng.choice(_WALLS))
    box(p, view.left, 0, view.span, 0.7, vertical(0, 0.66, lighter(wall, 0.2), wall, darker(wall, 0.24)))
    left = rng.random() < 0.5
    x = view.aspect * (0.06 if left else 0.62)
    _window(p, view, x, 0.06, 0.32, 0.38)
    pot_x, leaves = x + 0.16, shades(_lit(view, "5fa35a"))
    for k in range(7):
        leaf(p, pot_x, 0.43, rng.uniform(0.07, 0.11), 0.025, -150 + 20 * k, leaves)
    poly(
        p,
        [(pot_x - 0.045, 0.42), (pot_x + 0.045, 0.42), (pot_x + 0.034, 0.487), (pot_x - 0.034, 0.487)],
        linear(pot_x - 0.04, 0, pot_x + 0.04, 0, _lit(view, "e58f62"), _lit(view, "8f4a30")),
    )
    shelf_x = view.aspect * (0.58 if left else 0.08)
    wood = _lit(view, "9a6b42")
    for y in (0.24, 0.42):
        box(p, shelf_x - 0.02, y, 0.38, 0.016, vertical(y, y + 0.016, lighter(wood, 0.3), darker(wood, 0.2)))
        for k in range(5):
            colour = _lit(view, rng.choice(("c96a5a", "6a8fb5", "d9b25a", "7fa86a", "9a7ab5", "e9dfcf")))
            w, h = rng.uniform(0.03, 0.05), rng.uniform(0.05, 0.1)
            bx = shelf_x + 0.07 * k
            box(
                p,
                bx,
                y - h,
                w,
                h,
                linear(bx, 0, bx + w, 0, lighter(colour, 0.3), colour, darker(colour, 0.3)),
                0.012,
            )
    box(p, view.left, 0, view.span, 0.62, faded(wall, 0.16))
    if view.sky.lamps:
        glow(p, view.aspect * 0.5, -0.05, 0.75, rgb("ff9a3a"), 0.26)
    for _ in range(9):
        x, y, r = rng.uniform(view.left, view.right), rng.uniform(0.05, 0.5), rng.uniform(0.02, 0.06)
        oval(p, x, y, r, r, faded(lighter(view.sky.low, 0.5), 0.1))


def _table(p: QPainter, view: View) -> None:
    rng = view.rng(93)
    wood = _lit(view, rng.choice(("b9834f", "9a6438", "cfa06a")))
    top = 0.6
    box(
        p, view.left, top, view.span, 1 - top, vertical(top, 1, lighter(wood, 0.18), wood, darker(wood, 0.22))
    )
    for i in range(5):
        y = top + 0.4 * ((i + 1) / 5) ** 1.5
        box(p, view.left, y, view.span, 0.004, faded(darker(wood, 0.55), 0.6))
        box(p, view.left, y + 0.004, view.span, 0.003, faded(lighter(wood, 0.4), 0.5))
    for _ in range(26):
        x, y, w = rng.uniform(view.left, view.right), rng.uniform(top + 0.01, 1), rng.uniform(0.08, 0.3)
        grain = [(x, y), (x + 0.5 * w, y + rng.uniform(-0.006, 0.006)), (x + w, y)]
        stroke(p, grain, faded(darker(wood, 0.5), rng.uniform(0.1, 0.28)), rng.uniform(0.0015, 0.004))
    soft(p, view.aspect / 2, top + 0.06, 0.55, 0.07, faded(lighter(view.sky.low, 0.4), 0.35))
    box(p, view.left, top, view.span, 0.008, lighter(wood, 0.45))


def _stage(p: QPainter, view: View) -> None:
    rng = view.rng(94)
    back = _lit(view, rng.choice(("3a3258", "28405a", "4a2c48", "2f4a48")))
    box(p, view.left, 0, view.span, 0.76, vertical(0, 0.76, darker(back, 0.65), back, lighter(back, 0.18)))
    for _ in range(46):
        x, y, r = rng.uniform(view.left, view.right), rng.uniform(0.08, 0.66), rng.uniform(0.002, 0.005)
        oval(p, x, y, r, r, faded(rgb(_BEAMS[view.sky.name][0]), rng.uniform(0.15, 0.6)))
    _planks(p, view, 0.74, _lit(view, "8a5a3c"), 0.5)
    box(p, view.left, 0.735, view.span, 0.012, darker(back, 0.5))


def _curtains(p: QPainter, view: View) -> None:
    cloth = mix(_lit(view, "a3242f"), PALETTE["purple"].base, 0.6 if view.rng(95).random() < 0.4 else 0.0)
    for side in (0, 1):
        for k in range(5):
            x = view.left + 0.056 * k if side == 0 else view.right - 0.056 * (k + 1)
            foot = 0.79 - 0.008 * k
            box(
                p,
                x,
                0,
                0.058,
                foot,
                linear(x, 0, x + 0.058, 0, darker(cloth, 0.55), lighter(cloth, 0.12), darker(cloth, 0.35)),
                0.01,
            )
    count = max(5, round(view.span * 7))
    for k in range(count):
        w = view.span / count
        x = view.left + k * w
        oval(
            p, x + w / 2, 0.0, w * 0.56, 0.11, vertical(-0.02, 0.11, darker(cloth, 0.5), lighter(cloth, 0.1))
        )
        stroke(
            p, [(x + 0.08 * w, 0.072), (x + w / 2, 0.108), (x + 0.92 * w, 0.072)], _lit(view, "e5b64a"), 0.008
        )


def _beams(p: QPainter, view: View, t: float) -> None:
    codes = _BEAMS[view.sky.name]
    strength = 0.3 if view.sky.name == "overcast" else 0.46
    for i, code in enumerate(codes):
        x = view.aspect * (0.2 + 0.3 * i)
        foot = view.aspect * (0.5 + 0.27 * (i - 1)) + 0.06 * math.sin(0.9 * t + 2.1 * i)
        light = rgb(code)
        brush = linear(x, 0, foot, 0.86, faded(light, strength), faded(light, 0.05))
        poly(p, [(x - 0.015, 0.04), (x + 0.015, 0.04), (foot + 0.17, 0.86), (foot - 0.17, 0.86)], brush)
        soft(p, foot, 0.86, 0.2, 0.05, faded(light, strength))
        glow(p, x, 0.06, 0.07, light, 0.9)


BACKDROPS: dict[str, Backdrop] = {
    "room": Backdrop(0.73, (Layer(_room, 0.8),), indoors=True),
    "table": Backdrop(0.6, (Layer(_kitchen, 0.35), Layer(_table, 1.0)), indoors=True),
    "stage": Backdrop(0.74, (Layer(_stage, 0.6), Layer(_curtains, 0.85)), behind=_beams, indoors=True),
}
"""The places of this file, by name."""
