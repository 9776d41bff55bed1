"""``rtbci evaluate calibration``: does a calibration keep what it promises, and within its time?"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rtbci.cli.processes import stop_on_signals

if TYPE_CHECKING:
    from rtbci.calibrate import Collected
    from rtbci.wearers import Profile

_CORES = 2
_PACKAGES = ("rtbci", "numpy", "scipy", "onnxruntime", "torch")


def evaluate_calibration(
    wearers: Annotated[int, typer.Option(min=1, help="How many simulated wearers.")] = 20,
    minutes: Annotated[float, typer.Option(min=0.5, help="Minutes of clips to calibrate on.")] = 7.0,
    clips: Annotated[int, typer.Option(min=20, help="Clips afterwards, in another sitting.")] = 120,
    snr: Annotated[float, typer.Option(min=0, help="Signal-to-noise; 0.55 is the claimed level.")] = 0.55,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first wearer.")] = 5001,
    update: Annotated[
        float | None,
        typer.Option(min=0.5, help="Minutes of a second calibration: building on the first, and anew."),
    ] = None,
    closed_form: Annotated[
        bool, typer.Option("--closed-form", help="Only what the base install has.")
    ] = False,
    wall: Annotated[
        bool, typer.Option("--wall", help="Time fitting by the clock on the wall; needs an idle machine.")
    ] = False,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of a bundle; default: the one that ships.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write the figures as JSON to this file, after each wearer.")
    ] = None,
) -> None:
    """Calibrate simulated wearers through the live code, and compare what was predicted with what comes.

    Fitting is held to its 30 s on two cores by processor time, so that the figures do not depend on what
    else the machine does; with --wall, to 30 s by the clock.

    Example: `rtbci evaluate calibration --wearers 20 --minutes 7 --report c.json`
    """
    stop = stop_on_signals()
    from rich.console import Console
    from rich.table import Table
    from threadpoolctl import threadpool_limits

    from rtbci.bench.environment import environment
    from rtbci.bundle import load_bundle
    from rtbci.calibrate import calibrate
    from rtbci.calibrate.fit import BUDGET_S
    from rtbci.cli.calibrated_wearers import Trial, summary
    from rtbci.cli.gradients import with_gradients
    from rtbci.errors import StoppedError
    from rtbci.files import check_place, save_report

    check_place(report)
    loaded = load_bundle(bundle)
    budget_s = BUDGET_S if wall else _CORES * BUDGET_S
    more, not_tried = ((), ()) if closed_form else with_gradients(loaded)

    def fit(collected: "Collected", name: str, older: "Profile | None") -> "Profile":
        return calibrate(
            loaded,
            collected,
            name,
            more=more,
            not_tried=not_tried,
            older=older,
            budget_s=budget_s,
            clock=time.perf_counter if wall else time.process_time,
        )

    rows: list[dict[str, Any]] = []
    content: dict[str, Any] = {
        "bundle": {"id": loaded.manifest.id},
        "snr": snr,
        "minutes": minutes,
        "clips": clips,
        "first_seed": first_seed,
        "wanted": wearers,
        "update": update,
        "closed_form": closed_form,
        "clock": "wall" if wall else "processor",
        "budget_s": budget_s,
        "environment": environment(*_PACKAGES),
    }
    trial = Trial(loaded, snr, minutes, clips, fit, update)
    with Console(stderr=True).status("calibrating …") as status, threadpool_limits(1, "blas"):
        for row in trial.rows(range(first_seed, first_seed + wearers)):
            rows.append(row)
            save_report(report, content | {"summary": summary(rows), "wearers": rows})
            status.update(f"{len(rows)} of {wearers} wearers …")
            if stop.is_set():
                break
    if not rows:
        raise StoppedError("Stopped before the first wearer was done; there is nothing to report.")
    table = Table("wearer", "chosen", "predicted", "95 % interval", "came", "inside", "without", "fit s")
    for row in rows:
        low, high = row["predicted"]["ci95"]
        table.add_row(
            str(row["seed"]),
            row["chosen"],
            f"{100 * row['predicted']['top1']:.0f} %",
            f"{100 * low:.0f}-{100 * high:.0f} %",
            f"{100 * row['live']:.0f} %",
            "yes" if row["inside"] else "no",
            f"{100 * row['live_none']:.0f} %",
            f"{row['fit_seconds']:.0f}",
        )
    Console().print(table)
    pooled = summary(rows)
    typer.echo(
        f"{pooled['inside']} of {pooled['wearers']} predictions held; {100 * pooled['live']:.1f} % right, "
        f"without calibration {100 * pooled['live_none']:.1f} %; seconds are of "
        + ("the clock." if wall else "processor time.")
    )
