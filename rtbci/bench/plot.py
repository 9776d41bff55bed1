"""Quality against time, as a picture; needs matplotlib, from the extra `bench`."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rtbci.bench.rows import Row
from rtbci.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {"preview": "#4c78a8", "keyframe": "#e45756", "clip": "#54a24b"}
_MARKERS = {"memory": "o", "draws": "D"}
_DASHES = {"fp32": "-", "fp16": "--", "int8": ":", "bf16": "-."}
_INK = "#333333"
_FAINT = "#8a8a8a"


def plot_quality(
    rows: Sequence[Row],
    path: Path,
    *,
    chance: float,
    title: str,
    quality: str = "concept named right by a classifier",
) -> None:
    """Draw each row's quality over its median time; rows without a quality become lines at their time.

    Colour says the grade, shape the generator; a line goes through the numbers of steps of one generator in
    one precision, which it is dashed by.

    Parameters
    ----------
    rows : sequence of Row
    path : Path
        The PNG file.
    chance : float
        Quality of pictures that say nothing.
    title : str
        What was measured, and on what.
    quality : str
        What the upright axis says.

    Raises
    ------
    UsageError
        If the file cannot be written.
    """
    # Not pyplot: it looks for a display.
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, PercentFormatter

    figure = Figure(figsize=(9.0, 5.6), dpi=140, layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.set_ylim(-0.04, 1.06)
    axes.axhline(chance, color=_FAINT, linewidth=1.0, linestyle=(0, (2, 2)), zorder=1)
    series = [list(some) for _, some in groupby(sorted(rows, key=_series), key=_series)]
    for some in series:
        if some[0].quality is None:
            for row in some:
                _draw_line(axes, row)
        else:
            _draw_series(axes, some)
    _name_steps(axes, rows)
    axes.margins(x=0.08)
    axes.annotate(
        f"chance,\n{100 * chance:.1f} %",
        (1.0, chance),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        color=_FAINT,
        fontsize=8,
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ms, _: _time(ms)))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("time to the picture (median, whisker to the 95th percentile)", color=_INK)
    axes.set_ylabel(quality, color=_INK)
    axes.set_title(title, fontsize=10, color=_INK, loc="left")
    axes.grid(alpha=0.2)
    axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        fontsize=8,
        frameon=False,
        ncols=2 if len(labels) > 3 else 1,
        markerscale=0.7,
        handlelength=4.0,
    )
    try:
        figure.savefig(path, format="png")
    except OSError as error:
        raise UsageError(
            f"The plot cannot be written to {path} ({error.strerror});"
            " name a file in a folder that you can write to."
        ) from error


def _series(row: Row) -> tuple[int, str, str, str, int, bool]:
    """What the rows of one line have in common."""
    grade = list(_COLOURS).index(row.grade) if row.grade in _COLOURS else len(_COLOURS)
    return grade, row.backend, row.precision, row.provider, row.size, row.quality is None


def _draw_series(axes: "Axes", rows: list[Row]) -> None:
    """One generator's pictures of one grade in one precision, in as many steps as were measured."""
    rows = sorted(rows, key=lambda row: row.steps)
    first, large = rows[0], rows[0].grade == "clip"
    colour = _COLOURS.get(first.grade, _INK)
    times, shares = [row.p50_ms for row in rows], [row.quality or 0.0 for row in rows]
    late = [max(0.0, row.p95_ms - row.p50_ms) for row in rows]
    bounds = [row.quality_ci95 or (share, share) for row, share in zip(rows, shares, strict=True)]
    axes.errorbar(
        times,
        shares,
        xerr=[[0.0] * len(rows), late],
        yerr=[
            [max(0.0, share - low) for share, (low, _) in zip(shares, bounds, strict=True)],
            [max(0.0, high - share) for share, (_, high) in zip(shares, bounds, strict=True)],
        ],
        fmt="none",
        ecolor=colour,
        elinewidth=1.0,
        alpha=0.45,
        capsize=2.5,
        zorder=2,
    )
    axes.plot(
        times,
        shares,
        marker=_MARKERS.get(first.backend, "^"),
        markersize=11 if large else 9,
        markerfacecolor="white" if large else colour,
        markeredgecolor=colour,
        markeredgewidth=1.6,
        color=colour,
        linestyle=_DASHES.get(first.precision, "-") if len(rows) > 1 else "none",
        linewidth=1.4,
        label=_label(rows),
        zorder=3,
    )


def _name_steps(axes: "Axes", rows: Sequence[Row]) -> None:
    """Write the number of steps once beside what differs in the precision alone."""
    groups: dict[tuple[str, str, str, int], list[Row]] = {}
    for row in rows:
        if row.steps and row.quality is not None:
            groups.setdefault((row.grade, row.backend, row.provider, row.steps), []).append(row)
    for (grade, *_, steps), some in groups.items():
        tops = [row.quality_ci95[1] if row.quality_ci95 else row.quality or 0.0 for row in some]
        axes.annotate(
            f"{steps} step" + ("s" if steps > 1 else ""),
            (sorted(row.p50_ms for row in some)[len(some) // 2], max(tops)),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=_COLOURS.get(grade, _INK),
            zorder=4,
        )


def _draw_line(axes: "Axes", row: Row) -> None:
    """Draw a time whose pictures nobody judged."""
    dashes = _DASHES.get(row.precision, ":")
    axes.axvline(row.p50_ms, color=_FAINT, linestyle=dashes, linewidth=1.4, zorder=1)
    steps = f", {row.steps} step{'s' if row.steps > 1 else ''}" if row.steps else ""
    axes.annotate(
        f"{row.grade}, {row.backend}{steps}, {row.precision}: {_time(row.p50_ms)}",
        (row.p50_ms, 1.03),
        xytext=(-3, 0),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="top",
        fontsize=7,
        color=_INK,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1.0},
        zorder=2,
    )


def _label(rows: list[Row]) -> str:
    first, last = rows[0], rows[-1]
    provider = first.provider.removesuffix("ExecutionProvider")
    what = f"{first.grade}, {first.backend}, {first.size} px, {first.precision}, {provider}: "
    if len(rows) == 1:
        return what + _time(first.p50_ms)
    return what + f"{_time(first.p50_ms)} to {_time(last.p50_ms)}"


def _time(ms: float) -> str:
    """Milliseconds as people say them."""
    if ms >= 1000:
        return f"{ms / 1000:.3g} s"
    return f"{ms:.3g} ms"
