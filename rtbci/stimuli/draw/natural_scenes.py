"""Landscapes: beach, city, mountain, road."""

import math

from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.layout import pan
from rtbci.stimuli.draw.panorama import lit_shades, places, sky_of
from rtbci.stimuli.draw.scenery import fir, peak, round_tree
from rtbci.stimuli.draw.skies import MARGIN
from rtbci.stimuli.draw.toolkit import (
    BLACK,
    METAL,
    PALETTE,
    WHITE,
    Art,
    Shades,
    Subject,
    ball,
    blob,
    box,
    faded,
    fill,
    gloss,
    glow,
    limb,
    linear,
    mix,
    moved,
    oval,
    poly,
    radial,
    rgb,
    shades,
    shadow,
    soft,
    vertical,
)

_LANES = (
    ((0.8, 0.42),),
    ((0.84, 0.5), (0.66, -0.5)),
    ((0.88, 0.52), (0.8, -0.52), (0.62, 0.5), (0.57, -0.5)),
)
"""For one, two and many: how near each car is (0 the horizon, 1 the lower edge), how far to the right."""


def beach(p: QPainter, art: Art) -> None:
    """A parasol in the clip's colour that flutters over a towel, with a ball that hops beside it."""
    tones, rng = art.shades, art.rng()
    second = PALETTE["red"] if art.spec.attribute("colour") != "red" else PALETTE["blue"]
    shadow(p, 0.12, -0.02, 0.5, 0.07, 0.5)
    towel = [(-0.1, -0.1), (0.46, -0.1), (0.56, 0.0), (-0.12, 0.0)]
    poly(p, towel, linear(-0.1, 0, 0.5, 0, tones.light, tones.base))
    for k in range(3):
        x = 0.0 + 0.17 * k
        poly(p, [(x, -0.1), (x + 0.05, -0.1), (x + 0.065, 0.0), (x + 0.005, 0.0)], WHITE.pale)
    with moved(p, -0.03, -0.02, -9 + 4 * art.wave()):
        limb(p, (0.0, 0.0), (0.0, -0.86), 0.028, 0.024, METAL)
        with moved(p, 0.0, -0.62):
            _parasol(p, tones, 0.02 * art.wave(2))
    hop = abs(art.wave(1, 0.15))
    x = -0.4 + 0.03 * rng.random()
    shadow(p, x, -0.015, 0.1, 0.02, 0.5 - 0.25 * hop)
    with moved(p, x, -0.1 - 0.2 * hop, 300 * art.phase):
        _striped_ball(p, 0.1, second)
    ball(p, 0.5, -0.02, 0.05, 0.035, shades(rgb("ffd9c4")))


def _parasol(p: QPainter, tones: Shades, flutter: float) -> None:
    rim = [-0.52 + 1.04 * k / 6 for k in range(7)]
    for k in range(6):
        x0, x1 = rim[k], rim[k + 1]
        y0, y1 = (-0.02 + 0.09 * (1 - (x / 0.52) ** 2) for x in (x0, x1))
        panel = QPainterPath()
        panel.moveTo(0.0, -0.36)
        panel.cubicTo(x0 * 0.55, -0.35, x0 * 0.96, -0.18, x0, y0)
        panel.quadTo((x0 + x1) / 2, (y0 + y1) / 2 - 0.035 + flutter * (-1) ** k, x1, y1)
        panel.cubicTo(x1 * 0.96, -0.18, x1 * 0.55, -0.35, 0.0, -0.36)
        light, dark = (tones.light, tones.dark) if k % 2 == 0 else (WHITE.pale, WHITE.dark)
        fill(p, panel, linear(-0.5, -0.36, 0.5, 0.05, light, tones.base if k % 2 == 0 else WHITE.base, dark))
    gloss(p, -0.2, -0.24, 0.2, 0.08, 0.5, -32)
    ball(p, 0.0, -0.37, 0.024, 0.024, WHITE)


