"""``rtbci wearers``: who was calibrated, when, on what, how well."""

from pathlib import Path
from typing import Annotated

import typer

wearers = typer.Typer(
    help="List, show, export and delete wearers' profiles. Example: `rtbci wearers list`",
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

    from rtbci.wearers import list_profiles

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
    Console().print(table)


@wearers.command()
def show(wearer: Annotated[str, typer.Argument(help="Pseudonym.")]) -> None:
    """Print a wearer's calibration report as JSON.

    Example: `rtbci wearers show w01`
    """
    from rtbci.wearers import read_report

    typer.echo(read_report(wearer))


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
