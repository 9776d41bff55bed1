"""``rtbci calibrate``: a few minutes of watching, and a wearer's profile."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from rtbci.cli.extras import need_qt
from rtbci.cli.live import REPORT_HELP
from rtbci.cli.processes import stop_on_signals

_MINUTES, _UPDATE_MINUTES = 7.0, 1.0


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(calibrate)


def calibrate(
    wearer: Annotated[
        str | None, typer.Option(help="Pseudonym to keep the profile under; no real names.")
    ] = None,
    stream: Annotated[str | None, typer.Option("--stream", "--name", help="Name of the EEG stream.")] = None,
    source_id: Annotated[str | None, typer.Option(help="Source id of the EEG stream.")] = None,
    host: Annotated[str | None, typer.Option(help="Host of the EEG stream.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.5, help="Minutes of clips, at most; default: 7, with --update 1.")
    ] = None,
    clips: Annotated[
        Path | None,
        typer.Option(help="Folder of your own clips and their table clips.csv; default: the drawn corpus."),
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="No window: whoever watches follows the markers.")
    ] = False,
    rest: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds of rest, eyes open and again closed; default 15, headless 0."),
    ] = None,
    photodiode: Annotated[
        Literal["top-left", "top-right", "bottom-left", "bottom-right"] | None,
        typer.Option(help="Corner of a square that changes with each clip's first frame."),
    ] = None,
    photodiode_px: Annotated[int, typer.Option(min=8, max=800, help="Its side in pixels.")] = 80,
    photodiode_channel: Annotated[
        str | None,
        typer.Option(help="Channel of the EEG stream that sees it: clips begin when it saw them begin."),
    ] = None,
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
    update: Annotated[
        bool, typer.Option("--update", help="Build on the wearer's profile; a minute is enough.")
    ] = False,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Encrypt the profile; asks for a passphrase.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help=REPORT_HELP)] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the report as a page for people to this file.")
    ] = None,
) -> None:
    """Calibrate a wearer: check the signal, show clips, collect EEG, fit what can be fitted, choose honestly.

    Where there is a display, a window leads through it and shows the clips full screen. Clips are announced
    on the marker stream NAME-calibration. If the EEG stream has a marker stream of its own (source id with
    "-markers" behind it) that announces clips, those are used.
    All is recorded as it comes in: interrupted at any point, the same command goes on. It ends before its
    time when the estimate is good enough or more clips would not help.

    With --clips the clips are films of your own: `clips.csv` in that folder has the columns file, concept
    (one of the bundle's) and, if wanted, caption. All of it is checked before anything is shown.

    With --update the profile as it was takes part as a candidate, and all others build on it.

    Example: `rtbci calibrate --stream "my cap" --wearer w01 --minutes 7 --html w01.html`
    """
    stop = stop_on_signals()
    from rtbci.bundle import load_bundle
    from rtbci.calibrate import EYES_S, Course, CourseSettings
    from rtbci.cli.calibration import by_hand, in_window, warnings, write_reports
    from rtbci.cli.extras import has_qt
    from rtbci.cli.gradients import with_gradients
    from rtbci.cli.selection import new_passphrase, passphrase_of, stream_settings, wearer_profile
    from rtbci.errors import UsageError
    from rtbci.files import check_place
    from rtbci.stimuli.library import open_library
    from rtbci.stream import StreamQuery, quieten_lsl
    from rtbci.viewer.display import has_display
    from rtbci.wearers import check_name

    check_place(report)
    check_place(html)
    if html is not None:
        need_qt()
    windowed = not headless and has_display() and has_qt()
    if wearer is None and not windowed:
        raise UsageError("Without a window the wearer must be named: give --wearer with a pseudonym.")
    if wearer is None and update:
        raise UsageError("It must be said whose profile to build on: give --wearer with --update.")
    if photodiode is not None and not windowed:
        raise UsageError(
            "Without a window there is no screen here for the photodiode's square; give --photodiode to "
            "`rtbci present` at the wearer's screen, and here --photodiode-channel alone."
        )
    if wearer is not None:
        check_name(wearer)
    quieten_lsl()
    # First of all: nobody should watch for minutes to hear that there is nothing to build on.
    passphrase = passphrase_of(wearer) if update and wearer else None
    older = wearer_profile(wearer, bundle, passphrase) if update else None
    # What was encrypted stays so.
    if encrypt and passphrase is None:
        passphrase = new_passphrase()
    loaded = load_bundle(bundle)
    course = Course(
        loaded,
        CourseSettings(
            query=StreamQuery(name=stream, source_id=source_id, host=host),
            stream=stream_settings(cap, unit),
            wait_s=wait,
            minutes=minutes or (_UPDATE_MINUTES if update else _MINUTES),
            whole=whole,
            mains_hz=None if mains is None else float(mains),
            seed=seed,
            photodiode=photodiode_channel,
            gradients=with_gradients,
            older=older,
            library=None if clips is None else open_library(clips, concepts=loaded.manifest.concepts),
            rest_s=rest if rest is not None else EYES_S if windowed else 0.0,
        ),
    )
    if windowed:
        patch = None if photodiode is None else (photodiode, photodiode_px)
        profile = in_window(course, wearer or "", fresh, passphrase, patch, stop)
    else:
        assert wearer is not None
        profile = by_hand(course, wearer, fresh, passphrase, stop)
    if profile is None:
        typer.echo("The calibration was discarded; nothing is kept of it.")
        return
    write_reports(profile, report, html)
    for sentence in (*profile.report["plain"], *warnings(profile)):
        typer.echo(sentence)
