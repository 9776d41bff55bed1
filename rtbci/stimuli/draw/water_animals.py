"""Fish, jellyfish, whale and turtle."""

import math

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.creature import CREAM, behind, blend, draw_bead
from rtbci.stimuli.draw.toolkit import (
    Art,
    Shades,
    Subject,
    ball,
    blob,
    eye,
    faded,
    fill,
    gloss,
    lighter,
    linear,
    mix,
    moved,
    oval,
    radial,
    rgb,
    shades,
    soft,
    stroke,
    vertical,
)


def _fish(p: QPainter, art: Art) -> None:
    tones = art.shades
    beat = art.wave(2.0)
    _fish_tail(p, tones, beat)
    ripple = 0.02 * art.wave(2.0, 0.25)
    back = blob([(-0.26, -0.76), (-0.24, -0.95 + ripple), (-0.02, -1.0), (0.18, -0.93), (0.28, -0.76)])
    fill(p, back, vertical(-1.0, -0.72, tones.pale, tones.base, tones.dark))
    belly = blob([(-0.2, -0.22), (-0.3, -0.06 - ripple), (-0.1, -0.04), (0.06, -0.2)])
    fill(p, belly, vertical(-0.24, -0.02, tones.dark, tones.light))
    for i in range(5):
        x = -0.18 + 0.09 * i
        stroke(p, [(x, -0.78), (x - 0.04, -0.92)], faded(tones.deep, 0.35), 0.012)
    body = blob(
        [
            (-0.46, -0.5),
            (-0.26, -0.72),
            (0.06, -0.83),
            (0.36, -0.74),
            (0.56, -0.5),
            (0.36, -0.26),
            (0.04, -0.16),
            (-0.26, -0.27),
        ]
    )
    fill(p, body, vertical(-0.84, -0.15, tones.base, tones.light, tones.base, mix(CREAM, tones.light, 0.4)))
    for x, top, bottom in ((-0.2, -0.73, -0.26), (0.05, -0.81, -0.19)):
        stripe = [(x, top), (x + 0.11, top - 0.02), (x + 0.16, -0.5), (x + 0.1, bottom + 0.02), (x, bottom)]
        fill(
            p,
            blob([*stripe, (x + 0.05, -0.5)]),
            vertical(top, bottom, rgb("ffffff", 0.95), rgb("ffffff", 0.75)),
        )
    _scales(p, tones)
    gloss(p, 0.08, -0.7, 0.28, 0.07, 0.6)
    stroke(p, [(0.27, -0.72), (0.21, -0.5), (0.27, -0.3)], faded(tones.deep, 0.5), 0.018)
    with moved(p, 0.1, -0.42, 18 + 22 * beat):
        fin = blob([(0.02, -0.06), (-0.14, -0.09), (-0.24, 0.03), (-0.14, 0.1), (0.0, 0.06)])
        fill(p, fin, linear(0.02, 0.0, -0.24, 0.0, tones.dark, tones.base, tones.pale))
    eye(p, 0.37, -0.56, 0.075, 0.2)
    stroke(p, [(0.545, -0.46), (0.48, -0.42), (0.43, -0.43)], faded(tones.deep, 0.8), 0.02)
    soft(p, 0.36, -0.42, 0.06, 0.045, rgb("ff8fa0", 0.6))
    _bubbles(p, art, 0.62, -0.55)


def _fish_tail(p: QPainter, tones: Shades, beat: float) -> None:
    with moved(p, -0.4, -0.5, 0.0, 1.0 - 0.22 * abs(beat), 1.0):
        tail = blob(
            [
                (0.04, -0.06),
                (-0.2, -0.3),
                (-0.34, -0.36),
                (-0.26, 0.0),
                (-0.34, 0.36),
                (-0.2, 0.3),
                (0.04, 0.06),
            ]
        )
        fill(p, tail, linear(-0.36, 0.0, 0.04, 0.0, tones.pale, tones.base, tones.dark))
        for y in (-0.24, -0.12, 0.0, 0.12, 0.24):
            stroke(p, [(-0.02, y * 0.15), (-0.25, y)], faded(tones.deep, 0.35), 0.013)


def _scales(p: QPainter, tones: Shades) -> None:
    path = QPainterPath()
    for row in range(4):
        for column in range(4):
            x, y = -0.36 + 0.14 * column + 0.07 * (row % 2), -0.66 + 0.11 * row
            path.moveTo(x, y)
            path.quadTo(x + 0.07, y + 0.06, x, y + 0.12)
    stroke(p, path, faded(tones.deep, 0.22), 0.012)


