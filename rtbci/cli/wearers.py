"""``rtbci wearers``: who was calibrated, when, on what, how well."""

from pathlib import Path
from typing import Annotated

import typer

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
    from rich.console import Console
    from rich.table import Table

    from rtbci.wearers import list_profiles, list_sealed

    table = Table("wearer", "date", "bundle", "method", "predicted top-1", "chance")
    for profile in list_profiles():
        table.add_row(
            profile.wearer,
            profile.created,
            profile.bundle_id,
            profile.method,
            f"{100 * profile.predicted.top1:.1f} %",
            f"{100 * profile.predicted.chance:.1f} %",
        )
    for name in list_sealed():
        table.add_row(name, "encrypted", "", "", "", "")
    Console().print(table)


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
    from rtbci.wearers import delete_profile

    if not yes:
        typer.confirm(f"Delete everything that is stored of {wearer}?", abort=True)
    delete_profile(wearer)
    typer.echo(f"Deleted {wearer}.")
