"""A small bird in flight."""

from PySide6.QtGui import QPainter

from rtbci.stimuli.draw.creature import CREAM, behind, draw_bead
from rtbci.stimuli.draw.toolkit import (
    Art,
    Shades,
    Subject,
    blob,
    faded,
    fill,
    gloss,
    linear,
    mix,
    moved,
    oval,
    poly,
    radial,
    rgb,
    stroke,
    vertical,
)


def _bird(p: QPainter, art: Art) -> None:
    tones = art.shades
    beat = art.wave(2.0)
    _wing(p, behind(tones), 0.08, beat * 0.9)
    for i, angle in enumerate((-12, -2, 8)):
        with moved(p, -0.34, -0.42, angle + 3 * art.wave(1.0)):
            feather = blob([(0.05, -0.04), (-0.32, -0.05), (-0.37, 0.0), (-0.32, 0.045), (0.05, 0.05)])
            fill(p, feather, linear(-0.36, 0, 0.05, 0, tones.deep, (tones.base, tones.light, tones.base)[i]))
    body = blob(
        [
            (-0.4, -0.43),
            (-0.2, -0.56),
            (0.1, -0.64),
            (0.34, -0.62),
            (0.44, -0.5),
            (0.36, -0.35),
            (0.12, -0.25),
            (-0.16, -0.29),
        ]
    )
    fill(p, body, vertical(-0.65, -0.24, tones.light, tones.base, tones.base, tones.dark))
    belly = blob([(-0.2, -0.36), (0.1, -0.39), (0.34, -0.42), (0.3, -0.32), (0.1, -0.26), (-0.12, -0.3)])
    fill(p, belly, vertical(-0.42, -0.25, CREAM, mix(CREAM, tones.light, 0.5)))
    oval(p, 0.36, -0.6, 0.165, 0.16, radial(0.31, -0.66, 0.22, tones.light, tones.base, tones.dark))
    poly(
        p, [(0.5, -0.66), (0.69, -0.585), (0.5, -0.585)], vertical(-0.66, -0.58, rgb("ffd35a"), rgb("f09a1c"))
    )
    poly(
        p, [(0.5, -0.59), (0.64, -0.575), (0.5, -0.53)], vertical(-0.59, -0.53, rgb("e08a18"), rgb("b45f0c"))
    )
    oval(p, 0.41, -0.55, 0.075, 0.05, radial(0.41, -0.56, 0.08, CREAM, faded(CREAM, 0.7), faded(CREAM, 0.0)))
    oval(p, 0.41, -0.635, 0.048, 0.05, rgb("ffffff"))
    draw_bead(p, 0.42, -0.632, 0.038)
    gloss(p, 0.3, -0.71, 0.08, 0.04, 0.5)
    crest = blob([(0.3, -0.74), (0.24, -0.84), (0.18, -0.86), (0.2, -0.78), (0.22, -0.68)])
    fill(p, crest, vertical(-0.86, -0.7, tones.dark, tones.base))
    _wing(p, tones, -0.02, beat)


def _wing(p: QPainter, tones: Shades, x: float, beat: float) -> None:
    """A wing of long feathers, from above the back (beat 1) to below the belly (beat -1)."""
    with moved(p, x, -0.5, 0.0, 1.0, -0.35 - 0.75 * beat if abs(beat) > 0.02 else 0.35):
        for i in range(5):
            reach = 0.52 - 0.035 * i
            with moved(p, 0.0, 0.0, 20.0 * i):
                feather = blob(
                    [
                        (0.08, 0.0),
                        (-0.05, reach * 0.6),
                        (-0.14, reach),
                        (-0.2, reach * 0.93),
                        (-0.16, reach * 0.4),
                        (-0.06, 0.0),
                    ]
                )
                fill(p, feather, vertical(0.0, reach, tones.base, tones.dark, tones.deep))
        cover = blob([(0.12, 0.0), (0.06, 0.2), (-0.08, 0.27), (-0.24, 0.18), (-0.2, 0.04), (-0.04, -0.03)])
        fill(p, cover, vertical(-0.03, 0.27, tones.light, tones.base))
        stroke(p, [(0.08, 0.1), (-0.04, 0.19), (-0.18, 0.14)], faded(tones.pale, 0.7), 0.022)


BIRD = Subject(_bird, width=1.55, place="air", travel=0.05, bob=0.06, shadow=0.5)
"""How the bird is drawn and moves."""
