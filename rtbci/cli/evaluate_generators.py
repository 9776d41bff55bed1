"""``rtbci evaluate generators``: the scoreboard of generators, as a table, JSON and Markdown."""

from pathlib import Path
from typing import Annotated, Any

import typer

from rtbci.cli.extras import need

_TITLE = "Generators, on scenes held out"
_NOTES = (
    "Means over 40 concepts, in brackets their 95 % interval over concepts. The first column is the watched "
    "scene through the autoencoder: the ceiling of every figure that judges have a part in.",
    "Obeyed: what a network sees that has learnt from other drawn scenes only. Wrong evidence is strong and "
    "of another concept, while its latent is the watched scene's.",
    "Novelty 0 is a stored scene, 1 is as far from all of them as a scene that nobody has stored. Fog is "
    "near everything: read it beside sharpness.",
)


def evaluate_generators(
    report: Annotated[
        Path | None, typer.Option(help="Write the figures as JSON to this file, as Markdown beside it.")
    ] = None,
    codec: Annotated[Path, typer.Option(help="Folder of the trained autoencoder and the memory.")] = Path(
        "runs/codec"
    ),
    draws: Annotated[
        Path | None,
        typer.Option(help="Folder of an exported generator that draws; default: the memory alone."),
    ] = None,
    per_concept: Annotated[int, typer.Option(min=1, help="Held-out scenes of each concept.")] = 2,
    judges: Annotated[Path, typer.Option(help="Where the networks that judge are kept.")] = Path(
        "runs/classifiers"
    ),
    judge: Annotated[
        bool, typer.Option(help="Have networks look at the pictures; training them once takes minutes.")
    ] = True,
) -> None:
    """Compare generators on the same evidence: what they obey, sharpness, novelty, motion, time.

    Example: `rtbci evaluate generators --draws runs/draws --report generators.json`
    """
    need("evaluate generators", "train,export", "torch", "safetensors", "diffusers", "onnx")
    from rtbci.files import check_place, save_report, write_report

    check_place(report)
    import msgspec
    from rich.console import Console
    from rich.table import Table

    from export.scoreboard import scoreboard
    from rtbci.cli.tables import table_console
    from training.evaluation.scoreboard import scoreboard_lines, scoreboard_markdown
    from training.evaluation.summaries import summarise_rows

    with Console(stderr=True).status("measuring …") as status:
        rows = scoreboard(
            codec, draws, per_concept, judges if judge else None, lambda what: status.update(f"{what} …")
        )
    summaries = summarise_rows(rows, "memory")
    heads, lines = scoreboard_lines(summaries)
    table = Table(*heads, title=_TITLE)
    for line in lines:
        table.add_row(*line)
    table_console().print(table)
    content: dict[str, Any] = {
        "title": _TITLE,
        "notes": list(_NOTES),
        "summaries": msgspec.to_builtins(summaries),
        "rows": msgspec.to_builtins(rows),
    }
    save_report(report, content)
    if report is not None:
        beside = report.with_suffix(".md")
        write_report(beside, scoreboard_markdown(_TITLE, _NOTES, summaries).encode())
        typer.echo(f"Wrote {report} and {beside}.")
