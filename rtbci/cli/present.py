"""``rtbci present``: the screen that the wearer looks at."""

from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

import typer

from rtbci.cli.extras import need_qt
from rtbci.cli.processes import stop_on_signals


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(present)


def present(
    markers: Annotated[str, typer.Argument(help="Name of the marker stream that announces the clips.")],
    clips: Annotated[
        Path | None, typer.Option(help="Folder of the clips, if they are not of the drawn corpus.")
    ] = None,
    photodiode: Annotated[
        Literal["top-left", "top-right", "bottom-left", "bottom-right"] | None,
        typer.Option(help="Corner of a square that changes with each clip's first frame."),
    ] = None,
    photodiode_px: Annotated[int, typer.Option(min=8, max=800, help="Its side in pixels.")] = 80,
    window: Annotated[bool, typer.Option("--window", help="A window in place of the full screen.")] = False,
) -> None:
    """Show the clips that a marker stream announces, full screen; Escape ends it.

    It is for a screen on another machine than the one that `rtbci calibrate --headless` runs on. If that one
    was given a folder with --clips, give a copy of the same folder here. That one is told how punctually each
    clip was shown, and leaves out what could not be shown.

    Example: `rtbci present "my cap-calibration"`
    """
    stop = stop_on_signals()
    from rtbci.errors import UsageError
    from rtbci.viewer.display import has_display

    if not has_display():
        raise UsageError("There is no display here to show clips on; run this at the wearer's screen.")
    need_qt()
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from rtbci.calibrate import MarkerOutlet, Programme
    from rtbci.calibrate.announcer import LINGER_S, SHOWN
    from rtbci.stimuli.library import open_library
    from rtbci.stream import MarkerStream, StreamQuery, quieten_lsl
    from rtbci.wizard.screen import Patch, Screen

    quieten_lsl()
    application = QApplication(["rtbci present"])
    programme = Programme(None if clips is None else open_library(clips))
    source = MarkerStream(StreamQuery(name=markers, type="Markers"), on_marker=programme.on_marker)
    # The calibration listens to this: what could not be shown here must not be learnt there.
    told = MarkerOutlet(f"{markers}{SHOWN}", f"{markers}{SHOWN}-{uuid4().hex}")
    patch = None if photodiode is None else Patch(photodiode, photodiode_px)
    screen = Screen(programme, patch, told.send)
    # On the screen itself a file's name could betray the concept.
    screen.unseen.connect(lambda sentence: typer.echo(sentence, err=True))
    timer = QTimer()
    timer.timeout.connect(lambda: screen.close() if stop.is_set() else None)
    timer.start(100)
    source.start()
    if window:
        screen.resize(900, 900)
        screen.show()
    else:
        screen.showFullScreen()
    try:
        application.exec()
    finally:
        source.stop()
        # An outlet that is destroyed at once takes its last word with it.
        stop.wait(LINGER_S)
