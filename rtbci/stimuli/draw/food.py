"""Food: banana, cake, drink, pizza, watermelon."""

import math
import random

from PySide6.QtGui import QPainter, QPainterPath

from rtbci.stimuli.draw.toolkit import (
    LEAF,
    PALETTE,
    WHITE,
    Art,
    Shades,
    Subject,
    ball,
    blob,
    box,
    clipped,
    darker,
    faded,
    fill,
    gloss,
    glow,
    leaf,
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
    stroke,
    vertical,
)

_CHINA = shades(rgb("dfe3ea"))
_CRUST = shades(rgb("c98a44"))


def _plate(p: QPainter, half: float, tones: Shades = _CHINA) -> None:
    """A plate with the middle of its rim at the origin."""
    oval(p, 0.0, 0.02, half, half * 0.23, linear(-half, 0, half, 0, tones.light, tones.base, tones.dark))
    oval(p, 0.0, 0.0, half, half * 0.22, vertical(-half * 0.22, half * 0.22, tones.base, tones.pale))
    oval(p, 0.0, 0.0, half * 0.74, half * 0.15, vertical(-half * 0.15, half * 0.15, tones.dark, tones.light))


def banana(p: QPainter, art: Art) -> None:
    """A hand of bananas on a plate, rocking; the clip's colour is their peel."""
    tones = art.shades
    _plate(p, 0.62)
    shadow(p, 0.0, -0.02, 0.45, 0.07, 0.5)
    with moved(p, 0.0, -0.02, 7 * art.wave(), 1.0, 1.0):
        for k, turn in enumerate((20, 4, -13)):
            tone = shades(mix(tones.dark, tones.base, 0.4 + 0.3 * k))
            with moved(p, -0.42, -0.78, turn):
                _one_banana(p, tone)
        with moved(p, -0.42, -0.78):
            stem = [(-0.06, 0.02), (-0.045, -0.16), (0.05, -0.17), (0.08, 0.04)]
            poly(p, stem, linear(-0.06, 0, 0.08, 0, rgb("a98a3c"), rgb("6b4b22"), rgb("40290f")))
            oval(p, 0.003, -0.165, 0.05, 0.018, rgb("4a3418"))


def _one_banana(p: QPainter, tones: Shades) -> None:
    body = QPainterPath()
    body.moveTo(-0.03, -0.06)
    body.cubicTo(-0.12, 0.32, 0.1, 0.72, 0.74, 0.74)
    body.cubicTo(0.84, 0.74, 0.86, 0.66, 0.78, 0.63)
    body.cubicTo(0.42, 0.56, 0.16, 0.34, 0.07, -0.06)
    body.closeSubpath()
    fill(p, body, radial(0.62, -0.02, 0.9, tones.pale, tones.light, tones.base, tones.base, tones.deep))
    edge = QPainterPath()
    edge.moveTo(0.01, 0.0)
    edge.cubicTo(0.0, 0.34, 0.22, 0.62, 0.74, 0.68)
    stroke(p, edge, faded(tones.deep, 0.45), 0.014)
    shine = QPainterPath()
    shine.moveTo(0.08, 0.12)
    shine.cubicTo(0.14, 0.34, 0.32, 0.52, 0.6, 0.61)
    stroke(p, shine, faded(tones.pale, 0.8), 0.018)
    ball(p, 0.795, 0.69, 0.04, 0.045, shades(rgb("4a3420")))
    for x, y in ((0.14, 0.4), (0.32, 0.58), (0.5, 0.66)):
        oval(p, x, y, 0.02, 0.007, faded(rgb("5a3a14"), 0.5), 35)


