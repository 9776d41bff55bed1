"""The chart of one metric: subjects, mean and interval of each variant, and what it gains, row by row."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor

from rtbci.reports.canvas import CENTRE, LEFT, RIGHT, Canvas, look, render_flat
from training.evaluation.quantities import Quantity, quantity
from training.evaluation.sentences import verdict
from training.evaluation.summaries import Summary

WIDTH = 1140
_ROW, _HEAD, _GAP = 34.0, 34.0, 10.0
_ABOVE, _BELOW = 96.0, 40.0
_NAMES, _FIGURES, _PLOT, _CHANGES = 300.0, 200.0, 140.0, 196.0


@dataclass(frozen=True)
class Axis:
    """Maps values between two bounds to places, with round ticks."""

    start: float
    end: float
    low: float
    high: float

    def __call__(self, value: float) -> float:
        """Where a value lies; outside values lie at the edge."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))

    @property
    def ticks(self) -> list[float]:
        """Round values to label, six at most."""
        span = self.high - self.low
        power = 10.0 ** np.floor(np.log10(span / 5))
        step = next(power * k for k in (1, 2, 2.5, 5, 10, 20) if span / (power * k) <= 5)
        first = int(np.ceil(self.low / step - 1e-9))
        return [k * step for k in range(first, int(np.floor(self.high / step + 1e-9)) + 1)]


def chart(summaries: Sequence[Summary]) -> bytes:
    """Draw all settings and variants of one metric of one table; returns a WebP."""
    groups = [(setting, list(rows)) for setting, rows in groupby(summaries, key=lambda s: s.setting)]
    height = _ABOVE + _BELOW + sum(_height(setting, rows) for setting, rows in groups)
    return render_flat(WIDTH, round(height), lambda canvas: _draw(canvas, height, groups))


def in_words(summaries: Sequence[Summary]) -> str:
    """Say what the chart shows, for those who cannot see it."""
    kind = quantity(summaries[0].metric)
    parts = [f"{s.variant} {s.setting}".strip() + f" {kind.text(s.mean)}" for s in summaries]
    return f"{kind.label}: " + ", ".join(parts)


def _height(setting: str, rows: Sequence[Summary]) -> float:
    return len(rows) * _ROW + (_HEAD if setting else 0.0) + _GAP


def _draw(canvas: Canvas, height: float, groups: Sequence[tuple[str, list[Summary]]]) -> None:
    everything = [summary for _, rows in groups for summary in rows]
    kind = quantity(everything[0].metric)
    references = Counter(s.difference.reference for s in everything if s.difference)
    compared = bool(references)
    usual = references.most_common(1)[0][0] if compared else ""
    where = QRectF(0.5, 0.5, WIDTH - 1, height - 1)
    chances = [kind.text(c) for c in sorted(s.chance for s in everything if s.chance is not None)]
    words = "small dots: subjects; large dot: their mean, with its 95 % interval"
    if chances:
        words += f"; dashed: chance, {chances[0]}" + (
            f" to {chances[-1]}" if chances[-1] != chances[0] else ""
        )
    area = canvas.card(where, kind.label[:1].upper() + kind.label[1:], words)
    left = area.left() + _NAMES
    right = area.right() - _FIGURES - (_PLOT + _CHANGES if compared else 0)
    values = _values_axis(everything, left, right)
    top, bottom = area.top() + 20, height - _BELOW
    _grid(canvas, values, kind, top, bottom)
    changes = None
    if compared:
        changes = _changes_axis(everything, right + _FIGURES + 14, area.right() - _CHANGES)
        _grid(canvas, changes, kind, top, bottom, signed=True)
        zero = changes(0.0)
        canvas.line(QPointF(zero, top), QPointF(zero, bottom), look.FAINT, 1.5)
        gain = "gain over" if kind.better > 0 else "difference from"
        box = QRectF(zero - 160, top - 22, 320, 20)
        canvas.write(box, _fitted(canvas, f"{gain} {usual}", 320, 14), 14, look.SOFT, CENTRE)
    y = top
    for setting, rows in groups:
        if setting:
            box = QRectF(area.left(), y + 8, _NAMES - 10, 22)
            canvas.write(box, _fitted(canvas, setting, _NAMES - 10, 15), 15, look.TEXT, LEFT, bold=True)
            y += _HEAD
        for summary in rows:
            middle = y + _ROW / 2
            _name(canvas, QRectF(area.left() + 8, y, _NAMES - 22, _ROW), summary, usual)
            _value(canvas, values, middle, summary)
            _figures(canvas, QRectF(right + 12, y, _FIGURES - 12, _ROW), kind, summary)
            if changes is not None:
                _change(canvas, changes, middle, kind, summary, area.right())
            y += _ROW
        y += _GAP


def _name(canvas: Canvas, box: QRectF, summary: Summary, usual: str) -> None:
    """Write a variant's name, and below it what it is held against if not what most are."""
    other = summary.difference.reference if summary.difference else usual
    if other != usual:
        upper, lower = (box.adjusted(0, 1, 0, -box.height() / 2), box.adjusted(0, box.height() / 2, 0, -1))
        canvas.write(upper, _fitted(canvas, summary.variant, box.width(), 13), 13, look.SOFT)
        canvas.write(lower, _fitted(canvas, f"against {other}", box.width(), 12), 12, look.FAINT)
        return
    size = next((size for size in (15, 14, 13) if _fits(canvas, summary.variant, box.width(), size)), 12)
    canvas.write(box, _fitted(canvas, summary.variant, box.width(), size), size, look.SOFT)


