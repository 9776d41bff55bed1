"""The thirteen places where clips play, under four skies: composed, cached and drifting."""

import math
from collections.abc import Mapping
from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter

from rtbci.stimuli.draw import indoors, outdoors, waters
from rtbci.stimuli.draw.backdrop import Backdrop, Layer, Moves
from rtbci.stimuli.draw.layout import MIDDLE_S, pan
from rtbci.stimuli.draw.skies import MARGIN, SKIES, View
from rtbci.stimuli.draw.toolkit import box, radial, rgb, vertical
from rtbci.stimuli.spec import ClipSpec

BACKDROPS: Mapping[str, Backdrop] = {**outdoors.BACKDROPS, **waters.BACKDROPS, **indoors.BACKDROPS}
"""Every place, by name."""

_CACHED_CLIPS = 12


def horizon(spec: ClipSpec) -> float:
    """Where the ground begins, in heights of the picture from the top."""
    return BACKDROPS[spec.attribute("scene")].horizon


def scene_behind(p: QPainter, spec: ClipSpec, t: float, width: int, height: int) -> None:
    """Paint a clip's background at a moment into the rectangle (0, 0, width, height)."""
    place = BACKDROPS[spec.attribute("scene")]
    for layer, (picture, top) in zip(place.layers, _pictures(spec, width, height), strict=True):
        moved = layer.drift * (t - MIDDLE_S) - layer.depth * pan(spec, t)
        # The picture reaches no farther than its margin: long clips come to rest there.
        moved = MARGIN * math.tanh(moved / MARGIN)
        p.drawImage(QPointF(round((moved - MARGIN) * height), top), picture)
    if place.behind is not None:
        _live(p, place.behind, spec, t, width, height)


def scene_in_front(p: QPainter, spec: ClipSpec, t: float, width: int, height: int) -> None:
    """Paint what lies before a clip's objects at a moment, and the light over it all."""
    place = BACKDROPS[spec.attribute("scene")]
    if place.before is not None:
        _live(p, place.before, spec, t, width, height)
    p.drawImage(QPointF(0, 0), _grade(spec.attribute("sky"), place.indoors, width, height))


def _live(p: QPainter, paint: Moves, spec: ClipSpec, t: float, width: int, height: int) -> None:
    p.save()
    p.scale(height, height)
    paint(p, View(spec, SKIES[spec.attribute("sky")], width / height), t)
    p.restore()


@lru_cache(maxsize=_CACHED_CLIPS)
def _pictures(spec: ClipSpec, width: int, height: int) -> tuple[tuple[QImage, int], ...]:
    """Each layer painted once, cut to the rows that it covers, with the first of these rows."""
    view = View(spec, SKIES[spec.attribute("sky")], width / height)
    layers = BACKDROPS[spec.attribute("scene")].layers
    return tuple(_picture(layer, view, width, height, opaque=i == 0) for i, layer in enumerate(layers))


def _picture(layer: Layer, view: View, width: int, height: int, opaque: bool) -> tuple[QImage, int]:
    across = width + 2 * math.ceil(MARGIN * height)
    kind = QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32_Premultiplied
    image = QImage(across, height, kind)
    image.fill(Qt.GlobalColor.black if opaque else Qt.GlobalColor.transparent)
    p = QPainter(image)
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    p.translate(round(MARGIN * height), 0)
    p.scale(height, height)
    layer.paint(p, view)
    p.end()
    return image, 0


@lru_cache(maxsize=16)
def _grade(sky: str, indoors: bool, width: int, height: int) -> QImage:
    """The last touch over a picture: the sky's light, and corners a little darker."""
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    aspect = width / height
    p = QPainter(image)
    p.scale(height, height)
    top, bottom = {
        "day": (rgb("fff4c8", 0.0), rgb("fff4c8", 0.03)),
        "sunset": (rgb("ff7a4a", 0.1), rgb("7a2a6a", 0.14)),
        "night": (rgb("0a1050", 0.1), rgb("060a36", 0.24)),
        "overcast": (rgb("9aa6b2", 0.1), rgb("7a8792", 0.14)),
    }[sky]
    if not indoors or sky != "day":
        box(p, 0, 0, aspect, 1, vertical(0, 1, top, bottom))
    edge = rgb("0a0618", 0.26)
    box(
        p,
        0,
        0,
        aspect,
        1,
        radial(aspect / 2, 0.48, 0.78 * max(aspect, 1.0), rgb("0a0618", 0.0), rgb("0a0618", 0.0), edge),
    )
    p.end()
    return image