def cake(p: QPainter, art: Art) -> None:
    """A cake of two tiers with icing in the clip's colour and candles that flicker."""
    tones, rng = art.shades, art.rng()
    sponge = shades(rgb("e7b877"))
    with moved(p, 0.0, -0.16):
        leg = [(-0.07, 0.0), (0.07, 0.0), (0.05, 0.08), (0.17, 0.15), (-0.17, 0.15), (-0.05, 0.08)]
        poly(p, leg, linear(-0.15, 0, 0.15, 0, _CHINA.pale, _CHINA.base, _CHINA.deep))
        _plate(p, 0.64)
    with moved(p, 0.0, -0.16, 1.6 * art.wave()):
        for half, top, high in ((0.5, -0.28, 0.27), (0.33, -0.5, 0.22)):
            _tier(p, half, top, high, tones, sponge)
        for k in range(9):
            x = -0.4 + 0.1 * k
            ball(p, x, -0.31 + 0.05 * (1 - (x / 0.45) ** 2), 0.032, 0.03, WHITE)
        for _ in range(30):
            x, y = rng.uniform(-0.4, 0.4), rng.uniform(-0.2, -0.02)
            dot = PALETTE[rng.choice(("red", "yellow", "blue", "green", "purple"))].light
            oval(p, x, y + 0.04, 0.016, 0.006, dot, rng.uniform(0, 180))
        cherry = PALETTE["red"] if art.spec.attribute("colour") != "red" else WHITE
        for x in (-0.24, -0.08, 0.08, 0.24):
            ball(p, x, -0.53 + 0.035 * (1 - (x / 0.3) ** 2), 0.036, 0.036, cherry)
        for k, x in enumerate((-0.16, 0.0, 0.16)):
            _candle(p, x, -0.54, PALETTE[("blue", "yellow", "green")[k]], art, k)


def _tier(p: QPainter, half: float, top: float, high: float, tones: Shades, sponge: Shades) -> None:
    flat = half * 0.2
    side = QPainterPath()
    side.moveTo(-half, top)
    side.lineTo(-half, top + high)
    side.cubicTo(-half * 0.9, top + high + flat * 1.2, half * 0.9, top + high + flat * 1.2, half, top + high)
    side.lineTo(half, top)
    side.closeSubpath()
    fill(p, side, linear(-half, 0, half, 0, sponge.light, sponge.base, sponge.dark))
    band = QPainterPath()
    band.moveTo(-half, top + high * 0.62)
    band.cubicTo(
        -half * 0.9,
        top + high * 0.62 + flat * 1.2,
        half * 0.9,
        top + high * 0.62 + flat * 1.2,
        half,
        top + high * 0.62,
    )
    stroke(p, band, linear(-half, 0, half, 0, tones.light, tones.base, tones.deep), high * 0.2)
    drips = QPainterPath()
    drips.moveTo(-half - 0.01, top)
    count = round(half * 20)
    for k in range(count):
        x0, x1 = (-half - 0.01 + (2 * half + 0.02) * i / count for i in (k, k + 1))
        sag = flat * math.sqrt(max(1 - ((x0 + x1) / 2 / half) ** 2, 0.0))
        low = top + sag + high * (0.5 if k % 2 else 0.26)
        drips.cubicTo(x0, low, x1, low, x1, top + sag * 0.8)
    drips.lineTo(half + 0.01, top)
    fill(p, drips, linear(-half, 0, half, 0, tones.light, tones.base, tones.dark))
    oval(
        p,
        0.0,
        top,
        half + 0.01,
        flat,
        linear(-half, top - flat, half, top + flat, tones.pale, tones.light, tones.base),
    )


def _candle(p: QPainter, x: float, y: float, tones: Shades, art: Art, k: int) -> None:
    box(
        p,
        x - 0.022,
        y - 0.2,
        0.044,
        0.22,
        linear(x - 0.022, 0, x + 0.022, 0, tones.light, tones.base, tones.dark),
        0.01,
    )
    for i in range(3):
        stroke(
            p,
            [(x - 0.018, y - 0.02 - 0.055 * i), (x + 0.018, y - 0.045 - 0.055 * i)],
            faded(rgb("ffffff"), 0.8),
            0.011,
        )
    lean = 0.018 * art.wave(2, 0.3 * k)
    glow(p, x, y - 0.26, 0.17, rgb("ffb040"), 0.5 + 0.12 * art.wave(3, 0.2 * k))
    flame = blob(
        [
            (x, y - 0.2),
            (x - 0.03, y - 0.235),
            (x + lean * 0.5 - 0.012, y - 0.28),
            (x + lean, y - 0.335),
            (x + lean * 0.5 + 0.016, y - 0.28),
            (x + 0.03, y - 0.235),
        ]
    )
    fill(p, flame, radial(x, y - 0.225, 0.1, rgb("fffbe0"), rgb("ffd84a"), rgb("ff8a1f")))


