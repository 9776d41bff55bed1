"""Places on dry land: meadow, forest, savanna, snow, mountains, city, road."""

from PySide6.QtGui import QPainter

from rtbci.stimuli.draw.backdrop import Backdrop, Layer
from rtbci.stimuli.draw.scenery import (
    acacia,
    blossoms,
    fir,
    ground,
    peak,
    ridge,
    round_tree,
    skyline,
    tufts,
)
from rtbci.stimuli.draw.skies import View, paint_clouds, paint_sky
from rtbci.stimuli.draw.toolkit import (
    box,
    darker,
    faded,
    glow,
    lighter,
    linear,
    mix,
    oval,
    poly,
    rgb,
    soft,
    vertical,
)

SKY = (Layer(paint_sky), Layer(paint_clouds, 0.08, 0.008))


def _meadow_far(p: QPainter, view: View) -> None:
    sky = view.sky
    ridge(p, view, 10, 0.53, 0.05, sky.far("8fb2a0", 0.5), sky.far("7fae7a", 0.25), 2.0)
    ridge(p, view, 11, 0.585, 0.035, sky.far("6fae62", 0.22), sky.lit("68a852"), 3.0)
    rng = view.rng(12)
    for _ in range(6):
        x, h = rng.uniform(view.left, view.right), rng.uniform(0.1, 0.19)
        round_tree(p, rng, x, 0.615, h, sky.far("4a8f46", 0.12), sky.lit("6b4a30"))


def _meadow_near(p: QPainter, view: View) -> None:
    sky = view.sky
    ground(p, view, 0.61, sky.lit("9ccb5e"), sky.lit("3f8a35"))
    soft(p, view.aspect * 0.35, 0.74, 0.5, 0.08, sky.lit(rgb("d6ef8c", 0.4)))
    tufts(p, view, 13, 0.63, 46, sky.lit("3c8632"))
    blossoms(p, view, 14, 0.64, 34)


def _forest_far(p: QPainter, view: View) -> None:
    sky, rng = view.sky, view.rng(20)
    box(
        p,
        view.left,
        0,
        view.span,
        1,
        vertical(
            0,
            0.7,
            mix(sky.top, sky.lit("2f6b4a"), 0.6),
            mix(sky.low, sky.lit("8fc28a"), 0.62),
            mix(sky.low, sky.lit("cfe8a8"), 0.5),
        ),
    )
    soft(p, view.aspect * rng.uniform(0.25, 0.75), 0.34, 0.5, 0.42, faded(lighter(sky.low, 0.4), 0.75))
    for _ in range(9):
        x, w = rng.uniform(view.left, view.right), rng.uniform(0.016, 0.034)
        bark = mix(sky.lit("5d7a62"), sky.low, 0.3)
        box(p, x, 0, w, 0.68, vertical(0, 0.68, faded(bark, 0.55), bark))
    ridge(p, view, 21, 0.63, 0.03, sky.far("5f9a58", 0.2), sky.lit("4d8a45"), 5.0)


