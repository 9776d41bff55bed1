"""``rtbci doctor``: what is missing on this machine, and how to get it."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.checkup import CHECKS, Finding


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(doctor)


def doctor(
    report: Annotated[Path | None, typer.Option(help="Write the findings as JSON to this file.")] = None,
) -> None:
    """Name what is missing here, what it is needed for, and how to get it.

    Ends with 1 if something that every session needs is missing.

    Example: `rtbci doctor`
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from rtbci.files import check_place, save_report
    from rtbci.stream import quieten_lsl

    check_place(report)
    quieten_lsl()
    findings = [_examine(check) for check in CHECKS]
    table = Table("", "what", "finding", "how to mend it", show_lines=False)
    marks = {"good": "[green]ok[/]", "optional": "[yellow]--[/]", "missing": "[red]missing[/]"}
    for finding in findings:
        texts = (finding.what, finding.found, finding.mend)
        table.add_row(marks[finding.verdict], *map(escape, texts))
    Console().print(table)
    rows = [{"what": f.what, "verdict": f.verdict, "found": f.found, "mend": f.mend} for f in findings]
    save_report(report, {"findings": rows})
    if any(finding.verdict == "missing" for finding in findings):
        raise typer.Exit(1)


def _examine(check: Callable[[], Finding]) -> Finding:
    from rtbci.errors import RtbciError

    try:
        return check()
    except (RtbciError, ImportError, OSError) as error:
        what = (check.__doc__ or check.__name__).rstrip(".")
        return Finding(what, "missing", str(error), "pip install --force-reinstall rtbci")
