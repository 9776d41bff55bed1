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
    full_size: Annotated[
        Path | None,
        typer.Option(help="Folder of the full-size engines that shall draw instead, from their own latents."),
    ] = None,
) -> None:
    """Export a decoder that was trained on recordings, with the generator of another bundle.

    Example: `rtbci export bundle --folder runs/lab --out my-bundle --name my-lab --licence CC-BY-NC-4.0`
    """
    from rich.console import Console
    from rich.table import Table

    from export.lab_bundle import drawing_for_full_size, drawing_of, export_lab_bundle
    from rtbci.bundle import load_bundle
    from rtbci.errors import UsageError

    if full_size is not None and generator is not None:
        raise UsageError("Either a bundle's generator draws or a full-size one; name one of the two.")
    drawing = drawing_of(load_bundle(generator)) if full_size is None else drawing_for_full_size(full_size)
    exported = export_lab_bundle(folder, out, drawing, name=name, licence=licence)
    table = Table("figure", "value", "chance", "95 % interval", "n", title=exported.manifest.id)
    splits = dict.fromkeys(metric.split for metric in exported.manifest.metrics)
    for split in splits:
        table.add_section()
        table.add_row(f"[bold]{split}[/]")
        for metric in (metric for metric in exported.manifest.metrics if metric.split == split):
            interval = "" if metric.ci95 is None else f"{metric.ci95[0]:.3f} to {metric.ci95[1]:.3f}"
            table.add_row(metric.name, f"{metric.value:.3f}", f"{metric.chance:.3f}", interval, str(metric.n))
    Console().print(table)
    for sentence in exported.notes:
        typer.echo(sentence)
    also = "" if full_size is None else f" --full-size {full_size}"
    typer.echo(f"Wrote {out}; `rtbci run --bundle {out} --stream NAME{also}` decodes with it.")
