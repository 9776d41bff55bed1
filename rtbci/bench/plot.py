"""Quality against time, as a picture; needs matplotlib, from the extra `bench`."""

from collections.abc import Sequence
from pathlib import Path

from rtbci.bench.rows import Row
from rtbci.errors import UsageError

_COLOURS = {"preview": "#4c78a8", "keyframe": "#e45756", "clip": "#54a24b"}
_DASHES = {"bf16": "--", "fp32": "-."}
_INK = "#333333"


def plot_quality(rows: Sequence[Row], path: Path, *, chance: float, title: str) -> None:
    """Draw each row's quality over its median time; rows without a quality become lines at their time.

    Parameters
    ----------
    rows : sequence of Row
    path : Path
        The PNG file.
    chance : float
        Quality of pictures that say nothing.
    title : str
        What was measured, and on what.

    Raises
    ------
    UsageError
        If the file cannot be written.
    """
    # Not pyplot: it looks for a display.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 4.8), dpi=140, layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.axhline(chance, color=_INK, linewidth=0.8, linestyle=":", label=f"chance, {100 * chance:.1f} %")
    for row in rows:
        colour = _COLOURS.get(row.grade, _INK)
        name = f"{row.grade}, {row.backend}, {row.size} px, {row.provider.removesuffix('ExecutionProvider')}"
        label = f"{name}, {row.precision}: {row.p50_ms:.1f} ms"
        if row.quality is None:
            axes.axvline(
                row.p50_ms,
                color=colour,
                linestyle=_DASHES.get(row.precision, ":"),
                label=f"{label} (time only: quality not measured)",
            )
        else:
            late = [[0.0], [max(0.0, row.p95_ms - row.p50_ms)]]
            axes.errorbar(
                [row.p50_ms],
                [row.quality],
                xerr=late,
                fmt="o" if row.grade != "clip" else "s",
                markersize=9 if row.grade != "clip" else 11,
                markerfacecolor=colour if row.grade != "clip" else "none",
                color=colour,
                capsize=3,
                label=label,
            )
    axes.set_ylim(-0.03, 1.08)
    axes.set_xlabel("time to the picture, ms (median, whisker to the 95th percentile)")
    axes.set_ylabel("concept named right by a classifier")
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.25)
    figure.legend(loc="outside lower center", fontsize=7.5, frameon=False, ncols=1)
    try:
        figure.savefig(path, format="png")
    except OSError as error:
        raise UsageError(
            f"The plot cannot be written to {path} ({error.strerror});"
            " name a file in a folder that you can write to."
        ) from error
