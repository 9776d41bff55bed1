"""Plants: flower, mushroom, tree."""

import math

from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.toolkit import (
    LEAF,
    PALETTE,
    Art,
    Subject,
    ball,
    blob,
    clipped,
    darker,
    faded,
    fill,
    gloss,
    leaf,
    lighter,
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

_EARTH = shades(rgb("5a3420"))
_SEEDS = shades(rgb("7a4a22"))


def flower(p: QPainter, art: Art) -> None:
    """A large blossom that nods on its stem; its petals have the clip's colour."""
    rng = art.rng()
    sway = 0.09 * art.wave()
    head = (sway, -0.68)
    soft(p, 0.0, 0.0, 0.2, 0.05, faded(_EARTH.deep, 0.7))
    stem = [(0.0, 0.0), (-0.03 + 0.1 * sway, -0.25), (0.25 * sway, -0.45), head]
    stroke(p, stem, linear(-0.05, 0, 0.08, 0, LEAF.light, LEAF.dark), 0.035)
    for side, y, angle in ((1, -0.14, -32), (-1, -0.22, -148), (1, -0.34, -50)):
        leaf(
            p,
            0.3 * sway * -y,
            y,
            0.3 * rng.uniform(0.85, 1.05),
            0.1,
            angle + 6 * side * art.wave(1, 0.2),
            LEAF,
        )
    petals = rng.choice((9, 10, 12))
    pointed = rng.random() < 0.5
    tones = art.shades
    with moved(p, head[0], head[1], 18 * sway / 0.09 * 0.6):
        for ring, (reach, wide) in enumerate(((0.32, 0.085), (0.25, 0.08))):
            near, far = (
                (darker(tones.dark, 0.25), tones.base)
                if ring == 0
                else (tones.deep, mix(tones.base, tones.light, 0.6))
            )
            brush = linear(0.06, 0, reach, 0, near, far, lighter(far, 0.22))
            path = _petal(reach, wide, pointed)
            for k in range(petals):
                with moved(p, 0.0, 0.0, 360 / petals * (k + 0.5 * ring)):
                    fill(p, path, brush)
                    stroke(p, path, faded(tones.deep, 0.28), 0.006)
                    stroke(p, [(0.08, 0.0), (reach * 0.8, 0.0)], faded(tones.deep, 0.25), 0.006)
        heart = PALETTE["brown"] if art.spec.attribute("colour") != "brown" else PALETTE["yellow"]
        soft(p, 0.0, 0.01, 0.15, 0.15, faded(tones.deep, 0.7))
        ball(p, 0.0, 0.0, 0.105, 0.105, heart)
        for k in range(26):
            r, a = 0.092 * math.sqrt(k / 26), k * 2.39996
            oval(p, r * math.cos(a), r * math.sin(a), 0.0085, 0.0085, heart.pale if k % 2 else heart.deep)


def _petal(reach: float, wide: float, pointed: bool) -> QPainterPath:
    path = QPainterPath()
    path.moveTo(0.04, 0.0)
    if pointed:
        path.cubicTo(reach * 0.35, -wide * 1.2, reach * 0.75, -wide, reach, 0.0)
        path.cubicTo(reach * 0.75, wide, reach * 0.35, wide * 1.2, 0.04, 0.0)
    else:
        path.cubicTo(reach * 0.5, -wide * 1.1, reach * 1.02, -wide * 1.4, reach, 0.0)
        path.cubicTo(reach * 1.02, wide * 1.4, reach * 0.5, wide * 1.1, 0.04, 0.0)
    return path


def mushroom(p: QPainter, art: Art) -> None:
    """A toadstool that sways and squashes a little; its cap has the clip's colour."""
    rng = art.rng()
    lean, squash = 7 * art.wave(), 1 + 0.035 * art.wave(1, 0.25)
    flesh, tones = shades(rgb("efe3cd")), art.shades
    with moved(p, 0.0, 0.0, lean * 0.5, 1 / squash, squash):
        stalk = blob(
            [(-0.16, 0.0), (-0.12, -0.2), (-0.1, -0.52), (0.1, -0.52), (0.13, -0.2), (0.17, 0.0), (0.0, 0.03)]
        )
        fill(
            p, stalk, linear(-0.17, 0, 0.18, 0, flesh.light, flesh.base, flesh.dark, darker(flesh.dark, 0.2))
        )
        for x in (-0.07, -0.02, 0.05):
            stroke(p, [(x, -0.44), (x * 1.2, -0.2), (x * 1.5, -0.04)], faded(flesh.deep, 0.25), 0.008)
        with moved(p, 0.0, -0.5, lean * 0.6):
            frill = blob(
                [
                    (-0.14, 0.0),
                    (-0.17, 0.12),
                    (-0.06, 0.09),
                    (0.03, 0.14),
                    (0.12, 0.09),
                    (0.18, 0.13),
                    (0.14, 0.0),
                ]
            )
            fill(p, frill, vertical(0.0, 0.14, flesh.dark, flesh.pale))
            oval(p, 0.0, -0.03, 0.47, 0.1, vertical(-0.13, 0.07, flesh.dark, flesh.light))
            for k in range(21):
                x = -0.42 + 0.042 * k
                stroke(
                    p,
                    [(x * 0.35, -0.03), (x, -0.03 + 0.09 * math.sqrt(max(1 - (x / 0.47) ** 2, 0)))],
                    faded(flesh.deep, 0.3),
                    0.006,
                )
            cap = QPainterPath()
            cap.moveTo(-0.52, -0.02)
            cap.cubicTo(-0.5, -0.36, -0.24, -0.5, 0.0, -0.5)
            cap.cubicTo(0.24, -0.5, 0.5, -0.36, 0.52, -0.02)
            cap.cubicTo(0.4, -0.1, -0.4, -0.1, -0.52, -0.02)
            fill(p, cap, radial(-0.16, -0.38, 0.72, tones.light, tones.base, tones.dark, tones.deep))
            with clipped(p, cap):
                for x, y, r in (
                    (-0.02, -0.36, 0.085),
                    (-0.26, -0.24, 0.07),
                    (0.25, -0.26, 0.075),
                    (-0.4, -0.1, 0.05),
                    (0.02, -0.14, 0.06),
                    (0.4, -0.12, 0.055),
                    (-0.19, -0.41, 0.035),
                    (0.17, -0.43, 0.04),
                    (-0.14, -0.14, 0.03),
                    (0.2, -0.12, 0.028),
                ):
                    r *= rng.uniform(0.85, 1.15)
                    oval(
                        p,
                        x,
                        y,
                        r,
                        r * 0.8,
                        radial(
                            x - 0.3 * r, y - 0.3 * r, 1.4 * r, rgb("ffffff"), rgb("f3ead8"), rgb("cdbfa8")
                        ),
                    )
            gloss(p, -0.2, -0.36, 0.17, 0.07, 0.55, -28)
    for k in range(7):
        x = -0.27 + 0.09 * k
        leaf(p, x, 0.03, 0.1 + 0.04 * rng.random(), 0.022, -90 + 12 * (k - 3), LEAF)


def tree(p: QPainter, art: Art) -> None:
    """A broad tree whose crown, in the clip's colour, rocks in the wind and drops leaves."""
    rng = art.rng()
    sway, tones = 0.03 * art.wave(), art.shades
    bark = shades(rgb("4a4038")) if art.spec.attribute("colour") == "brown" else shades(rgb("6f4a2e"))
    trunk = [
        (-0.13, 0.0),
        (-0.065, -0.09),
        (-0.055, -0.3),
        (-0.14, -0.5),
        (-0.07, -0.5),
        (0.0, -0.36),
        (0.09, -0.52),
        (0.15, -0.48),
        (0.06, -0.28),
        (0.07, -0.09),
        (0.15, 0.0),
    ]
    poly(p, trunk, linear(-0.12, 0, 0.14, 0, bark.light, bark.base, bark.deep))
    for x in (-0.03, 0.0, 0.035):
        stroke(p, [(x * 1.5, -0.03), (x, -0.18), (x * 0.8, -0.3)], faded(bark.deep, 0.5), 0.009)
    soft(p, 0.0, -0.36, 0.26, 0.1, faded(bark.deep, 0.7))
    crowns = (
        (-0.27, -0.47, 0.19, -0.4),
        (0.28, -0.48, 0.19, -0.4),
        (0.0, -0.45, 0.21, -0.3),
        (-0.3, -0.65, 0.19, 0.2),
        (0.31, -0.66, 0.18, 0.2),
        (-0.12, -0.62, 0.22, 0.0),
        (0.13, -0.6, 0.22, 0.1),
        (-0.17, -0.8, 0.17, 0.6),
        (0.17, -0.81, 0.17, 0.6),
        (0.0, -0.77, 0.22, 0.8),
    )
    for x, y, r, height in crowns:
        r *= rng.uniform(0.93, 1.08)
        x += sway * (-y + 0.2) + 0.012 * art.wave(2, 3 * x)
        tone = shades(mix(tones.dark, tones.base, 0.62 + 0.4 * height))
        ball(p, x, y, r, r * 0.94, tone)
    for _ in range(46):
        x, y = rng.gauss(0.0, 0.19), rng.gauss(-0.64, 0.13)
        if (x / 0.42) ** 2 + ((y + 0.64) / 0.3) ** 2 > 1:
            continue
        lit = (
            lighter(tones.base, 0.5) if x + y < -0.6 else (tones.light if rng.random() < 0.5 else tones.dark)
        )
        oval(
            p,
            x + sway * (-y + 0.2) + 0.012 * art.wave(2, 3 * x),
            y,
            0.024,
            0.013,
            faded(lit, 0.75),
            rng.uniform(-60, 60),
        )
    for k in range(5):
        fallen = (art.phase * 0.5 + k * 0.2 + rng.random() * 0.1) % 1.0
        x = rng.uniform(-0.36, 0.36) + 0.08 * math.sin(9 * fallen + k)
        oval(
            p,
            x,
            -0.42 + 0.42 * fallen,
            0.024,
            0.012,
            linear(-0.02, 0, 0.02, 0, tones.light, tones.dark),
            400 * fallen + 50 * k,
        )


SUBJECTS: dict[str, Subject] = {
    "flower": Subject(flower, width=0.75, shadow=0.5),
    "mushroom": Subject(mushroom, width=1.05, shadow=0.8, scale=0.9),
    "tree": Subject(tree, width=0.95, shadow=0.85, scale=1.12),
}
"""How the concepts of this file are drawn."""
