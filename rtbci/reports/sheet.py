"""The report as one picture."""

from PySide6.QtCore import QRectF

from rtbci.reports import charts
from rtbci.reports.canvas import RIGHT, WRAPPED, Canvas, render
from rtbci.reports.content import Content
from rtbci.viewer import theme as look

WIDTH, HEIGHT = 1600, 1200
_MARGIN, _GAP = 48, 20


def draw_sheet(content: Content) -> bytes:
    """Return the picture as a PNG."""
    return render(WIDTH, HEIGHT, lambda canvas: _sheet(canvas, content))


def _sheet(canvas: Canvas, content: Content) -> None:
    inner = WIDTH - 2 * _MARGIN
    canvas.write(QRectF(_MARGIN, 36, inner, 28), f"Calibration of {content.wearer}", 20, look.SOFT, bold=True)
    facts = f"{content.created[:10]}    stream {content.stream.name}    bundle {content.bundle.id}"
    canvas.write(QRectF(_MARGIN, 36, inner, 28), facts, 15, look.FAINT, RIGHT)
    first, second = content.plain
    ink = look.TEXT if content.decodable else look.WARN
    canvas.write(QRectF(_MARGIN, 84, inner, 84), first, 31, ink, WRAPPED, bold=True)
    canvas.write(QRectF(_MARGIN, 172, inner, 56), second, 22, look.SOFT, WRAPPED)
    half = (inner - _GAP) * 0.6
    top, middle = 248.0, 610.0
    charts.accuracy(canvas, QRectF(_MARGIN, top, half, middle - top - _GAP), content)
    charts.signal(
        canvas, QRectF(_MARGIN + half + _GAP, top, inner - half - _GAP, middle - top - _GAP), content
    )
    third = (inner - 2 * _GAP) / 3
    height = HEIGHT - middle - _MARGIN
    for i, draw in enumerate((charts.groups, charts.reliability, charts.amount)):
        draw(canvas, QRectF(_MARGIN + i * (third + _GAP), middle, third, height), content)