def _forest_near(p: QPainter, view: View) -> None:
    sky, rng = view.sky, view.rng(22)
    ground(p, view, 0.655, sky.lit("77a848"), sky.lit("2c5a2b"))
    trunks = max(4, round(view.span * 4.5))
    for i in range(trunks):
        x, w = view.left + view.span * (i + rng.uniform(0.15, 0.85)) / trunks, rng.uniform(0.04, 0.1)
        foot = 0.655 + 0.5 * w + rng.uniform(0.0, 0.02)
        bark = sky.lit(rng.choice(("5b4436", "68503d", "4c3a33")))
        soft(p, x + w / 2, foot, w * 1.6, 0.02, rgb("08120c", 0.6))
        root = [
            (x, 0),
            (x + w, 0),
            (x + w, foot - 0.05),
            (x + 1.4 * w, foot),
            (x - 0.4 * w, foot),
            (x, foot - 0.05),
        ]
        poly(p, root, linear(x - 0.1 * w, 0, x + 1.2 * w, 0, lighter(bark, 0.24), bark, darker(bark, 0.55)))
        for _ in range(5):
            y = rng.uniform(0.05, foot - 0.1)
            box(
                p,
                x + w * rng.uniform(0.15, 0.7),
                y,
                0.06 * w,
                rng.uniform(0.03, 0.08),
                faded(darker(bark, 0.5), 0.6),
            )
    for _ in range(26):
        x, y, r = rng.uniform(view.left, view.right), rng.uniform(-0.05, 0.09), rng.uniform(0.06, 0.13)
        leaves = mix(sky.lit("3f8a3c"), sky.lit("8dc152"), rng.random())
        oval(
            p,
            x,
            y,
            r,
            0.6 * r,
            vertical(y - 0.6 * r, y + 0.6 * r, lighter(leaves, 0.15), darker(leaves, 0.42)),
        )
    tufts(p, view, 23, 0.67, 60, sky.lit("3f7d33"), 0.034)


def _forest_rays(p: QPainter, view: View, t: float) -> None:
    if view.sky.name in ("day", "sunset"):
        beam = rgb("fff4c2") if view.sky.name == "day" else rgb("ffb36b")
        for i in range(3):
            x = view.aspect * (0.15 + 0.3 * i)
            brush = linear(x, 0, x - 0.2, 0.75, faded(beam, 0.3), faded(beam, 0.0))
            poly(p, [(x, 0), (x + 0.09, 0), (x - 0.1, 0.76), (x - 0.3, 0.76)], brush)


def _savanna_far(p: QPainter, view: View) -> None:
    sky, rng = view.sky, view.rng(30)
    ridge(p, view, 31, 0.57, 0.035, sky.far("b08a5c", 0.5), sky.far("c09a58", 0.2), 1.6)
    for x in (0.1, 0.42, 0.72, 0.98):
        h = rng.uniform(0.13, 0.26)
        acacia(
            p,
            view.left + view.span * x * rng.uniform(0.85, 1.1),
            0.625,
            h,
            sky.lit("6d8438"),
            sky.lit("5a3d26"),
        )


def _savanna_near(p: QPainter, view: View) -> None:
    sky = view.sky
    ground(p, view, 0.615, sky.lit("e6c06a"), sky.lit("a8752e"))
    soft(p, view.aspect * 0.6, 0.75, 0.6, 0.07, sky.lit(rgb("fbe29a", 0.5)))
    tufts(p, view, 33, 0.63, 56, sky.lit("a9822f"), 0.036)


def _snow_far(p: QPainter, view: View) -> None:
    sky, rng = view.sky, view.rng(40)
    for x in (0.05, 0.38, 0.68, 0.95):
        peak(
            p,
            rng,
            view.left + view.span * x,
            0.62,
            rng.uniform(0.5, 0.7),
            rng.uniform(0.26, 0.4),
            sky.far("7f8fb0", 0.2),
            sky.far("f4f8ff", 0.12),
            sky.low,
        )
    for _ in range(9):
        fir(
            p,
            rng.uniform(view.left, view.right),
            rng.uniform(0.62, 0.65),
            rng.uniform(0.14, 0.26),
            sky.lit("2f6650"),
            sky.lit("f5f9ff"),
        )


def _snow_near(p: QPainter, view: View) -> None:
    sky, rng = view.sky, view.rng(41)
    ground(p, view, 0.63, sky.lit("ffffff"), sky.lit("c3d6ee"))
    for _ in range(6):
        x, y = rng.uniform(view.left, view.right), rng.uniform(0.68, 0.98)
        soft(p, x, y, rng.uniform(0.2, 0.4), 0.03, sky.lit(rgb("8fabd6", 0.4)))
        soft(p, x + 0.05, y - 0.022, 0.25, 0.02, sky.lit(rgb("ffffff", 0.9)))


