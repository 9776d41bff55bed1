import json
import sys

import numpy as np
import pytest

from rtbci.errors import StimulusError
from rtbci.stimuli import film


def test_the_timeline_in_samples_frames_and_lines():
    assert film.segment(0, 0) == slice(600, 1000)
    assert film.segment(39, 4) == slice(103_600, 104_000)
    assert list(film.frames_of(0, 0)) == [72, 80, 88, 96, 104, 112]
    assert film.frames_of(39, 4)[0] == 3 * 24 + 13 * 24 * 39 + 48 * 4
    assert film.frames_of(39, 4).stop == 12_480
    assert film.caption_line(39, 4) == 199
    for slot, clip in [(40, 0), (0, 5), (-1, 0)]:
        with pytest.raises(StimulusError, match="timeline"):
            film.segment(slot, clip)


def test_a_block_is_cut_where_the_timeline_says():
    eeg = np.arange(2 * 104_000, dtype=np.float32).reshape(2, 104_000)
    cut = film.cut_block(eeg)
    assert cut.shape == (40, 5, 2, 400)
    for slot, clip in [(0, 0), (17, 3), (39, 4)]:
        assert np.array_equal(cut[slot, clip], eeg[:, film.segment(slot, clip)])
    with pytest.raises(StimulusError, match="104000"):
        film.cut_block(eeg[:, 1:])


def test_agrees_with_the_public_files(shared_data):
    facts = json.loads((shared_data / "seed_dv" / "seed_dv_facts.json").read_text())
    assert facts["block_samples"] == film.SLOTS * film.SLOT_SECONDS * film.EEG_RATE
    assert facts["clip_samples"] == film.CLIP_SAMPLES
    captions = film.read_captions(shared_data / "seed_dv" / "BLIP-caption")
    assert [len(block) for block in captions] == [200] * 7
    labels = np.load(shared_data / "seed_dv" / "meta-info" / "All_video_label.npy")
    assert labels.shape == (film.BLOCKS, film.SLOTS)
    # The lines belong to the labels: where the concept is "cat" (1) or "panda" (5) most lines say so.
    for label, word in [(1, "cat"), (5, "panda"), (37, "car")]:
        lines = [
            captions[block][film.caption_line(slot, clip)]
            for block, slot in np.argwhere(labels == label)
            for clip in range(film.CLIPS)
        ]
        assert sum(word in line for line in lines) > 0.5 * len(lines)


def test_missing_or_short_captions_are_refused(tmp_path):
    with pytest.raises(StimulusError, match="not there"):
        film.read_captions(tmp_path)
    (tmp_path / "1st_10min.txt").write_text("a cat\n")
    with pytest.raises(StimulusError, match="1 lines"):
        film.read_captions(tmp_path)


def _write_film(path, frames: int, rate: int = 24) -> None:
    """A film whose brightness counts its frames, in steps that survive compression."""
    av = pytest.importorskip("av", reason="PyAV, which reads the films, is not installed")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.bit_rate = 2_000_000
        for number in range(frames):
            picture = np.full((48, 64, 3), _brightness(number), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def _brightness(number: int) -> int:
    return 16 + (number // 8 * 37) % 200


def test_reads_the_right_frames_of_a_clip(tmp_path):
    _write_film(tmp_path / "2nd_10min.mp4", 480)
    for slot, clip in [(0, 0), (0, 4), (1, 0)]:
        frames = film.read_clip(tmp_path, 1, slot, clip)
        assert frames.shape == (6, 48, 64, 3)
        assert frames.dtype == np.uint8
        expected = [_brightness(number) for number in film.frames_of(slot, clip)]
        np.testing.assert_allclose(frames.mean(axis=(1, 2, 3)), expected, atol=6)


def test_films_that_do_not_fit_are_refused(tmp_path):
    _write_film(tmp_path / "1st_10min.mp4", 100)
    _write_film(tmp_path / "2nd_10min.mp4", 200, rate=30)
    (tmp_path / "3rd_10min.mp4").write_bytes(b"no film at all")
    for block, words in [(0, "no frame"), (1, "frames a second"), (2, "cannot be read"), (3, "not there")]:
        with pytest.raises(StimulusError, match=words):
            film.read_clip(tmp_path, block, 0, 0)
    with pytest.raises(StimulusError, match=r"outside 0\.\.6"):
        film.read_clip(tmp_path, 7, 0, 0)


def test_says_what_to_install_without_pyav(tmp_path, monkeypatch):
    (tmp_path / "1st_10min.mp4").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(StimulusError, match=r"pip install 'rtbci\[films\]'"):
        film.read_clip(tmp_path, 0, 0, 0)
