"""Boxing, dancing, running, skiing, couples; faces and crowds have files of their own."""

import math
from dataclasses import replace

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.creature import behind
from rtbci.stimuli.draw.crowds import CROWD
from rtbci.stimuli.draw.faces import FACE
from rtbci.stimuli.draw.figure import Outfit, Pose, draw_person, somebody
from rtbci.stimuli.draw.toolkit import (
    BLACK,
    METAL,
    WHITE,
    Art,
    Point,
    Shades,
    Subject,
    ball,
    blob,
    faded,
    fill,
    gloss,
    linear,
    moved,
    oval,
    rgb,
    shades,
    soft,
    stroke,
    vertical,
)

_JEANS = shades(rgb("3d4f7d"))


def _step(art: Art, beat: float, stride: float, lift: float) -> Point:
    """Where a walking or running foot is at this moment."""
    angle = 2 * math.pi * (art.phase + beat)
    return stride * math.cos(angle), -0.005 - lift * max(0.0, -math.sin(angle))


def _running(p: QPainter, art: Art) -> None:
    outfit = somebody(art, 1, art.shades, BLACK)
    outfit = replace(outfit, shoes=shades(rgb("f2f2f0")), sleeves=False)
    near, far = _step(art, 0.0, 0.25, 0.24), _step(art, 0.5, 0.25, 0.24)
    swing = 0.17 * art.wave(1.0, 0.25)
    rise = 0.03 * art.wave(2.0)
    pose = Pose(
        hip=(-0.03, -0.46 - rise),
        shoulder=(0.05, -0.745 - rise),
        hands=(
            (0.13 - swing, -0.56 - rise - 0.3 * abs(swing)),
            (0.13 + swing, -0.56 - rise - 0.3 * abs(swing)),
        ),
        feet=(near, far),
        elbows=(-1.0, -1.0),
        knee=-1.0,
        tilt=4.0,
    )
    draw_person(p, pose, outfit)
    (x, y) = pose.shoulder
    stroke(
        p,
        [(x - 0.07, y - 0.195), (x + 0.03, y - 0.21), (x + 0.12, y - 0.19)],
        linear(x, 0, x + 0.1, 0, art.shades.light, art.shades.dark),
        0.028,
    )
    for i in range(3):
        puff = (art.phase + i / 3) % 1.0
        soft(p, -0.22 - 0.3 * puff, -0.03 - 0.05 * puff, 0.07, 0.04, rgb("e8e0d2", 0.6 * (1 - puff)))


def _dancing(p: QPainter, art: Art) -> None:
    dress = replace(
        somebody(art, 2, art.shades, shades(rgb("f1c7a5"))), skirt=0.25, sleeves=False, cut="tail"
    )
    dress = replace(dress, legs=dress.skin, shoes=art.shades)
    sway, kick = art.wave(1.0), max(0.0, art.wave(1.0, 0.2))
    pose = Pose(
        hip=(0.03 * sway, -0.47),
        shoulder=(-0.035 * sway, -0.755),
        hands=((-0.22 - 0.04 * sway, -0.96 + 0.06 * sway), (0.29, -0.83 - 0.12 * sway)),
        feet=((0.16 + 0.16 * kick, -0.01 - 0.22 * kick), (-0.1, -0.005)),
        elbows=(1.0, -1.0),
        knee=-1.0,
        tilt=10 * sway,
    )
    draw_person(p, pose, dress)
    for i in range(5):
        turn = art.phase * 0.5 + i / 5
        x, y = 0.42 * math.cos(2 * math.pi * turn), -0.6 + 0.3 * math.sin(2 * math.pi * turn * 2 + i)
        _sparkle(p, x, y, 0.03 + 0.012 * art.wave(2.0, i / 5), art.shades)


def _sparkle(p: QPainter, x: float, y: float, r: float, tones: Shades) -> None:
    points = [
        (
            math.cos(math.pi * k / 4) * (r if k % 2 == 0 else r * 0.3),
            math.sin(math.pi * k / 4) * (r if k % 2 == 0 else r * 0.3),
        )
        for k in range(8)
    ]
    star = QPainterPath(QPointF(x + points[0][0], y + points[0][1]))
    for dx, dy in points[1:]:
        star.lineTo(x + dx, y + dy)
    fill(p, star, vertical(y - r, y + r, rgb("ffffff", 0.95), faded(tones.pale, 0.9)))


