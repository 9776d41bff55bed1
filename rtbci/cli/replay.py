"""``rtbci replay``: a recording as LSL streams."""

import time
from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.processes import stop_on_signals


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(replay)


def replay(
    file: Annotated[Path, typer.Argument(help="EDF, BDF, FIF, BrainVision, EEGLAB, CNT or XDF.")],
    name: Annotated[str | None, typer.Option(help="Name of the EEG stream; default: the file's.")] = None,
    speed: Annotated[float, typer.Option(min=0.01, help="Times real time.")] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
) -> None:
    """Send a recording as LSL streams, with its own labels, units, rate and markers.

    Example: `rtbci replay S001R02.edf --name cap --speed 2`
    """
    stop = stop_on_signals()
    from devices.replay import run_replay
    from rtbci.stream import quieten_lsl

    quieten_lsl()
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), disable=quiet) as progress:
        task = progress.add_task(f"Sending {file.name}", total=1.0)
        shown = 0.0

        def on_progress(done: float) -> None:
            nonlocal shown
            if time.monotonic() - shown > 0.2 or done >= 1:
                shown = time.monotonic()
                progress.update(task, completed=done)

        run_replay(file, name=name, speed=speed, loop=loop, stop=stop, on_progress=on_progress)
