"""Importance on a head: a picture, a page and the numbers."""

from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainterPath, QPen

from rtbci.errors import UsageError
from rtbci.files import write_json, write_report
from rtbci.montage import CHANNELS
from rtbci.reports.canvas import CENTRE, LEFT, RIGHT, Canvas, look, render
from rtbci.reports.head import draw_head, electrode_places
from rtbci.reports.html import document, picture, table
from training.evaluation.charts import Axis
from training.evaluation.importance import Importance
from training.evaluation.quantities import Quantity

WIDTH, HEIGHT = 1072, 660
_RADIUS = 236.0
_CENTRE = QPointF(306.0, 372.0)
_NEEDED, _HARMFUL, _NOTHING = QColor("#ffb84d"), QColor("#58b2f5"), QColor("#222b38")
_SPREAD = 0.2
"""How far an electrode colours its surroundings, in radii."""
_GRID = 240
_DOT = 12.5


def draw_importance(electrodes: Importance, regions: Importance | None = None) -> bytes:
    """Draw the head with every electrode and, beside it, the regions; returns a PNG.

    Colour says how much, with 0 in the middle of the scale; an electrode whose interval includes 0 is hollow
    and does not colour its surroundings.

    Parameters
    ----------
    electrodes : Importance
        Of all 62, in the order of `rtbci.montage.CHANNELS`.
    regions : Importance, optional
        By the same measure; without it, the foremost electrodes are listed.

    Raises
    ------
    UsageError
        If the electrodes are not the 62.
    """
    if electrodes.names != CHANNELS:
        raise UsageError(
            f"A head map needs the {len(CHANNELS)} electrodes in their order, not {len(electrodes.names)} "
            f"names from {electrodes.names[0]}; measure the importance of ELECTRODES."
        )
    return render(WIDTH, HEIGHT, lambda canvas: _draw(canvas, electrodes, regions))


def write_importance(
    folder: Path, electrodes: Importance, regions: Importance | None, title: str, notes: str = ""
) -> list[str]:
    """Write ``importance.png``, ``importance.json`` and ``importance.html``; returns their sentences.

    Raises
    ------
    UsageError
        If the electrodes are not the 62, or the folder cannot be written to.
    """
    png = draw_importance(electrodes, regions)
    said = sentences(electrodes, regions)
    parts = [part for part in (regions, electrodes) if part is not None]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be made ({error.strerror}); choose another.") from error
    write_json(
        folder / "importance.json", {"title": title, "meaning": said, "parts": [_plain(p) for p in parts]}
    )
    write_report(folder / "importance.png", png)
    body = f'<p class="first">{escape(title)}</p>\n<p class="second">{escape(notes)}</p>\n'
    body += picture(png, f"{electrodes.measure} of each electrode, on the head from above", "wide")
    body += "<ul>\n" + "".join(f"<li>{escape(sentence)}</li>\n" for sentence in said) + "</ul>\n"
    for name, part in zip(("Regions", "Electrodes")[-len(parts) :], parts, strict=True):
        body += f"<details><summary>{name} in figures</summary>\n{_figures(part)}</details>\n"
    write_report(folder / "importance.html", document(title, body).encode())
    return said


def sentences(electrodes: Importance, regions: Importance | None) -> list[str]:
    """Say what the figures mean."""
    kind = _quantity(electrodes)
    said = []
    for part, noun in ((regions, "region"), (electrodes, "electrode")):
        if part is None:
            continue
        order = [k for k in np.argsort(-part.values) if part.ci95[k, 0] > 0]
        if not order:
            said.append(f"No {noun} is shown to matter by itself.")
            continue
        best = order[0]
        bounds = " to ".join(kind.plain(bound) for bound in part.ci95[best])
        many = f"{len(order)} {'is' if len(order) == 1 else 'are'} shown to matter"
        most = f"{part.names[best]}: {part.measure} {kind.difference(part.values[best])}"
        said.append(f"Of {len(part.names)} {noun}s, {many}; most {most} (95 % interval {bounds}).")
    said.append(
        f"Each interval stands for itself: by luck alone, about {0.05 * len(electrodes.names):.0f} of "
        f"{len(electrodes.names)} electrodes would leave out 0."
    )
    said.append(
        "Neighbouring electrodes carry much of the same signal: a single one may matter more than it shows."
    )
    return said


