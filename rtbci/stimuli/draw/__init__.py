"""The corpus: every clip is drawn from its specification, at any size and any moment."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from rtbci.errors import StimulusError
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.draw import (
    food,
    instruments,
    land_animals,
    natural_scenes,
    people,
    plants,
    scenes,
    spectacles,
    transport,
    water_animals,
)
from rtbci.stimuli.draw.layout import Spot, place, tempo
from rtbci.stimuli.draw.toolkit import PALETTE, Art, Subject, moved, shadow
from rtbci.stimuli.spec import CLIP_SECONDS, ClipSpec

SUBJECTS: Mapping[str, Subject] = {
    **land_animals.SUBJECTS,
    **water_animals.SUBJECTS,
    **plants.SUBJECTS,
    **people.SUBJECTS,
    **natural_scenes.SUBJECTS,
    **spectacles.SUBJECTS,
    **food.SUBJECTS,
    **instruments.SUBJECTS,
    **transport.SUBJECTS,
}
"""How each concept is drawn."""


def paint(painter: QPainter, spec: ClipSpec, t: float, width: int, height: int) -> None:
    """Paint a clip's picture at a moment into the rectangle (0, 0, width, height) of a painter.

    Parameters
    ----------
    painter : QPainter
        Its state is as before afterwards.
    spec : ClipSpec
    t : float
        Seconds since the clip's start.
    width, height : int
        Size in the painter's units.
    """
    subject = SUBJECTS[CONCEPT_NAMES[spec.concept]]
    aspect = width / height
    painter.save()
    painter.setClipRect(QRectF(0, 0, width, height))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    scenes.scene_behind(painter, spec, t, width, height)
    painter.scale(height, height)
    if subject.place == "scene":
        subject.draw(painter, _art(spec, t, t * tempo(spec), 0, aspect))
    else:
        spots = place(spec, subject, t, aspect, scenes.horizon(spec))
        for spot in spots:
            _cast_shadow(painter, subject, spot)
        for spot in spots:
            with moved(
                painter, spot.x, spot.base, 0.0, -spot.size if spot.facing_left else spot.size, spot.size
            ):
                subject.draw(painter, _art(spec, t, spot.phase, spot.index, aspect))
    painter.scale(1 / height, 1 / height)
    scenes.scene_in_front(painter, spec, t, width, height)
    painter.restore()


def draw_frame(spec: ClipSpec, t_seconds: float, size: int = 256) -> NDArray[np.uint8]:
    """Draw a clip's picture at a moment.

    Parameters
    ----------
    spec : ClipSpec
    t_seconds : float
        Seconds since the clip's start.
    size : int
        Width and height in pixels.

    Returns
    -------
    ndarray, shape (size, size, 3), uint8
        RGB. The same arguments give the same bytes.

    Raises
    ------
    StimulusError
        If the size is not positive.
    """
    if size < 1:
        raise StimulusError(f"A picture cannot be {size} pixels wide; give a size of at least 1.")
    image = QImage(size, size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    try:
        paint(painter, spec, t_seconds, size, size)
    finally:
        painter.end()
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(size, image.bytesPerLine())
    return rows[:, : 3 * size].reshape(size, size, 3).copy()


def draw_clip(
    spec: ClipSpec, n_frames: int = 8, size: int = 256, seconds: float = CLIP_SECONDS
) -> NDArray[np.uint8]:
    """Draw a clip's frames, at equal steps from its start.

    Returns
    -------
    ndarray, shape (n_frames, size, size, 3), uint8
        Frame `i` shows the moment ``i * seconds / n_frames``.
    """
    return np.stack([draw_frame(spec, i * seconds / n_frames, size) for i in range(n_frames)])


def _art(spec: ClipSpec, t: float, phase: float, index: int, aspect: float) -> Art:
    return Art(spec, t, phase, index, PALETTE[spec.attribute("colour")], aspect)


def _cast_shadow(painter: QPainter, subject: Subject, spot: Spot) -> None:
    """Draw an object's shadow; one high above the ground casts a wider and fainter one."""
    if not subject.shadow or subject.place == "water":
        return
    away = min(max(spot.ground - spot.base, 0.0) * 2.0, 1.0)
    half = subject.shadow * spot.size / 2 * (1.15 + 0.2 * away)
    shadow(painter, spot.x + 0.03 * spot.size, spot.ground, half, half * 0.2, 0.55 * (1 - 0.75 * away))
