"""``rtbci wearers``: who was calibrated, when, on what, how well."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

_SHOWN = 3
"""Channels that are named of a cap; the report has all."""

wearers = typer.Typer(
    help="List, show, export, import and delete wearers' profiles. Example: `rtbci wearers list`",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    app.add_typer(wearers, name="wearers")


@wearers.command("list")
def list_() -> None:
    """List all profiles.

    Example: `rtbci wearers list`
    """
    from rich.markup import escape
    from rich.table import Table

    from rtbci.cli.tables import table_console
    from rtbci.wearers import list_profiles

    table = Table()
    # Names are folded where the terminal is narrow; a part of a date or of a figure would say another one.
    table.add_column("wearer", overflow="fold")
    table.add_column("date", no_wrap=True)
    table.add_column("bundle", overflow="fold")
    table.add_column("method", overflow="fold")
    table.add_column("predicted", no_wrap=True, justify="right")
    table.add_column("chance", no_wrap=True, justify="right")
    notes = []
    for listed in list_profiles():
        if listed.record is None:
            table.add_row(listed.wearer, "encrypted" if listed.sealed else "[red]damaged[/]")
            notes += [listed.damage] if listed.damage else []
            continue
        record = listed.record
        table.add_row(
            listed.wearer,
            record.created[:16].replace("T", " "),
            escape(record.bundle_id),
            escape(record.method),
            f"{100 * record.predicted.top1:.1f} %",
            f"{100 * record.predicted.chance:.1f} %",
        )
        notes.append(f"{listed.wearer}: {_cap(record.cap_labels, listed.report)}")
    table_console().print(table)
    for note in notes:
        typer.echo(note)


def _cap(labels: Sequence[str], report: Mapping[str, Any]) -> str:
    """What the wearer was calibrated with: the stream, if the report names it, and its channels."""
    some = ", ".join(labels if len(labels) <= _SHOWN else (*labels[:_SHOWN], "…"))
    stream = report.get("stream")
    name = stream.get("name") if isinstance(stream, dict) else None
    return f"stream '{name}', {len(labels)} channels: {some}" if name else f"{len(labels)} channels: {some}"


@wearers.command()
def show(wearer: Annotated[str, typer.Argument(help="Pseudonym.")]) -> None:
    """Print a wearer's calibration report as JSON.

    Example: `rtbci wearers show w01`
    """
    from rtbci.cli.selection import passphrase_of
    from rtbci.wearers import read_report

    typer.echo(read_report(wearer, passphrase=passphrase_of(wearer)))


@wearers.command()
def report(
    wearer: Annotated[str, typer.Argument(help="Pseudonym.")],
    file: Annotated[Path, typer.Argument(help="The page to write, .html, or the picture, .png.")],
) -> None:
    """Write a wearer's calibration report for people.

    Example: `rtbci wearers report w01 w01.html`
    """
    from rtbci.cli.selection import passphrase_of
    from rtbci.errors import UsageError
    from rtbci.files import write_report
    from rtbci.wearers import load_profile

    profile = load_profile(wearer, passphrase=passphrase_of(wearer))
    page = profile.pages.get(f"report{file.suffix.lower()}")
    if page is None:
        kinds = ", ".join(Path(name).suffix for name in profile.pages) or "none"
        raise UsageError(
            f"The profile of '{wearer}' has no report of the kind '{file.suffix}' (it has: {kinds}); name "
            "another file, or calibrate the wearer again."
        )
    write_report(file, page)
    typer.echo(f"Wrote {file}.")


@wearers.command()
def export(
    wearer: Annotated[str, typer.Argument(help="Pseudonym.")],
    file: Annotated[Path, typer.Argument(help="The zip file to make.")],
) -> None:
    """Write all that is stored of a wearer into one zip file.

    Example: `rtbci wearers export w01 w01.zip`
    """
    from rtbci.wearers import export_profile

    export_profile(wearer, file)
    typer.echo(f"Wrote {file}.")


@wearers.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A zip file that `rtbci wearers export` made.")],
) -> None:
    """Take a profile that was exported here or on another machine.

    Example: `rtbci wearers import w01.zip`
    """
    from rtbci.wearers import import_profile

    typer.echo(f"Imported {import_profile(file)}.")


@wearers.command()
def delete(
    wearer: Annotated[str, typer.Argument(help="Pseudonym.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete all that is stored of a wearer.

    Example: `rtbci wearers delete w01`
    """
    from rtbci.wearers import check_anything_kept, delete_profile

    check_anything_kept(wearer)
    if not yes:
        typer.confirm(f"Delete everything that is stored of {wearer}?", abort=True)
    delete_profile(wearer)
    typer.echo(f"Deleted {wearer}.")