def _draw(canvas: Canvas, electrodes: Importance, regions: Importance | None) -> None:
    kind = _quantity(electrodes)
    where = QRectF(0.5, 0.5, WIDTH - 1, HEIGHT - 1)
    spoken = "points" if kind.kind == "share" else kind.unit
    area = canvas.card(
        where,
        f"{electrodes.measure[:1].upper()}{electrodes.measure[1:]}, {spoken}",
        f"{electrodes.n} held-out windows in {electrodes.clusters} clusters; "
        "hollow: the 95 % interval includes 0",
    )
    limit = float(max(np.abs(electrodes.values).max(), 1e-9))
    draw_head(canvas, _CENTRE, _RADIUS)
    _surroundings(canvas, electrodes, limit)
    for k, at in enumerate(_apart(electrode_places(_CENTRE, _RADIUS))):
        _electrode(canvas, at, electrodes, k, limit)
    _scale(canvas, QRectF(600, 190, 14, 364), kind, limit)
    right = QRectF(700, area.top() + 4, area.right() - 700, area.height() - 4)
    rows = 11
    if regions is not None:
        bottom = _foremost(canvas, right, regions, "Regions, each as a whole", rows)
        right.setTop(bottom + 16)
        rows -= len(regions.names) + 1
    bottom = _foremost(canvas, right, electrodes, "Foremost electrodes", rows)
    words = f"with everything in place: {kind.text(electrodes.whole)}"
    words += " a window" if electrodes.unit.endswith("a window") else ""
    canvas.write(QRectF(right.left(), bottom + 6, right.width(), 22), words, 14, look.SOFT)


def _surroundings(canvas: Canvas, electrodes: Importance, limit: float) -> None:
    """Colour the scalp by the electrodes that are shown to matter: those that are not count as 0."""
    places = np.array([(at.x(), at.y()) for at in electrode_places(QPointF(0, 0), 1.0)])
    values = np.where(electrodes.shown, electrodes.values, 0.0)
    across = np.linspace(-1, 1, _GRID)
    points = np.stack(np.meshgrid(across, across), axis=-1).reshape(-1, 1, 2)
    near = np.exp(-((points - places) ** 2).sum(axis=2) / (2 * (_SPREAD / 2) ** 2))
    # Far from every electrode the colour fades: nothing is known there.
    share = (near * values).sum(axis=1) / np.maximum(near.sum(axis=1), 0.25) / limit
    pixels = np.zeros((_GRID * _GRID, 4), dtype=np.uint8)
    for colour, strength in ((_NEEDED, share), (_HARMFUL, -share)):
        own = strength > 0
        pixels[own, :3] = (colour.blue(), colour.green(), colour.red())
        pixels[own, 3] = (255 * 0.6 * np.minimum(strength[own], 1.0)).astype(np.uint8)
    image = QImage(pixels.tobytes(), _GRID, _GRID, 4 * _GRID, QImage.Format.Format_ARGB32).copy()
    painter = canvas.painter
    inside = QPainterPath()
    inside.addEllipse(_CENTRE, _RADIUS - 1, _RADIUS - 1)
    painter.save()
    painter.setClipPath(inside)
    painter.setRenderHint(painter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRectF(_CENTRE.x() - _RADIUS, _CENTRE.y() - _RADIUS, 2 * _RADIUS, 2 * _RADIUS), image)
    painter.restore()


def _apart(places: list[QPointF]) -> list[QPointF]:
    """Push electrodes that would cover one another apart, as little as is needed."""
    at = np.array([(place.x(), place.y()) for place in places])
    for _ in range(60):
        away = at[:, None] - at[None]
        distance = np.hypot(away[..., 0], away[..., 1]) + np.eye(len(at)) * 1e9
        overlap = np.maximum(2 * _DOT + 2 - distance, 0.0)
        at = at + 0.5 * (away / distance[..., None] * overlap[..., None]).sum(axis=1)
    return [QPointF(x, y) for x, y in at]


def _electrode(canvas: Canvas, at: QPointF, electrodes: Importance, k: int, limit: float) -> None:
    painter, shown = canvas.painter, bool(electrodes.shown[k])
    colour = _colour(electrodes.values[k] / limit)
    painter.setPen(QPen(look.BACKGROUND if shown else colour.lighter(135), 1.6))
    painter.setBrush(colour if shown else look.BACKGROUND)
    painter.drawEllipse(at, _DOT, _DOT)
    bright = shown and abs(electrodes.values[k]) > 0.35 * limit
    ink = look.BACKGROUND if bright else look.TEXT if shown else look.SOFT
    name = electrodes.names[k]
    canvas.write(
        QRectF(at.x() - 20, at.y() - 8, 40, 16), name, 9.5 if len(name) < 3 else 8.5, ink, CENTRE, bold=True
    )


