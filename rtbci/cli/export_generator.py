"""``rtbci export generator``: the generator that draws as engines, held against torch."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtbci.cli.extras import need
from rtbci.cli.parity_table import PARITY_FILE, parity_content, print_parity
from rtbci.cli.precision import Precision

if TYPE_CHECKING:
    from export.parity_draws import Trial
    from rtbci.bundle.schema import Precision as Stored


def generator(
    folder: Annotated[Path, typer.Option(help="Folder of the trained generator that draws.")] = Path(
        "runs/draws"
    ),
    precision: Annotated[
        list[Precision] | None,
        typer.Option(
            help="Of the stored weights; several times for several; default: fp32 and fp16. fp16 is what "
            "bundles hold and is written in any case; int8 takes a minute more. Those of others are removed."
        ),
    ] = None,
    codec: Annotated[
        Path, typer.Option(help="Folder of the autoencoder that it was trained with, exported.")
    ] = Path("runs/codec"),
    judges: Annotated[Path, typer.Option(help="Where the networks that judge are kept.")] = Path(
        "runs/classifiers"
    ),
    draw: Annotated[
        bool, typer.Option(help="Compare what is drawn, too; without, only what the networks give.")
    ] = True,
) -> None:
    """Export the generator that draws as engines beside its weights, and hold them against torch.

    The comparison is written beside them (parity.json): for each engine and precision largest and mean
    difference from torch on what the networks meet while they draw, the change of the concept obeyed in 40
    keyframes, size, and time on one thread.

    Example: `rtbci export generator --folder runs/draws --precision fp16 --precision int8`
    """
    need("export generator", "export", "diffusers")
    from export.draws import export_draws
    from export.parity_draws import compare_draws
    from rtbci.errors import UsageError
    from rtbci.files import save_report

    if draw and not codec.is_dir():
        raise UsageError(
            f"There is no autoencoder in {codec} to draw with; name its folder with --codec, or give "
            "--no-draw."
        )
    chosen: list[Stored] = [one.value for one in precision or (Precision.FP32, Precision.FP16)]
    # What is missing for it is said before engines are replaced.
    trial = _trial(folder, codec, judges) if draw else None
    typer.echo(f"The engines of {folder} …")
    manifest = export_draws(folder, chosen)
    # It is of the engines that were there.
    (folder / PARITY_FILE).unlink(missing_ok=True)
    size = sum((folder / e.file).stat().st_size for both in manifest.engines.values() for e in both.values())
    typer.echo(f"Wrote {' and '.join(manifest.engines)} to {folder} ({size / 1e6:.1f} MB).")
    rows = list(compare_draws(folder, trial, progress=lambda what: typer.echo(f"Drawing with {what} …")))
    print_parity(rows)
    save_report(folder / PARITY_FILE, parity_content(rows, generator=folder.name))


def _trial(folder: Path, codec: Path, judges: Path) -> "Trial":
    from export.parity_draws import trial_of

    trial = trial_of(folder, codec, judges)
    if trial.judge is None:
        typer.echo(
            f"No network that judges has been trained in {judges} (`rtbci evaluate generators` trains it): "
            "pictures are held against torch's own."
        )
    return trial
