"""``rtbci export parity``: each engine of a bundle in every precision, against torch."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtbci.cli.parity_table import parity_content, print_parity

if TYPE_CHECKING:
    from export.parity import Part, Row


def parity(
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of a bundle; default: the one that ships.")
    ] = None,
    config: Annotated[
        Path, typer.Option(help="Settings of the decoder that the bundle was made from, TOML.")
    ] = Path("training/configs/decoder.toml"),
    codec: Annotated[Path, typer.Option(help="Folder of the autoencoder that it was made from.")] = Path(
        "runs/codec"
    ),
    only: Annotated[
        list[str] | None,
        typer.Option(help="adapter, encoder, decoder or preview; several times for several."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the graphs in this folder; default: a temporary one.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the rows as JSON to this file.")] = None,
) -> None:
    """Compare a bundle's engines with torch: fp32, half weights, fp16 and int8, any batch and one.

    For each: largest and mean difference from torch, the change of what it is for (top-1 of single windows,
    PSNR of pictures), size, and time of one item on one thread of this machine.

    Example: `rtbci export parity --only decoder --report parity.json`
    """
    import tempfile

    from export.parity import compare
    from export.parity_parts import encoder_parts, picture_parts
    from rtbci.bundle import load_bundle
    from rtbci.errors import UsageError
    from rtbci.files import check_place, save_report
    from training.decoder_settings import load_settings

    check_place(report)
    wanted = set(only or ("adapter", "encoder", "decoder", "preview"))
    if unknown := wanted - {"adapter", "encoder", "decoder", "preview"}:
        raise UsageError(
            f"--only {sorted(unknown)[0]} is no engine; choose adapter, encoder, decoder or preview."
        )
    loaded = load_bundle(bundle)
    parts: list[Part] = []
    if wanted & {"decoder", "preview"}:
        parts += picture_parts(codec)
    if wanted & {"adapter", "encoder"}:
        parts += encoder_parts(load_settings(config))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary:
        for part in parts:
            if part.name in wanted:
                typer.echo(f"{part.name} …")
                rows += compare(part, keep or Path(temporary), loaded.engine_path(part.name))
    print_parity(rows)
    save_report(report, parity_content(rows, bundle=loaded.manifest.id))
