"""How reports of parity look: as a table, and as JSON."""

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from export.parity import Row

PARITY_FILE = "parity.json"
"""Beside the engines that it is about."""


def parity_content(rows: "list[Row]", **about: object) -> dict[str, Any]:
    """Content of a report: the rows, and where they were measured, behind what they are about."""
    from dataclasses import asdict

    from rtbci.bench.environment import environment

    return {
        **about,
        "rows": [asdict(row) for row in rows],
        "environment": environment("rtbci", "onnxruntime", "onnx", "torch", threads=1),
    }


def print_parity(rows: "list[Row]") -> None:
    """Print the rows as a table."""
    from rich.table import Table

    from rtbci.cli.tables import table_console

    right: Literal["right"] = "right"
    table = Table()
    for name in ("engine", "precision", "batch"):
        table.add_column(name, no_wrap=True)
    for name in ("kB", "max error", "mean error", "task", "change", "least ms"):
        table.add_column(name, justify=right, no_wrap=True)
    for row in rows:
        task = "-" if row.figure is None else f"{row.figure:.2f} {row.task.split(', ')[-1]}"
        change = "-" if row.change is None else f"{row.change:+.2f}"
        errors = (f"{row.max_error:.2g}", f"{row.mean_error:.2g}")
        kilobytes = f"{row.bytes / 1e3:.0f}"
        table.add_row(
            row.engine, row.precision, row.batch, kilobytes, *errors, task, change, f"{row.min_ms:.2f}"
        )
    table_console().print(table)
