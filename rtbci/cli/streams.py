"""``rtbci streams``: what there is to decode."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.processes import stop_on_signals
from rtbci.errors import StreamError


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(streams)


def streams(
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to look.")] = 1.5,
    report: Annotated[Path | None, typer.Option(help="Write the list as JSON to this file.")] = None,
) -> None:
    """List the LSL streams of this network, and whether each can be decoded.

    Example: `rtbci streams --seconds 3`
    """
    stop = stop_on_signals()
    from rich.console import Console
    from rich.table import Table

    from rtbci.files import check_place, save_report
    from rtbci.stream import find_streams, inspect, quieten_lsl

    check_place(report)
    quieten_lsl()

    found = find_streams(seconds, stop)
    if not found:
        looked = "before the search was stopped" if stop.is_set() else f"in {seconds:g} s"
        raise StreamError(
            f"No LSL stream was seen {looked}; start the amplifier's LSL sender, "
            "or `rtbci simulate` for a simulated one."
        )
    table = Table("name", "type", "channels", "rate (Hz)", "source id", "host", "can be decoded")
    rows = []
    for stream in found:
        verdict = inspect(stream)
        rows.append({**json.loads(json.dumps(asdict(stream), default=str)), "verdict": verdict})
        table.add_row(
            stream.name,
            stream.type,
            str(stream.channels),
            f"{stream.rate_hz:g}" if stream.rate_hz else "irregular",
            stream.source_id,
            stream.host,
            verdict,
        )
    Console().print(table)
    save_report(report, {"streams": rows})
