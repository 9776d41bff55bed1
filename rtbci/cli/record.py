"""``rtbci record``: an EEG stream and its markers into one file, losing nothing."""

import threading
from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.live import REPORT_HELP
from rtbci.cli.processes import stop_on_signals


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(record)


def record(
    file: Annotated[Path, typer.Argument(help="The XDF file to make; it is never overwritten.")],
    stream: Annotated[str | None, typer.Option("--stream", "--name", help="Name of the EEG stream.")] = None,
    source_id: Annotated[str | None, typer.Option(help="Source id of the EEG stream.")] = None,
    host: Annotated[str | None, typer.Option(help="Host of the EEG stream.")] = None,
    cap: Annotated[
        str | None, typer.Option(help="Profile of the cap, for a stream that lacks labels.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the EEG, over what the stream says.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the stream at the start.")] = 10.0,
    seconds: Annotated[float | None, typer.Option(min=0.5, help="Length; default: until stopped.")] = None,
    report: Annotated[Path | None, typer.Option(help=REPORT_HELP)] = None,
) -> None:
    """Record an EEG stream and its markers as they come in: device units, raw stamps, events.

    Example: `rtbci record today.xdf --stream "my cap"`
    """
    stop = stop_on_signals()
    from rich.console import Console

    from rtbci.cli.selection import stream_settings
    from rtbci.files import check_place, save_report
    from rtbci.record import Recorder
    from rtbci.record.tally import RecordingSession
    from rtbci.stream import StreamQuery, quieten_lsl, resolve_one

    check_place(report)
    quieten_lsl()

    query = StreamQuery(name=stream, source_id=source_id, host=host)
    resolve_one(query, wait, stop)
    full = threading.Event()
    recorder = Recorder(file, on_failure=lambda error: full.set())
    session = RecordingSession(query, stream_settings(cap, unit), recorder)
    session.start()
    left = seconds
    with Console().status("") as status:
        while not stop.wait(0.2) and (left is None or left > 0):
            if full.is_set() or session.failed.is_set():
                break
            left = None if left is None else left - 0.2
            status.update(session.sentence)
    result = session.stop()
    save_report(report, result)
    session.raise_failure()
    typer.echo(f"Wrote {file}: {result['samples']} samples, {result['lost_samples']} lost.")
