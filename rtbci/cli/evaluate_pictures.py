"""``rtbci evaluate pictures``: what an experiment's decoders would have drawn, by the field's metrics."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.experiments import Codec, Data, Folder, Levels, Seeds, TargetsFolder, sources
from rtbci.cli.extras import has_qt, need

_SCORES = (
    "Scores without `one class` accept any of the watched clip's three best classes, as the field does; "
    "chance stands beside each. Chance of SSIM and PSNR is what the same pictures get against other clips."
)


def evaluate_pictures(
    name: Annotated[str, typer.Argument(help="An experiment, or a TOML file.")],
    data: Data = "simulated",
    level: Levels = None,
    seeds: Seeds = None,
    variant: Annotated[
        list[str] | None, typer.Option(help="Which; may be given several times. Default: all.")
    ] = None,
    clips: Annotated[
        int,
        typer.Option(min=4, help="Test clips drawn of each kind of wearer; at least 4 of each wearer."),
    ] = 100,
    vae: Annotated[
        str | None,
        typer.Option(
            help="VAE that made the targets: folder, or the hub's owner/name or owner/name@revision."
        ),
    ] = None,
    full_size: Annotated[
        Path | None,
        typer.Option(help="Full-size generator: folder of engines, or a TOML file of models."),
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle whose generator draws; default: the one that ships.")
    ] = None,
    frame_classifier: Annotated[
        str | None,
        typer.Option(
            help="Judges frames, such as a ViT: folder, or the hub's owner/name or owner/name@revision."
        ),
    ] = None,
    video_classifier: Annotated[
        str | None,
        typer.Option(
            help="Judges clips, such as a VideoMAE: folder, or the hub's owner/name or owner/name@revision."
        ),
    ] = None,
    judges: Annotated[Path, typer.Option(help="Where the networks that judge drawn scenes are kept.")] = Path(
        "runs/classifiers"
    ),
    device: Annotated[
        str | None,
        typer.Option(
            help="cuda, cpu: what runs judges, --vae and --full-size; default: a GPU if there is one. A "
            "folder of engines runs on cuda with onnxruntime-gpu alone (the extra `gpu`)."
        ),
    ] = None,
    folder: Folder = Path("runs/experiments"),
    codec: Codec = Path("runs/codec"),
    targets: TargetsFolder = None,
    out: Annotated[Path, typer.Option(help="Folder of the report: JSON, Markdown, HTML.")] = Path("results"),
) -> None:
    """Draw what an experiment's decoders say of test clips, and score the pictures by the field's metrics.

    Scenes of the drawn corpus are judged by networks that learnt from it; films want classifiers of films.

    Example: `rtbci evaluate pictures cross-subject --data /data/SEED-DV --targets runs/targets
    --vae models/sd15 --frame-classifier models/vit --video-classifier models/videomae`
    """
    need("evaluate", "train", "torch", "safetensors", "accelerate")
    need("evaluate", "export", "diffusers", "transformers")
    from rich.console import Console

    from export.judges import open_judges
    from export.open_painter import Means, open_painter
    from export.run_pictures import held_against, judged_clips, picture_figures, write_sheet
    from rtbci.errors import UsageError
    from training.evaluation.report import write_report
    from training.evaluation.rows import Row
    from training.experiments.queue import Place, open_material, setting_of
    from training.experiments.settings import load_experiment
    from training.seed_dv import SeedDv
    from training.targets.models import best_device, quieten_transformers

    quieten_transformers()
    sheets = has_qt()
    if sheets:
        from rtbci.viewer.snapshot import ensure_application

        ensure_application()
    experiment = load_experiment(name)
    place = Place(folder, codec, targets)
    device_ = best_device(device)
    where = out / f"{experiment.name}-pictures"
    rows: list[Row] = []
    left_out: list[str] = []
    with Console(stderr=True).status("opening …") as status:
        opened = sources(data, level)
        drawn = not any(isinstance(source, SeedDv) for source in opened)
        jury = open_judges(drawn, frame_classifier, video_classifier, judges, device_)
        if not place.runs.is_dir() or not any(place.runs.iterdir()):
            # Said before windows are made, which takes minutes.
            raise UsageError(f"There are no runs in {folder}; run `rtbci train {name}` first.")
        for source in opened:
            material = open_material(source, experiment, place)
            rows += picture_figures(
                experiment,
                material,
                place,
                range(seeds or experiment.seeds),
                open_painter(material, place, Means(bundle, full_size, vae), device_),
                jury.classifiers,
                clips,
                progress=status.update,
                note=left_out.append,
                show=partial(write_sheet, where, setting_of(source)) if sheets else None,
                only=variant or (),
            )
    if not rows:
        said = " ".join(left_out)
        raise UsageError(
            f"No run of '{name}' that could draw is done yet; run `rtbci train {name}` first. {said}".rstrip()
        )
    rows.sort(key=lambda row: row.table)
    about = f"{judged_clips(rows)} {' '.join(jury.notes)} {_SCORES}"
    notes = [about, *dict.fromkeys(left_out)]
    write_report(rows, where, f"{experiment.title}: pictures", notes, held_against(experiment, rows))
    for sentence in dict.fromkeys(left_out):
        typer.echo(sentence)
    typer.echo(f"Written to {where}.")