def drink(p: QPainter, art: Art) -> None:
    """A tall glass whose drink, in the clip's colour, sloshes about ice and a straw."""
    tones, tilt = art.shades, 0.06 * art.wave()
    shadow(p, 0.02, 0.0, 0.3, 0.06, 0.6)
    with moved(p, 0.0, 0.0, 2.5 * art.wave()):
        straw = PALETTE["red"] if art.spec.attribute("colour") != "red" else PALETTE["blue"]
        line = [(0.0, -0.12), (0.13, -0.86), (0.3, -0.96)]
        path = QPainterPath()
        path.moveTo(*line[0])
        path.lineTo(*line[1])
        path.lineTo(*line[2])
        glass = QPainterPath()
        glass.moveTo(-0.25, -0.78)
        glass.lineTo(-0.18, -0.02)
        glass.quadTo(0.0, 0.035, 0.18, -0.02)
        glass.lineTo(0.25, -0.78)
        glass.closeSubpath()
        fill(p, glass, faded(rgb("eef7ff"), 0.35))
        with clipped(p, glass):
            level = -0.66
            poly(
                p,
                [(-0.3, level + tilt), (0.3, level - tilt), (0.3, 0.05), (-0.3, 0.05)],
                linear(-0.24, level, 0.26, 0, tones.light, tones.base, tones.dark),
            )
            oval(
                p,
                0.0,
                level,
                0.245,
                0.045,
                linear(-0.24, 0, 0.24, 0, tones.pale, tones.light),
                -math.degrees(math.atan(tilt / 0.3)),
            )
            stroke(p, path, linear(0.0, -0.1, 0.06, -0.1, straw.light, straw.dark), 0.036)
            for k, (x, y) in enumerate(((-0.1, -0.56), (0.08, -0.5), (-0.03, -0.38))):
                with moved(
                    p,
                    x + 0.02 * art.wave(1, 0.2 * k),
                    y + 0.02 * art.wave(1, 0.3 * k),
                    20 * k - 15 + 14 * art.wave(1, 0.15 * k),
                ):
                    box(
                        p,
                        -0.065,
                        -0.065,
                        0.13,
                        0.13,
                        linear(-0.06, -0.06, 0.06, 0.06, rgb("ffffff", 0.85), rgb("ffffff", 0.2)),
                        0.025,
                    )
            for k in range(9):
                rise = (art.phase * 0.7 + k / 9) % 1.0
                x = -0.14 + 0.29 * ((k * 0.38) % 1)
                oval(p, x, -0.04 - 0.56 * rise, 0.011, 0.011, rgb("ffffff", 0.55))
        out = QPainterPath()
        out.moveTo(0.112, -0.76)
        out.lineTo(*line[1])
        out.lineTo(*line[2])
        stroke(p, out, linear(0.08, 0, 0.2, 0, straw.light, straw.dark), 0.036)
        stroke(p, glass, faded(rgb("ffffff"), 0.65), 0.012)
        box(p, -0.2, -0.7, 0.035, 0.58, faded(rgb("ffffff"), 0.4), 0.017)
        oval(p, 0.0, -0.78, 0.25, 0.042, faded(rgb("ffffff"), 0.3))
        _slice(p, -0.24, -0.8)
        for k in range(3):
            leaf(p, 0.02, -0.69, 0.17, 0.05, -150 + 35 * k + 5 * art.wave(1, 0.3), LEAF)


def _slice(p: QPainter, x: float, y: float) -> None:
    """A slice of lemon on the rim."""
    oval(p, x, y, 0.13, 0.13, radial(x, y, 0.13, rgb("ffe66a"), rgb("ffcf33"), rgb("f0a91e")))
    oval(p, x, y, 0.108, 0.108, rgb("fff8d8"))
    for k in range(8):
        with moved(p, x, y, 45 * k):
            wedge = [(0.015, 0.0), (0.095, -0.03), (0.102, 0.0), (0.095, 0.03)]
            poly(p, wedge, linear(0, 0, 0.1, 0, rgb("ffe98a"), rgb("ffc93c")))


