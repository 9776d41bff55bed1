"""``rtbci calibrate``: a few minutes of watching, and a wearer's profile."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from rtbci.cli.extras import need_qt
from rtbci.cli.live import REPORT_HELP
from rtbci.cli.processes import stop_on_signals


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(calibrate)


def calibrate(
    wearer: Annotated[str, typer.Option(help="Pseudonym to keep the profile under; no real names.")],
    stream: Annotated[str | None, typer.Option("--stream", "--name", help="Name of the EEG stream.")] = None,
    source_id: Annotated[str | None, typer.Option(help="Source id of the EEG stream.")] = None,
    host: Annotated[str | None, typer.Option(help="Host of the EEG stream.")] = None,
    minutes: Annotated[float, typer.Option(min=0.5, help="Minutes of clips, at most.")] = 7.0,
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
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget an interrupted calibration of this wearer, and begin.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Show all clips, even if more would not help.")
    ] = False,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Encrypt the profile; asks for a passphrase.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help=REPORT_HELP)] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the report as a page for people to this file.")
    ] = None,
) -> None:
    """Calibrate a wearer: show clips, collect EEG, fit what can be fitted in closed form, choose honestly.

    Clips are announced on the marker stream NAME-calibration and shown full screen. If the EEG stream has a
    marker stream of its own (source id with "-markers" behind it) that announces clips, those are used.
    All is recorded as it comes in: interrupted at any point, the same command goes on. It ends before its
    time when the estimate is good enough or more clips would not help.

    Example: `rtbci calibrate --stream "my cap" --wearer w01 --minutes 7 --html w01.html`
    """
    stop = stop_on_signals()
    from rtbci.bundle import load_bundle
    from rtbci.calibrate import Journal
    from rtbci.cli.calibration import Watching, draw, fit_to, go_on, watch, write_reports
    from rtbci.cli.selection import new_passphrase, stream_settings
    from rtbci.files import check_place
    from rtbci.stream import StreamQuery, quieten_lsl
    from rtbci.wearers import save_profile, sitting_folder

    check_place(report)
    check_place(html)
    if html is not None:
        need_qt()
    quieten_lsl()
    folder = sitting_folder(wearer)
    passphrase = new_passphrase() if encrypt else None
    loaded = load_bundle(bundle)
    watching = Watching(
        query=StreamQuery(name=stream, source_id=source_id, host=host),
        settings=stream_settings(cap, unit),
        wait_s=wait,
        minutes=minutes,
        whole=whole,
        headless=headless,
    )
    journal = Journal(folder, seed, fresh)
    collector = go_on(loaded, journal, watching.clips, None if mains is None else float(mains))
    collected = watch(loaded, journal, collector, watching, stop)
    profile = draw(fit_to(loaded, collected, wearer))
    save_profile(profile, passphrase=passphrase)
    # Only now: until the profile is on the disk, the recording is all there is.
    journal.discard()
    write_reports(profile, report, html)
    for sentence in profile.report["plain"]:
        typer.echo(sentence)
