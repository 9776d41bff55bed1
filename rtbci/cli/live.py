"""What `demo` and `run` share: one live session with a viewer beside it, from start to report."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rtbci.cli.processes import Child, end_all
from rtbci.errors import StreamError

if TYPE_CHECKING:
    from rtbci.live import SessionOptions

REPORT_HELP = "Write the report as JSON to this file when the session ends."


@dataclass(frozen=True)
class Showing:
    """How a session is shown and what is kept of it.

    Attributes
    ----------
    headless : bool
        No window: a live text view, and a picture at the end.
    seconds : float or None
        Length of the session; None runs until stopped.
    report : Path or None
        Where the report goes.
    picture : Path or None
        Where a picture of the view goes when the session ends.
    """

    headless: bool
    seconds: float | None
    report: Path | None
    picture: Path | None


def choose_view(headless: bool) -> bool:
    """Return whether to go without a window, saying so where there is no display."""
    from rtbci.viewer.display import has_display

    if not headless and not has_display():
        typer.echo("There is no display here: a text view and a picture (PNG) stand in for the window.")
        return True
    return headless


def run_session(
    bundle: Path | None,
    options: "SessionOptions",
    showing: Showing,
    stop: threading.Event,
    sender: Child | None = None,
) -> None:
    """Run a live session to its end and write its report.

    `sender` is the process that sends the EEG, if this command started it; the session ends with it.

    Raises
    ------
    RtbciError
        Whatever ended the session from within; the report is written all the same.
    """
    from rtbci.bundle import load_bundle
    from rtbci.files import write_json
    from rtbci.live import LiveSession

    session = LiveSession(load_bundle(bundle), options)
    viewer = Child("view", "--endpoint", session.endpoint, *_view_options(showing))
    session.start()
    try:
        _wait(session.failed, viewer, sender, showing, stop)
    finally:
        viewer.ask_to_end()
        report = session.stop()
        if showing.report is not None:
            write_json(showing.report, report)
        end_all([viewer])
    if session.failure is not None:
        raise session.failure
    _say(report)


def _view_options(showing: Showing) -> list[str]:
    options = ["--headless"] if showing.headless else []
    return options + (["--picture", str(showing.picture)] if showing.picture else [])


def _wait(
    failed: threading.Event, viewer: Child, sender: Child | None, showing: Showing, stop: threading.Event
) -> None:
    left = showing.seconds
    while not stop.wait(0.1) and not failed.is_set():
        if left is not None:
            left -= 0.1
            if left <= 0:
                return
        if viewer.ended is not None and not showing.headless:
            return
        if sender is not None and sender.ended is not None:
            raise StreamError(
                f"The process that sends the EEG ended by itself (code {sender.ended}); "
                "its own message above says why."
            )


def _say(report: dict[str, object]) -> None:
    decoding = report["decoding"]
    assert isinstance(decoding, dict)
    if decoding["trials"]:
        low, high = decoding["ci95"]
        typer.echo(
            f"{decoding['trials']} clips, {100 * decoding['top1']:.0f} % right at first guess "
            f"(95 % interval {100 * low:.0f}-{100 * high:.0f} %; chance {100 * decoding['chance']:.1f} %; "
            f"surrogate EEG {100 * decoding['null_top1']:.0f} %)."
        )
