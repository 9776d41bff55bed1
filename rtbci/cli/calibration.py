"""The steps of ``rtbci calibrate``: what was kept, watching, fitting, saving."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rtbci.cli.extras import need_qt
from rtbci.cli.live import choose_view
from rtbci.cli.processes import Child, end_all
from rtbci.errors import UsageError

if TYPE_CHECKING:
    from rtbci.bundle import Bundle
    from rtbci.calibrate import Collected, Collector, Estimate, Journal
    from rtbci.stream import StreamQuery, StreamSettings
    from rtbci.wearers import Profile


@dataclass(frozen=True)
class Watching:
    """How clips are watched.

    Attributes
    ----------
    query : StreamQuery
    settings : StreamSettings
    wait_s : float
        How long to wait for the stream.
    minutes : float
        Of clips, in all.
    whole : bool
        Not to end before, even if more would not help.
    headless : bool
        No screen is opened: whoever watches follows the markers.
    """

    query: "StreamQuery"
    settings: "StreamSettings"
    wait_s: float
    minutes: float
    whole: bool
    headless: bool

    @property
    def clips(self) -> int:
        """How many clips that is."""
        from rtbci.stimuli.spec import CLIP_SECONDS

        return round(self.minutes * 60 / CLIP_SECONDS)


def go_on(bundle: "Bundle", journal: "Journal", clips: int, mains_hz: float | None) -> "Collector":
    """Take what was recorded before, and say so."""
    from pylsl import local_clock

    from rtbci.calibrate import Collector

    collector = Collector(bundle, journal, mains_hz)
    contract = journal.contract
    if contract is not None:
        collector.replay(contract, journal.parts(local_clock()))
    if journal.resumed:
        typer.echo(
            f"A calibration of this wearer was interrupted; {collector.watched} of {clips} clips are kept, "
            "and it goes on from there (--fresh begins anew)."
        )
    return collector


def watch(
    bundle: "Bundle", journal: "Journal", collector: "Collector", watching: Watching, stop: threading.Event
) -> "Collected":
    """Collect the clips that are missing, if any.

    Raises
    ------
    UsageError
        If it was stopped before there are enough; they are kept.
    """
    from rtbci.calibrate import Collected

    if collector.watched < watching.clips and not journal.watched:
        _collect(bundle, collector, watching, journal.seed, stop)
    if stop.is_set():
        raise UsageError(
            f"The calibration was interrupted after {collector.watched} of {watching.clips} clips, which are "
            "kept: the same command goes on from there, and with fewer --minutes it fits what there is."
        )
    journal.end_watching()
    return Collected.of(collector)


def _collect(
    bundle: "Bundle", collector: "Collector", watching: Watching, seed: int, stop: threading.Event
) -> None:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from rtbci.calibrate import Estimator, collect, frozen_encoder, generic_layer, plan
    from rtbci.stream import find_streams, resolve_one

    info = resolve_one(watching.query, watching.wait_s, stop)
    own_markers = f"{info.source_id()}-markers"
    announced = any(found.source_id == own_markers for found in find_streams(1.0, stop))
    shown = None if announced else plan(watching.minutes, seed, skip=collector.watched)
    screens = []
    if shown is not None and not choose_view(watching.headless):
        need_qt()
        screens.append(Child("present", f"{info.name()}-calibration"))
    enough = threading.Event()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeRemainingColumn()) as progress:
        task = progress.add_task("Watching clips", total=watching.clips, completed=collector.watched)

        def on_estimate(found: "Estimate") -> None:
            low, high = (100 * bound for bound in found.reached.ci95)
            progress.update(task, description=f"Watching clips ({low:.0f} to {high:.0f} % right)")
            verdict = None if watching.whole else found.verdict()
            if verdict is not None:
                progress.console.print(verdict)
                enough.set()

        estimator = Estimator(
            collector.sitting,
            frozen_encoder(bundle),
            generic_layer(bundle),
            bundle.manifest.evidence.hazard,
            on_estimate,
        )

        def on_progress(watched: int, wanted: int) -> None:
            progress.update(task, completed=watched, total=wanted)
            estimator.watched(watched)

        try:
            estimator.watched(collector.watched)
            collect(
                collector,
                watching.query,
                clips=watching.clips,
                plan=shown,
                settings=watching.settings,
                stop=stop,
                enough=enough,
                on_progress=on_progress,
            )
        finally:
            estimator.stop()
            end_all(screens)


def fit_to(bundle: "Bundle", collected: "Collected", wearer: str) -> "Profile":
    """Fit, with the name of what is being fitted on show."""
    from rich.console import Console

    from rtbci.calibrate import calibrate

    with Console().status("Fitting") as status:
        return calibrate(
            bundle, collected, wearer, on_progress=lambda name: status.update(f"Fitting: {name}")
        )


def draw(profile: "Profile") -> "Profile":
    """Add the report for people; a server that lacks what Qt needs goes without, and it is said."""
    from rtbci.reports import with_pages

    try:
        need_qt()
    except UsageError as missing:
        typer.echo(f"The report is not drawn: {missing}")
        return profile
    return with_pages(profile)


def write_reports(profile: "Profile", report: Path | None, html: Path | None) -> None:
    """Write the report where it was asked for."""
    from rtbci.files import save_report, write_report

    save_report(report, dict(profile.report))
    if html is not None:
        write_report(html, profile.pages["report.html"])