def _scale(canvas: Canvas, bar: QRectF, kind: Quantity, limit: float) -> None:
    shades = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    for share in np.linspace(-1, 1, 21):
        shades.setColorAt((share + 1) / 2, _colour(share))
    canvas.painter.setPen(Qt.PenStyle.NoPen)
    canvas.painter.setBrush(shades)
    canvas.painter.drawRoundedRect(bar, 4, 4)
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        y = bar.center().y() - share * bar.height() / 2
        canvas.line(QPointF(bar.right(), y), QPointF(bar.right() + 5, y), look.FAINT)
        ink = look.TEXT if share == 0 else look.SOFT
        box = QRectF(bar.right() + 9, y - 10, 60, 20)
        canvas.write(box, "0" if share == 0 else kind.signed(share * limit), 13, ink, LEFT)
    canvas.write(QRectF(bar.left() - 60, bar.top() - 30, 134, 20), "needed", 13, _NEEDED, CENTRE)
    canvas.write(QRectF(bar.left() - 60, bar.bottom() + 10, 134, 20), "in the way", 13, _HARMFUL, CENTRE)


def _foremost(canvas: Canvas, area: QRectF, part: Importance, title: str, rows: int) -> float:
    """List the most important with their intervals; returns where the list ends."""
    kind = _quantity(part)
    order = np.argsort(-part.values, kind="stable")[:rows]
    canvas.write(QRectF(area.left(), area.top(), area.width(), 24), title, 16, look.TEXT, bold=True)
    bounds = np.concatenate([part.ci95[order].ravel(), [0.0]])
    low, high = float(bounds.min()), float(bounds.max())
    pad = 0.05 * max(high - low, 1e-9)
    axis = Axis(area.left() + 92, area.right() - 68, low - pad, high + pad)
    top, step = area.top() + 34, 32.0
    bottom = top + step * len(order)
    canvas.line(QPointF(axis(0), top), QPointF(axis(0), bottom), look.FAINT, 1.5)
    canvas.write(QRectF(axis(0) - 30, bottom + 2, 60, 20), "0", 13, look.FAINT, CENTRE)
    limit = float(max(np.abs(part.values).max(), 1e-9))
    for row, k in enumerate(order):
        y = top + (row + 0.5) * step
        shown = bool(part.shown[k])
        colour = _colour(part.values[k] / limit) if shown else look.FAINT
        canvas.write(
            QRectF(area.left(), y - 12, 88, 24), part.names[k], 15, look.TEXT if shown else look.SOFT
        )
        ends = [QPointF(axis(bound), y) for bound in part.ci95[k]]
        canvas.line(ends[0], ends[1], look.faded(colour.lighter(120), 0.5), 5)
        canvas.dot(QPointF(axis(part.values[k]), y), 6, colour.lighter(120), hollow=not shown)
        box = QRectF(area.right() - 64, y - 12, 64, 24)
        canvas.write(
            box, kind.signed(part.values[k]), 15, look.TEXT if shown else look.SOFT, RIGHT, bold=shown
        )
    return bottom + 22


def _colour(share: float) -> QColor:
    """Colour of a value, as a share of the greatest: from one hue through nothing to the other."""
    towards = _NEEDED if share >= 0 else _HARMFUL
    much = min(abs(share), 1.0) ** 0.8
    mixed = [round(a + (b - a) * much) for a, b in zip(_rgb(_NOTHING), _rgb(towards), strict=True)]
    return QColor(*mixed)


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


def _quantity(part: Importance) -> Quantity:
    if part.unit == "share":
        return Quantity(part.measure, "share", 1, 1)
    return Quantity(part.measure, "number", 1, 3, part.unit.removesuffix(" a window"))


def _figures(part: Importance) -> str:
    kind = _quantity(part)
    rows = (
        (bool(shown), (name, kind.signed(value), f"{kind.signed(low)} to {kind.signed(high)}"))
        for name, value, (low, high), shown in zip(
            part.names, part.values, part.ci95, part.shown, strict=True
        )
    )
    return table(("name", part.measure, "95 % interval"), rows)


def _plain(part: Importance) -> dict[str, object]:
    named: dict[str, tuple[float, NDArray[np.float64]]] = dict(
        zip(part.names, zip(part.values, part.ci95, strict=True), strict=True)
    )
    return {
        "measure": part.measure,
        "unit": part.unit,
        "whole": part.whole,
        "n": part.n,
        "clusters": part.clusters,
        "values": {name: {"value": float(v), "ci95": ci.tolist()} for name, (v, ci) in named.items()},
    }