def _snow_fall(p: QPainter, view: View, t: float) -> None:
    rng = view.rng(42)
    for _ in range(36):
        x, y, r, fall = rng.random(), rng.random(), rng.uniform(0.003, 0.008), rng.uniform(0.05, 0.12)
        y = (y + fall * t) % 1.0
        x = (x + 0.02 * rng.uniform(-1, 1) * t) % 1.0 * view.aspect
        oval(p, x, y, r, r, rgb("ffffff", 0.8))


def _mountains_far(p: QPainter, view: View) -> None:
    sky, rng = view.sky, view.rng(50)
    for x, h in ((0.0, 0.3), (0.45, 0.36), (0.86, 0.32)):
        peak(
            p,
            rng,
            view.left + view.span * x,
            0.66,
            0.66,
            h * rng.uniform(0.9, 1.15),
            sky.far("8a93a8", 0.45),
            sky.far("ffffff", 0.25),
            sky.low,
        )
    for x, h in ((0.22, 0.38), (0.68, 0.42)):
        x = view.left + view.span * (x + rng.uniform(-0.06, 0.06))
        peak(
            p,
            rng,
            x,
            0.67,
            0.72,
            h * rng.uniform(0.9, 1.15),
            sky.far("75706f", 0.12),
            sky.far("ffffff", 0.06),
            sky.low,
        )


def _mountains_near(p: QPainter, view: View) -> None:
    sky, rng = view.sky, view.rng(52)
    ridge(p, view, 53, 0.65, 0.02, sky.lit("5d9a57"), sky.lit("4d8a49"), 4.0)
    for _ in range(13):
        x = rng.uniform(view.left, view.right)
        fir(p, x, rng.uniform(0.655, 0.7), rng.uniform(0.08, 0.17), sky.lit("2c6148"))
    ground(p, view, 0.69, sky.lit("82b65a"), sky.lit("3d7d3c"))
    for _ in range(7):
        x, y, r = rng.uniform(view.left, view.right), rng.uniform(0.74, 0.97), rng.uniform(0.012, 0.03)
        stone = sky.lit("9a9894")
        soft(p, x, y + 0.6 * r, 1.6 * r, 0.4 * r, rgb("0a1408", 0.6))
        oval(
            p,
            x,
            y,
            r,
            0.68 * r,
            linear(x - r, y - r, x + r, y + r, lighter(stone, 0.35), darker(stone, 0.45)),
        )
    tufts(p, view, 54, 0.7, 40, sky.lit("3b7a36"))


def _city_far(p: QPainter, view: View) -> None:
    sky = view.sky
    lit = {"night": 0.55, "sunset": 0.25, "overcast": 0.14}.get(sky.name, 0.0)
    skyline(p, view, 60, 0.73, 0.34, 0.6, sky.far("7f8aa3", 0.45), lit * 0.6)
    box(p, view.left, 0.45, view.span, 0.3, vertical(0.45, 0.75, faded(sky.low, 0.0), faded(sky.low, 0.55)))


def _city_near(p: QPainter, view: View) -> None:
    sky = view.sky
    lit = {"night": 0.6, "sunset": 0.3, "overcast": 0.16}.get(sky.name, 0.02)
    skyline(p, view, 61, 0.73, 0.16, 0.38, sky.lit("6a7388"), lit)
    _pavement(p, view, 0.725)
    rng = view.rng(62)
    for i in range(5):
        x = view.left + view.span * (i + 0.5) / 5
        if i % 2:
            round_tree(p, rng, x, 0.742, 0.17, sky.lit("4f9148"), sky.lit("5f4530"))
        else:
            post = sky.lit("3a3f4c")
            box(p, x - 0.005, 0.53, 0.01, 0.215, linear(x - 0.005, 0, x + 0.005, 0, lighter(post, 0.3), post))
            oval(p, x, 0.525, 0.017, 0.017, rgb("fff0b8") if sky.lamps else sky.lit("d9dde2"))
            if sky.lamps:
                glow(p, x, 0.525, 0.13, rgb("ffd27a"), 0.6)