def _striped_ball(p: QPainter, r: float, tones: Shades) -> None:
    for k in range(6):
        wedge = QPainterPath()
        wedge.moveTo(0.0, 0.0)
        wedge.arcTo(-r, -r, 2 * r, 2 * r, 60 * k, 60)
        wedge.closeSubpath()
        fill(
            p,
            wedge,
            radial(0, 0, r, tones.light, tones.base) if k % 2 else radial(0, 0, r, WHITE.pale, WHITE.base),
        )
    oval(p, 0, 0, 0.2 * r, 0.2 * r, WHITE.pale)


def city(p: QPainter, art: Art) -> None:
    """Skyscrapers in the clip's colour over a street with traffic."""
    sky, tones, rng = sky_of(art), lit_shades(art), art.rng()
    lit = {"night": 0.62, "sunset": 0.35, "overcast": 0.2}.get(sky.name, 0.05)
    base = 0.735
    for k, x in enumerate(places(art)):
        height = min(art.spec.size * 0.95 + 0.1 - 0.07 * (k % 2) - 0.03 * k, 0.69)
        width = (0.28, 0.22, 0.15)[art.spec.number]
        _tower(p, art, x, base + 0.012, width, height + (art.spec.y - 0.56) * 0.4, tones, lit, k)
    pace = 0.1 if art.spec.attribute("speed") == "slow" else 0.5
    for k in range(4):
        going_right = k % 2 == 0
        span = art.aspect + 0.5
        x = (
            rng.random() * span + (pace if going_right else -pace) * art.t * rng.uniform(0.8, 1.2)
        ) % span - 0.25
        paintwork = PALETTE[rng.choice(("red", "yellow", "blue", "grey", "orange"))]
        with moved(
            p,
            x,
            0.86 if going_right else 0.965,
            0.0,
            0.11 if going_right else -0.13,
            0.11 if going_right else 0.13,
        ):
            _side_car(p, paintwork, sky.lamps)


def _tower(
    p: QPainter, art: Art, x: float, base: float, w: float, h: float, tones: Shades, lit: float, k: int
) -> None:
    rng, sky = art.rng(20 + k), sky_of(art)
    step = rng.choice((0, 1, 2))
    parts = (
        ((w, h * 0.78), (w * 0.72, h * 0.9), (w * 0.42, h))
        if step
        else ((w, h * 0.97), (w * 0.6, h), (w * 0.3, h))
    )
    top = base - h
    limb(p, (x, top + 0.02), (x, top - 0.09), 0.012, 0.004, METAL)
    blink = 0.5 + 0.5 * art.wave(2, 0.3 * k)
    glow(p, x, top - 0.09, 0.035, rgb("ff5a4a"), 0.35 + 0.6 * blink)
    for part_w, part_h in reversed(parts):
        box(
            p,
            x - part_w / 2,
            base - part_h,
            part_w,
            part_h,
            linear(
                x - part_w / 2,
                0,
                x + part_w / 2,
                0,
                tones.light,
                tones.base,
                tones.base,
                tones.dark,
                tones.deep,
            ),
        )
        box(p, x - part_w / 2, base - part_h, part_w, 0.009, tones.pale)
    cols, rows = max(3, round(w / 0.037)), int(h * 0.74 / 0.045)
    cell = w * 0.92 / cols
    for row in range(rows):
        y = base - h * 0.76 + 0.01 + 0.045 * row
        for col in range(cols):
            on = rng.random() < lit
            glass = rgb("ffe59a") if on else mix(tones.deep, sky.middle, rng.uniform(0.25, 0.6))
            box(p, x - w * 0.46 + (col + 0.15) * cell, y, cell * 0.7, 0.026, glass)
    box(p, x - 0.03, base - 0.045, 0.06, 0.045, vertical(base - 0.045, base, rgb("ffe9b0"), tones.deep))


