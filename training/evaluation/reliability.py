"""Reliability diagrams: how often a decoder is right where it is so sure, a panel for each variant."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from rtbci.reports.canvas import Scale, look, percent, reach
from training.evaluation.sections import Section, Table
from training.scores import binomial_interval

_WIDTH, _HEIGHT = 206, 196
_LEFT, _RIGHT, _TOP, _BOTTOM, _FLOOR = 26, 196, 6, 154, 178
_HISTOGRAM = 18
_FEWEST = 20
"""Clips of a point; bins of fewer are drawn together with their neighbours."""

Bin = tuple[float, float, int]
"""Mean confidence, share right, clips."""
Row = Mapping[str, Any]


def reliability_section(rows: Sequence[Row]) -> Section | None:
    """Draw the reliability of every variant, one picture for each table and setting.

    Parameters
    ----------
    rows : sequence of mapping
        ``table``, ``setting``, ``variant`` and what `training.metrics.summarise` gives; rows without
        ``calibration`` are left out.

    Returns
    -------
    Section or None
        None if no row has a confidence.
    """
    rows = [row for row in rows if row.get("calibration")]
    if not rows:
        return None
    tables: list[Table] = []
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["table"], row["setting"]), []).append(row)
    for (name, setting), own in groups.items():
        title = f"{name}, {setting}" if setting else str(name)
        heads = ("variant", "mean confidence", "share right", "ECE", "ECE if calibrated", "n")
        tables.append(Table(title, heads, [_cells(row) for row in own], _panels(own)))
    sentences = (
        "Each point is a range of confidence: across, how sure the decoder says it is of the concept it "
        "names; up, how often it is right. On the diagonal confidence means what it says; below it the "
        "decoder is surer than it is right, and amber where the interval leaves the diagonal out. Bars: "
        "clips.",
        "ECE, the expected calibration error (Guo et al. 2017), is the mean distance from the diagonal over "
        "15 bins of equal width, weighted by clips; beside it what a perfectly calibrated decoder of the "
        "same confidences would show on as many clips. All wearers of a table together, the first seed.",
        f"Neighbouring bins of fewer than {_FEWEST} clips are drawn as one point. The 95 % intervals are "
        "exact for independent clips (Clopper and Pearson 1934); clips of one slot are not quite that.",
    )
    return Section("Does confidence mean what it says?", sentences, tables)


def drawn_bins(reliability: Sequence[Mapping[str, float]], fewest: int = _FEWEST) -> list[Bin]:
    """Join neighbouring bins, from the surest down, until each has so many clips."""
    joined: list[list[float]] = []
    for one in reversed(reliability):
        n = one["n"]
        if not joined or joined[-1][2] >= fewest:
            joined.append([0.0, 0.0, 0.0])
        joined[-1][0] += n * one["confidence"]
        joined[-1][1] += n * one["accuracy"]
        joined[-1][2] += n
    if len(joined) > 1 and joined[-1][2] < fewest:
        last = joined.pop()
        joined[-1] = [a + b for a, b in zip(joined[-1], last, strict=True)]
    return [(confidence / n, right / n, round(n)) for confidence, right, n in reversed(joined)]


def _cells(row: Row) -> tuple[str, ...]:
    found = row["calibration"]
    return (
        row["variant"],
        percent(found["mean_confidence"]),
        percent(row["top1"]),
        _points(found["ece"]),
        _points(found["ece_if_calibrated"]),
        str(row["n"]),
    )


def _points(share: float) -> str:
    return f"{100 * share:.1f} %"


def _panels(rows: Sequence[Row]) -> str:
    """One drawing for each row, all to one scale."""
    drawn = [drawn_bins(row["calibration"]["reliability"]) for row in rows]
    top = reach(*(value for bins in drawn for bin_ in bins for value in bin_[:2]))
    figures = [_figure(row, bins, top) for row, bins in zip(rows, drawn, strict=True)]
    return f'<div class="panels">\n{"".join(figures)}</div>\n'


def _figure(row: Row, bins: Sequence[Bin], top: float) -> str:
    found = row["calibration"]
    words = f"ECE {_points(found['ece'])}, if calibrated {_points(found['ece_if_calibrated'])}"
    said = f"{row['variant']}: share right against confidence, {words}"
    return (
        f"<figure><figcaption><b>{escape(row['variant'])}</b><br>{words}</figcaption>\n"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(said)}">'
        f"{_ground(top)}{_marks(bins, top)}</svg></figure>\n"
    )


def _ground(top: float) -> str:
    """Grid, labels and the diagonal."""
    across, up = _scales(top)
    lines, labels = [], []
    for tick in across.ticks:
        x, y, label = across(tick), up(tick), f"{100 * tick:.0f}"
        lines.append(f"M{x:.0f} {_TOP}V{_FLOOR}M{_LEFT} {y:.0f}H{_RIGHT}")
        labels.append(f'<text x="{x:.0f}" y="{_HEIGHT - 3}" text-anchor="middle">{label}</text>')
        labels.append(f'<text x="{_LEFT - 6}" y="{y + 3.5:.0f}" text-anchor="end">{label}</text>')
    return (
        f'<path d="{"".join(lines)}" stroke="{look.TRACK.name()}"/>'
        f'<path d="M{_LEFT} {_BOTTOM}L{_RIGHT} {_TOP}" stroke="{look.CHANCE.name()}" stroke-dasharray="4 4"/>'
        f'<g fill="{look.FAINT.name()}" font-size="10">{"".join(labels)}</g>'
    )


def _marks(bins: Sequence[Bin], top: float) -> str:
    """Bars of clips; points with their intervals, those that are surer than right apart."""
    across, up = _scales(top)
    most = max(n for _, _, n in bins)
    bars, marks = [], {look.WARN.name(): "", look.BLUE.name(): ""}
    for confidence, right, n in bins:
        x, (low, high) = across(confidence), binomial_interval(round(right * n), n)
        bars.append(f"M{x:.1f} {_FLOOR}V{_FLOOR - _HISTOGRAM * n / most:.1f}")
        colour = (look.WARN if high < confidence else look.BLUE).name()
        marks[colour] += (
            f'<path d="M{x:.1f} {up(low):.1f}V{up(high):.1f}" stroke-width="3.5" stroke-opacity=".5"/>'
            f'<circle cx="{x:.1f}" cy="{up(right):.1f}" r="3.6" stroke="none">'
            f"<title>{percent(confidence)} sure, {percent(right)} right, {n} clips</title></circle>"
        )
    return f'<path d="{"".join(bars)}" stroke="{look.FAINT.name()}" stroke-width="5"/>' + "".join(
        f'<g fill="{colour}" stroke="{colour}">{drawn}</g>' for colour, drawn in marks.items() if drawn
    )


def _scales(top: float) -> tuple[Scale, Scale]:
    return Scale(_LEFT, _RIGHT, top), Scale(_BOTTOM, _TOP, top)