def _pavement(p: QPainter, view: View, y: float) -> None:
    sky = view.sky
    box(p, view.left, y, view.span, 0.05, vertical(y, y + 0.05, sky.lit("b9bcc0"), sky.lit("9a9da3")))
    box(p, view.left, y + 0.05, view.span, 0.012, sky.lit("74777e"))
    asphalt = y + 0.062
    box(
        p,
        view.left,
        asphalt,
        view.span,
        1 - asphalt,
        vertical(asphalt, 1, sky.lit("5a5e68"), sky.lit("3c3f49")),
    )
    x = view.left
    while x < view.right:
        dash = [(x, 0.9), (x + 0.13, 0.9), (x + 0.118, 0.917), (x - 0.012, 0.917)]
        poly(p, dash, linear(x, 0, x + 0.13, 0, sky.lit("f3efe0"), sky.lit("d9d3bd")))
        x += 0.26


def _road_far(p: QPainter, view: View) -> None:
    sky, rng = view.sky, view.rng(70)
    ridge(p, view, 71, 0.53, 0.06, sky.far("7f9fb0", 0.5), sky.far("86ad86", 0.3), 1.8)
    ridge(p, view, 72, 0.6, 0.03, sky.far("8fbb62", 0.1), sky.lit("6aa04c"), 2.6)
    for _ in range(8):
        round_tree(
            p,
            rng,
            rng.uniform(view.left, view.right),
            rng.uniform(0.63, 0.66),
            rng.uniform(0.1, 0.2),
            sky.far("52954a", 0.06),
            sky.lit("6b4a30"),
        )


def _road_near(p: QPainter, view: View) -> None:
    sky = view.sky
    ground(p, view, 0.645, sky.lit("93c259"), sky.lit("5d9440"))
    x = view.left
    while x < view.right:
        box(p, x, 0.655, 0.012, 0.06, linear(x, 0, x + 0.012, 0, sky.lit("ffffff"), sky.lit("b9bec6")))
        box(p, x, 0.668, 0.012, 0.014, sky.lit("d9423a"))
        x += 0.24
    box(p, view.left, 0.72, view.span, 0.28, vertical(0.72, 1, sky.lit("6d707a"), sky.lit("44474f")))
    for y in (0.728, 0.985):
        box(p, view.left, y, view.span, 0.007, sky.lit("e9e6da"))
    x = view.left
    while x < view.right:
        poly(p, [(x, 0.85), (x + 0.14, 0.85), (x + 0.125, 0.866), (x - 0.015, 0.866)], sky.lit("f3efe0"))
        x += 0.3


BACKDROPS: dict[str, Backdrop] = {
    "meadow": Backdrop(0.62, (*SKY, Layer(_meadow_far, 0.4), Layer(_meadow_near, 1.0))),
    "forest": Backdrop(0.66, (Layer(_forest_far, 0.25), Layer(_forest_near, 1.0)), behind=_forest_rays),
    "savanna": Backdrop(0.62, (*SKY, Layer(_savanna_far, 0.4), Layer(_savanna_near, 1.0))),
    "snow": Backdrop(0.63, (*SKY, Layer(_snow_far, 0.35), Layer(_snow_near, 1.0)), before=_snow_fall),
    "mountains": Backdrop(0.69, (*SKY, Layer(_mountains_far, 0.25), Layer(_mountains_near, 1.0))),
    "city": Backdrop(0.76, (*SKY, Layer(_city_far, 0.3), Layer(_city_near, 1.0))),
    "road": Backdrop(0.72, (*SKY, Layer(_road_far, 0.4), Layer(_road_near, 1.0))),
}
"""The places of this file, by name."""
