"""``rtbci simulate``: a simulated wearer on LSL."""

import threading
from typing import Annotated

import typer

from rtbci.cli.processes import stop_on_signals


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(simulate)


def simulate(
    name: Annotated[
        str, typer.Option(help="Name of the EEG stream; markers go out as NAME-markers.")
    ] = "simulated",
    seed: Annotated[int, typer.Option(min=0, help="Which wearer; also the order of clips.")] = 7,
    snr: Annotated[float, typer.Option(min=0, help="Signal-to-noise; real EEG is far below 1.")] = 1.0,
    source_id: Annotated[
        str | None, typer.Option(help="Source id; default: made from name and seed.")
    ] = None,
    follow: Annotated[
        str | None, typer.Option(help="Watch the clips announced on this marker stream, not a playlist.")
    ] = None,
    screen_ms: Annotated[
        float | None,
        typer.Option(min=0, help="The screen shows clips so late; a photodiode's channel LIGHT is sent too."),
    ] = None,
    refresh: Annotated[
        float | None,
        typer.Option(min=1, help="With --screen-ms: refreshes a second of that screen; default: 60."),
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Length; default: until stopped.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
) -> None:
    """Send the EEG of a simulated wearer who watches clips.

    Example: `rtbci simulate --name "my cap" --seed 3 --snr 0.5`
    """
    stop = stop_on_signals()
    from devices.simulate import run_simulator
    from rtbci.errors import UsageError
    from rtbci.stream import quieten_lsl

    if refresh is not None and screen_ms is None:
        raise UsageError("--refresh is of the screen that --screen-ms simulates; give both, or neither.")
    quieten_lsl()

    if not quiet:
        typer.echo(f"Sending the EEG of wearer {seed} as '{name}' (snr {snr:g}). Ctrl-C ends it.")
    if seconds is not None:
        timer = threading.Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()
    run_simulator(
        name=name,
        seed=seed,
        snr=snr,
        source_id=source_id or f"rtbci-simulated-{name}-{seed}",
        follow_markers=follow,
        playlist_seed=seed,
        screen_delay_s=None if screen_ms is None else screen_ms / 1000,
        refresh_hz=refresh or 60.0,
        stop=stop,
    )