def pizza(p: QPainter, art: Art) -> None:
    """A pizza on a board, one piece pulled out, turning; its toppings have the clip's colour."""
    tones = art.shades
    board = shades(rgb("8f5a34"))
    flat = 0.52
    with moved(p, 0.0, -0.4, 0.0, 0.78, 0.78 * flat):
        oval(p, 0.0, 0.13, 1.06, 1.06, linear(-1, 0, 1, 0, board.base, board.deep))
        oval(p, 0.0, 0.06, 1.06, 1.06, linear(-1, -1, 1, 1, board.light, board.base, board.dark))
        soft(p, 0.02, 0.08, 1.05, 1.05, faded(board.deep, 0.9))
        with moved(p, 0.0, 0.0, 24 * art.wave(0.5)):
            for k in range(8):
                pulled = 0.2 + 0.07 * art.wave() if k == 0 else 0.012
                with moved(p, 0.0, 0.0, 45 * k + 20):
                    _piece(p, pulled, tones, art.rng(10 + k))
    for k in range(3):
        x = -0.28 + 0.28 * k + 0.03 * art.wave(1, 0.3 * k)
        rise = (art.phase * 0.5 + k / 3) % 1.0
        steam = [
            (x, -0.55 - 0.3 * rise),
            (x + 0.05, -0.63 - 0.3 * rise),
            (x - 0.03, -0.7 - 0.3 * rise),
            (x + 0.03, -0.78 - 0.3 * rise),
        ]
        stroke(p, steam, faded(rgb("ffffff"), 0.4 * math.sin(math.pi * rise)), 0.035)


def _piece(p: QPainter, pulled: float, tones: Shades, rng: random.Random) -> None:
    with moved(p, pulled, 0.0):
        for dy, brush in (
            (0.09, darker(_CRUST.dark, 0.4)),
            (0.0, radial(0, 0, 1.0, _CRUST.light, _CRUST.light, _CRUST.base, _CRUST.dark)),
        ):
            rim = QPainterPath()
            rim.moveTo(0.0, dy)
            rim.arcTo(-1.0, -1.0 + dy, 2.0, 2.0, 22.0, -44.0)
            rim.closeSubpath()
            fill(p, rim, brush)
        sauce = QPainterPath()
        sauce.moveTo(0.02, 0.0)
        sauce.arcTo(-0.88, -0.88, 1.76, 1.76, 21.5, -43.0)
        sauce.closeSubpath()
        fill(p, sauce, rgb("c9402a"))
        cheese = QPainterPath()
        cheese.moveTo(0.05, 0.0)
        cheese.arcTo(-0.83, -0.83, 1.66, 1.66, 20.5, -41.0)
        cheese.closeSubpath()
        fill(p, cheese, radial(0, 0, 0.9, rgb("ffe9a0"), rgb("fbd66a"), rgb("f0b545")))
        for x, y, r in ((0.62, -0.1, 0.15), (0.6, 0.14, 0.12), (0.3, 0.0, 0.13)):
            x, y = x + rng.uniform(-0.04, 0.04), y + rng.uniform(-0.02, 0.02)
            oval(p, x + 0.015, y + 0.025, r, r, faded(rgb("7a2a10"), 0.5))
            oval(
                p, x, y, r, r, radial(x - 0.3 * r, y - 0.3 * r, 1.5 * r, tones.light, tones.base, tones.dark)
            )
            for dx, dy in ((-0.4, 0.1), (0.2, -0.4), (0.3, 0.35)):
                oval(p, x + dx * r, y + dy * r, 0.13 * r, 0.13 * r, faded(tones.pale, 0.7))
        x, y = rng.uniform(0.42, 0.5), rng.choice((-0.1, 0.1))
        oval(p, x, y, 0.06, 0.06, rgb("2a2433"))
        oval(p, x, y, 0.025, 0.025, rgb("f3cf6a"))
        leaf(p, rng.uniform(0.7, 0.76), rng.uniform(-0.05, 0.05), 0.13, 0.045, rng.uniform(0, 360), LEAF)


