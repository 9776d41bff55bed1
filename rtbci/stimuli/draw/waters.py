"""Places at and in the water: beach, sea, underwater."""

import math

from PySide6.QtGui import QColor, QPainter

from rtbci.stimuli.draw.backdrop import Backdrop, Layer
from rtbci.stimuli.draw.outdoors import SKY
from rtbci.stimuli.draw.scenery import ground, palm, ridge
from rtbci.stimuli.draw.skies import Sky, View
from rtbci.stimuli.draw.toolkit import (
    Point,
    ball,
    box,
    darker,
    faded,
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

_SEA_TOP = 0.56
_DEEP: dict[str, tuple[str, str, str]] = {
    "day": ("7fdbe8", "2f9fd0", "0f5a9a"),
    "sunset": ("f0a08a", "8a6fae", "2f3f86"),
    "night": ("1f3f86", "13235f", "070d30"),
    "overcast": ("b3c9c9", "6f97a0", "36606f"),
}


def _water(sky: Sky) -> tuple[QColor, QColor]:
    return mix(sky.lit("4fb7d8"), sky.low, 0.35), sky.lit("12588f")


def _beach_far(p: QPainter, view: View) -> None:
    sky, (far, near) = view.sky, _water(view.sky)
    ridge(p, view, 80, 0.515, 0.02, sky.far("6f9a9a", 0.5), sky.far("5f8a80", 0.4), 1.2)
    box(
        p,
        view.left,
        0.51,
        view.span,
        0.2,
        vertical(0.51, 0.69, darker(near, 0.08), near, mix(far, rgb("ffffff"), 0.12)),
    )


def _beach_near(p: QPainter, view: View) -> None:
    sky, rng = view.sky, view.rng(81)
    ground(p, view, 0.69, sky.lit("cdb07c"), sky.lit("e5c688"))
    box(
        p,
        view.left,
        0.69,
        view.span,
        0.06,
        vertical(0.69, 0.75, sky.lit("a98a5e"), faded(sky.lit("dcc08a"), 0.0)),
    )
    for _ in range(9):
        x, y = rng.uniform(view.left, view.right), rng.uniform(0.78, 0.99)
        soft(p, x, y, 0.2, 0.02, sky.lit(rgb("fff0c4", 0.6)))
        soft(p, x + 0.03, y + 0.02, 0.18, 0.014, sky.lit(rgb("a9854e", 0.4)))
    for _ in range(8):
        x, y, r = rng.uniform(view.left, view.right), rng.uniform(0.76, 0.98), rng.uniform(0.007, 0.013)
        ball(p, x, y, r, 0.7 * r, shades(sky.lit(rng.choice(("ffe4d6", "f6b3a4", "ffffff")))))
    for x in (0.02, 0.97):
        if rng.random() < 0.75:
            place = view.aspect * x + rng.uniform(-0.06, 0.06)
            palm(p, rng, place, 0.8, rng.uniform(0.5, 0.66), sky.lit("3f9148"), sky.lit("8a6238"))


def _beach_surf(p: QPainter, view: View, t: float) -> None:
    sky = view.sky
    _glitter(p, view, t, 0.52, 0.66, 14)
    for i, y in enumerate((0.62, 0.655, 0.692)):
        crest = _swell(view, y + 0.006 * math.sin(1.3 * t + i * 2), 0.006, 9 - i, t * (0.7 + 0.2 * i) + i)
        stroke(p, crest, faded(sky.lit("ffffff"), 0.35 + 0.25 * i), 0.004 + 0.003 * i)


def _swell(view: View, y: float, height: float, bumps: float, shift: float) -> list[Point]:
    steps = 18
    xs = (-0.05 + (view.aspect + 0.1) * i / steps for i in range(steps + 1))
    return [
        (x, y + height * math.sin(bumps * x * 1.7 + shift) + 0.4 * height * math.sin(bumps * x * 3.1 - shift))
        for x in xs
    ]


def _glitter(p: QPainter, view: View, t: float, top: float, bottom: float, count: int) -> None:
    """Short glints on the water that come and go."""
    rng = view.rng(82)
    glint = lighter(view.sky.light, 0.3)
    for _ in range(count):
        x, k, phase = rng.uniform(0, view.aspect), rng.random(), rng.random()
        alpha = 0.5 + 0.5 * math.sin(2 * math.pi * (0.35 * t + phase))
        y, half = top + (bottom - top) * k, 0.01 + 0.035 * k
        oval(p, x + 0.012 * t, y, half, 0.0016 + 0.0028 * k, faded(glint, 0.08 + 0.6 * alpha))


def _sea_water(p: QPainter, view: View) -> None:
    sky, (far, near) = view.sky, _water(view.sky)
    if view.rng(83).random() < 0.6:
        ridge(p, view, 84, 0.545, 0.025, sky.far("6d8796", 0.55), sky.far("5d7a80", 0.45), 1.3)
    box(
        p,
        view.left,
        _SEA_TOP,
        view.span,
        1 - _SEA_TOP,
        vertical(_SEA_TOP, 1, mix(far, sky.low, 0.35), far, near, darker(near, 0.25)),
    )
    soft(p, view.aspect / 2, _SEA_TOP + 0.02, 0.6, 0.06, faded(sky.low, 0.6))


def _sea_waves(p: QPainter, view: View, t: float) -> None:
    sky = view.sky
    _, near = _water(sky)
    for i in range(5):
        k = i / 4
        y, height = _SEA_TOP + 0.03 + 0.33 * k**1.3, 0.003 + 0.009 * k
        crest = _swell(view, y, height, 8 - 4 * k, t * (0.9 + 0.3 * i) + 2 * i)
        poly(
            p,
            [*crest, (view.aspect + 0.05, y + 0.07), (-0.05, y + 0.07)],
            vertical(y - height, y + 0.06, faded(lighter(near, 0.4), 0.4), faded(near, 0.0)),
        )
        stroke(p, crest, faded(lighter(sky.low, 0.4), 0.3), 0.0018 + 0.002 * k)
    _glitter(p, view, t, _SEA_TOP + 0.01, 0.95, 26)


def _sea_front(p: QPainter, view: View, t: float) -> None:
    sky = view.sky
    _, near = _water(sky)
    crest = _swell(view, 0.945, 0.012, 4, 1.7 * t)
    poly(
        p,
        [*crest, (view.aspect + 0.05, 1.05), (-0.05, 1.05)],
        vertical(0.93, 1.0, faded(lighter(near, 0.3), 0.85), faded(darker(near, 0.2), 0.95)),
    )
    stroke(p, crest, faded(lighter(sky.low, 0.5), 0.6), 0.005)


def _under_far(p: QPainter, view: View) -> None:
    top, middle, low = (rgb(code) for code in _DEEP[view.sky.name])
    box(p, view.left, 0, view.span, 1, vertical(0, 1, lighter(top, 0.15), middle, low))
    soft(p, view.aspect * view.rng(85).uniform(0.3, 0.7), -0.02, 0.6, 0.3, faded(lighter(top, 0.6), 0.85))
    ridge(p, view, 86, 0.83, 0.06, faded(mix(middle, low, 0.6), 0.8), low, 2.4)


def _under_near(p: QPainter, view: View) -> None:
    rng = view.rng(87)
    middle, low = (rgb(code) for code in _DEEP[view.sky.name][1:])
    sand = mix(rgb("d9c493"), middle, 0.42)
    ridge(p, view, 88, 0.91, 0.022, lighter(sand, 0.2), mix(sand, low, 0.65), 3.0)
    for _ in range(9):
        x, y, r = rng.uniform(view.left, view.right), rng.uniform(0.93, 0.98), rng.uniform(0.015, 0.045)
        ball(p, x, y, r, 0.62 * r, shades(mix(rgb(rng.choice(("8a8478", "a08a7a", "6f7880"))), middle, 0.3)))
    for _ in range(5):
        x, tone = (
            rng.uniform(view.left, view.right),
            mix(rgb(rng.choice(("f07a6a", "f2a65a", "c77ad0", "f4d35e"))), middle, 0.28),
        )
        for k in range(5):
            dx, h = (k - 2) * 0.02, 0.075 - 0.012 * abs(k - 2) + rng.uniform(0, 0.02)
            brush = vertical(0.93 - h, 0.94, lighter(tone, 0.35), darker(tone, 0.25))
            stroke(p, [(x, 0.945), (x + dx * 0.7, 0.945 - 0.5 * h), (x + dx * 1.5, 0.94 - h)], brush, 0.014)
            oval(p, x + dx * 1.5, 0.94 - h, 0.011, 0.011, lighter(tone, 0.25))


def _under_rays(p: QPainter, view: View, t: float) -> None:
    light = lighter(rgb(_DEEP[view.sky.name][0]), 0.5)
    strength = {"day": 0.34, "sunset": 0.3, "night": 0.14, "overcast": 0.16}[view.sky.name]
    for i in range(4):
        x = view.aspect * (0.08 + 0.27 * i) + 0.03 * math.sin(0.8 * t + 1.7 * i)
        w = 0.05 + 0.03 * math.sin(1.1 * t + i)
        brush = linear(x, 0, x - 0.16, 0.85, faded(light, strength), faded(light, 0.0))
        poly(p, [(x, -0.01), (x + w, -0.01), (x + 1.5 * w - 0.16, 0.88), (x - w - 0.2, 0.88)], brush)


def _under_life(p: QPainter, view: View, t: float) -> None:
    """Seaweed that sways and bubbles that rise."""
    rng = view.rng(89)
    middle = rgb(_DEEP[view.sky.name][1])
    for _ in range(6):
        x, h, phase = rng.uniform(0, view.aspect), rng.uniform(0.12, 0.24), rng.random() * 6
        green = mix(rgb(rng.choice(("2f9a5a", "4fae4a", "1f7f6a"))), middle, 0.25)
        for dx in (-0.018, 0.0, 0.02):
            sway = 0.022 * math.sin(1.6 * t + phase + 30 * dx)
            tip = (x + dx * 2 + sway * 1.4, 0.97 - h + 3 * abs(dx))
            points = [
                (x + dx, 0.97),
                (x + dx * 1.4 - sway, 0.97 - 0.4 * h),
                (x + dx * 1.7 + sway, 0.97 - 0.75 * h),
                tip,
            ]
            stroke(p, points, vertical(0.97 - h, 0.97, lighter(green, 0.3), darker(green, 0.3)), 0.014)
    for _ in range(12):
        x, y, r, rise = (
            rng.random() * view.aspect,
            rng.random(),
            rng.uniform(0.004, 0.012),
            rng.uniform(0.05, 0.1),
        )
        y = (y - rise * t) % 1.0
        x += 0.008 * math.sin(3 * t + 20 * y)
        oval(p, x, y, r, r, rgb("ffffff", 0.22))
        oval(p, x - 0.3 * r, y - 0.3 * r, 0.35 * r, 0.35 * r, rgb("ffffff", 0.75))


BACKDROPS: dict[str, Backdrop] = {
    "beach": Backdrop(0.71, (*SKY, Layer(_beach_far, 0.3), Layer(_beach_near, 1.0)), behind=_beach_surf),
    "sea": Backdrop(_SEA_TOP, (*SKY, Layer(_sea_water, 0.3)), behind=_sea_waves, before=_sea_front),
    "underwater": Backdrop(
        0.86, (Layer(_under_far, 0.3), Layer(_under_near, 1.0)), behind=_under_rays, before=_under_life
    ),
}
"""The places of this file, by name."""
