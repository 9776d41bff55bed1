"""A picture says where it comes from, also after it was saved, and rtbci reads that back."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from rtbci.errors import UsageError
from rtbci.viewer.provenance import Provenance, as_text, provenance, read_provenance
from rtbci.viewer.snapshot import save_image, write_snapshot
from rtbci.viewer.state import ViewState
from rtbci.viewer.window import Window
from rtbci.wire import Received
from rtbci.wire.messages import Guess, Picture, Times

HEADER = Picture(
    grade="keyframe",
    window=41,
    context=7,
    times=Times(newest=90.0, received=90.001, ready=90.002, decoded=90.005, drawn=90.03, published=90.04),
    frames=1,
    height=8,
    width=8,
    fps=0.0,
    guess=Guess("panda", 0.8125),
    caption="a panda in a forest",
    chance=0.025,
    strength=0.6875,
    word="moderate",
    crisp=False,
    bundle="default-0123456789ab",
    wearer="w01",
    reused=True,
)


def holding(header: Picture = HEADER, now: float = 500.0) -> ViewState:
    state = ViewState()
    picture = np.zeros((header.frames, 8, 8, 3), np.uint8)
    state.fold(Received(header=header, buffers=(picture,), session="90.5", number=0, missed=0), now)
    return state


def blank() -> QImage:
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    image.fill(0)
    return image


def test_what_a_saved_picture_says_is_what_the_runtime_said(tmp_path: Path) -> None:
    save_image(blank(), holding(), tmp_path / "a.png")
    told = read_provenance(tmp_path / "a.png")
    for name in (
        "bundle",
        "wearer",
        "window",
        "context",
        "grade",
        "caption",
        "chance",
        "surrogate",
        "reused",
    ):
        assert getattr(told, name) == getattr(HEADER, name), name
    assert (told.guess, told.confidence) == ("panda", 0.8125)
    assert (told.strength, told.strength_value) == ("moderate", 0.6875)
    assert told.times == HEADER.times and told.session == "90.5"
    assert abs((datetime.now(UTC) - datetime.fromisoformat(told.saved)).total_seconds()) < 60


def test_the_time_of_the_eeg_is_told_by_the_calendar() -> None:
    # The message came at once, so the newest sample was 0.04 s older than its arrival, 2 s ago.
    wall = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
    told = provenance(holding(now=500.0), 502.0, wall)
    assert told.seen is not None
    assert (wall - datetime.fromisoformat(told.seen)).total_seconds() == pytest.approx(2.04, abs=2e-3)


def test_key_s_and_the_headless_picture_say_the_same(qtbot: QtBot, tmp_path: Path) -> None:
    state = holding()
    window = Window(tmp_path)
    qtbot.addWidget(window)
    window.show_state(state, 500.0)
    write_snapshot(state, tmp_path / "headless.png", (1280, 720))
    told = [read_provenance(path) for path in (window.save(), tmp_path / "headless.png")]
    same = [msgspec.structs.replace(one, saved="", seen="") for one in told]
    assert same[0] == same[1] and same[0].window == 41


def test_before_the_first_picture_there_is_little_to_say(tmp_path: Path) -> None:
    save_image(blank(), ViewState(), tmp_path / "empty.png")
    told = read_provenance(tmp_path / "empty.png")
    assert told.bundle == "" and told.window == -1 and told.times is None and told.seen is None


@given(
    caption=st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="\x00"), max_size=200),
    p=st.floats(0, 1),
    window=st.integers(0, 2**40),
)
def test_any_caption_and_figure_survives(tmp_path_factory, caption: str, p: float, window: int) -> None:
    path = tmp_path_factory.mktemp("any") / "a.png"
    header = msgspec.structs.replace(HEADER, caption=caption, guess=Guess("panda", p), window=window)
    save_image(blank(), holding(header), path)
    told = read_provenance(path)
    assert (told.caption, told.confidence, told.window) == (caption, p, window)


def test_other_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        read_provenance(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(UsageError, match="no picture"):
        read_provenance(tmp_path / "text.png")
    blank().save(str(tmp_path / "plain.png"))
    with pytest.raises(UsageError, match="does not say"):
        read_provenance(tmp_path / "plain.png")
    image = blank()
    for key, text in (as_text(Provenance(saved="now")) | {"rtbci:window": "forty"}).items():
        image.setText(key, text)
    image.save(str(tmp_path / "damaged.png"))
    with pytest.raises(UsageError, match="damaged"):
        read_provenance(tmp_path / "damaged.png")
