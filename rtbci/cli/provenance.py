"""``rtbci provenance``: where a saved picture comes from."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(provenance)


def provenance(
    picture: Annotated[Path, typer.Argument(help="A PNG that rtbci saved.")],
    report: Annotated[Path | None, typer.Option(help="Write it as JSON to this file.")] = None,
) -> None:
    """Say what a saved picture rests on: bundle, wearer, window, strength of the evidence, times.

    Example: `rtbci provenance rtbci-20260101-120000-000.png`
    """
    import msgspec
    from rich.console import Console
    from rich.table import Table

    from rtbci.files import check_place, save_report
    from rtbci.viewer.provenance import read_provenance

    check_place(report)
    facts = msgspec.to_builtins(read_provenance(picture))
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(name, "-" if value in ("", None) else str(value))
    Console(soft_wrap=True).print(table)
    save_report(report, facts)
