"""``rtbci view``: the window on a running session, here or on another machine."""

from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.extras import need_qt
from rtbci.cli.processes import stop_on_signals
from rtbci.errors import UsageError


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

    secrets = viewer_keys(keys)
    if choose_view(headless):
        lacking = _lacking() if picture is not None else None
        if lacking is not None:
            typer.echo(f"rtbci: {lacking}", err=True)
        from rtbci.viewer.textview import run_text_view

        state = run_text_view(endpoint, secrets, stop)
        if lacking is not None:
            raise UsageError(f"The picture {picture} cannot be written without Qt.")
    else:
        need_qt()
        from rtbci.viewer.app import run_viewer

        state = run_viewer(endpoint, secrets, stop=stop)
    if picture is not None:
        from rtbci.viewer.snapshot import write_snapshot

        write_snapshot(state, picture)
        typer.echo(f"Wrote {picture}.")


def _lacking() -> UsageError | None:
    """Load what a picture needs now, so that it is quick once the end has come; says what is not there."""
    try:
        need_qt()
    except UsageError as error:
        return error
    import rtbci.viewer.window  # noqa: F401

    return None
