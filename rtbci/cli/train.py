"""``rtbci train``: the parts of a bundle, one command each; all stop by the clock and can go on."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.extras import need

train = typer.Typer(
    help="Train the parts of a bundle (needs the extra `train`). Example: `rtbci train codec --minutes 60`",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the command group to the command line."""
    app.add_typer(train, name="train")


@train.callback()
def _group() -> None:
    """Train the parts of a bundle (needs the extra `train`)."""
    need("train", "train", "torch", "safetensors")
    logging.getLogger("training").setLevel(logging.INFO)


@train.command()
def decoder(
    config: Annotated[Path, typer.Option(help="Settings, TOML.")] = Path("training/configs/decoder.toml"),
) -> None:
    """Simulate the cohort and train the decoder on it.

    Example: `rtbci train decoder --config training/configs/decoder.toml`
    """
    from training.decoder import train as run
    from training.decoder_settings import load_settings

    run(load_settings(config))


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
