"""``rtbci bench generate``: what each grade of picture costs here, and how good it is."""

from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from rtbci.cli.extras import need
from rtbci.cli.generators import DEFAULT_ENGINE, check_engine

if TYPE_CHECKING:
    from rtbci.bench.rows import Row

T = TypeVar("T")

_PACKAGES = ("rtbci", "onnxruntime", "onnxruntime-gpu", "numpy", "scipy", "torch", "diffusers")


class Provider(StrEnum):
    """What onnxruntime may be asked to run on."""

    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"


def generate(
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of a bundle; default: the one that ships.")
    ] = None,
    provider: Annotated[
        list[Provider] | None, typer.Option(help="What onnxruntime runs on; may be given several times.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of one call.")] = 2,
    repeats: Annotated[int, typer.Option(min=8, help="Pictures of each grade that are timed.")] = 60,
    beside_diffusers: Annotated[
        bool,
        typer.Option(
            "--beside-diffusers",
            help="Also time one step of a U-Net of Stable Diffusion 1.5's size and a tiny VAE, random weights"
            " (needs the extra `export`, 4 GB of memory and a minute).",
        ),
    ] = False,
    beside_size: Annotated[
        int, typer.Option(min=64, max=1024, help="Its picture's height and width, a multiple of 64.")
    ] = 256,
    full_size: Annotated[
        Path | None,
        typer.Option(help="Also time the full-size generator in this folder (`rtbci export full-size`)."),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(help="What runs it, such as tensorrt; may be given several times."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw quality against time into this PNG (needs the extra `bench`).")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the rows as JSON to this file.")] = None,
) -> None:
    """Time preview, keyframe and clip of a bundle's generator, drawn from evidence in hand.

    A provider that would not run is an error, never a silent fall-back. Each measurement has a process of its
    own, so that its memory is its own.

    Example: `rtbci bench generate --beside-diffusers --plot quality.png --report generate.json`
    """
    from rtbci.errors import UsageError

    if plot is not None:
        need("bench generate --plot", "bench", "matplotlib")
    if beside_diffusers:
        need("bench generate --beside-diffusers", "export", "torch", "diffusers")
    if beside_size % 64:
        raise UsageError(f"--beside-size {beside_size} is no multiple of 64; take 256 or 512.")
    from rtbci.bench.environment import environment
    from rtbci.bench.generation import measure_generator
    from rtbci.bundle import load_bundle
    from rtbci.engines import opener
    from rtbci.files import check_place, save_report

    check_place(report)
    check_place(plot, "plot")
    check_engine(full_size, engine)
    # Names that are none are refused before anything is measured.
    openers = {name: opener(name, threads=threads) for name in engine or [DEFAULT_ENGINE]}
    manifest = load_bundle(bundle).manifest
    about = environment(*_PACKAGES, threads=threads)
    rows: list[Row] = []
    for chosen in provider or [Provider.CPU]:
        typer.echo(f"The generator of {manifest.id} on {chosen.value} …")
        rows += _alone(measure_generator, bundle, chosen.value, threads=threads, repeats=repeats)
    if full_size is not None:
        from rtbci.bench.full_size import measure_full_size

        for name, open_engine in openers.items():
            typer.echo(f"The full-size generator in {full_size} on {name} …")
            rows += _alone(measure_full_size, full_size, open_engine, threads=threads, repeats=repeats)
    if beside_diffusers:
        from export.full_size_timing import PRECISIONS, time_one_step

        for precision in PRECISIONS:
            typer.echo(f"One step of a full-size U-Net, {beside_size} px, {precision} …")
            rows += _alone(time_one_step, precision, beside_size, threads=threads)
    content: dict[str, Any] = {
        "bundle": {"id": manifest.id, "name": manifest.id},
        "rows": [asdict(row) for row in rows],
        "beside_diffusers": _ratio(rows),
        "quality": "share of held-out scenes that a classifier names right in pictures of strong, right "
        "evidence, as the bundle's metrics say",
        "chance": 1 / len(manifest.concepts),
        "environment": about,
    }
    _print(rows, content)
    save_report(report, content)
    if plot is not None:
        from rtbci.bench.plot import plot_quality

        title = f"Pictures of {manifest.id}, threads: {threads}, {about['cpu']}"
        plot_quality(rows, plot, chance=content["chance"], title=title)
        typer.echo(f"Wrote {plot}.")


def _alone(measure: Callable[..., T], *arguments: object, **options: object) -> T:
    """Measure in a fresh process and take its answer or its error."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    from rtbci.errors import RtbciError

    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(measure, *arguments, **options).result()
    except BrokenProcessPool as error:
        raise RtbciError(
            "The process that measured was ended from outside, most likely for want of memory; "
            "free some, or leave out --beside-diffusers."
        ) from error


def _ratio(rows: "list[Row]") -> dict[str, Any] | None:
    """How many times longer the full-size keyframe takes; each at its least, which load changes least."""
    from rtbci.bench.full_size import BACKEND as FULL_SIZE
    from rtbci.bench.generation import BACKEND

    own = _quickest(rows, lambda row: row.backend == BACKEND)
    beside = _quickest(rows, lambda row: row.backend not in (BACKEND, FULL_SIZE))
    if own is None or beside is None:
        return None
    return {
        "keyframe_ms": own.min_ms,
        "keyframe_size": own.size,
        "diffusers_ms": beside.min_ms,
        "diffusers_size": beside.size,
        "diffusers_precision": beside.precision,
        "times_as_fast": round(beside.min_ms / own.min_ms, 1),
        "times_less_cpu": round(beside.cpu_ms / own.cpu_ms, 1),
    }


def _quickest(rows: "list[Row]", wanted: "Callable[[Row], bool]") -> "Row | None":
    found = [row for row in rows if row.grade == "keyframe" and wanted(row)]
    return min(found, key=lambda row: row.min_ms, default=None)


def _print(rows: "list[Row]", content: dict[str, Any]) -> None:
    from rich.table import Table

    from rtbci.cli.tables import table_console

    right: Literal["right"] = "right"
    table = Table()
    for name in ("grade", "by", "on", "weights"):
        table.add_column(name, no_wrap=name != "by")
    for name in ("px", "p50 ms", "p95", "cpu ms", "MB", "right"):
        table.add_column(name, justify=right, no_wrap=True)
    for row in rows:
        quality = "-" if row.quality is None else f"{100 * row.quality:.1f} %"
        steps = f", {row.steps} step" + ("s" if row.steps > 1 else "") if row.steps else ""
        provider = row.provider.removesuffix("ExecutionProvider")
        what = (row.grade, row.backend + steps, provider, row.precision)
        times = (f"{taken:.1f}" for taken in (row.p50_ms, row.p95_ms, row.cpu_ms))
        table.add_row(*what, str(row.size), *times, f"{row.rss_mb:.0f}", quality)
    console = table_console()
    console.print(table)
    console.print(f"right: {content['quality']}.")
    ratio = content["beside_diffusers"]
    if ratio is not None:
        console.print(
            f"A keyframe of {ratio['keyframe_size']} px comes {ratio['times_as_fast']} times as fast as one "
            f"of {ratio['diffusers_size']} px from the full-size U-Net ({ratio['diffusers_precision']}, one "
            f"step, random weights; each at its least), and takes {ratio['times_less_cpu']} times less "
            "of the processor."
        )
