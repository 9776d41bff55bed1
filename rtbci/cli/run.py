"""``rtbci run``: decode an EEG stream of this network."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from rtbci.cli.live import REPORT_HELP, Showing, choose_view, run_session
from rtbci.cli.processes import stop_on_signals


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(run)


def run(
    stream: Annotated[str | None, typer.Option("--stream", "--name", help="Name of the EEG stream.")] = None,
    source_id: Annotated[str | None, typer.Option(help="Source id of the EEG stream.")] = None,
    host: Annotated[str | None, typer.Option(help="Host of the EEG stream.")] = None,
    cap: Annotated[
        str | None,
        typer.Option(help="Profile of the cap (labels, unit, delay) for a stream that lacks them."),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the EEG, over what the stream says.")] = None,
    mains: Annotated[
        Literal["50", "60"] | None, typer.Option(help="Mains frequency in hertz; default: the bundle's.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the stream at the start.")] = 10.0,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Length in seconds; default: until stopped.")
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No window: a live text view and a PNG.")
    ] = False,
    null: Annotated[bool, typer.Option("--null", help="Decode surrogate EEG in place of the real.")] = False,
    wearer: Annotated[str | None, typer.Option(help="Pseudonym of a calibrated wearer.")] = None,
    realign: Annotated[
        bool,
        typer.Option(
            "--realign/--no-realign", help="Follow slow changes of the signal, or keep to the calibration's."
        ),
    ] = True,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of a bundle; default: the one that ships.")
    ] = None,
    endpoint: Annotated[str, typer.Option(help="Where messages go out.")] = "tcp://127.0.0.1:5577",
    keys: Annotated[
        Path | None, typer.Option(help="Folder of keys, needed where other machines can reach the endpoint.")
    ] = None,
    full_size: Annotated[
        Path | None,
        typer.Option(
            help="Draw with a full-size generator: a folder of engines, or a TOML file of models that "
            "diffusers runs (needs the extra `export`)."
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            help="What runs a folder of engines: onnxruntime-cuda, tensorrt, …; default: onnxruntime-cpu."
        ),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="Record everything that comes in to this XDF file.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help=REPORT_HELP)] = None,
    picture: Annotated[Path | None, typer.Option(help="Write a PNG of the view here at the end.")] = None,
) -> None:
    """Decode an EEG stream live, show it, and send everything out over ZeroMQ.

    Example: `rtbci run --stream "my cap" --wearer w01 --record today.xdf`
    """
    stop = stop_on_signals()
    from rtbci.bundle import load_bundle
    from rtbci.cli.generators import generator_process
    from rtbci.cli.selection import publisher_keys, stream_settings, wearer_profile
    from rtbci.errors import UsageError
    from rtbci.files import check_place
    from rtbci.live import SessionOptions
    from rtbci.stream import StreamQuery, quieten_lsl, resolve_one

    check_place(report)
    quieten_lsl()

    query = StreamQuery(name=stream, source_id=source_id, host=host)
    settings = stream_settings(cap, unit)
    profile = wearer_profile(wearer, bundle)
    if not realign and (profile is None or profile.covariance is None):
        raise UsageError(
            "Without realignment the wearer's calibration must say how the signal lies, but "
            + (
                "no wearer is named; give --wearer."
                if profile is None
                else "this profile is older and does not; "
                "calibrate the wearer again (with --update a minute is enough)."
            )
        )
    generator = generator_process(full_size, engine)
    # What is wrong with it is said before the search for the stream, which may take long.
    loaded = load_bundle(bundle)
    resolve_one(query, wait, stop)
    headless = choose_view(headless)
    run_session(
        loaded,
        SessionOptions(
            query=query,
            endpoint=endpoint,
            settings=settings,
            keys=publisher_keys(keys),
            profile=profile,
            record=record,
            surrogate=null,
            mains_hz=None if mains is None else float(mains),
            realign=realign,
            generator=generator,
        ),
        Showing(headless=headless, seconds=seconds, report=report, picture=picture),
        stop,
    )
