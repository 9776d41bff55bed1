"""``rtbci evaluate``: how well something decodes, never without chance, interval and controls."""

from pathlib import Path
from typing import Annotated, Any

import typer

from rtbci.cli.evaluate_calibration import evaluate_calibration
from rtbci.cli.evaluate_generators import evaluate_generators
from rtbci.cli.evaluate_pictures import evaluate_pictures
from rtbci.cli.experiments import evaluate_experiment, evaluate_importance
from rtbci.cli.processes import stop_on_signals
from rtbci.errors import StoppedError

evaluate = typer.Typer(
    help="Measure how well a bundle or another decoder does. Example: `rtbci evaluate simulated --wearers 5`",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    evaluate.command("experiment")(evaluate_experiment)
    evaluate.command("importance")(evaluate_importance)
    evaluate.command("pictures")(evaluate_pictures)
    evaluate.command("calibration")(evaluate_calibration)
    evaluate.command("generators")(evaluate_generators)
    app.add_typer(evaluate, name="evaluate")


@evaluate.callback()
def _group() -> None:
    """Measure how well a bundle or another decoder does."""


@evaluate.command()
def simulated(
    wearers: Annotated[int, typer.Option(min=1, help="How many simulated wearers.")] = 5,
    clips: Annotated[int, typer.Option(min=10, help="Clips each.")] = 120,
    snr: Annotated[
        list[float] | None, typer.Option(help="Signal-to-noise; may be given several times.")
    ] = None,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first wearer.")] = 9001,
    null: Annotated[bool, typer.Option("--null", help="Decode surrogate EEG in place of theirs.")] = False,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of a bundle; default: the one that ships.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the figures as JSON to this file.")] = None,
) -> None:
    """Decode simulated wearers as the live runtime would, clip after clip on a free-running grid.

    Example: `rtbci evaluate simulated --wearers 5 --snr 1 --snr 0.55 --report e.json`
    """
    stop = stop_on_signals()
    from rich.console import Console
    from rich.table import Table

    from rtbci.bundle import load_bundle
    from rtbci.cli.evaluation import evaluate_simulated
    from rtbci.files import check_place, save_report

    check_place(report)
    loaded = load_bundle(bundle)
    rows: list[dict[str, Any]] = []
    for level in snr or [1.0]:
        with Console().status(f"snr {level:g} …"):
            seeds = range(first_seed, first_seed + wearers)
            row = evaluate_simulated(loaded, seeds, level, clips, null, stop)
        if row is not None:
            rows.append(row)
        if stop.is_set():
            break
    if not rows:
        raise StoppedError("Stopped before the first wearer was done; there is nothing to report.")
    table = Table(
        "snr", "clips", "top-1", "95 % interval", "chance", "surrogate", "claimed", "p99 of confidence"
    )
    for row in rows:
        low, high = row["ci95"]
        table.add_row(
            f"{row['snr']:g}",
            str(row["trials"]),
            f"{100 * row['top1']:.1f} %",
            f"{100 * low:.1f}-{100 * high:.1f} %",
            f"{100 * row['chance']:.1f} %",
            f"{100 * row['null_top1']:.1f} %",
            f"{100 * row['mean_confidence']:.1f} %",
            f"{100 * row['confidence_p99']:.0f} %",
        )
    Console().print(table)
    content = {"bundle": {"id": loaded.manifest.id}, "surrogate": null, "stopped": stop.is_set()}
    save_report(report, {**content, "rows": rows})


@evaluate.command()
def predictions(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help=".npy (row 0 predicted, row 1 true), or .npz or .csv with `predicted` and `true`.",
            show_default=False,
        ),
    ],
    blocks: Annotated[
        int | None,
        typer.Option(min=1, help="Each file is that many equal blocks; default: found in the true classes."),
    ] = None,
    classes: Annotated[
        int | None, typer.Option(min=2, help="How many classes there are, if not all occur.")
    ] = None,
    permutations: Annotated[int, typer.Option(min=99, help="Permutations for the p-values.")] = 9999,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the permutations.")] = 0,
    report: Annotated[Path | None, typer.Option(help="Write the figures as JSON to this file.")] = None,
) -> None:
    """Score predicted against true classes that were made elsewhere, per file and pooled.

    Example: `rtbci evaluate predictions sub1.npy sub2.npy --report p.json`
    """
    from rich.console import Console

    from rtbci.cli.scores_table import scores_table
    from rtbci.files import check_place, save_report
    from training.metrics import evaluate_files, read_predictions

    check_place(report)
    parts = [read_predictions(file, blocks) for file in files]
    with Console(stderr=True).status(f"{permutations} permutations …"):
        result = evaluate_files(parts, permutations, seed, classes)
    Console().print(scores_table(result))
    save_report(report, result)