def _bubbles(p: QPainter, art: Art, x: float, y: float) -> None:
    for i in range(3):
        rise = (art.t * 0.45 + i / 3 + art.rng(3).random()) % 1.0
        r = 0.025 + 0.012 * i
        cx, cy = x + 0.05 * math.sin(5 * rise + i), y - 0.5 * rise
        oval(
            p,
            cx,
            cy,
            r,
            r,
            radial(cx, cy, r, rgb("ffffff", 0.05), rgb("ffffff", 0.15), rgb("ffffff", 0.7 * (1 - rise))),
        )
        oval(p, cx - r * 0.35, cy - r * 0.35, r * 0.25, r * 0.25, rgb("ffffff", 0.9 * (1 - rise)))


def _jellyfish(p: QPainter, art: Art) -> None:
    tones = art.shades
    pulse = art.wave(1.0)
    width, top = 0.37 * (1 - 0.1 * pulse), -0.96 - 0.03 * pulse
    rim = -0.52 + 0.03 * pulse
    soft(p, 0.0, -0.7, 0.52, 0.42, faded(tones.light, 0.5))
    for i in range(7):
        root = (i - 3) * width * 0.28
        points = []
        for k in range(6):
            down = k / 5
            sway = 0.075 * down * art.wave(1.0, -0.35 * down + 0.07 * i)
            points.append((root * (1 - 0.25 * down) + sway, rim + down * (0.5 - 0.035 * abs(i - 3))))
        stroke(
            p,
            points,
            vertical(rim, 0.0, faded(tones.pale, 0.95), faded(tones.base, 0.75), faded(tones.light, 0.15)),
            0.026,
        )
    for i in range(4):
        root = (i - 1.5) * width * 0.3
        frill = []
        for k in range(7):
            down = k / 6
            frill.append(
                (
                    root * (1 - 0.4 * down)
                    + 0.045 * math.sin(k * 2.1 + i)
                    + 0.05 * down * art.wave(1.0, -0.3 * down),
                    rim - 0.02 + down * 0.37,
                )
            )
        stroke(p, frill, vertical(rim, -0.15, faded(tones.pale, 0.95), faded(tones.pale, 0.3)), 0.06)
    bell = QPainterPath(QPointF(-width, rim))
    bell.cubicTo(-width * 1.1, top + 0.1, -width * 0.5, top - 0.02, 0.0, top - 0.02)
    bell.cubicTo(width * 0.5, top - 0.02, width * 1.1, top + 0.1, width, rim)
    for i in range(6):
        x = width * (1 - (i + 1) / 3)
        bell.quadTo(x + width / 6, rim + 0.06, x, rim)
    fill(
        p,
        bell,
        radial(
            -0.06,
            top + 0.12,
            0.6,
            faded(tones.pale, 0.97),
            faded(tones.light, 0.92),
            faded(tones.base, 0.92),
            faded(tones.dark, 0.9),
        ),
    )
    for x in (-0.72, -0.36, 0.0, 0.36, 0.72):
        stroke(
            p,
            [(x * width * 0.35, top + 0.06), (x * width * 0.95, top + 0.2), (x * width, rim - 0.03)],
            faded(tones.pale, 0.4),
            0.016,
        )
    gloss(p, -width * 0.42, top + 0.14, 0.1, 0.06, 0.9, -30)
    for x in (-0.1, 0.1):
        draw_bead(p, x, rim - 0.12, 0.032)
        soft(p, x * 1.9, rim - 0.07, 0.05, 0.035, rgb("ff7f9a", 0.6))
    stroke(p, [(-0.035, rim - 0.085), (0.0, rim - 0.065), (0.035, rim - 0.085)], rgb("2a2030", 0.8), 0.014)


