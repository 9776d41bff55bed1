"""What whole-picture subjects share: their light, and where their main things stand."""

from rtbci.stimuli.draw.layout import pan
from rtbci.stimuli.draw.skies import SKIES, Sky
from rtbci.stimuli.draw.toolkit import (
    Art,
    Shades,
    mix,
    shades,
)

_OFFSETS: tuple[tuple[float, ...], ...] = ((0.0,), (-0.25, 0.25), (-0.34, 0.34, -0.11, 0.13))
"""For one, two and many: how far from the middle each stands, in heights of the picture."""


def sky_of(art: Art) -> Sky:
    """The sky over a subject."""
    return SKIES[art.spec.attribute("sky")]


def lit_shades(art: Art) -> Shades:
    """The clip's colour under its sky, still plain to see."""
    return shades(mix(art.shades.base, sky_of(art).lit(art.shades.base), 0.45))


def places(art: Art) -> list[float]:
    """Where the picture's main things stand from left to right, with the camera's movement."""
    number = art.spec.number
    middle = art.aspect * (0.5 + (art.spec.x - 0.5) * (1.0, 0.6, 0.5)[number])
    toward = -1.0 if art.spec.mirrored else 1.0
    return [middle + toward * dx * min(art.aspect, 1.3) - pan(art.spec, art.t) for dx in _OFFSETS[number]]
