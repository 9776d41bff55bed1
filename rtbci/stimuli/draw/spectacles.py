"""What falls and what flies up: water (a waterfall) and fireworks."""

import math

from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.layout import pan
from rtbci.stimuli.draw.panorama import lit_shades, places, sky_of
from rtbci.stimuli.draw.skies import Sky
from rtbci.stimuli.draw.toolkit import (
    Art,
    Shades,
    Subject,
    ball,
    box,
    clipped,
    faded,
    fill,
    glow,
    linear,
    mix,
    oval,
    poly,
    rgb,
    shades,
    shadow,
    soft,
    stroke,
    vertical,
)


def water(p: QPainter, art: Art) -> None:
    """Waterfalls over cliffs, whose rock has the clip's colour, into a pool."""
    sky, tones = sky_of(art), lit_shades(art)
    top, pool = 0.12 + (art.spec.y - 0.5) * 0.5, 0.74
    shift = pan(art.spec, art.t)
    rng = art.rng(1)
    cliff = [
        (-0.05 + (art.aspect + 0.1) * k / 12 - shift * 0.5, top + rng.uniform(-0.03, 0.03)) for k in range(13)
    ]
    cliff = [(-0.2, top), *cliff, (art.aspect + 0.2, top)]
    poly(
        p,
        [*cliff, (art.aspect + 0.2, pool + 0.02), (-0.2, pool + 0.02)],
        vertical(top, pool, tones.light, tones.base, tones.dark, tones.deep),
    )
    for _ in range(24):
        x, y = rng.uniform(-0.1, art.aspect + 0.1) - shift * 0.5, rng.uniform(top + 0.05, pool - 0.1)
        w, h = rng.uniform(0.03, 0.09), rng.uniform(0.06, 0.16)
        crag = [(x, y), (x + w, y + 0.2 * h), (x + 0.8 * w, y + h), (x + 0.1 * w, y + 0.75 * h)]
        tone = tones.pale if rng.random() < 0.35 else tones.deep
        poly(p, crag, linear(x, y, x + w, y + h, faded(tone, 0.4), faded(tone, 0.05)))
    for x, y in cliff[1::1]:
        oval(p, x, y, 0.085, 0.04, vertical(y - 0.04, y + 0.04, sky.lit("86bf5a"), sky.lit("2f6b34")))
    box(
        p,
        0,
        pool,
        art.aspect,
        1 - pool,
        vertical(pool, 1, sky.lit("9fe0ea"), sky.lit("3fa0c4"), sky.lit("155a86")),
    )
    width = art.spec.size * (0.52, 0.4, 0.3)[art.spec.number]
    for k, x in enumerate(places(art)):
        _fall(p, art, x, top - 0.01 + 0.02 * (k % 2), pool + 0.03, width, k)
    for k in range(9):
        ripple = (art.phase * 0.6 + k / 9) % 1.0
        y, half = pool + 0.06 + 0.2 * ripple, 0.1 + 0.45 * ripple
        crest = [
            (art.aspect / 2 + dx * half * art.aspect, y + 0.006 * math.sin(8 * dx + k))
            for dx in (-1, -0.5, 0, 0.5, 1)
        ]
        stroke(p, crest, faded(rgb("ffffff"), 0.4 * math.sin(math.pi * ripple)), 0.005 + 0.004 * ripple)
    _banks(p, art, sky, tones)


def _fall(p: QPainter, art: Art, x: float, top: float, bottom: float, width: float, k: int) -> None:
    sky, rng = sky_of(art), art.rng(60 + k)
    half = width / 2
    sheet = QPainterPath()
    sheet.moveTo(x - half * 0.86, top)
    sheet.cubicTo(x - half, top + 0.15, x - half * 1.02, bottom - 0.2, x - half * 1.1, bottom)
    sheet.lineTo(x + half * 1.1, bottom)
    sheet.cubicTo(x + half * 1.02, bottom - 0.2, x + half, top + 0.15, x + half * 0.86, top)
    sheet.closeSubpath()
    soft(p, x, (top + bottom) / 2, width * 0.95, (bottom - top) * 0.62, faded(rgb("10202c"), 0.35))
    fill(
        p,
        sheet,
        linear(
            x - half,
            0,
            x + half,
            0,
            mix(rgb("9fd4ec"), sky.lit("9fd4ec"), 0.55),
            mix(rgb("eefaff"), sky.lit("eefaff"), 0.55),
            mix(rgb("cdeefb"), sky.lit("cdeefb"), 0.55),
            mix(rgb("ffffff"), sky.lit("ffffff"), 0.55),
            mix(rgb("8cc6e4"), sky.lit("8cc6e4"), 0.55),
        ),
    )
    with clipped(p, sheet):
        for _ in range((30, 20, 12)[art.spec.number]):
            at, long, start = x + rng.uniform(-half, half), rng.uniform(0.07, 0.2), rng.random()
            y = top - 0.2 + (bottom - top + 0.2) * ((start + art.phase * 1.4) % 1.0)
            tone = rgb("ffffff", 0.75) if rng.random() < 0.5 else sky.lit(rgb("4f9cc8", 0.55))
            stroke(p, [(at, y), (at, y + long)], tone, rng.uniform(0.005, 0.012))
    for _ in range((10, 7, 5)[art.spec.number]):
        dx, puff = rng.uniform(-0.75, 0.75) * width, (rng.random() + art.phase * 0.8) % 1.0
        r = 0.035 + 0.05 * puff
        soft(
            p,
            x + dx * (0.8 + 0.4 * puff),
            bottom - 0.05 * puff,
            r * 1.5,
            r,
            faded(rgb("ffffff"), 0.75 * (1 - 0.7 * puff)),
        )


