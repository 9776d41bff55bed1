"""One table of summaries: a row for each figure, a column for each variant."""

from collections.abc import Sequence

from training.evaluation.quantities import quantity
from training.evaluation.summaries import Summary


def scoreboard_lines(summaries: Sequence[Summary]) -> tuple[list[str], list[list[str]]]:
    """Lay summaries out as a table.

    Returns
    -------
    heads : list of str
        "figure", "under", "chance", then the variants.
    lines : list of list of str
        One cell for each; empty where a variant was not measured.
    """
    variants = list(dict.fromkeys(summary.variant for summary in summaries))
    figures = dict.fromkeys((summary.setting, summary.metric) for summary in summaries)
    found = {(s.setting, s.metric, s.variant): s for s in summaries}
    lines = []
    for setting, metric in figures:
        kind = quantity(metric)
        cells = [found.get((setting, metric, variant)) for variant in variants]
        chances = [cell.chance for cell in cells if cell is not None and cell.chance is not None]
        chance = kind.text(chances[0]) if chances else ""
        lines.append([kind.label, setting, chance, *(_cell(cell) for cell in cells)])
    return ["figure", "under", "chance", *variants], lines


def scoreboard_markdown(title: str, notes: Sequence[str], summaries: Sequence[Summary]) -> str:
    """Write the table as Markdown, with notes below."""
    heads, lines = scoreboard_lines(summaries)
    table = [heads, ["---"] * len(heads), *lines]
    rows = "\n".join("| " + " | ".join(cells) + " |" for cells in table)
    return "\n\n".join([f"# {title}", rows, *notes]) + "\n"


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return ""
    kind = quantity(summary.metric)
    if summary.ci95 is None:
        return kind.text(summary.mean)
    low, high = summary.ci95
    return f"{kind.text(summary.mean)} ({kind.plain(low)} to {kind.plain(high)})"
