"""``rtbci present``: the screen that the wearer looks at."""

from typing import Annotated

import typer

from rtbci.cli.extras import need_qt
from rtbci.cli.processes import stop_on_signals


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(present)


def present(
    markers: Annotated[str, typer.Argument(help="Name of the marker stream that announces the clips.")],
    window: Annotated[bool, typer.Option("--window", help="A window in place of the full screen.")] = False,
) -> None:
    """Show the clips that a marker stream announces, full screen; Escape ends it.

    `rtbci calibrate` opens it by itself where there is a display.

    Example: `rtbci present "my cap-calibration"`
    """
    stop = stop_on_signals()
    from rtbci.errors import UsageError
    from rtbci.viewer.display import has_display

    if not has_display():
        raise UsageError("There is no display here to show clips on; run this at the wearer's screen.")
    need_qt()
    from PySide6.QtWidgets import QApplication

    from rtbci.calibrate.screen import Screen
    from rtbci.stream import StreamQuery, quieten_lsl

    quieten_lsl()
    application = QApplication(["rtbci present"])
    screen = Screen(StreamQuery(name=markers, type="Markers"), stop)
    if window:
        screen.resize(900, 900)
        screen.show()
    else:
        screen.showFullScreen()
    application.exec()