def _side_car(p: QPainter, tones: Shades, lamps: bool) -> None:
    """A small car from the side; its origin is between the wheels on the ground."""
    shadow(p, 0.0, 0.0, 1.0, 0.1, 0.6)
    cabin = [(-0.5, -0.5), (-0.34, -0.86), (0.2, -0.86), (0.48, -0.5)]
    poly(p, cabin, vertical(-0.86, -0.5, tones.light, tones.base))
    for pane in (
        [(-0.4, -0.52), (-0.28, -0.78), (-0.08, -0.78), (-0.08, -0.52)],
        [(0.0, -0.52), (0.0, -0.78), (0.16, -0.78), (0.36, -0.52)],
    ):
        poly(p, pane, vertical(-0.8, -0.5, rgb("e6f4ff"), rgb("6f8fae")))
    box(p, -0.92, -0.54, 1.84, 0.38, vertical(-0.54, -0.16, tones.light, tones.base, tones.dark), 0.13)
    for x in (-0.52, 0.54):
        oval(p, x, -0.17, 0.19, 0.19, radial(x, -0.17, 0.19, rgb("55555f"), rgb("17171d")))
        oval(p, x, -0.17, 0.09, 0.09, METAL.light)
    oval(p, 0.86, -0.38, 0.06, 0.07, rgb("fff4c4"))
    if lamps:
        soft(p, 1.25, -0.3, 0.5, 0.16, rgb("ffe9a0", 0.7))


def mountain(p: QPainter, art: Art) -> None:
    """Huge peaks, their rock in the clip's colour, with passing clouds and firs at their feet."""
    sky, tones = sky_of(art), lit_shades(art)
    stands = places(art)
    base = 0.74
    for k in sorted(range(len(stands)), key=lambda k: -k):
        height = min(art.spec.size * 0.8 + (0.2, 0.16, 0.14)[art.spec.number] - 0.05 * (k % 2), 0.64)
        height += (0.56 - art.spec.y) * 0.4
        width = (1.15, 0.78, 0.58)[art.spec.number]
        peak(
            p,
            art.rng(k),
            stands[k],
            base,
            width,
            height,
            tones.base,
            sky.lit("fbfdff"),
            mix(tones.dark, sky.low, 0.3),
        )
    soft(p, art.aspect / 2, base - 0.01, 0.9 * art.aspect, 0.09, faded(sky.low, 0.65))
    for k in range(3):
        drift = (0.02 + 0.1 * art.phase / 2 + k * 0.37 + art.rng(9).random()) % 1.0
        x, y = -0.25 + (art.aspect + 0.5) * drift, 0.36 + 0.1 * ((k * 0.6 + 0.3) % 1)
        for dx, r in ((-0.09, 0.055), (0.0, 0.075), (0.09, 0.05)):
            soft(p, x + dx, y, 2.1 * r, 0.75 * r, faded(sky.cloud, 0.8))
    box(p, 0, base - 0.005, art.aspect, 0.28, vertical(base, 1, sky.lit("6fa556"), sky.lit("2f6b36")))
    rng, shift = art.rng(50), pan(art.spec, art.t)
    for y in sorted(rng.uniform(0.76, 1.0) for _ in range(17)):
        h = 0.09 + 0.5 * (y - 0.74)
        x = rng.uniform(-MARGIN, art.aspect + MARGIN) - 1.6 * shift * (0.6 + 2 * (y - 0.74))
        shadow(p, x, y, 0.3 * h, 0.04 * h)
        fir(p, x + 0.004 * art.wave(1, x), y, h, sky.lit("2c6a4a"))