def watermelon(p: QPainter, art: Art) -> None:
    """A striped melon that rocks, its rind in the clip's colour, and a slice before it."""
    tones = art.shades
    shadow(p, -0.1, -0.03, 0.62, 0.09, 0.6)
    with moved(p, -0.14, -0.5, 5 * art.wave()):
        oval(
            p,
            0,
            0,
            0.55,
            0.48,
            radial(-0.2, -0.2, 0.75, tones.pale, tones.light, tones.light, tones.base, tones.dark),
        )
        whole = QPainterPath()
        whole.addEllipse(-0.55, -0.48, 1.1, 0.96)
        with clipped(p, whole):
            for k in range(-3, 4):
                bulge = k / 3.4
                stripe = QPainterPath()
                stripe.moveTo(0.03 * k, -0.5)
                stripe.cubicTo(0.72 * bulge, -0.3, 0.72 * bulge, 0.3, 0.03 * k, 0.5)
                stroke(
                    p,
                    stripe,
                    linear(-0.5, -0.3, 0.5, 0.4, tones.dark, tones.deep, darker(tones.deep, 0.4)),
                    0.085 * (1 - 0.5 * abs(bulge)),
                )
                for y in (-0.28, -0.1, 0.08, 0.26):
                    x = 0.54 * bulge * (1 - (y / 0.62) ** 2)
                    stroke(
                        p,
                        [(x - 0.06, y - 0.02), (x, y + 0.02), (x + 0.06, y - 0.02)],
                        faded(tones.deep, 0.55),
                        0.014,
                    )
            soft(p, 0.22, 0.3, 0.55, 0.36, faded(tones.deep, 0.75))
            gloss(p, -0.22, -0.24, 0.2, 0.11, 0.65, -30)
        stroke(p, [(0.0, -0.47), (0.03, -0.54), (0.1, -0.56)], PALETTE["brown"].base, 0.03)
    shadow(p, 0.26, 0.0, 0.46, 0.06, 0.6)
    with moved(p, 0.26, -0.02, -7 * art.wave(1, 0.25) - 6):
        _wedge(p, tones)


def _wedge(p: QPainter, tones: Shades) -> None:
    """A slice standing on its rind."""
    for r, brush in (
        (0.47, linear(-0.45, 0, 0.45, 0, tones.light, tones.base, tones.deep)),
        (0.43, vertical(-0.45, 0, rgb("f4f7d8"), rgb("d6e6a4"))),
        (0.395, radial(0, -0.46, 0.42, rgb("ff7a70"), rgb("f0434c"), rgb("d92b3c"))),
    ):
        half = QPainterPath()
        half.moveTo(-r, -0.46)
        half.arcTo(-r, -0.46 - r, 2 * r, 2 * r, 180, 180)
        half.closeSubpath()
        fill(p, half, brush)
    for x, y in (
        (-0.26, -0.4),
        (-0.13, -0.33),
        (0.0, -0.4),
        (0.13, -0.33),
        (0.26, -0.4),
        (-0.18, -0.22),
        (0.0, -0.22),
        (0.18, -0.22),
        (0.0, -0.12),
    ):
        oval(p, x, y, 0.014, 0.024, linear(x - 0.014, 0, x + 0.014, 0, rgb("5a3a34"), rgb("1a1014")), -50 * x)
    stroke(p, [(-0.38, -0.455), (0.38, -0.455)], rgb("ff9a90", 0.9), 0.012)


SUBJECTS: dict[str, Subject] = {
    "banana": Subject(banana, width=1.25, shadow=1.3, scale=0.9),
    "cake": Subject(cake, width=1.3, shadow=1.25),
    "drink": Subject(drink, width=0.66, shadow=0.0),
    "pizza": Subject(pizza, width=1.7, shadow=1.6, scale=0.95, most=3),
    "watermelon": Subject(watermelon, width=1.4, shadow=0.0, scale=0.85),
}
"""How the concepts of this file are drawn."""
