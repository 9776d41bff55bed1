"""``rtbci train decoder``: the default bundle's decoder, or a laboratory's own."""

import math
import time
from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.extras import need

_COHORT = Path("training/configs/decoder.toml")
_FOLDER, _CODEC, _WORKERS = Path("runs/lab"), Path("runs/codec"), 2


def decoder(
    data: Annotated[
        Path | None,
        typer.Option(help="SEED-DV, or your own recordings; without it the simulated cohort of the default."),
    ] = None,
    settings: Annotated[
        Path | None, typer.Option(help="Settings for --data, TOML; default: those for its kind.")
    ] = None,
    targets: Annotated[
        Path | None, typer.Option(help="What `rtbci train targets` made of the same data.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help=f"With --data: where to write, and to go on from; default: {_FOLDER}."),
    ] = None,
    subjects: Annotated[
        str | None, typer.Option(help="Those to use, such as 1-15,18 or w01,w02; default: all.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the EEG, over what the files say.")] = None,
    generator: Annotated[
        Path | None,
        typer.Option(help="With --data: bundle whose generator shall draw; default: the one that ships."),
    ] = None,
    codec: Annotated[
        Path | None,
        typer.Option(
            help="With --data: folder of that generator's trained autoencoder, for latents of drawn clips; "
            f"default: {_CODEC}."
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="With --data: time to train; default: to the end.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help=f"With --data: processes that make windows; default: {_WORKERS}."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help=f"Settings of the simulated cohort's, TOML; default: {_COHORT}.")
    ] = None,
) -> None:
    """Train a decoder on recordings (--data), or the default bundle's on simulated wearers.

    Example: `rtbci train decoder --data /data/SEED-DV --folder runs/lab`
    """
    from rtbci.errors import StoppedError, UsageError

    try:
        if data is None:
            recordings = {
                "--settings": settings,
                "--targets": targets,
                "--folder": folder,
                "--subjects": subjects,
                "--unit": unit,
                "--generator": generator,
                "--codec": codec,
                "--minutes": minutes,
                "--workers": workers,
            }
            if idle := [option for option, value in recordings.items() if value is not None]:
                raise UsageError(
                    f"Without --data this says nothing: {', '.join(idle)}; name your recordings with --data, "
                    "or leave it out to train the default bundle's decoder."
                )
            from training.decoder import train
            from training.decoder_settings import load_settings

            train(load_settings(config or _COHORT))
            return
        if config is not None:
            raise UsageError("--config is the simulated cohort's; give --settings with --data.")
        _train_lab(
            data,
            settings,
            targets,
            folder or _FOLDER,
            subjects,
            unit,
            generator,
            codec or _CODEC,
            math.inf if minutes is None else minutes,
            workers or _WORKERS,
        )
    except KeyboardInterrupt:
        raise StoppedError("Stopped; run it again to go on from the last checkpoint.") from None


def _train_lab(
    data: Path,
    settings: Path | None,
    targets: Path | None,
    folder: Path,
    subjects: str | None,
    unit: str | None,
    generator: Path | None,
    codec: Path,
    minutes: float,
    workers: int,
) -> None:
    need("train decoder", "train", "accelerate", "tensorboard", "filelock")
    from rtbci.bundle import load_bundle
    from training.check_data import open_source
    from training.lab.settings import load_lab_settings, preset
    from training.lab.train import train_lab
    from training.targets import load_targets

    chosen = load_lab_settings(settings or preset(data))
    record = train_lab(
        open_source(data, subjects, unit),
        chosen,
        folder,
        load_bundle(generator),
        stored=None if targets is None else load_targets(targets),
        codec=codec,
        deadline=time.monotonic() + 60.0 * minutes,
        processes=workers,
    )
    typer.echo(record.data)
    for sentence in record.notes:
        typer.echo(sentence)
    typer.echo(
        f"`rtbci export bundle --folder {folder} --out my-bundle --name my-lab --licence LICENCE` makes a "
        "bundle of it."
    )
