"""The real window, fed over a real socket."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QFontDatabase, QImage, QMouseEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from rtbci.montage import CHANNELS
from rtbci.viewer import theme as look
from rtbci.viewer.app import Feed, run_viewer
from rtbci.viewer.banner import BannerPanel
from rtbci.viewer.display import has_display
from rtbci.viewer.headmap import flat_positions
from rtbci.viewer.snapshot import write_snapshot
from rtbci.viewer.state import Pair, ViewState
from rtbci.viewer.traces import picks
from rtbci.viewer.window import Window
from rtbci.wire import Publisher, Received, Subscriber
from rtbci.wire.messages import Header
from tests.viewer.fake_session import FakeSession, replayed

SITUATIONS = ("strong", "moderate", "weak", "chance", "repaired", "searching", "refused", "hung", "ended")


def folded(situation: str, seconds: int = 3) -> tuple[ViewState, float]:
    state, now = ViewState(), 1000.0
    for due, message in replayed(FakeSession(situation, side=64), seconds):  # type: ignore[arg-type]
        state.fold(message, due)
        now = due
    return state, now


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Window:
    made = Window(tmp_path)
    qtbot.addWidget(made)
    return made


def pixels(window: Window) -> np.ndarray:  # type: ignore[type-arg]
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def part(window: Window, panel) -> np.ndarray:  # type: ignore[no-untyped-def, type-arg]
    # An unshown window lays itself out when it is first drawn.
    image = pixels(window)
    box = panel.geometry()
    return image[box.top() : box.bottom(), box.left() : box.right()]


def colourfulness(image: np.ndarray) -> float:  # type: ignore[type-arg]
    return float((image.max(-1).astype(int) - image.min(-1)).mean())


SIZES = ((1280, 720), (960, 540), (2560, 1080))
LOOKS = [(name, (1600, 900)) for name in SITUATIONS] + [(n, s) for n in ("strong", "refused") for s in SIZES]


@pytest.mark.parametrize(("situation", "size"), LOOKS)
def test_every_situation_is_drawn_at_every_size(
    window: Window, situation: str, size: tuple[int, int]
) -> None:
    window.resize(*size)
    window.show_state(*folded(situation))
    assert pixels(window).std() > 5
    # No panel overlaps another or leaves the window.
    boxes = [panel.geometry() for panel in window.panels]
    assert all(window.rect().contains(box) for box in boxes)
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_text_is_drawn_with_the_shipped_font(window: Window) -> None:
    assert "Inter" in QFontDatabase.families()
    assert window.theme.font(16).family() == "Inter"
    assert {"Regular", "SemiBold"} <= set(QFontDatabase.styles("Inter"))


def test_weaker_evidence_is_darker(window: Window) -> None:
    state, now = folded("strong")
    light = {}
    for word in ("strong", "weak", "none"):
        assert state.picture is not None
        header = msgspec.structs.replace(state.picture.header, word=word)
        state.picture = type(state.picture)(header, state.picture.pixels, now, now)
        window.show_state(state, now)
        box = part(window, window.picture)
        light[word] = float(box[: len(box) // 2].mean())
    assert light["strong"] > 1.15 * light["weak"] > 1.3 * light["none"]


def test_old_pictures_lose_their_colour_and_say_their_age(window: Window) -> None:
    state, now = folded("strong")
    window.show_state(state, now)
    live = colourfulness(part(window, window.picture)[60:500, 60:500])
    state.fold(Received(FakeSession().stream(now, "lost"), (), 0, 0, "fake"), now + 4.0)
    window.show_state(state, now + 4.0)
    assert window.picture.seen.past.fault  # type: ignore[attr-defined]
    assert window.picture.seen.past.sentence == "Last seen 4 s ago"  # type: ignore[attr-defined]
    assert colourfulness(part(window, window.picture)[60:500, 60:500]) < 0.4 * live


def test_pictures_of_a_generator_that_hangs_lose_their_colour(window: Window) -> None:
    state, now = folded("hung", seconds=2)
    window.show_state(state, now)
    live = colourfulness(part(window, window.picture)[60:500, 60:500])
    state, now = folded("hung", seconds=6)
    window.show_state(state, now)
    assert not state.is_old(now)
    assert window.picture.seen.past.fault  # type: ignore[attr-defined]
    assert colourfulness(part(window, window.picture)[60:500, 60:500]) < 0.4 * live


def test_the_banner_changes_colour_with_the_state(window: Window) -> None:
    def hue(situation: str) -> np.ndarray:  # type: ignore[type-arg]
        window.show_state(*folded(situation))
        return part(window, window.banner).reshape(-1, 3).mean(0)

    assert isinstance(window.banner, BannerPanel)
    streaming, refused = hue("strong"), hue("refused")
    assert streaming[1] > streaming[0]
    assert refused[0] > 1.5 * refused[1]


def test_nothing_is_repainted_without_news(window: Window, qtbot: QtBot) -> None:
    state, now = folded("strong")
    window.show()
    qtbot.waitExposed(window)
    window.show_state(state, now)
    qtbot.wait(50)
    painted = []
    for panel in window.panels:
        panel.draw = lambda *_: painted.append(1)  # type: ignore[method-assign]
    window.eeg._plot.paintEvent = lambda *_: painted.append(1)
    for _ in range(5):
        window.show_state(state, now)
        qtbot.wait(10)
    assert painted == []


def curves(window: Window) -> dict[str, tuple[np.ndarray, np.ndarray]]:  # type: ignore[type-arg]
    return {colour: curve.getData() for colour, curve in window.eeg._plot._curves.items()}


def test_traces_are_the_eeg_at_its_time_and_height(window: Window) -> None:
    state, now = folded("strong", seconds=12)
    window.show_state(state, now)
    window.grab()
    shown = picks("all", len(CHANNELS))
    x, y = (np.concatenate(part) for part in zip(*curves(window).values(), strict=True))
    _, data = state.eeg.since(0)
    for i in (3, len(shown) - 4):
        level = len(shown) - 0.5 - i
        truth = data[:, shown[i]] / window.eeg._gain.lane + level
        numbers = np.round(x * 200).astype(float) + len(data)
        inside = np.isfinite(numbers) & (np.abs(y - level) < 2.4)
        # Each sample drawn at this level that belongs to this trace lies on it exactly.
        own = np.isclose(truth[numbers[inside].astype(int)], y[inside], atol=1e-4)
        assert own.sum() > 0.6 * window.eeg._plot.width()


def test_a_gap_is_left_open_and_shaded(window: Window) -> None:
    state, now = folded("strong", seconds=3)
    chunk = np.ones((100, len(CHANNELS)), np.float32)
    state.eeg.add(chunk, 1003.0 + 2.0, 200.0)
    window.show_state(state, now)
    red = part(window, window.eeg).astype(int)
    shaded = (red[..., 0] - red[..., 2] > 25).mean(axis=0) > 0.5
    assert shaded.sum() == pytest.approx(0.2 * window.eeg._plot.getViewBox().width(), abs=4)
    for x, y in curves(window).values():
        assert not (np.isfinite(y) & (x > -2.49) & (x < -0.51)).any()


def test_bad_channels_have_their_verdicts_colour(window: Window) -> None:
    window.show_state(*folded("repaired"))
    window.eeg.choose_region("occipital")
    drawn = {colour for colour, (_, y) in curves(window).items() if np.isfinite(y).any()}
    assert look.VERDICTS["flat"].name() in drawn
    window.eeg.choose_region("temporal")
    drawn = {colour for colour, (_, y) in curves(window).items() if np.isfinite(y).any()}
    assert look.VERDICTS["flat"].name() not in drawn
    assert look.VERDICTS["railed"].name() in drawn


def test_any_number_of_channels_can_be_looked_at(window: Window) -> None:
    state = ViewState()
    state.eeg.add(np.random.default_rng(1).normal(size=(400, 5)).astype(np.float32), 0.0, 200.0)
    window.show_state(state, 1.0)
    window.grab()
    x, y = next(iter(curves(window).values()))
    assert np.isnan(x).sum() == 5
    assert -0.5 < np.nanmin(y) < 0.5 < 4.5 < np.nanmax(y) < 5.5


def test_each_trial_stands_as_a_pair_of_pictures(window: Window) -> None:
    state, now = folded("strong", seconds=12)
    window.show_state(state, now)
    both = part(window, window.trials).astype(int)
    state.pairs = type(state.pairs)((without_decoded(pair) for pair in state.pairs), maxlen=5)
    window.trials.seen = None
    window.trials._pictures.clear()
    window.show_state(state, now)
    without = part(window, window.trials).astype(int)
    rows = np.flatnonzero((np.abs(both - without).max(-1) > 30).sum(axis=1) > 20)
    # Only the lower row of pictures was taken away.
    assert len(rows) > 30
    assert rows.min() > 0.5 * len(both)


def without_decoded(pair: Pair) -> Pair:
    return Pair(pair.trial, None)


def test_regions_by_click_and_by_key(window: Window, qtbot: QtBot) -> None:
    window.show()
    window.show_state(*folded("strong"))
    window.grab()
    box = next(box for box, name in window.eeg._buttons if name == "occipital")
    with qtbot.waitSignal(window.eeg.region_chosen) as chosen:
        QTest.mouseClick(window.eeg, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    assert chosen.args == ["occipital"]
    before = part(window, window.eeg)
    QTest.keyClick(window, Qt.Key.Key_R)
    assert window.eeg.region == "all"
    assert (part(window, window.eeg) != before).mean() > 0.02


def test_electrodes_explain_themselves_under_the_mouse(window: Window) -> None:
    window.show()
    window.show_state(*folded("repaired"))
    window.grab()
    for name, words in (("O1", "flat"), ("PO5", "not in this cap"), ("CZ", "good")):
        dot = window.head._dots[CHANNELS.index(name)]
        QTest.mouseMove(window.head, QPoint(round(dot.x()), round(dot.y())))
        event = QMouseEvent(
            QMouseEvent.Type.MouseMove,
            QPointF(dot),
            QPointF(dot),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
        )
        window.head.mouseMoveEvent(event)
        assert name in window.head.toolTip()
        assert words in window.head.toolTip()


def test_the_head_is_the_right_way_round() -> None:
    at = dict(zip(CHANNELS, flat_positions(), strict=True))
    assert at["FPZ"][1] > 0.7 > -0.7 > at["OZ"][1]
    assert at["T7"][0] < -0.7 < 0.7 < at["T8"][0]
    assert np.abs(at["CZ"]).max() < 0.1


def test_keys(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    window.show()
    window.show_state(*folded("strong"))
    QTest.keyClick(window, Qt.Key.Key_H)
    assert window.help.isVisible()
    QTest.keyClick(window, Qt.Key.Key_H)
    assert not window.help.isVisible()
    QTest.keyClick(window, Qt.Key.Key_F)
    assert window.isFullScreen()
    QTest.keyClick(window, Qt.Key.Key_F)
    assert not window.isFullScreen()
    QTest.keyClick(window, Qt.Key.Key_S)
    assert len(list(tmp_path.glob("rtbci-*.png"))) == 1
    assert "Saved as" in window.state.notices[-1][1].sentence
    with qtbot.waitSignal(window.closed):
        QTest.keyClick(window, Qt.Key.Key_Q)


def test_a_save_that_fails_is_said_in_the_window(window: Window, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    window.pictures = tmp_path / "file" / "folder"
    window.show()
    QTest.keyClick(window, Qt.Key.Key_S)
    assert window.state.notices[-1][1].level == "error"


def test_a_snapshot_says_where_it_comes_from(qtbot: QtBot, tmp_path: Path) -> None:
    state, _ = folded("moderate")
    path = tmp_path / "new" / "shot.png"
    write_snapshot(state, path, (1280, 720))
    image = QImage(str(path))
    assert (image.width(), image.height()) == (1280, 720)
    assert state.picture is not None
    header = state.picture.header
    assert image.text("rtbci:bundle") == header.bundle
    assert image.text("rtbci:window") == str(header.window)
    assert float(image.text("rtbci:confidence")) == pytest.approx(header.guess.p, abs=1e-4)
    assert image.text("rtbci:strength") == "moderate"
    assert image.text("rtbci:surrogate") == "false"


def test_an_empty_state_can_be_saved_too(qtbot: QtBot, tmp_path: Path) -> None:
    write_snapshot(ViewState(), tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 1000


@pytest.fixture
def sender() -> Iterator[Callable[[Publisher], threading.Event]]:
    """Sends a fast session until told to stop."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def begin(publisher: Publisher) -> threading.Event:
        def work() -> None:
            messages: list[tuple[Header, tuple[np.ndarray, ...]]] = [  # type: ignore[type-arg]
                (r.header, r.buffers) for _, r in replayed(FakeSession("strong", side=64), 4)
            ]
            while not stop.is_set():
                for header, buffers in messages:
                    publisher.send(header, *buffers)
                    if stop.wait(0.005):
                        return

        thread = threading.Thread(target=work, name="fake session")
        threads.append(thread)
        thread.start()
        return stop

    yield begin
    stop.set()
    for thread in threads:
        thread.join()


