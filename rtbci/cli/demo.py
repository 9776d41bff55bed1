"""``rtbci demo``: a simulated wearer, decoded live, on screen."""

import uuid
from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.live import REPORT_HELP, Showing, choose_view, run_session
from rtbci.cli.processes import Child, end_all, stop_on_signals

_HEADLESS_SECONDS = 40.0


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(demo)


def demo(
    seconds: Annotated[
        float | None,
        typer.Option(
            min=1, help="Length in seconds; with a window the default is until it is closed, else 40."
        ),
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No window: a live text view and a PNG.")
    ] = False,
    null: Annotated[
        bool,
        typer.Option("--null", help="Decode surrogate EEG in place of the wearer's: what chance looks like."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Which wearer and which order of clips.")] = 7,
    snr: Annotated[
        float, typer.Option(min=0, help="Signal-to-noise of the wearer; real EEG is far below 1.")
    ] = 1.0,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of a bundle; default: the one that ships.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help=REPORT_HELP)] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Write a PNG of the view here at the end; headless: rtbci-demo.png.")
    ] = None,
) -> None:
    """Show clips to a simulated wearer, and what is decoded from their EEG, live.

    The wearer was in no training set and was not calibrated. Its signal is far clearer than real EEG: lower
    `--snr` to see how the pictures fade.

    Example: `rtbci demo --headless --seconds 40 --report demo.json`
    """
    stop = stop_on_signals()
    from rtbci.stream import configure_lsl

    token = uuid.uuid4().hex
    configure_lsl(scope="machine", session_id=f"demo-{token}")
    headless = choose_view(headless)
    asked = picture is not None
    if headless and picture is None:
        picture = Path("rtbci-demo.png")
    source = f"rtbci-demo-{token}"
    wearer = Child(
        *("simulate", "--name", "demo wearer", "--source-id", source, "--seed", str(seed)),
        *("--snr", str(snr), "--quiet"),
    )
    try:
        # Imported while the wearer's process does the same.
        from rtbci.bundle import load_bundle
        from rtbci.live import SessionOptions
        from rtbci.stream import StreamQuery

        run_session(
            load_bundle(bundle),
            SessionOptions(query=StreamQuery(source_id=source), endpoint="tcp://127.0.0.1:0", surrogate=null),
            Showing(
                headless=headless,
                seconds=seconds,
                report=report,
                picture=picture,
                headless_seconds=_HEADLESS_SECONDS,
                picture_asked=asked,
            ),
            stop,
            sender=wearer,
        )
    finally:
        end_all([wearer])
