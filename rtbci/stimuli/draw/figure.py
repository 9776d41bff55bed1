"""A person: a pose, an outfit, and the drawing of both."""

from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.creature import behind
from rtbci.stimuli.draw.toolkit import (
    SKIN,
    Art,
    Point,
    Shades,
    ball,
    bent,
    blob,
    darker,
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

HAIR: tuple[Shades, ...] = tuple(
    shades(rgb(code)) for code in ("2f2320", "5b3720", "8f5a2a", "d1a04e", "1d1c24")
)
Cut = Literal["short", "long", "tail", "none"]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a person's joints are, for one who is 1 high and faces right.

    Attributes
    ----------
    hip, shoulder : tuple of float
        The middle of the hips and of the shoulders.
    hands, feet : pair of tuples
        The near one, then the far one.
    elbows : pair of float
        Which way each elbow bends (see `toolkit.bent`).
    knee : float
        Which way both knees bend.
    tilt : float
        Of the head, in degrees.
    """

    hip: Point
    shoulder: Point
    hands: tuple[Point, Point]
    feet: tuple[Point, Point]
    elbows: tuple[float, float] = (-1.0, -1.0)
    knee: float = -1.0
    tilt: float = 0.0


@dataclass(frozen=True, slots=True)
class Outfit:
    """What a person looks like."""

    skin: Shades
    hair: Shades
    top: Shades
    legs: Shades
    shoes: Shades = field(default_factory=lambda: shades(rgb("3a3440")))
    cut: Cut = "short"
    skirt: float = 0.0
    sleeves: bool = True


def somebody(art: Art, salt: int, top: Shades, legs: Shades) -> Outfit:
    """An outfit with the skin and hair that belong to a clip and a salt."""
    rng = art.rng(salt)
    cut: Cut = rng.choice(("short", "tail", "long"))
    return Outfit(rng.choice(SKIN), rng.choice(HAIR), top, legs, cut=cut)


def draw_person(p: QPainter, pose: Pose, outfit: Outfit) -> None:
    """Draw a person, far side first."""
    sleeve = outfit.top if outfit.sleeves else outfit.skin
    draw_arm(p, pose, 1, behind(sleeve), behind(outfit.skin))
    _leg(p, pose, 1, behind(outfit.legs), behind(outfit.shoes))
    _leg(p, pose, 0, outfit.legs, outfit.shoes)
    _torso(p, pose, outfit)
    (x, y) = pose.shoulder
    stroke(p, [(x, y + 0.01), (x + 0.012, y - 0.07)], outfit.skin.dark, 0.062)
    with moved(p, x + 0.02, y - 0.145, pose.tilt):
        draw_head(p, outfit)
    draw_arm(p, pose, 0, sleeve, outfit.skin)


def draw_arm(p: QPainter, pose: Pose, side: int, sleeve: Shades, skin: Shades) -> None:
    """Draw one arm (0 near, 1 far) with its hand."""
    root = (pose.shoulder[0] + (0.05 if side else -0.02), pose.shoulder[1] + 0.035)
    hand = pose.hands[side]
    elbow = bent(root, hand, 0.165, 0.165, pose.elbows[side])
    _bone(p, root, elbow, hand, 0.078, sleeve)
    ball(p, hand[0], hand[1], 0.045, 0.045, skin)


def _leg(p: QPainter, pose: Pose, side: int, cloth: Shades, shoe: Shades) -> None:
    root = (pose.hip[0] + (0.035 if side else -0.025), pose.hip[1])
    foot = pose.feet[side]
    knee = bent(root, foot, 0.235, 0.235, pose.knee)
    _bone(p, root, knee, (foot[0], foot[1] - 0.03), 0.11, cloth)
    sole = blob(
        [
            (foot[0] - 0.055, foot[1] - 0.05),
            (foot[0] + 0.03, foot[1] - 0.055),
            (foot[0] + 0.11, foot[1] - 0.01),
            (foot[0] + 0.02, foot[1] + 0.008),
            (foot[0] - 0.055, foot[1] + 0.004),
        ]
    )
    fill(p, sole, vertical(foot[1] - 0.06, foot[1], shoe.light, shoe.dark))


def _bone(p: QPainter, root: Point, joint: Point, end: Point, width: float, tones: Shades) -> None:
    """An upper and a lower limb in one, lit from the left."""
    path = QPainterPath(QPointF(*root))
    path.lineTo(*joint)
    path.lineTo(*end)
    middle = (root[0] + joint[0] + end[0]) / 3
    stroke(
        p, path, linear(middle - 0.14, 0.0, middle + 0.14, 0.03, tones.light, tones.base, tones.dark), width
    )


def _torso(p: QPainter, pose: Pose, outfit: Outfit) -> None:
    (hx, hy), (sx, sy) = pose.hip, pose.shoulder
    tones = outfit.top
    shape = blob(
        [
            (sx - 0.1, sy + 0.015),
            (sx, sy - 0.03),
            (sx + 0.1, sy + 0.02),
            (hx * 0.5 + sx * 0.5 + 0.1, (sy + hy) / 2),
            (hx + 0.085, hy + 0.02),
            (hx, hy + 0.045),
            (hx - 0.085, hy + 0.02),
            (hx * 0.5 + sx * 0.5 - 0.095, (sy + hy) / 2),
        ]
    )
    fill(p, shape, linear(sx - 0.12, sy, sx + 0.13, sy + 0.06, tones.light, tones.base, tones.dark))
    if outfit.skirt:
        width, sway = outfit.skirt, (pose.feet[0][0] + pose.feet[1][0]) * 0.15
        skirt = QPainterPath(QPointF(hx - 0.075, hy - 0.08))
        skirt.cubicTo(hx - 0.12, hy, hx - width, hy + 0.12, hx - width + sway, hy + 0.24)
        for i in range(4):
            x = hx - width + sway + width * 2 * (i + 1) / 4
            skirt.quadTo(x - width / 4, hy + 0.28, x, hy + 0.24)
        skirt.cubicTo(hx + width, hy + 0.12, hx + 0.12, hy, hx + 0.075, hy - 0.08)
        fill(
            p,
            skirt,
            linear(hx - width, hy, hx + width, hy + 0.05, tones.light, tones.base, tones.base, tones.dark),
        )
        for k in (-0.5, 0.0, 0.5):
            stroke(
                p,
                [(hx + k * 0.1, hy), (hx + k * width * 1.2 + sway, hy + 0.22)],
                faded(tones.deep, 0.3),
                0.012,
            )
        stroke(p, [(hx - 0.075, hy - 0.075), (hx + 0.075, hy - 0.075)], tones.deep, 0.022)
    gloss(p, sx - 0.045, sy + 0.07, 0.04, 0.08, 0.3)


def draw_head(p: QPainter, outfit: Outfit) -> None:
    """Draw a head around (0, 0), 0.2 high, that faces right."""
    skin, hair = outfit.skin, outfit.hair
    if outfit.cut == "long":
        back = blob(
            [(0.02, -0.12), (-0.1, -0.08), (-0.125, 0.06), (-0.12, 0.18), (-0.03, 0.17), (0.03, 0.05)]
        )
        fill(p, back, linear(-0.12, 0.0, 0.04, 0.05, hair.light, hair.base, hair.dark))
    elif outfit.cut == "tail":
        tail = blob(
            [(-0.07, -0.07), (-0.16, -0.06), (-0.2, 0.05), (-0.16, 0.13), (-0.14, 0.03), (-0.08, 0.0)]
        )
        fill(p, tail, linear(-0.2, 0.0, -0.06, 0.0, hair.light, hair.dark))
    ball(p, 0.0, 0.0, 0.1, 0.105, skin)
    soft(p, 0.045, 0.035, 0.04, 0.03, rgb("e8606a", 0.45))
    for x in (0.025, 0.078):
        oval(p, x, -0.005, 0.0135, 0.019, rgb("231a22"))
        oval(p, x + 0.004, -0.012, 0.005, 0.006, rgb("ffffff"))
        stroke(p, [(x - 0.016, -0.036), (x, -0.041), (x + 0.014, -0.036)], darker(hair.base, 0.2), 0.009)
    stroke(p, [(0.06, 0.02), (0.068, 0.026), (0.06, 0.03)], faded(skin.dark, 0.9), 0.008)
    stroke(p, [(0.022, 0.052), (0.05, 0.066), (0.078, 0.052)], rgb("8d2c38"), 0.012)
    if outfit.cut != "none":
        cap = blob(
            [
                (-0.1, 0.045),
                (-0.118, -0.03),
                (-0.08, -0.105),
                (0.01, -0.13),
                (0.085, -0.095),
                (0.1, -0.045),
                (0.04, -0.062),
                (-0.03, -0.05),
                (-0.05, 0.01),
            ]
        )
        fill(p, cap, linear(-0.1, -0.12, 0.06, 0.02, hair.light, hair.base, hair.dark))
        gloss(p, -0.02, -0.095, 0.05, 0.022, 0.4)
    ball(p, -0.045, 0.015, 0.02, 0.027, skin)