def _skiing(p: QPainter, art: Art) -> None:
    suit = replace(somebody(art, 3, art.shades, BLACK), cut="none", shoes=shades(rgb("4a4652")))
    dip = 0.025 * art.wave(1.0)
    push = 0.1 * art.wave(1.0, 0.25)
    _ski(p, behind(art.shades), 0.05, -0.03)
    hands = ((0.25 + push, -0.5 + dip), (0.31 + push, -0.53 + dip))
    _pole(p, hands[1], (-0.06 + push, -0.04))
    pose = Pose(
        hip=(-0.15, -0.42 + dip),
        shoulder=(0.06, -0.68 + dip),
        hands=hands,
        feet=((-0.03, -0.03), (0.06, -0.05)),
        elbows=(-1.0, -1.0),
        knee=-1.0,
        tilt=8.0,
    )
    draw_person(p, pose, suit)
    _helmet(p, art, pose)
    _ski(p, art.shades, -0.03, 0.0)
    _pole(p, hands[0], (-0.16 + push, -0.01))
    for i in range(7):
        spray = (art.phase * 1.5 + i / 7) % 1.0
        soft(
            p,
            -0.42 - 0.22 * spray,
            -0.02 - 0.18 * spray * (i % 3) * 0.6,
            0.04 + 0.07 * spray,
            0.03 + 0.05 * spray,
            rgb("ffffff", 0.9 * (1 - spray)),
        )


def _ski(p: QPainter, tones: Shades, x: float, y: float) -> None:
    line = [(x - 0.48, y), (x + 0.1, y), (x + 0.46, y - 0.01), (x + 0.56, y - 0.08)]
    stroke(p, line, linear(x - 0.5, 0, x + 0.5, 0, tones.dark, tones.base, tones.light), 0.034)
    stroke(p, [(a, b - 0.01) for a, b in line[:3]], rgb("ffffff", 0.55), 0.008)


def _pole(p: QPainter, hand: Point, tip: Point) -> None:
    stroke(p, [hand, tip], linear(*hand, *tip, METAL.light, METAL.deep), 0.017)
    near = (tip[0] + (hand[0] - tip[0]) * 0.1, tip[1] + (hand[1] - tip[1]) * 0.1)
    oval(p, *near, 0.04, 0.014, METAL.deep)


def _helmet(p: QPainter, art: Art, pose: Pose) -> None:
    tones = art.shades
    with moved(p, pose.shoulder[0] + 0.02, pose.shoulder[1] - 0.145, pose.tilt):
        shell = blob(
            [
                (-0.1, 0.05),
                (-0.125, -0.03),
                (-0.07, -0.12),
                (0.03, -0.135),
                (0.105, -0.08),
                (0.11, -0.035),
                (-0.03, -0.03),
                (-0.05, 0.05),
            ]
        )
        fill(p, shell, linear(-0.1, -0.12, 0.08, 0.04, tones.light, tones.base, tones.dark))
        gloss(p, -0.02, -0.1, 0.05, 0.025, 0.6)
        goggles = blob(
            [(0.0, -0.045), (0.09, -0.045), (0.115, -0.01), (0.09, 0.025), (0.05, 0.015), (0.005, 0.02)]
        )
        fill(p, goggles, linear(0.0, -0.04, 0.1, 0.03, rgb("ffe28a"), rgb("ff8a3c"), rgb("6a2c8a")))
        gloss(p, 0.04, -0.025, 0.03, 0.012, 0.9)
        stroke(p, [(0.0, -0.01), (-0.1, -0.02)], rgb("2a2430"), 0.026)
    x, y = pose.shoulder
    flap = 0.03 * art.wave(2.0)
    stroke(
        p,
        [
            (x + 0.05, y - 0.02),
            (x - 0.05, y - 0.03),
            (x - 0.17, y - 0.04 + flap),
            (x - 0.27, y - 0.02 - flap),
        ],
        linear(x - 0.28, 0, x, 0, tones.pale, tones.light),
        0.045,
    )


def _boxing(p: QPainter, art: Art) -> None:
    first = somebody(art, 4, art.shades, shades(rgb("ededf0")))
    second = somebody(art, 5, shades(rgb("ececef")), art.shades)
    with moved(p, -0.3, 0.0):
        _boxer(p, art, replace(first, sleeves=False, legs=art.shades, cut="short"), art.shades, 0.0)
    with moved(p, 0.3, 0.0, 0.0, -1.0):
        _boxer(p, art, replace(second, sleeves=False, cut="tail"), art.shades, 0.5)


