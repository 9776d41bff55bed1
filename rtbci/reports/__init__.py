"""What a calibration found, for people: one picture, and one page that needs nothing else."""

from dataclasses import replace

from rtbci.wearers import Profile

__all__ = ["with_pages"]


def with_pages(profile: Profile) -> Profile:
    """Return the profile with its report as a picture (PNG) and a page (HTML).

    To be called from the main thread, as everything of Qt; needs no display.
    """
    # Qt takes its time, and most who open profiles draw nothing.
    from rtbci.reports.content import read
    from rtbci.reports.page import html_page
    from rtbci.reports.sheet import draw_sheet

    content = read(profile.report)
    return replace(
        profile, pages={"report.html": html_page(content).encode(), "report.png": draw_sheet(content)}
    )
