"""What pages are made of: one self-contained document in the house style, its tables and its pictures."""

import base64
from collections.abc import Iterable
from html import escape

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
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(206px, 1fr)); gap: 20px 14px; }
.panels figure { margin: 0; display: flex; flex-direction: column; justify-content: space-between; }
.panels figcaption { color: #a3afbf; font-size: .8rem; margin-bottom: .4rem; }
.panels b { color: #eef2f7; font-weight: 600; }
.wide { grid-column: 1 / -1; }
img { width: 100%; height: auto; display: block; border-radius: 14px; }
h2 { font-size: 1.1rem; margin: 2.4rem 0 .6rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 1.6rem 0 .8rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .45rem .8rem; border-bottom: 1px solid #1b2330; }
th { color: #a3afbf; font-weight: 500; }
.chosen td { color: #45d39a; }
.none .chosen td { color: #eef2f7; }
ul { margin: .8rem 0; padding-left: 1.2rem; }
details { margin: .4rem 0 2.2rem; overflow-x: auto; }
summary { color: #a3afbf; cursor: pointer; }
footer, p.note { color: #66748a; font-size: .9rem; }
footer { margin-top: 2.4rem; }
"""


def document(title: str, body: str, kind: str = "") -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
        Plain text.
    body : str
        HTML.
    kind : str
        Class of the body.
    """
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body class="{kind}">
<main>
{body}</main>
</body>
</html>
"""


def picture(image: bytes, alt: str, kind: str = "") -> str:
    """Return a picture, PNG or WebP, that is part of the page."""
    media = "png" if image.startswith(b"\x89PNG") else "webp"
    data = base64.b64encode(image).decode()
    return f'<img class="{kind}" alt="{escape(alt)}" src="data:image/{media};base64,{data}">\n'


def table(heads: Iterable[str], rows: Iterable[tuple[bool, Iterable[str]]]) -> str:
    """Return a table of plain texts; marked rows stand out."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        ('<tr class="chosen">' if marked else "<tr>")
        + "".join(f"<td>{escape(text)}</td>" for text in cells)
        + "</tr>\n"
        for marked, cells in rows
    )
    return f"<table>\n<tr>{head}</tr>\n{body}</table>"