def _boxer(p: QPainter, art: Art, outfit: Outfit, gloves: Shades, beat: float) -> None:
    jab = max(0.0, art.wave(1.0, beat)) ** 2
    cross = max(0.0, art.wave(1.0, beat + 0.25)) ** 2
    dip = 0.015 * art.wave(2.0, beat)
    hands = ((0.15 + 0.13 * cross, -0.74 + dip + 0.02 * cross), (0.2 + 0.14 * jab, -0.8 + dip - 0.02 * jab))
    pose = Pose(
        hip=(-0.03, -0.45 + dip),
        shoulder=(0.02 + 0.03 * jab, -0.73 + dip),
        hands=hands,
        feet=((-0.16, 0.0), (0.13, -0.03)),
        elbows=(-1.0, -1.0),
        knee=-1.0,
        tilt=4 - 8 * jab,
    )
    draw_person(p, pose, outfit)
    for x, y in (hands[1], hands[0]):
        ball(p, x + 0.02, y, 0.088, 0.078, gloves)
        ball(p, x - 0.005, y - 0.05, 0.034, 0.03, gloves)
        stroke(p, [(x - 0.058, y - 0.035), (x - 0.066, y + 0.035)], rgb("f4f1ea"), 0.036)
        gloss(p, x + 0.01, y - 0.035, 0.034, 0.02, 0.75)


def _couple(p: QPainter, art: Art) -> None:
    him = replace(somebody(art, 6, art.shades, _JEANS), cut="short")
    her = replace(somebody(art, 7, art.shades, shades(rgb("f1c7a5"))), cut="long", skirt=0.17, sleeves=False)
    her = replace(her, legs=her.skin, shoes=WHITE)
    _companion(p, art, him, -0.21, 1.0, 1.0, 0.0)
    _companion(p, art, her, 0.21, -1.0, 0.93, 0.5)
    beat = 1 + 0.12 * art.wave(2.0)
    for x, y, size in ((0.0, -1.0, 0.085), (0.1, -1.1, 0.045)):
        _heart(p, x, y + 0.02 * art.wave(1.0, x), size * beat)


def _companion(
    p: QPainter, art: Art, outfit: Outfit, x: float, facing: float, size: float, beat: float
) -> None:
    inner = (0.2 / size, -0.44)
    sway = 0.03 * art.wave(1.0, beat)
    with moved(p, x, 0.0, 0.0, facing * size, size):
        pose = Pose(
            hip=(0.0, -0.47),
            shoulder=(0.0, -0.755),
            hands=((-0.13 + sway, -0.47), inner),
            feet=(_step(art, beat, 0.055, 0.03), _step(art, beat + 0.5, 0.055, 0.03)),
            elbows=(-1.0, -1.0),
            knee=-1.0,
            tilt=-2 + 3 * art.wave(1.0, beat),
        )
        draw_person(p, pose, outfit)


def _heart(p: QPainter, x: float, y: float, r: float) -> None:
    heart = QPainterPath(QPointF(x, y + r))
    heart.cubicTo(x - 1.5 * r, y, x - 0.9 * r, y - 1.1 * r, x, y - 0.35 * r)
    heart.cubicTo(x + 0.9 * r, y - 1.1 * r, x + 1.5 * r, y, x, y + r)
    fill(p, heart, vertical(y - r, y + r, rgb("ff8a9c"), rgb("e2244e"), rgb("a8123a")))
    gloss(p, x - 0.35 * r, y - 0.35 * r, 0.25 * r, 0.2 * r, 0.9)


SUBJECTS: dict[str, Subject] = {
    "boxing": Subject(_boxing, width=1.15, shadow=0.95, scale=1.15, most=3),
    "dancing": Subject(_dancing, width=0.85, shadow=0.55, scale=1.15),
    "running": Subject(_running, width=0.8, travel=0.04, shadow=0.6, scale=1.15),
    "skiing": Subject(_skiing, width=1.2, travel=0.04, shadow=1.0, scale=1.1),
    "face": FACE,
    "couple": Subject(_couple, width=0.95, shadow=0.75, scale=1.15, most=3),
    "crowd": CROWD,
}
"""Every picture of people, by its concept."""
