"""Skies: what light each gives, and the sky itself with sun, moon, stars and clouds."""

import random
from dataclasses import dataclass

from PySide6.QtGui import QColor, QPainter

from rtbci.stimuli.draw.toolkit import (
    ball,
    box,
    faded,
    glow,
    lighter,
    mix,
    oval,
    rgb,
    shades,
    soft,
    vertical,
)
from rtbci.stimuli.spec import ClipSpec

MARGIN = 0.16
"""How far backgrounds reach beyond the picture's sides, in heights of the picture, so that they can drift."""


@dataclass(frozen=True, slots=True)
class Sky:
    """The colours of a sky and of its light.

    Attributes
    ----------
    top, middle, low : QColor
        From the zenith to the horizon.
    cloud : QColor
    light : QColor
        Sun or moon.
    tint : QColor
        What everything outdoors is tinted with; its opacity says how much.
    lamps : bool
        Whether windows and lamps are lit.
    """

    name: str
    top: QColor
    middle: QColor
    low: QColor
    cloud: QColor
    light: QColor
    tint: QColor
    lamps: bool

    def lit(self, code: str | QColor) -> QColor:
        """A colour as it looks under this sky."""
        colour = rgb(code) if isinstance(code, str) else code
        opaque = QColor(self.tint)
        opaque.setAlpha(colour.alpha())
        return mix(colour, opaque, self.tint.alphaF())

    def far(self, code: str | QColor, distance: float) -> QColor:
        """A colour as it looks from afar, through the haze at the horizon (distance 0 to 1)."""
        return mix(self.lit(code), self.low, distance)


SKIES: dict[str, Sky] = {
    sky.name: sky
    for sky in (
        Sky(
            "day",
            rgb("3f8fe0"),
            rgb("7fbdf2"),
            rgb("dbeefb"),
            rgb("ffffff"),
            rgb("fff6cf"),
            rgb("fff3c4", 0.04),
            False,
        ),
        Sky(
            "sunset",
            rgb("43357c"),
            rgb("d5608a"),
            rgb("ffb169"),
            rgb("ffb9a0"),
            rgb("ffe08a"),
            rgb("b4416b", 0.3),
            False,
        ),
        Sky(
            "night",
            rgb("070a24"),
            rgb("141b4a"),
            rgb("33427f"),
            rgb("4a5688"),
            rgb("f4f1dc"),
            rgb("101a4c", 0.56),
            True,
        ),
        Sky(
            "overcast",
            rgb("8b97a6"),
            rgb("a9b3bf"),
            rgb("d3d8db"),
            rgb("e3e7ea"),
            rgb("f1f1ea"),
            rgb("8d98a3", 0.4),
            True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class View:
    """What a background's painter needs to know; heights of the picture are the unit.

    Attributes
    ----------
    spec : ClipSpec
    sky : Sky
    aspect : float
        Width of the picture.
    """

    spec: ClipSpec
    sky: Sky
    aspect: float

    @property
    def left(self) -> float:
        """Left end of what must be painted."""
        return -MARGIN

    @property
    def right(self) -> float:
        """Right end of what must be painted."""
        return self.aspect + MARGIN

    @property
    def span(self) -> float:
        """Width of what must be painted."""
        return self.aspect + 2 * MARGIN

    def rng(self, salt: int) -> random.Random:
        """Random numbers of this clip's background, the same in every frame."""
        return random.Random((self.spec.seed * 64 + self.spec.concept) * 512 + 256 + salt)


def paint_sky(p: QPainter, view: View, bottom: float = 0.75) -> None:
    """Paint the sky down to `bottom`, with its sun, moon and stars."""
    sky, rng = view.sky, view.rng(1)
    box(p, view.left, 0.0, view.span, 1.0, vertical(0.0, bottom, sky.top, sky.middle, sky.low))
    x, y = view.aspect * rng.uniform(0.12, 0.88), rng.uniform(0.1, 0.24)
    if sky.name == "night":
        for _ in range(70):
            size = rng.uniform(0.0012, 0.0034)
            star = faded(rgb("ffffff"), rng.uniform(0.35, 1.0))
            oval(p, rng.uniform(view.left, view.right), rng.uniform(0.0, 0.55), size, size, star)
        glow(p, x, y, 0.3, rgb("93a6e8"), 0.35)
        ball(p, x, y, 0.062, 0.062, shades(rgb("efecd8")))
        for dx, dy, r in ((-0.02, -0.01, 0.013), (0.018, 0.016, 0.01), (0.014, -0.026, 0.007)):
            oval(p, x + dx, y + dy, r, r, rgb("c9c6b8", 0.7))
    elif sky.name == "sunset":
        y = bottom - rng.uniform(0.16, 0.24)
        soft(p, x, y, 0.75, 0.42, rgb("ffd27a", 0.75))
        glow(p, x, y, 0.34, rgb("ff9a4a"), 0.5)
        oval(p, x, y, 0.075, 0.075, vertical(y - 0.075, y + 0.075, rgb("fff3b5"), rgb("ffb84e")))
    elif sky.name == "day":
        glow(p, x, y, 0.4, rgb("ffe9a0"), 0.42)
        oval(p, x, y, 0.055, 0.055, rgb("fffbe6"))
        soft(p, x, y, 0.1, 0.1, rgb("fff6c8", 0.9))
    else:
        soft(p, x, y, 0.4, 0.26, rgb("ffffff", 0.55))


def paint_clouds(p: QPainter, view: View) -> None:
    """Paint the clouds; an overcast sky is full of them."""
    sky, rng = view.sky, view.rng(2)
    overcast = sky.name == "overcast"
    count = {"day": 4, "sunset": 4, "night": 3, "overcast": 9}[sky.name]
    for i in range(count):
        x = view.left + view.span * (i + rng.uniform(0.1, 0.9)) / count
        y = rng.uniform(0.02, 0.3) if overcast else rng.uniform(0.07, 0.32)
        _cloud(p, view, rng, x, y, rng.uniform(0.16, 0.3) if overcast else rng.uniform(0.08, 0.16))


def _cloud(p: QPainter, view: View, rng: random.Random, x: float, y: float, r: float) -> None:
    sky = view.sky
    alpha = {"day": 0.95, "sunset": 0.75, "night": 0.5, "overcast": 0.55}[sky.name]
    under = mix(sky.cloud, sky.middle, 0.55)
    for dx, dy, k in (
        (-0.9, 0.12, 0.42),
        (-0.4, -0.1, 0.62),
        (0.15, -0.2, 0.75),
        (0.7, 0.02, 0.52),
        (1.1, 0.16, 0.3),
    ):
        k *= rng.uniform(0.85, 1.15)
        cx, cy, rx, ry = x + dx * r, y + dy * r, k * r, k * r * 0.72
        brush = vertical(cy - ry, cy + ry, faded(lighter(sky.cloud, 0.3), alpha), faded(under, alpha * 0.85))
        oval(p, cx, cy, rx, ry, brush)
    soft(p, x + 0.1 * r, y + 0.24 * r, 1.4 * r, 0.3 * r, faded(under, alpha * 0.8))
