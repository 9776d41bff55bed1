"""Films: what a file holds, and that each frame is shown when the film shows it."""

import struct

import numpy as np
import pytest

from rtbci.errors import StimulusError
from rtbci.stimuli import video
from rtbci.stimuli.video import inspect_video, read_frames
from tests.own_clips import write_film


def levels(frames):
    """Brightness of the right half: the films grow by 2 a frame."""
    return np.array([frame[:, frame.shape[1] // 2 :, :3].mean() for frame in frames])


@pytest.mark.parametrize(("suffix", "rate"), [(".mp4", 25), (".webm", 12), (".gif", 10)])
def test_films_of_each_kind_are_read_at_their_own_rate(tmp_path, suffix, rate):
    path = write_film(tmp_path / f"film{suffix}", 2.0, rate)
    assert inspect_video(path, 2.0).rate == pytest.approx(rate)
    frames = list(read_frames(path, 2 * rate, rate, (64, 48)))
    assert len(frames) == 2 * rate
    assert {frame.shape for frame in frames} == {(48, 64, 4)}
    # A gif has few colours; the others go up with every frame.
    assert levels(frames)[-1] - levels(frames)[0] == pytest.approx(2 * (2 * rate - 1), abs=25)
    if suffix != ".gif":
        assert (np.diff(levels(frames)) > 0.5).all()


def test_at_another_rate_frames_are_shown_when_the_film_shows_them(tmp_path):
    path = write_film(tmp_path / "film.mp4", 2.0, 10)
    own = levels(read_frames(path, 20, 10.0, (64, 48)))
    twice = levels(read_frames(path, 50, 20.0, (64, 48)))
    np.testing.assert_allclose(twice[:40:2], own)
    np.testing.assert_allclose(twice[1:40:2], own)
    # Where the film ends before, its last frame stays.
    np.testing.assert_allclose(twice[40:], own[-1])


def test_frames_are_fitted_into_the_box_and_into_memory(tmp_path, monkeypatch):
    path = write_film(tmp_path / "film.mp4", 0.5, 10, size=(96, 32))
    assert next(read_frames(path, 5, 10.0, (300, 300))).shape == (32, 96, 4)
    assert next(read_frames(path, 5, 10.0, (3000, 16))).shape == (16, 48, 4)
    monkeypatch.setattr(video, "MOST_BYTES", 5 * 4 * 96 * 32 // 4)
    assert next(read_frames(path, 5, 10.0, (300, 300))).shape == (16, 48, 4)


def test_a_film_held_sideways_is_shown_upright(tmp_path):
    """As a telephone writes it: the frames lie on their side, and the header says to turn them clockwise."""
    path = write_film(tmp_path / "film.mp4", 0.5, 10)
    content = path.read_bytes()
    header = content.index(b"tkhd")
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 48 << 16, 0, 1 << 30)
    matrix = content.index(upright, header)
    path.write_bytes(content[:matrix] + turned + content[matrix + len(turned) :])
    frame = next(read_frames(path, 5, 10.0, (64, 64)))
    assert frame.shape == (64, 48, 4)
    # What was the bright left edge is the upper one.
    assert frame[4, :, :3].mean() > 230
    assert frame[40, :, :3].mean() < 150


def test_what_is_no_film_long_enough_is_said(tmp_path):
    short = write_film(tmp_path / "short.mp4", 1.0, 10)
    with pytest.raises(StimulusError, match=r"lasts 1\.00 s, and a clip takes 2 s"):
        inspect_video(short, 2.0)
    cut = write_film(tmp_path / "cut.webm", 3.0, 25)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 3])
    with pytest.raises(StimulusError, match="lasts"):
        inspect_video(cut, 2.0)
    text = tmp_path / "text.mp4"
    text.write_text("no film")
    with pytest.raises(StimulusError, match="cannot be read as a film"):
        inspect_video(text, 2.0)
    with pytest.raises(StimulusError, match="is not there"):
        inspect_video(tmp_path / "none.mp4", 2.0)
