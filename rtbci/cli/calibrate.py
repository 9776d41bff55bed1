"""``rtbci calibrate``: a few minutes of watching, and a wearer's profile."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from rtbci.cli.extras import need_qt
from rtbci.cli.live import REPORT_HELP, choose_view
from rtbci.cli.processes import Child, end_all, stop_on_signals


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(calibrate)


def calibrate(
    wearer: Annotated[str, typer.Option(help="Pseudonym to keep the profile under; no real names.")],
    stream: Annotated[str | None, typer.Option("--stream", "--name", help="Name of the EEG stream.")] = None,
    source_id: Annotated[str | None, typer.Option(help="Source id of the EEG stream.")] = None,
    host: Annotated[str | None, typer.Option(help="Host of the EEG stream.")] = None,
    minutes: Annotated[float, typer.Option(min=0.5, help="Minutes of clips.")] = 7.0,
    headless: Annotated[
        bool, typer.Option("--headless", help="Show nothing: whoever watches follows the markers.")
    ] = False,
    cap: Annotated[
        str | None, typer.Option(help="Profile of the cap, for a stream that lacks labels.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the EEG, over what the stream says.")] = None,
    mains: Annotated[
        Literal["50", "60"] | None, typer.Option(help="Mains frequency in hertz; default: the bundle's.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Order of the clips.")] = 0,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the stream at the start.")] = 10.0,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of a bundle; default: the one that ships.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help=REPORT_HELP)] = None,
) -> None:
    """Calibrate a wearer: show clips, collect EEG, fit what can be fitted in closed form, choose honestly.

    Clips are announced on the marker stream NAME-calibration and shown full screen. If the EEG stream has a
    marker stream of its own (source id with "-markers" behind it) that announces clips, those are used.

    Example: `rtbci calibrate --stream "my cap" --wearer w01 --minutes 7 --report w01.json`
    """
    stop = stop_on_signals()
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from rtbci.bundle import load_bundle
    from rtbci.calibrate import calibrate as fit_wearer
    from rtbci.calibrate import collect, plan
    from rtbci.cli.selection import stream_settings
    from rtbci.files import check_place, save_report
    from rtbci.stimuli.spec import CLIP_SECONDS
    from rtbci.stream import StreamQuery, find_streams, quieten_lsl, resolve_one
    from rtbci.wearers import check_name, save_profile

    check_place(report)
    quieten_lsl()
    check_name(wearer)
    loaded = load_bundle(bundle)
    query = StreamQuery(name=stream, source_id=source_id, host=host)
    info = resolve_one(query, wait, stop)
    own_markers = f"{info.source_id()}-markers"
    announced = any(found.source_id == own_markers for found in find_streams(1.0, stop))
    shown = None if announced else plan(minutes, seed)
    screens = []
    if shown is not None and not choose_view(headless):
        need_qt()
        screens.append(Child("present", f"{info.name()}-calibration"))
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    try:
        with Progress(*columns, TimeRemainingColumn()) as progress:
            task = progress.add_task("Watching clips", total=round(minutes * 60 / CLIP_SECONDS))
            collected = collect(
                loaded,
                query,
                clips=round(minutes * 60 / CLIP_SECONDS),
                plan=shown,
                settings=stream_settings(cap, unit),
                mains_hz=None if mains is None else float(mains),
                stop=stop,
                on_progress=lambda watched, wanted: progress.update(task, completed=watched, total=wanted),
            )
            fitting = progress.add_task("Fitting", total=None)
            profile = fit_wearer(
                loaded,
                collected,
                wearer,
                on_progress=lambda name: progress.update(fitting, description=f"Fitting: {name}"),
            )
    finally:
        end_all(screens)
    save_profile(profile)
    save_report(report, dict(profile.report))
    _say(profile.record.method, profile.record.predicted, wearer)


def _say(method: str, predicted: object, wearer: str) -> None:
    from rtbci.wearers import Predicted

    assert isinstance(predicted, Predicted)
    low, high = (100 * bound for bound in predicted.ci95)
    typer.echo(
        f"Chosen for {wearer}: {method}. Pictures will be right about {100 * predicted.top1:.0f} times "
        f"in a hundred (95 % interval {low:.0f} to {high:.0f}); chance is {100 * predicted.chance:.1f}."
    )
    if predicted.ci95[0] <= predicted.chance:
        typer.echo("That cannot be told from chance: more clips, a better fit of the cap, or another day.")