def road(p: QPainter, art: Art) -> None:
    """A road that winds to the horizon with cars in the clip's colour on it, seen from behind."""
    sky = sky_of(art)
    top = 0.57 + (art.spec.y - 0.56) * 0.5
    vanish = art.aspect * art.spec.x - pan(art.spec, art.t)
    bend = (-1 if art.spec.mirrored else 1) * 0.1
    box(
        p,
        0,
        top,
        art.aspect,
        1 - top,
        vertical(top, 1, sky.lit("a9cf6a"), sky.lit("6fa84a"), sky.lit("3f7d35")),
    )

    def across(depth: float, side: float) -> tuple[float, float]:
        near = depth**2.2
        middle = vanish + (art.aspect / 2 - vanish) * near + bend * math.sin(math.pi * depth**0.7)
        return middle + side * (0.008 + 0.5 * near), top + (1.02 - top) * near

    def strip(left: float, right: float) -> list[tuple[float, float]]:
        depths = [k / 14 for k in range(15)]
        return [across(d, left) for d in depths] + [across(d, right) for d in reversed(depths)]

    poly(p, strip(-1.14, 1.14), vertical(top, 1, sky.lit("c4b083"), sky.lit("a58a5a")))
    poly(p, strip(-1.0, 1.0), vertical(top, 1, sky.lit("8a8d96"), sky.lit("5d606a"), sky.lit("3d4048")))
    for side in (-0.93, 0.9):
        poly(p, strip(side, side + 0.035), sky.lit("f4f1e4"))
    run = art.phase * 1.3
    for k in range(9):
        start = ((k + run) % 9) / 9
        a, b = start, min(start + 0.055, 1.0)
        dash = [across(a, -0.025), across(a, 0.025), across(b, 0.03), across(b, -0.03)]
        poly(p, dash, sky.lit("fff6d8"))
    rng = art.rng(1)
    trees = sorted(((rng.random() + run / 9) % 1.0, side, rng.random()) for side in (-1, 1) for _ in range(6))
    for depth, side, r in trees:
        x, y = across(depth, side * (1.5 + 0.7 * r))
        round_tree(
            p, art.rng(40 + int(100 * r)), x, y, 0.05 + 0.5 * depth**2.2, sky.lit("4f9a48"), sky.lit("6a4a30")
        )
    for depth, side in sorted(_LANES[art.spec.number]):
        depth += 0.16 * (art.spec.size - 0.5) + 0.012 * art.wave(0.5, 0.4 * side)
        x, y = across(depth, side)
        scale = 0.4 * depth**2.2 + 0.02
        with moved(p, x, y, 0.0, scale, scale):
            _rear_car(p, art, sky.lamps, art.wave(3, side))


def _rear_car(p: QPainter, art: Art, lamps: bool, shake: float) -> None:
    """A car from behind; its origin is between its wheels on the ground, its width about 1."""
    tones = art.shades
    shadow(p, 0.0, 0.0, 0.72, 0.12, 0.75)
    for x in (-0.36, 0.36):
        box(p, x - 0.1, -0.2, 0.2, 0.2, linear(x - 0.1, 0, x + 0.1, 0, BLACK.base, BLACK.deep), 0.05)
    with moved(p, 0.0, 0.008 * shake):
        roof = blob(
            [(-0.42, -0.42), (-0.33, -0.72), (-0.18, -0.82), (0.18, -0.82), (0.33, -0.72), (0.42, -0.42)]
        )
        fill(p, roof, vertical(-0.82, -0.4, tones.light, tones.base))
        poly(
            p,
            [(-0.33, -0.5), (-0.26, -0.74), (0.26, -0.74), (0.33, -0.5)],
            linear(-0.3, -0.74, 0.3, -0.5, rgb("dff0fb"), rgb("56718f")),
        )
        box(p, -0.52, -0.5, 1.04, 0.38, vertical(-0.5, -0.12, tones.light, tones.base, tones.dark), 0.12)
        box(p, -0.52, -0.2, 1.04, 0.07, vertical(-0.2, -0.13, METAL.light, METAL.dark), 0.03)
        box(p, -0.14, -0.31, 0.28, 0.09, vertical(-0.31, -0.22, rgb("fffbe8"), rgb("d8d2b8")), 0.015)
        for x in (-0.4, 0.4):
            oval(p, x, -0.35, 0.085, 0.06, radial(x, -0.35, 0.09, rgb("ff9a7a"), rgb("d01f1f")))
            if lamps:
                glow(p, x, -0.35, 0.24, rgb("ff3a2a"), 0.8)


SUBJECTS: dict[str, Subject] = {
    "beach": Subject(beach, width=1.2, shadow=0.0, scale=0.95),
    "city": Subject(city, place="scene"),
    "mountain": Subject(mountain, place="scene"),
    "road": Subject(road, place="scene"),
}
"""How the concepts of this file are drawn."""
