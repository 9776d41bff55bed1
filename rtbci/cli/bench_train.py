"""``rtbci bench train``: what training costs here, beside a plain loop over the same model."""

from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.extras import need
from rtbci.cli.live import REPORT_HELP


def train(
    subjects: Annotated[
        list[int] | None, typer.Option(min=2, help="Known wearers; may be given several times.")
    ] = None,
    steps: Annotated[int, typer.Option(min=5, help="Steps that are timed.")] = 30,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch.")] = 2,
    report: Annotated[Path | None, typer.Option(help=REPORT_HELP)] = None,
) -> None:
    """Time a step of the experiments' training loop and of a plain one, and how both grow with the cohort.

    Example: `rtbci bench train --subjects 5 --subjects 20 --report train.json`
    """
    from rich.console import Console
    from rich.table import Table

    from rtbci.bench.environment import environment
    from rtbci.files import check_place, save_report

    need("bench train", "train", "torch", "accelerate")
    from training.experiments.cost import training_cost

    check_place(report)
    with Console(stderr=True).status("training on noise …"):
        rows = training_cost(subjects or [5, 10, 20], steps, threads)
    table = Table("subjects", "clips", "step", "plain step", "ratio", "epoch", "windows", "peak memory")
    for row in rows:
        table.add_row(
            str(row["subjects"]),
            str(row["clips"]),
            f"{row['step_ms']:g} ms",
            f"{row['plain_step_ms']:g} ms",
            f"{row['ratio']:g}",
            f"{row['epoch_s']:g} s",
            f"{row['windows_mb']} MB",
            f"{row['peak_mb']} MB",
        )
    Console().print(table)
    save_report(report, {"rows": rows, "environment": environment("torch", "accelerate", threads=threads)})
