"""``rtbci train EXPERIMENT`` and ``rtbci evaluate experiment``: the evaluation's tables, one command each."""

import math
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtbci.cli.extras import need

if TYPE_CHECKING:
    from training.source import Source

Data = Annotated[
    str, typer.Option("--data", help="`simulated`, or a folder: SEED-DV, or recordings of your own.")
]
Levels = Annotated[
    list[str] | None,
    typer.Option("--level", help="How clear simulated wearers are; may be given several times."),
]
Seeds = Annotated[int | None, typer.Option(min=1, help="How many seeds; default: the experiment's.")]
Folder = Annotated[Path, typer.Option(help="Where windows and runs are kept, and where to go on from.")]
Codec = Annotated[Path, typer.Option(help="Folder of the trained picture autoencoder, for latents.")]
TargetsFolder = Annotated[
    Path | None, typer.Option("--targets", help="What `rtbci train targets` made of the same data.")
]

_LEVELS = ("claimed", "realistic")


def names() -> list[str]:
    """Experiments that come with the package; `--help` lists them without what their settings need."""
    files = resources.files("training.experiments").joinpath("configs").iterdir()
    return sorted(
        Path(file.name).stem for file in files if file.name.endswith(".toml") and file.name != "base.toml"
    )


def add_experiments(train: typer.Typer) -> None:
    """Give every experiment a command of its own, and one for a TOML file."""
    for name in names():
        train.command(
            name,
            help=f"Train all variants of the experiment. Example: `rtbci train {name} --data simulated`",
            rich_help_panel="Experiments",
        )(_command(name))

    @train.command("experiment", rich_help_panel="Experiments")
    def experiment(
        settings: Annotated[Path, typer.Argument(help="TOML; see training/experiments/configs.")],
        data: Data = "simulated",
        level: Levels = None,
        seeds: Seeds = None,
        minutes: Annotated[float, typer.Option(min=0.1, help="Time to spend.")] = math.inf,
        workers: Annotated[int, typer.Option(min=1, help="Trainings at once.")] = 2,
        folder: Folder = Path("runs/experiments"),
        codec: Codec = Path("runs/codec"),
        targets: TargetsFolder = None,
    ) -> None:
        """Train all variants of an experiment of your own.

        Example: `rtbci train experiment mine.toml --data /data/SEED-DV`
        """
        _train(str(settings), data, level, seeds, minutes, workers, folder, codec, targets)


def _command(name: str) -> Callable[..., None]:
    def command(
        data: Data = "simulated",
        level: Levels = None,
        seeds: Seeds = None,
        minutes: Annotated[float, typer.Option(min=0.1, help="Time to spend.")] = math.inf,
        workers: Annotated[int, typer.Option(min=1, help="Trainings at once.")] = 2,
        folder: Folder = Path("runs/experiments"),
        codec: Codec = Path("runs/codec"),
        targets: TargetsFolder = None,
    ) -> None:
        _train(name, data, level, seeds, minutes, workers, folder, codec, targets)

    return command


def _train(
    name: str,
    data: str,
    level: list[str] | None,
    seeds: int | None,
    minutes: float,
    workers: int,
    folder: Path,
    codec: Path,
    targets: Path | None,
) -> None:
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    need("train", "train", "torch", "safetensors", "accelerate", "tensorboard", "filelock")
    from rtbci.errors import StoppedError
    from training.experiments.queue import Place, part, run_all, setting_of
    from training.experiments.settings import load_experiment

    experiment = load_experiment(name)
    deadline = time.monotonic() + 60.0 * minutes
    for source in sources(data, level):
        columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns) as progress:
            bar = progress.add_task(f"{experiment.name}, {setting_of(source)}", total=None)
            try:
                for variant, seed, seconds, count, total in run_all(
                    experiment,
                    source,
                    Place(folder, codec, targets),
                    seeds=range(seeds or experiment.seeds),
                    workers=workers,
                    deadline=deadline,
                ):
                    progress.update(bar, completed=count, total=total)
                    progress.console.print(f"{variant}, seed {seed}: {seconds:.0f} s", highlight=False)
            except KeyboardInterrupt:
                raise StoppedError("Stopped; run it again to go on where it was.") from None
    part()
    typer.echo(f"Done; `rtbci evaluate experiment {name}` makes the tables.")


def evaluate_experiment(
    name: Annotated[str, typer.Argument(help="An experiment, or a TOML file.")],
    data: Data = "simulated",
    level: Levels = None,
    seeds: Seeds = None,
    folder: Folder = Path("runs/experiments"),
    codec: Codec = Path("runs/codec"),
    targets: TargetsFolder = None,
    out: Annotated[Path, typer.Option(help="Folder of the report: JSON, Markdown, HTML.")] = Path("results"),
) -> None:
    """Draw an experiment's runs together: tables, intervals, chance and controls, as JSON, Markdown and HTML.

    Example: `rtbci evaluate experiment cross-subject --out docs/results`
    """
    need("evaluate", "train", "torch", "safetensors", "accelerate", "filelock")
    from training.experiments.queue import Place
    from training.experiments.results import write_results
    from training.experiments.settings import load_experiment

    experiment = load_experiment(name)
    place = Place(folder, codec, targets)
    written = write_results(
        experiment, sources(data, level), place, range(seeds or experiment.seeds), out / experiment.name
    )
    typer.echo(f"Written to {written}.")


def sources(data: str, level: list[str] | None) -> "list[Source]":
    """Open what `--data` names, at each level of simulated wearers; both levels if none is named."""
    from training.experiments.sources import open_sources

    return open_sources(data, level or list(_LEVELS))


def evaluate_importance(
    name: Annotated[str, typer.Argument(help="An experiment, or a TOML file.")],
    variant: Annotated[str | None, typer.Option(help="Which; default: the experiment's baseline.")] = None,
    data: Data = "simulated",
    level: Annotated[str, typer.Option(help="How clear simulated wearers are.")] = "claimed",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 0,
    folder: Folder = Path("runs/experiments"),
    codec: Codec = Path("runs/codec"),
    targets: TargetsFolder = None,
    out: Annotated[Path, typer.Option(help="Folder of the map: PNG, JSON, HTML.")] = Path(
        "results/importance"
    ),
) -> None:
    """Draw which electrodes and regions a trained decoder rests on, on a head map.

    Example: `rtbci evaluate importance cross-subject --out docs/results/importance`
    """
    from rich.console import Console

    need("evaluate", "train", "torch", "safetensors", "accelerate")
    from training.experiments.importance import importance_of
    from training.experiments.queue import Place
    from training.experiments.settings import load_experiment

    experiment = load_experiment(name)
    (source,) = sources(data, [level])
    with Console(stderr=True).status("shuffling electrodes …"):
        said = importance_of(
            experiment,
            variant or experiment.baseline,
            source,
            Place(folder, codec, targets),
            out,
            seed,
        )
    for sentence in said:
        typer.echo(sentence)
    typer.echo(f"Written to {out}.")