def _whale(p: QPainter, art: Art) -> None:
    tones = blend(art.shades, shades(rgb("3f6fa8")), 0.12)
    beat = art.wave(1.0)
    with moved(p, -0.62, -0.52, 10 * beat):
        stem = blob(
            [(0.16, -0.12), (-0.05, -0.14), (-0.18, -0.24), (-0.22, -0.2), (-0.08, 0.06), (0.16, 0.2)]
        )
        fill(p, stem, vertical(-0.25, 0.2, tones.light, tones.base, tones.dark))
        for side, part in ((1, behind(tones)), (-1, tones)):
            with moved(p, -0.19, -0.21, -22 + 9 * beat, 1.0, side * (0.85 + 0.15 * beat)):
                fluke = blob(
                    [
                        (0.05, 0.04),
                        (-0.06, -0.06),
                        (-0.25, -0.24),
                        (-0.34, -0.22),
                        (-0.24, -0.06),
                        (-0.08, 0.07),
                    ]
                )
                fill(p, fluke, linear(0.05, 0.0, -0.3, -0.2, part.base, part.light))
    with moved(p, 0.12, -0.2, 22 - 14 * beat):
        fin = blob([(0.08, -0.02), (-0.1, 0.0), (-0.3, 0.2), (-0.28, 0.25), (-0.06, 0.17), (0.12, 0.05)])
        fill(p, fin, behind(tones).base)
    body = blob(
        [
            (-0.58, -0.56),
            (-0.4, -0.7),
            (-0.05, -0.83),
            (0.35, -0.82),
            (0.63, -0.66),
            (0.7, -0.42),
            (0.58, -0.2),
            (0.25, -0.1),
            (-0.15, -0.14),
            (-0.45, -0.3),
        ]
    )
    fill(p, body, vertical(-0.84, -0.1, tones.light, tones.base, tones.base, tones.dark))
    belly = [
        (0.7, -0.38),
        (0.585, -0.21),
        (0.26, -0.113),
        (-0.15, -0.152),
        (-0.43, -0.3),
        (-0.1, -0.29),
        (0.3, -0.36),
    ]
    fill(p, blob(belly), vertical(-0.4, -0.1, rgb("ffffff"), rgb("eef3f6"), rgb("b9c6d2")))
    for i in range(4):
        y, short = -0.31 + 0.045 * i, 0.045 * i
        stroke(p, [(-0.12 + short, y + 0.06), (0.25, y + 0.02), (0.62 - short, y)], rgb("8a9db0"), 0.013)
    stroke(p, [(0.72, -0.4), (0.5, -0.37), (0.38, -0.4), (0.32, -0.45)], faded(tones.deep, 0.85), 0.022)
    gloss(p, 0.12, -0.73, 0.38, 0.07, 0.55)
    rng = art.rng(4)
    for _ in range(7):
        x, y = rng.uniform(-0.3, 0.5), rng.uniform(-0.74, -0.62)
        oval(p, x, y, 0.016, 0.011, faded(tones.pale, 0.55))
    oval(p, 0.42, -0.5, 0.065, 0.06, faded(tones.dark, 0.5))
    eye(p, 0.42, -0.505, 0.05, 0.2)
    with moved(p, 0.14, -0.24, 30 + 16 * beat):
        fin = blob([(0.1, -0.03), (-0.08, -0.02), (-0.3, 0.16), (-0.3, 0.22), (-0.06, 0.16), (0.12, 0.06)])
        fill(p, fin, linear(0.0, -0.05, -0.1, 0.2, tones.light, tones.base, tones.dark))
    _spout(p, art)
    if art.spec.attribute("scene") == "sea":
        _surf(p, art)


def _surf(p: QPainter, art: Art) -> None:
    """Foam where the swimming body breaks the surface."""
    rock = 0.03 * art.wave(1.0)
    for x, y, rx, ry in ((-0.25, -0.1, 0.6, 0.09), (0.3, -0.12, 0.62, 0.1), (0.0, -0.04, 0.9, 0.09)):
        soft(p, x + rock, y, rx, ry, rgb("f4fbff", 0.95))
    for i in range(4):
        x = -0.6 + 0.4 * i - rock
        stroke(p, [(x - 0.16, -0.03), (x, -0.07), (x + 0.16, -0.03)], rgb("ffffff", 0.8), 0.025)


def _spout(p: QPainter, art: Art) -> None:
    """Water, or bubbles, from the blowhole."""
    if art.spec.attribute("scene") == "underwater":
        _bubbles(p, art, 0.34, -0.86)
        return
    height = 0.2 + 0.03 * art.wave(1.5)
    for side in (-1, 1):
        path = [
            (0.3, -0.82),
            (0.3 + 0.03 * side, -0.84 - height),
            (0.3 + 0.14 * side, -0.86 - height),
            (0.3 + 0.22 * side, -0.76 - height),
        ]
        stroke(p, path, vertical(-0.85 - height, -0.8, rgb("ffffff", 0.9), rgb("c9ecff", 0.85)), 0.05)
        for i in range(3):
            fall = (art.t * 1.3 + i / 3) % 1.0
            oval(
                p,
                0.3 + (0.2 + 0.04 * i) * side,
                -0.78 - height + 0.25 * fall,
                0.018,
                0.024,
                rgb("e4f6ff", 0.9 * (1 - fall)),
            )


