"""``rtbci keys``: keys for watching a session from another machine."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(keys)


def keys(
    folder: Annotated[Path, typer.Argument(help="Where publisher.keys and viewer.keys go.")],
) -> None:
    """Make a matching pair of key files; the viewer's goes to the other machine by a safe way.

    Example: `rtbci keys my-keys`, then `rtbci run --endpoint "tcp://*:5577" --keys my-keys`
    """
    from rtbci.wire import make_keys

    make_keys(folder)
    typer.echo(f"Made {folder / 'publisher.keys'} and {folder / 'viewer.keys'}.")
