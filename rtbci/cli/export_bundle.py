"""``rtbci export bundle``: a laboratory's own decoder as a bundle that `rtbci run` takes."""

from pathlib import Path
from typing import Annotated

import typer


def bundle(
    out: Annotated[Path, typer.Option(help="Folder of the bundle; one that is there is replaced.")],
    name: Annotated[str, typer.Option(help="Readable part of the bundle's id.")],
    licence: Annotated[str, typer.Option(help="Licence of the decoder's weights: SPDX name.")],
    folder: Annotated[Path, typer.Option(help="What `rtbci train decoder --data` wrote.")] = Path("runs/lab"),
    generator: Annotated[
        Path | None, typer.Option(help="Bundle whose generator draws; default: the one that ships.")
    ] = None,
) -> None:
    """Export a decoder that was trained on recordings, with the generator of another bundle.

    Example: `rtbci export bundle --folder runs/lab --out my-bundle --name my-lab --licence CC-BY-NC-4.0`
    """
    from rich.console import Console
    from rich.table import Table

    from export.lab_bundle import export_lab_bundle
    from rtbci.bundle import load_bundle

    exported = export_lab_bundle(folder, out, load_bundle(generator), name=name, licence=licence)
    table = Table("figure", "value", "chance", "95 % interval", "n", "of", title=exported.manifest.id)
    for metric in exported.manifest.metrics:
        interval = "" if metric.ci95 is None else f"{metric.ci95[0]:.3f} to {metric.ci95[1]:.3f}"
        table.add_row(
            metric.name, f"{metric.value:.3f}", f"{metric.chance:.3f}", interval, str(metric.n), metric.split
        )
    Console().print(table)
    for sentence in exported.record.notes:
        typer.echo(sentence)
    typer.echo(f"Wrote {out}; `rtbci run --bundle {out} --stream NAME` decodes with it.")