def test_over_a_real_socket(
    window: Window, qtbot: QtBot, sender: Callable[[Publisher], threading.Event]
) -> None:
    with Publisher("tcp://127.0.0.1:0", "live") as publisher, Subscriber(publisher.endpoint) as subscriber:
        feed = Feed(subscriber, window)
        feed.step()
        assert feed.state.banner(time.monotonic()).situation == "waiting"
        stop = sender(publisher)

        def all_there() -> None:
            feed.step()
            assert feed.state.picture
            assert feed.state.trials
            assert feed.state.eeg.total > 200
            assert window.eeg.seen
            assert feed.state.banner(time.monotonic()).situation == "streaming"

        qtbot.waitUntil(lambda: all_there() is None, timeout=60_000)
        stop.set()
    assert "SimulatedEEG" in window.windowTitle()


def test_run_viewer_ends_by_event_and_tells(
    qtbot: QtBot, sender: Callable[[Publisher], threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, stop, heard = [], threading.Event(), threading.Event()
    step = Feed.step

    def heard_in(feed: Feed) -> None:
        step(feed)
        if feed.state.heard is not None:
            heard.set()

    monkeypatch.setattr(Feed, "step", heard_in)
    with Publisher("tcp://127.0.0.1:0", "live") as publisher:
        sender(publisher)
        threading.Thread(target=lambda: (heard.wait(60), stop.set())).start()
        state = run_viewer(publisher.endpoint, on_closed=lambda: closed.append(1), stop=stop)
    assert closed == [1]
    assert state.heard is not None
    # Another window of the process is served after this one is gone.
    seen = []
    QTimer.singleShot(1, lambda: seen.append(1))
    qtbot.waitUntil(lambda: bool(seen), timeout=60_000)


def test_an_error_inside_ends_the_viewer_and_comes_out(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(Feed, "step", broken)
    with pytest.raises(RuntimeError, match="on purpose"):
        run_viewer("tcp://127.0.0.1:5999")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"QT_QPA_PLATFORM": "offscreen"}, False),
        ({"QT_QPA_PLATFORM": "minimal", "DISPLAY": ":0"}, False),
        ({"QT_QPA_PLATFORM": "xcb"}, True),
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
    ],
)
def test_has_display(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: bool) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert has_display() is expected


