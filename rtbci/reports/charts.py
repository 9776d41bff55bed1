"""The charts: each draws one finding into a card; all is grey where nothing can be decoded."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from rtbci.montage import CHANNELS
from rtbci.reports.canvas import CENTRE, LEFT, RIGHT, WRAPPED, Canvas, Scale, percent, reach
from rtbci.reports.content import Content, Share
from rtbci.reports.head import draw_head, electrode_places
from rtbci.viewer import theme as look

BEFORE = look.FAINT


def after_colour(content: Content) -> QColor:
    """The colour of what calibration reached."""
    return look.GOOD if content.decodable else look.FAINT


def accuracy(canvas: Canvas, where: QRectF, content: Content) -> None:
    """Right pictures before and after, against chance."""
    area = canvas.card(
        where, "Right pictures", f"of {content.clips} clips that the fit had not seen, 95 % intervals"
    )
    rows = (
        ("As it comes", content.before, BEFORE),
        ("Calibrated" if content.chosen != "none" else "Chosen", content.after, after_colour(content)),
    )
    top = reach(content.before.ci95[1], content.after.ci95[1], 2 * content.chance)
    scale = Scale(area.left() + 112, area.right() - 96, top)
    bottom = area.bottom() - 44
    _axis_below(canvas, scale, area.top(), bottom)
    height = (bottom - area.top()) / len(rows)
    for i, (name, share, colour) in enumerate(rows):
        middle = area.top() + (i + 0.5) * height
        canvas.write(QRectF(area.left(), middle - 14, 108, 28), name, 16, look.SOFT)
        _interval(canvas, scale, middle, share, colour, 26)
        box = QRectF(area.right() - 88, middle - 18, 88, 36)
        if content.decodable:
            canvas.write(box, percent(share.top1), 24, look.TEXT, RIGHT, bold=True)
        else:
            canvas.write(box, "chance", 18, look.SOFT, RIGHT)
    _chance_upright(canvas, scale, content.chance, area.top(), bottom)


def groups(canvas: Canvas, where: QRectF, content: Content) -> None:
    """Right pictures in each group of concepts."""
    changed = content.decodable and content.chosen != "none"
    legend = "ring: as it comes, dot: calibrated" if changed else "with 95 % intervals"
    area = canvas.card(where, "By kind of picture", f"named exactly right; {legend}")
    if not content.decodable:
        _nothing(canvas, area, "what differs between kinds of picture")
        return
    scale = Scale(area.left() + 172, area.right() - 10, reach(*(g.after.ci95[1] for g in content.groups)))
    bottom = area.bottom() - 44
    _axis_below(canvas, scale, area.top(), bottom)
    height = (bottom - area.top()) / max(1, len(content.groups))
    colour = after_colour(content)
    for i, group in enumerate(content.groups):
        middle = area.top() + (i + 0.5) * height
        canvas.write(QRectF(area.left(), middle - 12, 164, 24), group.name, 15, look.SOFT)
        low, high = (scale(bound) for bound in group.after.ci95)
        canvas.line(QPointF(low, middle), QPointF(high, middle), look.faded(colour, 0.45), 5)
        if changed:
            canvas.dot(QPointF(scale(group.before.top1), middle), 5, BEFORE, hollow=True)
        canvas.dot(QPointF(scale(group.after.top1), middle), 6, colour)
    _chance_upright(canvas, scale, content.chance, area.top(), bottom)


def reliability(canvas: Canvas, where: QRectF, content: Content) -> None:
    """What was claimed against what was true."""
    area = canvas.card(
        where, "Is it as sure as it is right?", "on the line: a claim of 30 % is right 30 times in 100"
    )
    if not content.decodable:
        _nothing(canvas, area, "what is claimed")
        return
    bins = content.reliability
    top = reach(*(b.claimed for b in bins), *(b.ci95[1] for b in bins))
    across, up = _frame(canvas, area, top, "claimed", "right")
    canvas.line(QPointF(across(0), up(0)), QPointF(across(top), up(top)), look.FAINT, 1.5, dashed=True)
    colour = after_colour(content)
    points = [QPointF(across(b.claimed), up(b.top1)) for b in bins]
    _curve(canvas, points, look.faded(colour, 0.6))
    for point, part in zip(points, bins, strict=True):
        _upright(canvas, point.x(), up, part, colour)
        canvas.dot(point, 6, colour)


def amount(canvas: Canvas, where: QRectF, content: Content) -> None:
    """Amount of data against accuracy."""
    points = content.amount.points
    area = canvas.card(
        where,
        "Would more clips help?",
        f"right pictures after learning from so many ({content.amount.candidate})",
    )
    if not content.decodable:
        _nothing(canvas, area, "what more or fewer clips change")
        return
    top = reach(*(p.ci95[1] for p in points), 2 * content.chance)
    _, up = _frame(canvas, area, top, "clips learnt from", "right", shares_across=False)
    most = 1.12 * points[-1].clips
    left, right = area.left() + 52, area.right() - 8
    colour = after_colour(content)
    places = [QPointF(left + (right - left) * p.clips / most, up(p.top1)) for p in points]
    canvas.line(
        QPointF(left, up(content.chance)), QPointF(right, up(content.chance)), look.CHANCE, 1.5, dashed=True
    )
    canvas.write(QRectF(right - 80, up(content.chance) - 20, 80, 18), "chance", 14, look.SOFT, RIGHT)
    _curve(canvas, places, look.faded(colour, 0.6))
    for place, point in zip(places, points, strict=True):
        _upright(canvas, place.x(), up, point, colour)
        canvas.dot(place, 6, colour)
        canvas.write(QRectF(place.x() - 30, up(0) + 4, 60, 20), str(point.clips), 14, look.SOFT, CENTRE)


def signal(canvas: Canvas, where: QRectF, content: Content) -> None:
    """The head from above: the share of time in which each electrode was good."""
    area = canvas.card(
        where,
        "Signal",
        f"{percent(content.quality.clean)} of the EEG clean, {content.stream.lost_samples} samples lost",
    )
    radius = min(area.width() - 150, area.height() - 4) / 2.15
    centre = QPointF(area.left() + radius * 1.2, area.bottom() - radius)
    draw_head(canvas, centre, radius)
    poor = []
    for name, at in zip(CHANNELS, electrode_places(centre, radius), strict=True):
        electrode = content.quality.channels.get(name)
        if electrode is None or electrode.verdict == "missing":
            canvas.dot(at, radius * 0.045, look.VERDICTS["missing"], hollow=True)
            continue
        if electrode.good < 0.5:
            poor.append((name, electrode.verdict))
        word = electrode.verdict if electrode.good < 0.5 else "good" if electrode.good >= 0.9 else "noisy"
        canvas.dot(at, radius * 0.056, look.VERDICTS.get(word, look.WARN))
    left = centre.x() + radius * 1.25
    words = QRectF(left, centre.y() - radius * 0.9, area.right() - left, 1.9 * radius)
    if not content.quality.channels:
        text = "nothing is known of the electrodes"
    elif not poor:
        text = "every electrode was good most of the time"
    else:
        shown = "\n".join(f"{name}  {verdict}" for name, verdict in poor[:10])
        text = "poor:\n" + shown + (f"\nand {len(poor) - 10} more" if len(poor) > 10 else "")
    canvas.write(words, text, 16, look.SOFT, WRAPPED)


def _nothing(canvas: Canvas, area: QRectF, what: str) -> None:
    """Draw no hope: among many numbers that are noise one always looks good."""
    text = f"Not drawn: without a decodable signal {what} is noise."
    canvas.write(look.inset(area, 30), text, 17, look.FAINT, CENTRE | Qt.TextFlag.TextWordWrap)


def _axis_below(canvas: Canvas, scale: Scale, top: float, bottom: float) -> None:
    for tick in scale.ticks:
        x = scale(tick)
        canvas.line(QPointF(x, top), QPointF(x, bottom), look.TRACK)
        canvas.write(QRectF(x - 40, bottom + 4, 80, 20), f"{100 * tick:.0f} %", 14, look.FAINT, CENTRE)


def _chance_upright(canvas: Canvas, scale: Scale, chance: float, top: float, bottom: float) -> None:
    x = scale(chance)
    canvas.line(QPointF(x, top - 2), QPointF(x, bottom), look.CHANCE, 1.5, dashed=True)
    canvas.write(QRectF(x - 80, bottom + 24, 160, 20), f"chance {percent(chance)}", 14, look.SOFT, CENTRE)


def _interval(canvas: Canvas, scale: Scale, y: float, share: Share, colour: QColor, height: float) -> None:
    """A bar up to the share, and its interval as a line with ends."""
    bar = QRectF(scale(0), y - height / 2, scale(share.top1) - scale(0), height)
    canvas.painter.setPen(Qt.PenStyle.NoPen)
    canvas.painter.setBrush(look.faded(colour, 0.55))
    canvas.painter.drawRect(bar)
    low, high = (scale(bound) for bound in share.ci95)
    canvas.line(QPointF(low, y), QPointF(high, y), colour.lighter(125), 3)
    for x in (low, high):
        canvas.line(QPointF(x, y - 8), QPointF(x, y + 8), colour.lighter(125), 3)


def _upright(canvas: Canvas, x: float, up: Scale, share: Share, colour: QColor) -> None:
    low, high = (up(bound) for bound in share.ci95)
    canvas.line(QPointF(x, low), QPointF(x, high), look.faded(colour, 0.45), 4)


def _curve(canvas: Canvas, points: list[QPointF], colour: QColor) -> None:
    canvas.painter.setPen(QPen(colour, 2))
    canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
    canvas.painter.drawPolyline(points)


def _frame(
    canvas: Canvas, area: QRectF, top: float, below: str, beside: str, shares_across: bool = True
) -> tuple[Scale, Scale]:
    """Draw the axes of a chart with shares upwards; returns both scales."""
    left, right, bottom = area.left() + 52, area.right() - 8, area.bottom() - 46
    across, up = Scale(left, right, top), Scale(bottom, area.top() + 8, top)
    for tick in up.ticks:
        canvas.line(QPointF(left, up(tick)), QPointF(right, up(tick)), look.TRACK)
        box = QRectF(area.left(), up(tick) - 10, 44, 20)
        canvas.write(box, f"{100 * tick:.0f} %", 14, look.FAINT, RIGHT)
        if shares_across:
            box = QRectF(across(tick) - 30, bottom + 4, 60, 20)
            canvas.write(box, f"{100 * tick:.0f} %", 14, look.FAINT, CENTRE)
    canvas.write(QRectF(left, bottom + 24, right - left, 20), below, 14, look.SOFT, CENTRE)
    canvas.write(QRectF(left + 8, area.top() - 8, 80, 20), beside, 14, look.SOFT, LEFT)
    return across, up
