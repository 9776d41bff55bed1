"""The report as one page that needs nothing else: no script, no font, no picture from anywhere."""

from collections.abc import Callable, Iterable
from html import escape

from PySide6.QtCore import QRectF

from rtbci.reports import charts
from rtbci.reports.canvas import Canvas, percent, render
from rtbci.reports.content import Content, LightSeen, Share, Table, Timing
from rtbci.reports.html import document, picture, table

_REFRESHES = 1.5
"""Refreshes that the delays of a screen may spread over; by chance alone it is one."""
_CHARTS: tuple[tuple[Callable[[Canvas, QRectF, Content], None], str, int, int, str], ...] = (
    (charts.accuracy, "Right pictures before and after calibration, against chance", 1072, 300, "wide"),
    (charts.groups, "Right pictures by kind of picture", 526, 500, ""),
    (charts.signal, "How good each electrode was", 526, 500, ""),
    (charts.reliability, "What was claimed against what was right", 526, 500, ""),
    (charts.amount, "Right pictures against the number of clips learnt from", 526, 500, ""),
)


def html_page(content: Content) -> str:
    """Return the page."""
    first, second = map(escape, content.plain)
    body = f"""<h1>Calibration of {escape(content.wearer)}, {escape(content.created[:10])}</h1>
<p class="first">{first}</p>
<p class="second">{second}</p>
<div class="charts">
{"".join(_figure(content, *chart) for chart in _CHARTS)}</div>
<h2>What was tried</h2>
{table(("method", "right", "95 % interval", "seconds"), _candidates(content))}
<p class="note">Each was judged on clips that it had not seen, as it would decode them live; the
simplest within one standard error of the best is chosen, and nothing that is worse than "none".</p>
{_kinds(content)}
{_sitting(content)}
<footer>{content.clips} clips; stream {escape(content.stream.name)}; bundle {escape(content.bundle.id)};
chance {percent(content.chance)}. A concept counts as right only if it is the first guess out of all.</footer>
"""
    return document(f"Calibration of {content.wearer}", body, "some" if content.decodable else "none")


def _figure(
    content: Content,
    draw: Callable[[Canvas, QRectF, Content], None],
    alt: str,
    width: int,
    height: int,
    kind: str,
) -> str:
    area = QRectF(0.5, 0.5, width - 1, height - 1)
    return picture(render(width, height, lambda canvas: draw(canvas, area, content)), alt, kind)


def _kinds(content: Content) -> str:
    """The groups of concepts; nothing where they could only differ by noise."""
    if not content.decodable:
        return ""
    rows = table(("kind", "clips", "as it comes", "calibrated"), _groups(content))
    return f"<h2>By kind of picture</h2>\n{rows}"


def _light(light: LightSeen, timing: Timing | None) -> str:
    delay = light.delay_ms
    if delay is None:
        return light.warning
    said = (
        f"A photodiode saw {light.clips} of {light.clips + light.missed} clips begin, {delay.p50:.0f} ms "
        f"after their markers (90 of 100 from {delay.p5:.0f} to {delay.p95:.0f} ms); what was learnt is cut "
        "by that."
    )
    refresh = None if timing is None else timing.refresh_hz
    if refresh and delay.p95 - delay.p5 > _REFRESHES * 1000 / refresh:
        said += (
            f" That spreads over more than one refresh of a screen at {refresh:.0f} Hz: it does not refresh "
            "as often as it says, or its pictures wait for others; check its settings."
        )
    return said


def _own_clips(table: Table) -> str:
    said = (
        f"The laboratory's own clips were shown: {table.shown - table.repeated} different ones, of "
        f"{len(table.concepts)} concepts ({', '.join(table.concepts)})"
    )
    said += "." if table.table is None else f"; their table has the fingerprint {table.table}."
    if table.repeated:
        said += (
            f" {table.repeated} of the {table.shown} that were watched had been watched before: what is "
            "found holds for these very clips more surely than for new ones."
        )
    return said


def _sitting(content: Content) -> str:
    """What was shown and how, and what the rest before found; nothing where none of it is known."""
    said = []
    if content.own_clips is not None:
        said.append(escape(_own_clips(content.own_clips)))
    if content.timing is not None:
        timing, late = content.timing, content.timing.late_ms
        share = timing.dropped / max(1, timing.frames + timing.dropped)
        said.append(
            f"The first frame of {timing.clips} clips came {late.p50:.0f} ms after its marker (95 of 100 "
            f"within {late.p95:.0f} ms, at most {late.max:.0f} ms); {timing.dropped} of "
            f"{timing.frames + timing.dropped} frames ({percent(share)}) were dropped."
        )
    if content.light is not None:
        said.append(_light(content.light, content.timing))
    if content.rest is not None:
        low, high = content.rest.ci95
        peak = "" if content.rest.peak_hz is None else f", with its peak at {content.rest.peak_hz:.1f} Hz"
        said.append(
            f"With the eyes closed alpha at the back of the head was {content.rest.ratio:.1f} times as large "
            f"(95 % interval {low:.1f} to {high:.1f}){peak}."
        )
    return f'<h2>The sitting</h2>\n<p class="note">{" ".join(said)}</p>' if said else ""


def _candidates(content: Content) -> Iterable[tuple[bool, tuple[str, ...]]]:
    for c in content.candidates:
        yield c.name == content.chosen, (c.name, percent(c.top1), _bounds(c), f"{c.seconds:.1f}")


def _groups(content: Content) -> Iterable[tuple[bool, tuple[str, ...]]]:
    for g in content.groups:
        shares = (f"{percent(s.top1)} ({_bounds(s)})" for s in (g.before, g.after))
        yield False, (g.name, str(g.clips), *shares)


def _bounds(share: Share) -> str:
    low, high = (100 * bound for bound in share.ci95)
    return f"{low:.0f} to {high:.0f} %"
