"""``rtbci bench``: how fast it is here, beside the floor measured in the same minute."""

import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from rtbci.cli.bench_generate import generate
from rtbci.cli.bench_train import train
from rtbci.cli.live import REPORT_HELP
from rtbci.cli.processes import Child, end_all, stop_on_signals
from rtbci.errors import StoppedError

bench = typer.Typer(
    help="Measure latency and the cost of pictures on this machine. "
    "Example: `rtbci bench latency --seconds 30`",
    no_args_is_help=True,
)
bench.command()(generate)
bench.command()(train)


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    app.add_typer(bench, name="bench")


@bench.command()
def latency(
    seconds: Annotated[float, typer.Option(min=5, help="Length of each of the two measurements.")] = 20.0,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of a bundle; default: the one that ships.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help=REPORT_HELP)] = None,
) -> None:
    """Measure every stage from sample to clip, and the floor: pylsl, scipy and a rolling buffer by hand.

    Example: `rtbci bench latency --seconds 30 --report latency.json`
    """
    stop = stop_on_signals()
    from rtbci.stream import configure_lsl

    token = uuid.uuid4().hex
    configure_lsl(scope="machine", session_id=f"bench-{token}")
    import numpy as np

    from rtbci.bench.environment import environment
    from rtbci.bench.floor import floor_latencies
    from rtbci.bundle import load_bundle
    from rtbci.files import check_place, save_report
    from rtbci.live import LiveSession, SessionOptions
    from rtbci.stream import StreamQuery, resolve_one

    check_place(report)
    source = f"rtbci-bench-{token}"
    wearer = Child("simulate", "--name", "bench", "--source-id", source, "--quiet")
    try:
        query = StreamQuery(source_id=source)
        info = resolve_one(query, 20.0, stop)
        typer.echo(f"The floor: {seconds:g} s …")
        floor = floor_latencies(info, seconds, stop)
        if stop.is_set() and not floor:
            raise StoppedError("Stopped before anything was measured; there is nothing to report.")
        result: dict[str, Any] = {"latency_ms": {}, "resources": None}
        if not stop.is_set():
            typer.echo(f"The runtime: {seconds:g} s …")
            options = SessionOptions(query=query, endpoint="tcp://127.0.0.1:0")
            session = LiveSession(load_bundle(bundle), options)
            session.start()
            stop.wait(seconds)
            result = session.stop()
    finally:
        end_all([wearer])
    p50, p95 = (round(float(np.percentile(floor, q)), 3) for q in (50, 95))
    window = result["latency_ms"].get("sample_to_window", {"p50": None})
    content: dict[str, Any] = {
        "floor_ms": {"p50": p50, "p95": p95, "n": len(floor)},
        "latency_ms": result["latency_ms"],
        "sample_to_window_over_floor": round(window["p50"] / p50, 3) if window["p50"] else None,
        "resources": result["resources"],
        "environment": environment("rtbci", "pylsl", "onnxruntime", "numpy", "scipy"),
    }
    _print(content)
    save_report(report, content)


def _print(content: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("stage", "p50 (ms)", "p95 (ms)", "n")
    floor = content["floor_ms"]
    table.add_row(
        "sample to window, by hand (the floor)", str(floor["p50"]), str(floor["p95"]), str(floor["n"])
    )
    for stage, row in content["latency_ms"].items():
        table.add_row(stage.replace("_", " "), str(row["p50"]), str(row["p95"]), str(row["n"]))
    console = Console()
    console.print(table)
    if content["sample_to_window_over_floor"] is None:
        console.print("Stopped before the runtime was measured.")
        return
    console.print(
        f"Sample to window takes {content['sample_to_window_over_floor']} times the floor; the runtime and "
        f"its generator use {content['resources']['cpu_percent']} % of one core and "
        f"{content['resources']['rss_mb']} MB."
    )
