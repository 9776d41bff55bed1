"""``rtbci view``: the window on a running session, here or on another machine."""

from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.processes import stop_on_signals


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(view)


def view(
    endpoint: Annotated[
        str, typer.Option(help="Where the session sends its messages.")
    ] = "tcp://127.0.0.1:5577",
    keys: Annotated[
        Path | None, typer.Option(help="Folder of keys, for a session on another machine.")
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="A live text view in place of the window.")
    ] = False,
    picture: Annotated[Path | None, typer.Option(help="Write a PNG of the view here at the end.")] = None,
) -> None:
    """Show a running session: picture, concepts, EEG, channel quality, latency.

    Example: `rtbci view --endpoint tcp://127.0.0.1:5577`
    """
    stop = stop_on_signals()
    from rtbci.cli.live import choose_view
    from rtbci.cli.selection import viewer_keys
    from rtbci.viewer import run_text_view, run_viewer

    show = run_text_view if choose_view(headless) else run_viewer
    show(endpoint, keys=viewer_keys(keys), stop=stop, picture=picture)
