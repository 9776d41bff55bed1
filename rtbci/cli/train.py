"""``rtbci train``: the parts of a bundle, one command each; all stop by the clock and can go on."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rtbci.cli.experiments import add_experiments
from rtbci.cli.extras import need
from rtbci.cli.train_decoder import decoder

if TYPE_CHECKING:
    from rich.progress import TaskID

train = typer.Typer(
    help="Train the parts of a bundle (needs the extra `train`). Example: `rtbci train codec --minutes 60`",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    add_experiments(train)
    app.add_typer(train, name="train")


train.command()(decoder)


@train.callback()
def _group(context: typer.Context) -> None:
    """Train the parts of a bundle (needs the extra `train`)."""
    # Data can be checked where they lie, on a machine that will never train.
    if context.invoked_subcommand != "check-data":
        need("train", "train", "torch", "safetensors")
    logging.getLogger("training").setLevel(logging.INFO)


@train.command("check-data")
def check_data(
    folder: Annotated[Path, typer.Argument(help="SEED-DV, or a folder of your own recordings.")],
    subjects: Annotated[
        str | None, typer.Option(help="Those that must be there, such as 1-15,18 or w01,w02; default: all.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the EEG, over what the files say.")] = None,
    values: Annotated[
        bool, typer.Option("--values", help="Read every value of SEED-DV's EEG too: minutes.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write what was found as JSON to this file.")] = None,
) -> None:
    """Say what a folder of data holds and what is wrong with it; fails if anything is.

    Example: `rtbci train check-data /data/SEED-DV`
    """
    from dataclasses import asdict

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from rtbci.errors import RecordingError
    from rtbci.files import check_place, save_report
    from training.check_data import inspect

    check_place(report)
    inspection = inspect(folder, subjects, unit, values)
    table = Table("", "what", "found", "unit", title=f"{inspection.kind} in {escape(str(folder))}")
    for row in inspection.found:
        verdict = "[green]good[/]" if row.whole else "optional"
        table.add_row(verdict, escape(row.what), escape(row.holds), row.unit)
    for sentence in inspection.problems:
        table.add_row("[red]wrong[/]", "", escape(sentence), "")
    Console().print(table)
    for sentence in inspection.notes:
        typer.echo(sentence)
    save_report(report, {"folder": str(folder), **asdict(inspection)})
    if inspection.problems:
        count = len(inspection.problems)
        typer.echo(f"{count} {'thing is' if count == 1 else 'things are'} wrong.", err=True)
        raise typer.Exit(RecordingError.exit_code)


@train.command()
def codec(
    folder: Annotated[Path, typer.Option(help="Where to write, and to go on from.")] = Path("runs/codec"),
    minutes: Annotated[float, typer.Option(min=0.1, help="Time to spend in all.")] = 60.0,
    rehearse: Annotated[
        Path | None, typer.Option(help="Folder of the memory of scenes, once it is made: draw those best.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch.")] = 2,
) -> None:
    """Train the picture autoencoder on the drawn corpus.

    Example: `rtbci train codec --minutes 60`
    """
    from training.codec_train import TrainSettings, train_codec

    train_codec(TrainSettings(folder=folder, minutes=minutes, rehearse=rehearse, threads=threads))


@train.command()
def memory(
    codec_folder: Annotated[Path, typer.Option("--codec", help="Folder of the trained autoencoder.")] = Path(
        "runs/codec"
    ),
    per_concept: Annotated[int, typer.Option(min=1, help="Clips of each concept.")] = 16,
) -> None:
    """Choose the scenes that the default generator remembers; they lie beside the autoencoder then.

    Example: `rtbci train memory --per-concept 16`
    """
    from training.memory import make_memory

    make_memory(codec_folder, per_concept)


@train.command("refine-memory")
def refine_memory(
    codec_folder: Annotated[Path, typer.Option("--codec", help="Folder of the trained autoencoder.")] = Path(
        "runs/codec"
    ),
    steps: Annotated[int, typer.Option(min=1, help="Steps of gradient descent on each latent.")] = 10,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch.")] = 2,
) -> None:
    """Find better latents for the remembered scenes than the encoder's; half an hour of one core.

    Neither network changes. Stopped, it goes on where it was.

    Example: `rtbci train refine-memory --codec runs/codec`
    """
    import torch

    from training.latent_refinement import refine_memory as refine

    torch.set_num_threads(threads)
    refine(codec_folder, steps)


@train.command()
def generator(
    folder: Annotated[Path, typer.Option(help="Where to write, and to go on from.")] = Path("runs/draws"),
    codec_folder: Annotated[Path, typer.Option("--codec", help="Folder of the trained autoencoder.")] = Path(
        "runs/codec"
    ),
    minutes: Annotated[float, typer.Option(min=0.1, help="Time to spend in all.")] = 240.0,
    device: Annotated[str, typer.Option(help="cuda, or cpu.")] = "cpu",
    clips: Annotated[int, typer.Option(min=40, help="Clips to draw and learn from.")] = 20000,
    batch: Annotated[int, typer.Option(min=8, help="Pictures in a batch; a GPU takes 256.")] = 32,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch.")] = 2,
) -> None:
    """Train a generator that draws instead of remembering; hours of a GPU, or days of a CPU.

    Example: `rtbci train generator --minutes 240 --device cuda --batch 256`
    """
    need("train generator", "train", "diffusers")
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from rtbci.errors import StoppedError
    from training.draws.settings import TrainSettings
    from training.draws.train import train_generator

    settings = TrainSettings(
        folder=folder,
        codec=codec_folder,
        minutes=minutes,
        device=device,
        clips=clips,
        batch=batch,
        threads=threads,
    )
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns) as progress:
        task = progress.add_task("", total=1.0)
        try:
            curve = train_generator(
                settings, lambda what, share: progress.update(task, completed=share, description=what)
            )
        except KeyboardInterrupt:
            raise StoppedError("Stopped; run it again to go on from the last checkpoint.") from None
    last = curve[-1]
    typer.echo(
        f"{last.step} steps; loss on held-out pictures {last.own:.3f} with their own evidence, "
        f"{last.other:.3f} with another scene's, {last.none:.3f} with none. The curve is in {folder}."
    )


@train.command()
def targets(
    data: Annotated[Path, typer.Option(help="SEED-DV (its EEG is not needed), or your own recordings.")],
    text: Annotated[
        str | None, typer.Option(help="CLIP text encoder: folder, or owner/name of the hub.")
    ] = None,
    vae: Annotated[
        str | None, typer.Option(help="diffusers VAE: folder, or owner/name of the hub; or an .onnx encoder.")
    ] = None,
    blip: Annotated[
        str | None, typer.Option(help="BLIP captioner, for captions of your own: folder, or owner/name.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write, and to go on from.")] = Path("runs/targets"),
    subjects: Annotated[str | None, typer.Option(help="Of own recordings: w01,w02; default: all.")] = None,
    frames: Annotated[int, typer.Option(min=1, help="Latents of a clip, from its first frame on.")] = 6,
    height: Annotated[int | None, typer.Option(min=1, help="Default: 288 of films, 256 of drawn.")] = None,
    width: Annotated[int | None, typer.Option(min=1, help="Default: 512 of films, 256 of drawn.")] = None,
    fit: Annotated[
        Literal["crop", "stretch"], typer.Option(help="What to do with pictures of another shape.")
    ] = "crop",
    onnx_scale: Annotated[float, typer.Option(help="Factor of an .onnx encoder's latents.")] = 0.18215,
    batch: Annotated[int, typer.Option(min=1, help="Pictures that a model is given at once.")] = 8,
    device: Annotated[str | None, typer.Option(help="cuda, cpu; default: a GPU if there is one.")] = None,
) -> None:
    """Make text embeddings and video latents of what was watched, once, for trainings to learn from.

    Example: `rtbci train targets --data /data/SEED-DV --text models/clip --vae models/sd15`
    """
    need("train targets", "train", "transformers", "diffusers", "filelock")
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from training.targets.make import TargetSettings, make_targets
    from training.targets.models import quieten_transformers
    from training.targets.shown import open_shown

    quieten_transformers()
    settings = TargetSettings(
        text, vae, blip, frames, height, width, fit, onnx_scale=onnx_scale, batch=batch, device=device
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        tasks: dict[str, TaskID] = {}

        def on_progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done)

        made = make_targets(open_shown(data, subjects), out, settings, on_progress)
    for sentence in made.notes:
        typer.echo(sentence)
    for kind, folder in made.folders.items():
        typer.echo(f"{kind}: {folder}")
