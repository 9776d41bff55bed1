"""``rtbci calibrate`` with its window and without."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rtbci.cli.extras import need_qt
from rtbci.errors import UsageError

if TYPE_CHECKING:
    from rtbci.calibrate import Course, Estimate
    from rtbci.wearers import Profile
    from rtbci.wizard.screen import Corner


def in_window(
    course: "Course",
    wearer: str,
    fresh: bool,
    passphrase: str | None,
    patch: "tuple[Corner, int] | None",
    stop: threading.Event,
) -> "Profile | None":
    """Calibrate in the window; returns the saved profile, or None if all was discarded.

    Raises
    ------
    UsageError
        If the window was closed before; what was watched is kept.
    """
    from rtbci.wizard.app import run_wizard
    from rtbci.wizard.screen import Patch
    from rtbci.wizard.window import WizardOptions

    options = WizardOptions(wearer, fresh, passphrase, None if patch is None else Patch(*patch))
    profile, discarded = run_wizard(course, options, stop)
    if profile is None and not discarded:
        if not course.wearer:
            raise UsageError("The calibration was closed before it began; nothing was recorded.")
        raise UsageError(
            f"The calibration was closed after {course.collector.watched} of {course.settings.clips} clips, "
            f"which are kept: rtbci calibrate --wearer {course.wearer}{_with_clips(course)} goes on from "
            "there."
        )
    return profile


def _with_clips(course: "Course") -> str:
    library = course.settings.library
    return "" if library is None else f" --clips {library.folder}"


def by_hand(
    course: "Course", wearer: str, fresh: bool, passphrase: str | None, stop: threading.Event
) -> "Profile":
    """Calibrate without a window."""
    go_on(course, wearer, fresh)
    watch(course, stop)
    profile = draw(fit_to(course))
    course.save(profile, passphrase)
    return profile


def go_on(course: "Course", wearer: str, fresh: bool) -> None:
    """Take what was recorded before, and say so."""
    kept = course.begin(wearer, fresh=fresh)
    if not course.resumed:
        return
    if not kept and course.collector.rest.found() is None:
        # It ended before anything came, as where no stream was found; nor do its options matter then.
        course.begin(wearer, fresh=True)
    else:
        typer.echo(
            f"A calibration of this wearer was interrupted; {kept} of {course.settings.clips} clips are "
            "kept, and it goes on from there (--fresh begins anew)."
        )


def watch(course: "Course", stop: threading.Event) -> None:
    """Collect the clips that are missing, if any.

    Raises
    ------
    UsageError
        If it was stopped before there are enough; they are kept.
    """
    if not course.complete:
        try:
            _collect(course, stop)
        finally:
            course.disconnect()
    if stop.is_set():
        raise UsageError(
            f"The calibration was interrupted after {course.collector.watched} of {course.settings.clips} "
            "clips, which are kept: the same command goes on from there, and with fewer --minutes it fits "
            "what there is."
        )


def _collect(course: "Course", stop: threading.Event) -> None:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeRemainingColumn()) as progress:
        task = progress.add_task(
            "Connecting", total=course.settings.clips, completed=course.collector.watched
        )
        course.connect(stop)
        if course.settings.rest_s and not course.collector.watched:
            progress.update(task, description="Resting: eyes open, then closed")
            found = course.rest(stop)
            if found is not None:
                progress.console.print(found.sentence)
        progress.update(task, description="Watching clips")

        def on_estimate(found: "Estimate") -> None:
            low, high = (100 * bound for bound in found.reached.ci95)
            progress.update(task, description=f"Watching clips ({low:.0f} to {high:.0f} % right)")
            verdict = None if course.settings.whole else found.verdict()
            if verdict is not None:
                progress.console.print(verdict)

        def on_progress(watched: int, wanted: int) -> None:
            progress.update(task, completed=watched, total=wanted)

        course.watch(stop, on_progress=on_progress, on_estimate=on_estimate)


def fit_to(course: "Course") -> "Profile":
    """Fit, with the name of what is being fitted on show."""
    from rich.console import Console

    with Console().status("Fitting") as status:
        return course.fit(lambda name: status.update(f"Fitting: {name}"))


def draw(profile: "Profile") -> "Profile":
    """Add the report for people; a server that lacks what Qt needs goes without, and it is said."""
    from rtbci.reports import with_pages

    try:
        need_qt()
    except UsageError as missing:
        typer.echo(f"The report is not drawn: {missing}")
        return profile
    return with_pages(profile)


def warnings(profile: "Profile") -> list[str]:
    """What should be seen to before the next calibration."""
    from rtbci.reports.content import read

    light = read(profile.report).light
    return [light.warning] if light is not None and light.warning else []


def write_reports(profile: "Profile", report: Path | None, html: Path | None) -> None:
    """Write the report where it was asked for."""
    from rtbci.files import save_report, write_report

    save_report(report, dict(profile.report))
    if html is not None:
        write_report(html, profile.pages["report.html"])