def _value(canvas: Canvas, axis: Axis, y: float, summary: Summary) -> None:
    colour = look.FAINT if summary.above_chance is False else look.BLUE
    if summary.chance is not None:
        x = axis(summary.chance)
        canvas.line(QPointF(x, y - _ROW / 2), QPointF(x, y + _ROW / 2), look.CHANCE, 1.5, dashed=True)
    if summary.ci95 is not None:
        low, high = (axis(bound) for bound in summary.ci95)
        canvas.line(QPointF(low, y), QPointF(high, y), look.faded(colour, 0.5), 6)
    if len(summary.people) > 1:
        # Spread a little upwards and downwards, so that equal subjects stay apart.
        for k, value in enumerate(summary.people.values()):
            canvas.dot(
                QPointF(axis(value), y + 14.0 * ((k * 0.618) % 1 - 0.5)), 2.6, look.faded(look.TEXT, 0.55)
            )
    canvas.dot(QPointF(axis(summary.mean), y), 6.5, colour)


def _figures(canvas: Canvas, box: QRectF, kind: Quantity, summary: Summary) -> None:
    canvas.write(
        QRectF(box.left(), box.top(), 72, box.height()), kind.text(summary.mean), 16, look.TEXT, RIGHT, True
    )
    text = f"{kind.plain(summary.ci95[0])} to {kind.plain(summary.ci95[1])}" if summary.ci95 else "one run"
    canvas.write(box.adjusted(82, 0, 0, 0), text, 13, look.SOFT, LEFT)


def _change(canvas: Canvas, axis: Axis, y: float, kind: Quantity, summary: Summary, end: float) -> None:
    difference = summary.difference
    box = QRectF(axis.end + 14, y - _ROW / 2, end - axis.end - 14, _ROW)
    if difference is None:
        return
    shown = difference.ci95 is not None and not difference.ci95[0] <= 0 <= difference.ci95[1]
    colour = _colour_of(verdict(summary), shown)
    if difference.ci95 is not None:
        low, high = (axis(bound) for bound in difference.ci95)
        canvas.line(QPointF(low, y), QPointF(high, y), look.faded(colour, 0.5), 6)
    canvas.dot(QPointF(axis(difference.mean), y), 6, colour, hollow=not shown)
    ink = look.TEXT if shown else look.SOFT
    canvas.write(
        QRectF(box.left(), box.top(), 56, box.height()), kind.signed(difference.mean), 16, ink, RIGHT, shown
    )
    if difference.ci95 is not None:
        bounds = f"{kind.signed(difference.ci95[0])} to {kind.signed(difference.ci95[1])}"
        canvas.write(box.adjusted(66, 0, 0, 0), bounds, 13, look.SOFT, LEFT)


def _colour_of(verdict_: int, shown: bool) -> QColor:
    if not shown:
        return look.FAINT
    return {1: look.GOOD, -1: look.BAD, 0: look.BLUE}[verdict_]


def _values_axis(summaries: Sequence[Summary], start: float, end: float) -> Axis:
    found = [value for s in summaries for value in (*s.people.values(), s.mean)]
    found += [s.chance for s in summaries if s.chance is not None]
    share = quantity(summaries[0].metric).kind == "share"
    low, high = min(found), max(found)
    bounds = [bound for s in summaries if s.ci95 for bound in s.ci95]
    # An interval of two or three runs may be wider than everything else together; it is cut at the edge.
    spread = max(high - low, 0.02 * abs(high), 1e-6)
    low = max(min([low, *bounds]), low - 0.5 * spread)
    high = min(max([high, *bounds]), high + 0.5 * spread)
    if share:
        low, high = max(low, 0.0), min(high, 1.0)
    pad = 0.04 * max(high - low, 1e-6)
    # Nought belongs into the picture where it is not far.
    low = 0.0 if 0 <= low < 0.6 * high else low - pad
    return Axis(start, end, low, high + pad)


def _changes_axis(summaries: Sequence[Summary], start: float, end: float) -> Axis:
    differences = [s.difference for s in summaries if s.difference]
    reach = max(1e-6, *(abs(d.mean) for d in differences))
    most = max([reach, *(abs(bound) for d in differences if d.ci95 for bound in d.ci95)])
    limit = 1.08 * min(most, 3 * reach if reach > 1e-6 else most)
    return Axis(start, end, -limit, limit)


def _grid(
    canvas: Canvas, axis: Axis, kind: Quantity, top: float, bottom: float, signed: bool = False
) -> None:
    ticks = axis.ticks
    factor = 100 if kind.kind == "share" else 1
    step = factor * (ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
    digits = max(
        0,
        -int(np.floor(np.log10(step) + 1e-9)),
        1 if abs(step * 2 - round(step * 2)) < 1e-9 and step % 1 else 0,
    )
    for tick in ticks:
        x = axis(tick)
        canvas.line(QPointF(x, top), QPointF(x, bottom), look.TRACK)
        text = f"{factor * tick:{'+' if signed and abs(tick) > 1e-12 else ''}.{digits}f}"
        text += " %" if kind.kind == "share" and not signed else ""
        canvas.write(QRectF(x - 40, bottom + 6, 80, 20), text, 14, look.FAINT, CENTRE)


def _fits(canvas: Canvas, text: str, width: float, size: float) -> bool:
    canvas.painter.setFont(canvas.theme.font(size, bold=True))
    return canvas.painter.fontMetrics().horizontalAdvance(text) <= width


def _fitted(canvas: Canvas, text: str, width: float, size: float) -> str:
    """Cut a name that is too long, with dots."""
    while len(text) > 4 and not _fits(canvas, text, width, size):
        text = text[:-2].rstrip() + "…"
    return text