def _banks(p: QPainter, art: Art, sky: Sky, tones: Shades) -> None:
    rng, shift = art.rng(80), pan(art.spec, art.t)
    for side in (0.0, 1.0):
        for _ in range(4):
            x, y, r = (
                art.aspect * side + rng.uniform(-0.13, 0.13) - shift,
                rng.uniform(0.84, 1.0),
                rng.uniform(0.05, 0.1),
            )
            shadow(p, x, y + 0.5 * r, 1.3 * r, 0.3 * r)
            ball(p, x, y, r, 0.68 * r, tones)
        for _ in range(6):
            x, y, r = (
                art.aspect * side + rng.uniform(-0.12, 0.12) - shift,
                rng.uniform(0.76, 0.98),
                rng.uniform(0.04, 0.07),
            )
            ball(
                p,
                x + 0.004 * art.wave(1, x),
                y,
                r,
                r * 0.8,
                shades(sky.lit(rng.choice(("3f8f45", "5aa84c", "2f7a40")))),
            )


def fireworks(p: QPainter, art: Art) -> None:
    """Bursts in the clip's colour that open, sink and fade, each with the trail of its rocket."""
    rng = art.rng()
    # A veil keeps lit windows from drowning the sparks.
    box(p, 0, 0, art.aspect, 1, vertical(0.1, 0.9, rgb("05061c", 0.25), rgb("05061c", 0.62)))
    scale = art.spec.size * (0.6, 0.52, 0.48)[art.spec.number]
    for k, x in enumerate(places(art)):
        start = rng.random()
        y = 0.33 + (art.spec.y - 0.56) * 0.8 + (0.0, 0.1, -0.06, 0.13)[k] * (1 if art.spec.number else 0)
        burst = ((0.1 + 0.5 * start if k else 0.12) + 0.6 * art.phase) % 1.0
        _burst(p, art, x, y, scale, 0.18 + 0.82 * burst, k)
    for _ in range(12):
        x, y, phase = rng.random() * art.aspect, rng.uniform(0.05, 0.45), rng.random()
        spark = max(0.0, art.wave(2, phase))
        glow(p, x, y, 0.012, rgb("ffffff"), spark)


def _burst(p: QPainter, art: Art, x: float, y: float, scale: float, age: float, k: int) -> None:
    tones, rng = art.shades, art.rng(30 + k)
    spread = scale * (1 - (1 - age) ** 2.4)
    alpha = max(0.0, min(1.0, 3.2 * (1 - age))) ** 0.7
    vivid = mix(tones.base, tones.light, 0.6)
    stroke(
        p,
        [(x + 0.02, 0.72), (x - 0.01, (y + 0.72) / 2), (x, y)],
        vertical(y, 0.72, faded(tones.pale, 0.5 * alpha), faded(tones.base, 0.0)),
        0.006,
    )
    glow(p, x, y, scale * 1.5, tones.base, 0.5 * alpha)
    before = p.compositionMode()
    p.setCompositionMode(QPainter.CompositionMode.CompositionMode_Plus)
    for ring, (rays, reach) in enumerate(((26, 1.0), (18, 0.66), (10, 0.36))):
        turn = rng.random()
        rays = round(rays * (1.0, 0.85, 0.65)[art.spec.number])
        for i in range(rays):
            angle = 2 * math.pi * (i + turn) / rays + rng.uniform(-0.06, 0.06)
            r = spread * reach * rng.uniform(0.9, 1.08)
            dx, dy = math.cos(angle), math.sin(angle)
            sink = 0.16 * scale * age * age
            tail = 0.5 + 0.28 * age
            end = (x + dx * r, y + dy * r + sink)
            begin = (x + dx * r * tail, y + dy * r * tail + sink * 0.35)
            brush = linear(
                *begin, *end, faded(tones.base, 0.0), faded(vivid, 0.85 * alpha), faded(tones.pale, alpha)
            )
            path = QPainterPath()
            path.moveTo(*begin)
            path.lineTo(*end)
            stroke(p, path, brush, 0.0105 - 0.0015 * ring)
            oval(p, end[0], end[1], 0.0085, 0.0085, faded(rgb("ffffff"), alpha))
    p.setCompositionMode(before)
    soft(p, x, y, 0.3 * scale, 0.3 * scale, faded(tones.pale, 0.9 * max(0.0, 1 - 1.6 * age)))


SUBJECTS: dict[str, Subject] = {
    "water": Subject(water, place="scene"),
    "fireworks": Subject(fireworks, place="scene"),
}
"""How the concepts of this file are drawn."""
