"""Where tables are printed."""

from rich.console import Console

_WIDTH = 120


def table_console() -> Console:
    """Give a console for a wide table: in a file or a pipe it is not cut to a terminal's 80 columns."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH)
