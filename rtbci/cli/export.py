"""``rtbci export``: from trained parts to a bundle that the runtime loads."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.export_bundle import bundle
from rtbci.cli.export_full_size import full_size
from rtbci.cli.export_generator import generator
from rtbci.cli.export_parity import parity
from rtbci.cli.extras import need

export = typer.Typer(
    help="Export trained parts as a bundle (needs the extras `train` and `export`). "
    "Example: `rtbci export default`",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    app.add_typer(export, name="export")


export.command()(bundle)
export.command()(parity)
export.command()(full_size)
export.command()(generator)


@export.callback()
def _group() -> None:
    """Export trained parts as a bundle (needs the extras `train` and `export`)."""
    need("export", "train,export", "torch", "safetensors", "onnx", "onnxscript")
    for name in ("training", "export"):
        logging.getLogger(name).setLevel(logging.INFO)


@export.command()
def default(
    out: Annotated[Path, typer.Option(help="Folder of the bundle; replaced when all is done.")] = Path(
        "rtbci/bundle/default"
    ),
    config: Annotated[Path, typer.Option(help="Settings of the decoder, TOML.")] = Path(
        "training/configs/decoder.toml"
    ),
    codec_minutes: Annotated[float, typer.Option(min=0.1, help="Training time of the autoencoder.")] = 73.0,
) -> None:
    """Make the default bundle again: cohort, decoder, autoencoder, memory, ONNX, metrics, model card.

    What is trained already (in `runs`) is not trained again.

    Example: `rtbci export default --out rtbci/bundle/default`
    """
    from export.default_bundle import make_default_bundle

    make_default_bundle(out, config, codec_minutes)
    typer.echo(f"Wrote {out}.")


@export.command()
def contact_sheet(
    out: Annotated[Path, typer.Argument(help="PNG to write.")],
    codec: Annotated[Path, typer.Option(help="Folder of the trained autoencoder and the memory.")] = Path(
        "runs/codec"
    ),
    draws: Annotated[
        Path | None, typer.Option(help="Folder of an exported generator that draws, to be shown beside it.")
    ] = None,
) -> None:
    """Draw what the generator makes of strong, moderate and no evidence, beside what was watched.

    Example: `rtbci export contact-sheet sheet.png`
    """
    from export.contact_sheet import contact_sheet as draw
    from rtbci.files import check_place
    from rtbci.viewer.snapshot import ensure_application

    check_place(out, "contact sheet")
    ensure_application()
    draw(codec, out, draws)
    typer.echo(f"Wrote {out}.")
