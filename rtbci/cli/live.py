"""What `demo` and `run` share: one live session with a viewer beside it, from start to report."""

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from rtbci.cli.beside import ViewerBeside
from rtbci.cli.processes import Child
from rtbci.errors import RtbciError, StreamError, UsageError

if TYPE_CHECKING:
    from rtbci.bundle import Bundle
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
    headless_seconds : float or None
        Length where `seconds` is None and there is no window to close.
    picture_asked : bool
        Whether it is an error if the picture cannot be written.
    """

    headless: bool
    seconds: float | None
    report: Path | None
    picture: Path | None
    headless_seconds: float | None = None
    picture_asked: bool = True


def choose_view(headless: bool) -> bool:
    """Return whether to go without a window, saying so where there is no display."""
    from rtbci.viewer.display import has_display

    if not headless and not has_display():
        typer.echo("There is no display here: a text view and a picture (PNG) stand in for the window.")
        return True
    return headless


def run_session(
    bundle: "Bundle",
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
    from rtbci.files import check_place, save_report
    from rtbci.live import LiveSession
    from rtbci.wire import from_here

    check_place(showing.report)
    with TemporaryDirectory(prefix="rtbci-view-") as folder:
        options, keys = _let_in(options, Path(folder) / "viewer.keys")
        session = LiveSession(bundle, options)
        viewer = ViewerBeside(from_here(session.endpoint), keys, showing.headless, showing.picture)
        problems: list[BaseException] = []
        try:
            session.start()
            _wait(session.failed, viewer, sender, showing, stop)
        except RtbciError as error:
            problems.append(error)
        finally:
            viewer.ask_to_end()
            try:
                report = session.stop()
                save_report(showing.report, report)
            except RtbciError as error:
                problems.append(error)
            finally:
                try:
                    viewer.end()
                except UsageError as error:
                    if showing.picture_asked:
                        problems.append(error)
                    else:
                        _tell(error)
    if session.failure is not None:
        problems.insert(0, session.failure)
    for problem in problems[1:]:
        _tell(problem)
    if problems:
        raise problems[0]
    _say(report)


def _let_in(options: "SessionOptions", file: Path) -> "tuple[SessionOptions, Path | None]":
    """Give the viewer beside the session keys of its own, if the session has keys."""
    from rtbci.wire import admit_another

    if options.keys is None:
        return options, None
    return replace(options, keys=admit_another(options.keys, file)), file


def _wait(
    failed: threading.Event,
    viewer: ViewerBeside,
    sender: Child | None,
    showing: Showing,
    stop: threading.Event,
) -> None:
    passed = 0.0
    while not stop.wait(0.1) and not failed.is_set():
        passed += 0.1
        if viewer.closed():
            return
        seconds = showing.seconds
        if seconds is None and viewer.headless:
            seconds = showing.headless_seconds
        if seconds is not None and passed >= seconds:
            return
        if sender is not None and sender.ended is not None:
            raise StreamError(
                f"The process that sends the EEG ended by itself (code {sender.ended}); "
                "its own message above says why."
            )


def _tell(problem: BaseException) -> None:
    typer.echo(f"rtbci: {problem}", err=True)


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
