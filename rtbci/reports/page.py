"""The report as one page that needs nothing else: no script, no font, no picture from anywhere."""

import base64
from collections.abc import Callable, Iterable
from html import escape

from PySide6.QtCore import QRectF

from rtbci.reports import charts
from rtbci.reports.canvas import Canvas, percent, render
from rtbci.reports.content import Content, Share

_STYLE = """
:root { color-scheme: dark; }
body { background: #090c11; color: #eef2f7; margin: 0; line-height: 1.5;
  font-family: Inter, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 48px 24px 64px; }
h1 { font-size: 1.05rem; font-weight: 600; color: #a3afbf; margin: 0 0 1.2rem; }
.first { font-size: 1.9rem; line-height: 1.3; font-weight: 600; margin: 0 0 .8rem; }
.none .first { color: #f2b04a; }
.second { font-size: 1.2rem; color: #a3afbf; margin: 0 0 2rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 16px; }
.wide { grid-column: 1 / -1; }
img { width: 100%; height: auto; display: block; border-radius: 14px; }
h2 { font-size: 1.1rem; margin: 2.4rem 0 .6rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .45rem .8rem; border-bottom: 1px solid #1b2330; }
th { color: #a3afbf; font-weight: 500; }
.chosen td { color: #45d39a; }
.none .chosen td { color: #eef2f7; }
footer, p.note { color: #66748a; font-size: .9rem; }
footer { margin-top: 2.4rem; }
"""
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
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Calibration of {escape(content.wearer)}</title>
<style>{_STYLE}</style>
</head>
<body class="{"some" if content.decodable else "none"}">
<main>
<h1>Calibration of {escape(content.wearer)}, {escape(content.created[:10])}</h1>
<p class="first">{first}</p>
<p class="second">{second}</p>
<div class="charts">
{"".join(_figure(content, *chart) for chart in _CHARTS)}</div>
<h2>What was tried</h2>
{_table(("method", "right", "95 % interval", "seconds"), _candidates(content))}
<p class="note">Each was judged on clips that it had not seen, as it would decode them live; the
simplest within one standard error of the best is chosen, and nothing that is worse than "none".</p>
{_kinds(content)}
<footer>{content.clips} clips; stream {escape(content.stream.name)}; bundle {escape(content.bundle.id)};
chance {percent(content.chance)}. A concept counts as right only if it is the first guess out of all.</footer>
</main>
</body>
</html>
"""


def _figure(
    content: Content,
    draw: Callable[[Canvas, QRectF, Content], None],
    alt: str,
    width: int,
    height: int,
    kind: str,
) -> str:
    area = QRectF(0.5, 0.5, width - 1, height - 1)
    png = base64.b64encode(render(width, height, lambda canvas: draw(canvas, area, content))).decode()
    return f'<img class="{kind}" alt="{alt}" src="data:image/png;base64,{png}">\n'


def _kinds(content: Content) -> str:
    """The groups of concepts; nothing where they could only differ by noise."""
    if not content.decodable:
        return ""
    table = _table(("kind", "clips", "as it comes", "calibrated"), _groups(content))
    return f"<h2>By kind of picture</h2>\n{table}"


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


def _table(heads: tuple[str, ...], rows: Iterable[tuple[bool, tuple[str, ...]]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        ('<tr class="chosen">' if marked else "<tr>")
        + "".join(f"<td>{escape(text)}</td>" for text in cells)
        + "</tr>\n"
        for marked, cells in rows
    )
    return f"<table>\n<tr>{head}</tr>\n{body}</table>"
