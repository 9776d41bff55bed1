"""Things that stand in backgrounds: hills, peaks, trees, houses, grass."""

import math
import random
from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtGui import QColor, QPainter

from rtbci.stimuli.draw.skies import View
from rtbci.stimuli.draw.toolkit import (
    Point,
    ball,
    blob,
    box,
    darker,
    faded,
    fill,
    lighter,
    linear,
    mix,
    oval,
    poly,
    polygon,
    rgb,
    shades,
    soft,
    stroke,
    vertical,
)


def ridge(
    p: QPainter,
    view: View,
    salt: int,
    y: float,
    height: float,
    top: QColor,
    bottom: QColor,
    bumps: float = 3.0,
) -> None:
    """A range of rolling hills from side to side; `y` is its mean crest."""
    rng = view.rng(salt)
    a, b, c = (rng.uniform(0, 2 * math.pi) for _ in range(3))
    points: list[Point] = []
    steps = 40
    for i in range(steps + 1):
        x = view.left + view.span * i / steps
        rise = (
            0.6 * math.sin(bumps * x * 2 + a)
            + 0.3 * math.sin(bumps * x * 4.3 + b)
            + 0.1 * math.sin(bumps * x * 9 + c)
        )
        points.append((x, y - height * rise))
    points += [(view.right, 1.0), (view.left, 1.0)]
    poly(p, points, vertical(y - height, y + height + 0.12, top, bottom))


def ground(p: QPainter, view: View, y: float, far: QColor, near: QColor) -> None:
    """Flat ground from `y` to the bottom, with a faint band of light at its far edge."""
    box(p, view.left, y, view.span, 1.0 - y, vertical(y, 1.0, far, mix(far, near, 0.6), near))
    box(
        p,
        view.left,
        y,
        view.span,
        0.03,
        vertical(y, y + 0.03, faded(lighter(far, 0.35), 0.6), faded(far, 0.0)),
    )


def peak(
    p: QPainter,
    rng: random.Random,
    x: float,
    base: float,
    width: float,
    height: float,
    rock: QColor,
    snow: QColor | None,
    haze: QColor,
) -> None:
    """A mountain with a lit left face, a shaded right face and a cap of snow."""
    top = (x + rng.uniform(-0.08, 0.08) * width, base - height)
    left = _flank(rng, top, (x - width / 2, base), 4)
    right = _flank(rng, top, (x + width / 2, base), 4)
    fold = _flank(rng, top, (x + width * rng.uniform(0.0, 0.14), base), 4)
    poly(
        p,
        [*left, *reversed(fold)],
        vertical(base - height, base, lighter(rock, 0.22), rock, mix(rock, haze, 0.55)),
    )
    poly(
        p,
        [*right, *reversed(fold)],
        vertical(base - height, base, darker(rock, 0.42), darker(rock, 0.26), mix(rock, haze, 0.5)),
    )
    for k in (0.3, 0.55, 0.75):
        start = _between(top, left[-1], k * 0.8)
        crag = [
            start,
            (start[0] + 0.1 * width, start[1] + 0.02),
            (start[0] + 0.07 * width, start[1] + 0.2 * height),
        ]
        poly(
            p,
            crag,
            vertical(start[1], start[1] + 0.2 * height, faded(darker(rock, 0.4), 0.35), faded(rock, 0.0)),
        )
    if snow is not None:
        _snow_cap(p, rng, top, left, right, fold, height, snow)


def _snow_cap(
    p: QPainter,
    rng: random.Random,
    top: Point,
    left: Sequence[Point],
    right: Sequence[Point],
    fold: Sequence[Point],
    height: float,
    snow: QColor,
) -> None:
    depth = 0.3 * rng.uniform(0.85, 1.2)
    a, m, b = (_at_height(line, top[1] + depth * height) for line in (left, fold, right))
    edge_left = [_between(a, m, k) for k in (0.25, 0.5, 0.75)]
    edge_left = [(x, y + (-0.05 if i % 2 else 0.09) * height) for i, (x, y) in enumerate(edge_left)]
    edge_right = [_between(m, b, k) for k in (0.3, 0.55, 0.8)]
    edge_right = [(x, y + (-0.05 if i % 2 else 0.08) * height) for i, (x, y) in enumerate(edge_right)]
    upper_left = [q for q in left if q[1] < a[1]]
    upper_fold = [q for q in fold if q[1] < m[1]]
    upper_right = [q for q in right if q[1] < b[1]]
    bottom = top[1] + depth * height * 1.3
    poly(
        p,
        [*upper_left, a, *edge_left, m, *reversed(upper_fold)],
        vertical(top[1], bottom, lighter(snow, 0.5), snow),
    )
    shade = mix(snow, rgb("7d92bd"), 0.45)
    poly(
        p,
        [*upper_right, b, *reversed(edge_right), m, *reversed(upper_fold)],
        vertical(top[1], bottom, shade, lighter(shade, 0.2)),
    )


