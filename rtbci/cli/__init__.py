"""The command line: one file a command, and the only part that knows every other part."""

import logging
import signal
import sys

import typer

from rtbci import __version__
from rtbci.cli import (
    bench,
    calibrate,
    demo,
    doctor,
    evaluate,
    export,
    keys,
    present,
    provenance,
    record,
    replay,
    run,
    simulate,
    streams,
    train,
    view,
    wearers,
)
from rtbci.errors import RtbciError

app = typer.Typer(
    name="rtbci",
    help="Shows, live, what a person is watching, decoded from their EEG.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for _command in (
    *(demo, run, view, calibrate, present, replay, simulate, record),
    *(bench, streams, doctor, provenance, keys, wearers, train, evaluate, export),
):
    _command.register(app)


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and end.", is_eager=True),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what happens to standard error."),
) -> None:
    if version:
        typer.echo(f"rtbci {__version__}")
        raise typer.Exit()
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)


def main() -> None:
    """Run the command line; an error meant for the user becomes one sentence and an exit code."""
    try:
        app()
    except RtbciError as error:
        typer.echo(f"rtbci: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        # All is written. Python gives handlers of its own back as it ends, and a Ctrl-C would then kill it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
