"""The report for people, drawn from what a profile stores."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PySide6.QtGui import QImage

from rtbci.errors import WearerError
from rtbci.montage import CHANNELS
from rtbci.reports import with_pages
from rtbci.reports.content import read
from rtbci.reports.page import html_page
from rtbci.stimuli.concepts import GROUPS
from rtbci.viewer import theme as look
from tests.wearers.test_wearers import profile


def share(top1):
    return {"top1": top1, "ci95": [max(0.0, top1 - 0.02), min(1.0, top1 + 0.05)]}


def report(decodable=True, top1=0.25, wearer="w01"):
    return {
        "wearer": wearer,
        "created": "2026-01-01T00:00:00+00:00",
        "bundle": {"id": "tiny-1"},
        "stream": {"name": "my <cap>", "lost_samples": 3},
        "plain": ["It works.", "Well enough."] if decodable else ["No signal.", "Look at the cap."],
        "decodable": decodable,
        "chosen": "layer",
        "predicted": {**share(top1), "chance": 0.025},
        "clips": 210,
        "candidates": [
            {"name": "none", "seconds": 0.1, **share(0.1)},
            {"name": "layer", "seconds": 9.0, **share(top1)},
        ],
        "groups": [{"name": g, "clips": 20, "before": share(0.1), "after": share(top1)} for g in GROUPS],
        "reliability": [{"claimed": c, "clips": 42, **share(c)} for c in (0.05, 0.1, 0.3, 0.5)],
        "amount": {"candidate": "layer", "points": [{"clips": c, **share(top1)} for c in (52, 105, 210)]},
        "quality": {"clean": 0.98, "channels": {name: {"verdict": "good", "good": 1.0} for name in CHANNELS}},
    }


def pages(**options):
    return with_pages(replace(profile(), report=report(**options))).pages


def colours(png):
    image = QImage.fromData(png).scaled(800, 600)
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.sources, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.sources += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_whole_and_needs_nothing_else():
    page = Page(pages()["report.html"].decode())
    assert page.open == []
    assert len(page.sources) == 5
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    text = " ".join(page.text)
    for words in ("It works.", "Well enough.", "my <cap>", "2.5 %", "25 %", "10 %", "land animal"):
        assert words in text


def test_a_name_cannot_bring_markup():
    assert b"<script>" not in pages(wearer="<script>alert(1)</script>")["report.html"]


def test_the_page_says_how_clips_were_shown_and_what_the_rest_found():
    assert "The sitting" not in html_page(read(report()))
    more = {
        "timing": {"clips": 210, "frames": 10_070, "dropped": 10, "late_ms": {"p50": 4, "p95": 9, "max": 31}},
        "rest": {"ratio": 2.4, "ci95": [1.9, 3.0], "peak_hz": 10.5},
    }
    page = html_page(read(report() | more))
    assert "came 4 ms after its marker (95 of 100 within 9 ms, at most 31 ms)" in page
    assert "10 of 10080 frames (0.1 %) were dropped" in page
    assert "2.4 times as large (95 % interval 1.9 to 3.0), with its peak at 10.5 Hz" in page


@pytest.mark.parametrize(("refresh_hz", "told"), [(60.0, True), (30.0, False), (None, False)])
def test_the_page_says_what_a_photodiode_saw_and_of_a_screen_that_is_slower_than_it_says(refresh_hz, told):
    late = {"p50": 4, "p95": 9, "max": 31}
    more = {
        "timing": {"clips": 9, "frames": 99, "dropped": 0, "late_ms": late, "refresh_hz": refresh_hz},
        "light": {"clips": 208, "missed": 2, "delay_ms": {"p5": 31.0, "p50": 46.0, "p95": 61.0}},
    }
    page = html_page(read(report() | more))
    assert "saw 208 of 210 clips begin, 46 ms after their markers (90 of 100 from 31 to 61 ms)" in page
    assert ("does not refresh as often as it says" in page) == told


def test_the_page_says_that_a_photodiode_saw_nothing():
    page = html_page(read(report() | {"light": {"clips": 0, "missed": 210}}))
    assert "channel did not see 210 clips begin: they are cut by their markers alone" in page


def test_the_picture_is_drawn():
    image = QImage.fromData(pages()["report.png"])
    assert (image.width(), image.height()) == (3200, 2400)
    assert look.GOOD.name() in colours(pages()["report.png"])


def test_no_hope_is_shown_where_nothing_can_be_decoded():
    """Among many numbers that are noise one always looks good: none is drawn or told."""
    found = pages(decodable=False, top1=0.03)
    text = " ".join(Page(found["report.html"].decode()).text)
    assert "No signal." in text
    assert "land animal" not in text
    # All electrodes are green on the head and nothing else is: without them the colour is gone.
    bad = report(decodable=False, top1=0.03)
    bad["quality"]["channels"] = {name: {"verdict": "flat", "good": 0.0} for name in CHANNELS}
    grey = with_pages(replace(profile(), report=bad)).pages["report.png"]
    assert look.GOOD.name() not in colours(grey)


def test_a_report_of_an_older_kind_is_refused():
    with pytest.raises(WearerError, match="cannot be drawn"):
        with_pages(profile())