def _flank(rng: random.Random, top: Point, foot: Point, parts: int) -> list[Point]:
    points = [top]
    for i in range(1, parts):
        x, y = _between(top, foot, i / parts)
        points.append((x + rng.uniform(-0.04, 0.04) * abs(foot[1] - top[1]), y))
    return [*points, foot]


def _between(a: Point, b: Point, k: float) -> Point:
    return a[0] + (b[0] - a[0]) * k, a[1] + (b[1] - a[1]) * k


def _at_height(line: Sequence[Point], y: float) -> Point:
    for a, b in pairwise(line):
        if a[1] <= y <= b[1]:
            return _between(a, b, (y - a[1]) / max(b[1] - a[1], 1e-9))
    return line[-1]


def round_tree(
    p: QPainter, rng: random.Random, x: float, base: float, h: float, crown: QColor, trunk: QColor
) -> None:
    """A broad-leaved tree."""
    soft(p, x, base, 0.42 * h, 0.06 * h, QColor(8, 12, 20, 90))
    box(
        p,
        x - 0.045 * h,
        base - 0.5 * h,
        0.09 * h,
        0.5 * h,
        linear(x - 0.05 * h, 0, x + 0.05 * h, 0, lighter(trunk, 0.15), darker(trunk, 0.4)),
    )
    tones = shades(crown)
    for dx, dy, r in (
        (-0.2, -0.52, 0.2),
        (0.2, -0.54, 0.2),
        (0.0, -0.5, 0.22),
        (-0.1, -0.72, 0.22),
        (0.13, -0.74, 0.2),
        (0.0, -0.84, 0.16),
    ):
        r *= rng.uniform(0.9, 1.12)
        ball(p, x + dx * h, base + dy * h, r * h, r * h * 0.94, tones)


def fir(p: QPainter, x: float, base: float, h: float, needles: QColor, snow: QColor | None = None) -> None:
    """A fir, with snow on its branches if a colour of snow is given."""
    box(p, x - 0.03 * h, base - 0.14 * h, 0.06 * h, 0.14 * h, darker(needles, 0.5))
    for i, (top, bottom, half) in enumerate(((0.52, 0.1, 0.25), (0.76, 0.36, 0.2), (1.0, 0.62, 0.14))):
        tip, foot, w = base - top * h, base - bottom * h, half * h
        tier = [
            (x, tip),
            (x + w, foot),
            (x + 0.4 * w, foot - 0.03 * h),
            (x, foot + 0.02 * h),
            (x - 0.4 * w, foot - 0.03 * h),
            (x - w, foot),
        ]
        poly(
            p,
            tier,
            linear(x - w, 0, x + w, 0, lighter(needles, 0.16 + 0.04 * i), needles, darker(needles, 0.4)),
        )
        if snow is not None:
            k = 0.45
            cap = [
                (x, tip),
                (x + k * w, tip + k * (foot - tip)),
                (x, tip + 0.36 * (foot - tip)),
                (x - k * w, tip + (k + 0.1) * (foot - tip)),
            ]
            poly(p, cap, snow)


def acacia(p: QPainter, x: float, base: float, h: float, crown: QColor, trunk: QColor) -> None:
    """The flat-topped tree of the savanna."""
    soft(p, x, base, 0.5 * h, 0.05 * h, QColor(20, 10, 5, 90))
    for dx in (-0.3, 0.0, 0.32):
        stroke(
            p, [(x, base), (x + dx * 0.2 * h, base - 0.45 * h), (x + dx * h, base - 0.8 * h)], trunk, 0.05 * h
        )
    tones = shades(crown)
    for dx, dy, rx in ((-0.34, -0.8, 0.34), (0.36, -0.82, 0.32), (0.0, -0.9, 0.42)):
        ball(p, x + dx * h, base + dy * h, rx * h, 0.12 * h, tones)