@pytest.mark.parametrize("shown", [True, False])
def test_ctrl_c_closes_the_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, shown: bool) -> None:
    """Also the one that comes just before the window is shown."""
    show, step = Window.show, Feed.step

    def interrupted_show(window: Window) -> None:
        if not shown:
            signal.raise_signal(signal.SIGINT)
        show(window)

    pressing = threading.Thread(target=signal.raise_signal, args=(signal.SIGINT,))

    def interrupted_step(feed: Feed) -> None:
        step(feed)
        if shown and pressing.ident is None:
            pressing.start()

    monkeypatch.setattr(Window, "show", interrupted_show)
    monkeypatch.setattr(Feed, "step", interrupted_step)
    # It ends by Ctrl-C: `stop` is only for a window that did not heed it.
    stop = threading.Event()
    late = threading.Timer(60.0, stop.set)
    late.start()
    run_viewer("tcp://127.0.0.1:5999", stop=stop)
    late.cancel()
    assert not stop.is_set()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_bars_are_as_long_as_they_should_be(window: Window) -> None:
    state, now = folded("strong")
    assert state.evidence is not None
    lengths = []
    for share in (0.01, 0.1, 0.5, 1.0):
        top = (msgspec.structs.replace(state.evidence.top[0], p=share),)
        state.evidence = msgspec.structs.replace(
            state.evidence, top=top, chance=0.0, null_confidence=0.0, attributes={}
        )
        window.show_state(state, now)
        green = part(window, window.concepts).astype(int)
        lengths.append(int(((green[..., 1] - green[..., 0]) > 100).any(0).sum()))
    full = lengths[-1]
    assert full > 150
    for share, length in zip((0.01, 0.1, 0.5), lengths[:-1], strict=True):
        assert length == pytest.approx(share * full, abs=2)