def _turtle(p: QPainter, art: Art) -> None:
    p.translate(-0.07, 0.0)
    tones = art.shades
    skin = shades(rgb("8fae58"))
    paddle = art.wave(1.0)
    for x, reach, k in ((-0.4, -0.14, 1), (0.26, 0.16, -1)):
        _flipper(p, x + 0.06, -0.22, reach, 14 * paddle * k, behind(skin))
    tail = blob([(-0.5, -0.28), (-0.7, -0.16), (-0.5, -0.18)])
    fill(p, tail, linear(-0.7, 0, -0.5, 0, skin.base, skin.dark))
    with moved(p, 0.48, -0.36, 4 * art.wave(1.0, 0.2)):
        neck = blob([(-0.12, -0.04), (0.08, -0.2), (0.2, -0.2), (0.16, -0.02), (-0.08, 0.16)])
        fill(p, neck, vertical(-0.2, 0.15, skin.light, skin.base, skin.dark))
        ball(p, 0.2, -0.2, 0.165, 0.145, skin)
        for x, y, r in ((0.14, -0.29, 0.02), (0.08, -0.2, 0.018), (0.2, -0.32, 0.014)):
            oval(p, x, y, r, r * 0.8, faded(skin.dark, 0.6))
        gloss(p, 0.17, -0.28, 0.08, 0.04, 0.5)
        eye(p, 0.25, -0.235, 0.046, 0.25)
        stroke(p, [(0.35, -0.15), (0.29, -0.12), (0.21, -0.13)], faded(skin.deep, 0.9), 0.016)
        soft(p, 0.22, -0.15, 0.04, 0.03, rgb("ff8f9a", 0.55))
    under = blob([(-0.54, -0.26), (0.0, -0.2), (0.5, -0.26), (0.44, -0.13), (0.0, -0.09), (-0.46, -0.13)])
    fill(p, under, vertical(-0.26, -0.09, rgb("f6e6ae"), rgb("b99a58")))
    _shell(p, tones)
    for x, reach, k in ((-0.36, -0.16, -1), (0.3, 0.2, 1)):
        _flipper(p, x, -0.2, reach, 16 * paddle * k, skin)


def _shell(p: QPainter, tones: Shades) -> None:
    shell = blob(
        [
            (-0.58, -0.25),
            (-0.5, -0.52),
            (-0.27, -0.77),
            (0.03, -0.85),
            (0.32, -0.74),
            (0.5, -0.5),
            (0.55, -0.25),
            (0.0, -0.2),
        ]
    )
    fill(p, shell, radial(-0.15, -0.75, 0.85, tones.light, tones.base, tones.dark))
    for x, y, w, h in (
        (-0.3, -0.45, 0.14, 0.13),
        (0.0, -0.46, 0.15, 0.14),
        (0.29, -0.45, 0.14, 0.13),
        (-0.15, -0.68, 0.13, 0.085),
        (0.14, -0.69, 0.13, 0.09),
    ):
        side = w * 0.55
        plate = [
            (x - w, y),
            (x - side, y - h),
            (x + side, y - h),
            (x + w, y),
            (x + side, y + h),
            (x - side, y + h),
        ]
        fill(p, blob(plate), vertical(y - h, y + h, lighter(tones.base, 0.12), tones.dark))
        stroke(p, blob(plate), faded(tones.deep, 0.55), 0.016)
    stroke(
        p,
        [(-0.58, -0.255), (-0.3, -0.205), (0.0, -0.195), (0.3, -0.205), (0.55, -0.255)],
        vertical(-0.27, -0.17, tones.pale, tones.dark),
        0.055,
    )
    gloss(p, -0.14, -0.74, 0.24, 0.08, 0.55, -8)


def _flipper(p: QPainter, x: float, y: float, reach: float, angle: float, skin: Shades) -> None:
    with moved(p, x, y, angle):
        shape = blob(
            [
                (-0.1, -0.05),
                (0.1, -0.05),
                (0.12 + reach * 0.5, 0.08),
                (reach + 0.07, 0.19),
                (reach - 0.07, 0.19),
                (-0.1 + reach * 0.5, 0.1),
            ]
        )
        fill(p, shape, vertical(-0.06, 0.2, skin.light, skin.base, skin.dark))
        for dx in (-0.035, 0.03):
            oval(p, reach * 0.6 + dx, 0.1, 0.022, 0.018, faded(skin.dark, 0.55))


SUBJECTS: dict[str, Subject] = {
    "fish": Subject(_fish, width=1.45, place="deep", travel=0.035, bob=0.03, shadow=0.5, scale=0.9),
    "jellyfish": Subject(_jellyfish, width=0.95, place="deep", bob=0.06, shadow=0.4, scale=1.1),
    "whale": Subject(_whale, width=1.9, place="deep", travel=0.025, bob=0.03, shadow=0.6),
    "turtle": Subject(_turtle, width=1.7, travel=0.02, shadow=1.2, scale=0.9),
}
"""Every water animal, by its concept."""
