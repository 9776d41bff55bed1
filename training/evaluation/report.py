"""The report of an experiment: ``report.json``, ``report.md`` and ``report.html``, from its rows."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

import msgspec

from rtbci.errors import UsageError
from rtbci.files import write_report as write_file
from rtbci.reports.html import document, picture, table
from training.evaluation.charts import chart, in_words
from training.evaluation.quantities import Quantity, quantity
from training.evaluation.rows import Row
from training.evaluation.sections import Section
from training.evaluation.sentences import caveats, meaning, verdict
from training.evaluation.summaries import Interval, Reference, Summary, summarise_rows

_HEADS = (
    "setting",
    "variant",
    "mean",
    "95 % interval",
    "chance",
    "gain",
    "95 % interval of the gain",
    "subjects",
    "seeds",
    "n",
)


def write_report(
    rows: Sequence[Row],
    folder: Path,
    title: str,
    notes: str | Sequence[str] = (),
    reference: Reference = None,
    sections: Sequence[Section] = (),
) -> list[Summary]:
    """Write an experiment's report in three forms into a folder.

    Parameters
    ----------
    rows : sequence of Row
        In the order in which tables, metrics, settings and variants shall appear.
    folder : Path
        Made if needed. The files are replaced: ``report.json`` (summaries and rows), ``report.md``
        (tables and sentences), ``report.html`` (the same with charts, in one page that needs nothing else).
    title : str
    notes : str or sequence of str
        What else to know, a paragraph each.
    reference : str, mapping of table to str, or callable, optional
        What variants are held against; see `summarise_rows`.
    sections : sequence of Section
        What follows the metrics: in the page drawings with their figures, in the Markdown the figures.

    Returns
    -------
    list of Summary
        What the report is made of.

    Raises
    ------
    UsageError
        If there are no rows, two of the same names, no rows of the reference, or the folder cannot be
        written to.
    """
    summaries = summarise_rows(rows, reference)
    paragraphs = [notes] if isinstance(notes, str) else list(notes)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be made ({error.strerror}); choose another.") from error
    content = {
        "title": title,
        "notes": paragraphs,
        "meaning": [
            sentence
            for _, metrics in _by_table(summaries)
            for group in metrics
            for sentence in meaning(group)
        ],
        "caveats": caveats(summaries),
        "summaries": msgspec.to_builtins(summaries),
        "rows": msgspec.to_builtins(list(rows)),
    }
    # Thousands of rows: indented, they would be twice as large.
    write_file(folder / "report.json", msgspec.json.encode(content) + b"\n")
    write_file(folder / "report.md", _markdown(title, paragraphs, summaries, sections).encode())
    write_file(folder / "report.html", _page(title, paragraphs, summaries, sections).encode())
    return summaries


def _markdown(
    title: str, notes: Sequence[str], summaries: Sequence[Summary], sections: Sequence[Section]
) -> str:
    parts = [f"# {title}", *notes]
    for name, metrics in _by_table(summaries):
        parts.append(f"## {name}")
        for group in metrics:
            kind = quantity(group[0].metric)
            parts.append(f"### {kind.label}")
            lines = [_line(_HEADS), _line("---" for _ in _HEADS)]
            lines += [_line(_cells(kind, summary)) for summary in group]
            parts += ["\n".join(f"- {sentence}" for sentence in meaning(group)), "\n".join(lines)]
    for section in sections:
        parts += [f"## {section.title}", "\n".join(f"- {sentence}" for sentence in section.sentences)]
        for one in section.tables:
            lines = [_line(one.heads), _line("---" for _ in one.heads), *map(_line, one.rows)]
            parts += [f"### {one.title}", "\n".join(lines)]
    parts += ["## How to read the intervals", "\n".join(f"- {caveat}" for caveat in caveats(summaries))]
    return "\n\n".join(parts) + "\n"


def _page(title: str, notes: Sequence[str], summaries: Sequence[Summary], sections: Sequence[Section]) -> str:
    parts = [f'<p class="first">{escape(title)}</p>\n']
    parts += [f'<p class="second">{escape(note)}</p>\n' for note in notes]
    for name, metrics in _by_table(summaries):
        parts.append(f"<h2>{escape(name)}</h2>\n")
        for group in metrics:
            kind = quantity(group[0].metric)
            parts.append(picture(chart(group), in_words(group), "wide"))
            parts.append(_list(meaning(group)))
            rows = ((verdict(summary) > 0, _cells(kind, summary)) for summary in group)
            parts.append(f"<details><summary>{escape(kind.label)} in figures</summary>\n")
            parts.append(f"{table(_HEADS, rows)}</details>\n")
    for section in sections:
        parts.append(f"<h2>{escape(section.title)}</h2>\n{_list(section.sentences)}")
        for one in section.tables:
            parts.append(f"<h3>{escape(one.title)}</h3>\n{one.drawing}")
            parts.append(f"<details><summary>{escape(one.title)} in figures</summary>\n")
            parts.append(f"{table(one.heads, ((False, cells) for cells in one.rows))}</details>\n")
    parts.append(f"<footer>{_list(caveats(summaries))}</footer>\n")
    return document(title, "".join(parts))


def _by_table(summaries: Sequence[Summary]) -> Iterator[tuple[str, list[list[Summary]]]]:
    for name, own in groupby(summaries, key=lambda summary: summary.table):
        yield name, [list(group) for _, group in groupby(own, key=lambda summary: summary.metric)]


def _cells(kind: Quantity, summary: Summary) -> tuple[str, ...]:
    change = summary.difference
    return (
        summary.setting,
        summary.variant,
        kind.text(summary.mean),
        _bounds(kind.plain, summary.ci95),
        "" if summary.chance is None else kind.text(summary.chance),
        "" if change is None else kind.signed(change.mean),
        "" if change is None else _bounds(kind.signed, change.ci95),
        str(len(summary.people)),
        "" if summary.seeds is None else str(summary.seeds),
        str(summary.n),
    )


def _bounds(write: Callable[[float], str], ci95: Interval | None) -> str:
    return "one run" if ci95 is None else f"{write(ci95[0])} to {write(ci95[1])}"


def _line(cells: Iterator[str] | Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _list(sentences: Iterator[str] | Sequence[str]) -> str:
    return "<ul>\n" + "".join(f"<li>{escape(sentence)}</li>\n" for sentence in sentences) + "</ul>\n"
