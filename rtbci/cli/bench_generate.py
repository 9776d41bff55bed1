"""``rtbci bench generate``: what each grade of picture costs here, and how good it is."""

from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from rtbci.cli.bench_draws import (
    alone,
    check_codec,
    check_steps,
    chosen_precisions,
    judged_text,
    with_quality,
)
from rtbci.cli.extras import need
from rtbci.cli.generators import DEFAULT_ENGINE, check_engine
from rtbci.cli.precision import Precision

if TYPE_CHECKING:
    from rtbci.bench.rows import Row

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
    draws: Annotated[
        Path | None,
        typer.Option(
            help="Also time the generator that draws, and judge its pictures: a folder that `rtbci export "
            "generator` wrote, or a bundle whose generator draws."
        ),
    ] = None,
    steps: Annotated[
        list[int] | None,
        typer.Option(help="In how many steps it draws: 1, 2, 4 or 8; several times; default: 1, 2 and 4."),
    ] = None,
    precision: Annotated[
        list[Precision] | None,
        typer.Option(help="Measure only what is stored so; several times; default: all that is there."),
    ] = None,
    judge: Annotated[
        bool,
        typer.Option(
            help="With --draws, have a network look at what is drawn of held-out scenes (needs the extra "
            "`train`; trained once, which takes minutes)."
        ),
    ] = True,
    judges: Annotated[Path, typer.Option(help="Where the networks that judge are kept.")] = Path(
        "runs/classifiers"
    ),
    codec: Annotated[
        Path, typer.Option(help="Folder of the bundle's autoencoder, which encodes those scenes.")
    ] = Path("runs/codec"),
    plot: Annotated[
        Path | None, typer.Option(help="Draw quality against time into this PNG (needs the extra `bench`).")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the rows as JSON to this file.")] = None,
) -> None:
    """Time preview, keyframe and clip of a bundle's generator, drawn from evidence in hand.

    A provider that would not run is an error, never a silent fall-back. Each measurement has a process of its
    own, so that its memory is its own.

    Example: `rtbci bench generate --draws runs/draws --steps 1 --steps 4 --plot quality.png`
    """
    from rtbci.errors import UsageError

    if plot is not None:
        need("bench generate --plot", "bench", "matplotlib")
    if beside_diffusers:
        need("bench generate --beside-diffusers", "export", "torch", "diffusers")
    if draws is not None and judge:
        need("bench generate --draws", "train,export", "torch", "safetensors", "onnx")
        check_codec(codec)
    if beside_size % 64:
        raise UsageError(f"--beside-size {beside_size} is no multiple of 64; take 256 or 512.")
    from rtbci.bench.draws import BACKEND as DRAWS
    from rtbci.bench.draws import measure_draws
    from rtbci.bench.environment import environment
    from rtbci.bench.full_size import BACKEND as FULL_SIZE
    from rtbci.bench.full_size import measure_full_size
    from rtbci.bench.generation import BACKEND, measure_generator
    from rtbci.bundle import load_bundle
    from rtbci.engines import opener
    from rtbci.files import check_place, save_report

    check_place(report)
    check_place(plot, "plot")
    check_engine(full_size, engine)
    # Names that are none are refused before anything is measured.
    openers = {name: opener(name, threads=threads) for name in engine or [DEFAULT_ENGINE]}
    counts = check_steps(draws, steps)
    manifest = load_bundle(bundle).manifest
    there = _precisions(manifest.engines["decoder"].precision, draws, full_size)
    options = {DRAWS: "--draws", FULL_SIZE: "--full-size"}
    named = {name: option for name, option in options.items() if name in there}
    stored = chosen_precisions(there, [one.value for one in precision or ()], named)
    about = environment(*_PACKAGES, threads=threads)
    providers = [one.value for one in provider or [Provider.CPU]]
    variants = list(product(stored.get(DRAWS, ()), counts))
    judged = []
    if draws is not None and judge:
        from export.judged import judge_generators

        typer.echo("Judging what is drawn of held-out scenes …")
        judged = alone(judge_generators, bundle, draws, variants, codec, judges, threads=threads)
    rows: list[Row] = []
    for where in providers if stored[BACKEND] else ():
        typer.echo(f"The generator of {manifest.id} on {where} …")
        rows += alone(measure_generator, bundle, where, threads=threads, repeats=repeats)
    for where, (held, count) in product(providers, variants):
        typer.echo(f"The generator that draws in {draws}, {held}, steps: {count}, on {where} …")
        what = (draws, bundle, held, count, where)
        rows += alone(measure_draws, *what, threads=threads, repeats=repeats)
    if full_size is not None:
        for name, open_engine in openers.items():
            typer.echo(f"The full-size generator in {full_size} on {name} …")
            rows += alone(measure_full_size, full_size, open_engine, threads=threads, repeats=repeats)
    if beside_diffusers:
        from export.full_size_timing import PRECISIONS, time_one_step

        for number in PRECISIONS:
            typer.echo(f"One step of a full-size U-Net, {beside_size} px, {number} …")
            rows += alone(time_one_step, number, beside_size, threads=threads)
    rows = with_quality(rows, judged)
    content: dict[str, Any] = {
        "bundle": {"id": manifest.id, "name": manifest.id},
        "rows": [asdict(row) for row in rows],
        "beside_diffusers": _ratio(rows),
        "quality": judged_text(judged),
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


def _precisions(own: str, draws: Path | None, full_size: Path | None) -> dict[str, tuple[str, ...]]:
    """In which precisions each generator is there, by its name in the rows."""
    from rtbci.bench.draws import BACKEND as DRAWS
    from rtbci.bench.full_size import BACKEND as FULL_SIZE
    from rtbci.bench.generation import BACKEND
    from rtbci.generate.draws_folder import drawing_precisions
    from rtbci.generate.full_size.engines import load_full_size

    there: dict[str, tuple[str, ...]] = {BACKEND: (own,)}
    if draws is not None:
        there[DRAWS] = drawing_precisions(draws)
    if full_size is not None:
        there[FULL_SIZE] = (load_full_size(full_size).engines["keyframe"].precision,)
    return there


def _ratio(rows: "list[Row]") -> dict[str, Any] | None:
    """How many times longer the full-size keyframe takes; each at its least, which load changes least."""
    from rtbci.bench.draws import BACKEND as DRAWS
    from rtbci.bench.full_size import BACKEND as FULL_SIZE
    from rtbci.bench.generation import BACKEND

    own = _quickest(rows, lambda row: row.backend == BACKEND)
    beside = _quickest(rows, lambda row: row.backend not in (BACKEND, DRAWS, FULL_SIZE))
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