def palm(
    p: QPainter,
    rng: random.Random,
    x: float,
    base: float,
    h: float,
    frond: QColor,
    trunk: QColor,
    sway: float = 0.0,
) -> None:
    """A palm that leans; `sway` moves its crown."""
    lean = rng.choice((-1, 1)) * rng.uniform(0.12, 0.24)
    top = (x + (lean + sway) * h, base - h)
    soft(p, x, base, 0.3 * h, 0.035 * h, QColor(20, 10, 5, 90))
    middle = (x + (lean * 0.3 + sway * 0.4) * h, base - 0.5 * h)
    stroke(
        p,
        [(x, base), middle, top],
        linear(x - 0.03 * h, 0, x + 0.06 * h, 0, lighter(trunk, 0.25), darker(trunk, 0.35)),
        0.05 * h,
    )
    for i in range(7):
        angle = math.radians(-200 + 220 * i / 6 + rng.uniform(-8, 8)) + sway * 1.5
        reach = 0.4 * h * rng.uniform(0.85, 1.1)
        tip = (
            top[0] + math.cos(angle) * reach,
            top[1] + math.sin(angle) * reach * 0.55 + 0.2 * h * abs(math.cos(angle)),
        )
        mid = (top[0] + math.cos(angle) * reach * 0.55, top[1] + math.sin(angle) * reach * 0.6 - 0.07 * h)
        low = (mid[0], mid[1] + 0.085 * h)
        path = blob([top, mid, tip, low])
        fill(
            p,
            path,
            linear(
                top[0], top[1], tip[0], tip[1], lighter(frond, 0.2 if i % 2 else 0.05), darker(frond, 0.3)
            ),
        )
    for dx in (-0.025, 0.02):
        ball(p, top[0] + dx * h, top[1] + 0.03 * h, 0.03 * h, 0.03 * h, shades(rgb("6b4426")))


def skyline(
    p: QPainter, view: View, salt: int, base: float, low: float, high: float, wall: QColor, lit: float
) -> None:
    """A row of houses from side to side; `lit` is the fraction of windows with light in them."""
    rng = view.rng(salt)
    x = view.left
    glass = mix(wall, view.sky.middle, 0.4)
    lamp = rgb("ffdf8a")
    while x < view.right:
        width, height = rng.uniform(0.09, 0.17), rng.uniform(low, high)
        front = mix(wall, rgb(rng.choice(("8a6f72", "6d7f96", "9c8f7f", "5f6b80"))), 0.35)
        top = base - height
        box(
            p,
            x,
            top,
            width,
            height + 0.01,
            linear(x, top, x + width, base, lighter(front, 0.14), front, darker(front, 0.25)),
        )
        if rng.random() < 0.35:
            box(p, x + 0.3 * width, top - 0.03, 0.4 * width, 0.03, darker(front, 0.15))
            box(p, x + 0.49 * width, top - 0.08, 0.02 * width, 0.06, darker(front, 0.3))
        columns = max(2, round(width / 0.034))
        step, rows = width / columns, int(height / 0.042)
        for row in range(rows):
            for column in range(columns):
                pane = lamp if rng.random() < lit else mix(glass, darker(front, 0.4), rng.uniform(0.2, 0.8))
                box(p, x + (column + 0.22) * step, top + 0.016 + row * 0.042, step * 0.56, 0.024, pane)
        x += width + rng.choice((0.0, 0.004, 0.02))


def tufts(
    p: QPainter, view: View, salt: int, top: float, count: int, colour: QColor, height: float = 0.028
) -> None:
    """Tufts of grass over the ground below `top`, larger when nearer."""
    rng = view.rng(salt)
    for _ in range(count):
        near = rng.random() ** 0.7
        x, y, h = rng.uniform(view.left, view.right), top + (1.02 - top) * near, height * (0.35 + near)
        blades = [
            (x - 0.35 * h, y),
            (x - 0.55 * h, y - 0.8 * h),
            (x - 0.08 * h, y - 0.2 * h),
            (x + 0.08 * h, y - 1.1 * h),
        ]
        blades += [(x + 0.2 * h, y - 0.2 * h), (x + 0.6 * h, y - 0.75 * h), (x + 0.35 * h, y)]
        p.fillPath(polygon(blades), mix(colour, lighter(colour, 0.3), rng.random() * 0.8))


def blossoms(p: QPainter, view: View, salt: int, top: float, count: int) -> None:
    """Small flowers scattered over a meadow."""
    rng = view.rng(salt)
    for _ in range(count):
        near = rng.random() ** 0.8
        x, y, r = rng.uniform(view.left, view.right), top + (1.0 - top) * near, 0.004 + 0.007 * near
        petal = view.sky.lit(rng.choice(("ffffff", "ffe27a", "f7a8c4", "c9b2ff")))
        for k in range(5):
            angle = k * 2 * math.pi / 5
            oval(p, x + r * math.cos(angle), y + 0.7 * r * math.sin(angle), 0.7 * r, 0.55 * r, petal)
        oval(p, x, y, 0.5 * r, 0.4 * r, view.sky.lit("e9a020"))
