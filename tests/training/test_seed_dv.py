import itertools
import os
import resource
import shutil
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.bundle.schema import Preprocessing
from rtbci.errors import RecordingError, UsageError
from rtbci.montage import CHANNELS
from rtbci.signal import Chain
from rtbci.stimuli import film
from rtbci.stimuli.concepts import CONCEPT_NAMES
from tests.training.seed_dv_folder import FILES, SHAPE, write_eeg, write_meta
from training.check_data import inspect, open_source
from training.seed_dv import SeedDv
from training.source import Block, Clip, DataError, clip_slice, stimuli
from training.source_windows import chain_of, clip_windows, grid_windows, last_blocks, mean_covariance

RAMP = 5
"""A channel whose values count the samples; it is none of those that the index looks at."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two subjects, one with a second session: sub1 has EEG in its first two blocks."""
    folder = tmp_path_factory.mktemp("seed-dv")
    write_meta(folder)
    eeg = write_eeg(folder / "EEG" / "sub1.npy", 1, whole=2)
    other = write_eeg(folder / "EEG" / "sub1_session2.npy", 2, dtype="float64", scale=20e-6)
    other[:, RAMP] = np.arange(7)[:, None] * SHAPE[2] + np.arange(SHAPE[2])
    write_eeg(folder / "EEG" / "sub2.npy", 3)[2, RAMP] = -np.arange(SHAPE[2])
    del eeg, other
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def source(folder):
    return SeedDv.open(folder, (1, 2))


def test_every_clip_of_every_block_is_at_its_samples(source):
    blocks = source.blocks("sub1")
    assert [(b.session, b.number) for b in blocks] == [(s, n) for s in "12" for n in range(7)]
    assert [b.session for b in source.blocks("sub2")] == ["1"] * 7
    for block in blocks[7:]:
        clips = source.clips(block)
        starts = [2600 * slot + 600 + 400 * clip for slot in range(40) for clip in range(5)]
        assert [clip.start for clip in clips] == starts
        for clip in clips:
            span = clip_slice(block, clip)
            samples = source.eeg(block, span.start, span.stop)
            assert samples.shape == (400, 62)
            assert np.array_equal(samples[:, RAMP], block.number * SHAPE[2] + clip.start + np.arange(400))
    third = source.blocks("sub2")[2]
    assert np.array_equal(source.eeg(third, 100, 103)[:, RAMP], [-100, -101, -102])


def test_the_seventh_block_is_held_out(source):
    held = [(block.subject, block.session, block.number) for block in last_blocks(source)]
    assert held == [("sub1", "1", 6), ("sub1", "2", 6), ("sub2", "1", 6)]


def test_hints_fill_what_the_clips_leave(source):
    marks = source.marks(source.blocks("sub1")[0])
    assert marks[0].start == 0 and marks[-1].start + marks[-1].samples == SHAPE[2]
    assert all(a.start + a.samples == b.start for a, b in itertools.pairwise(marks))
    assert [m.kind for m in marks[:6]] == ["hint"] + ["clip"] * 5
    assert {m.samples for m in marks if m.kind == "hint"} == {600}


def test_labels_captions_and_attributes_are_at_their_clips(source, folder):
    arrays = {name: np.load(folder / "meta-info" / file) for name, (file, _) in FILES.items()}
    for block in source.blocks("sub1")[:7]:
        for clip in source.clips(block):
            line = 5 * (clip.slot % 40) + clip.place
            assert clip.slot // 40 == block.number
            assert clip.concept == arrays["label"][block.number, clip.slot % 40] - 1
            assert clip.caption == f"caption of block {block.number} line {line}"
            assert clip.stimulus == 200 * block.number + line
            at = (block.number, line)
            named = dict(clip.attributes)
            colours = [None, "red", "green", "blue", "yellow", "white", "grey"]
            assert named.pop("colour", None) == colours[int(arrays["colour"][at])]
            assert named == {
                "number": ["one", "two", "many"][int(arrays["number"][at]) - 1],
                "speed": "fast" if arrays["flow"][at] > 1.799 else "slow",
                "face": "yes" if arrays["face"][at] else "no",
                "human": "yes" if arrays["human"][at] else "no",
            }


def test_a_window_finds_what_it_shows_by_its_numbers(source):
    shown = stimuli(source)
    assert len(shown) == 7 * 200
    clip = source.clips(source.blocks("sub2")[4])[77]
    assert shown[clip.concept, clip.stimulus].caption == clip.caption


def test_agrees_with_the_public_metadata(shared_data, folder, tmp_path):
    public = shared_data / "seed_dv"
    (tmp_path / "EEG").mkdir()
    os.link(folder / "EEG" / "sub1.npy", tmp_path / "EEG" / "sub1.npy")
    for name in ("meta-info", "BLIP-caption"):
        (tmp_path / name).symlink_to(public / name)
    source = SeedDv.open(tmp_path, (1,))
    labels = np.load(public / "meta-info" / "All_video_label.npy")
    flow = np.load(public / "meta-info" / "All_video_optical_flow_score.npy")
    people = np.load(public / "meta-info" / "All_video_human_apperance.npy")
    named = total = 0
    for block in source.blocks("sub1"):
        text = (public / "BLIP-caption" / f"{film.STEMS[block.number]}.txt").read_text().splitlines()
        for line, clip in enumerate(source.clips(block)):
            assert clip.caption == text[line].strip()
            assert clip.concept + 1 == labels[block.number, line // 5]
            assert clip.attributes["speed"] == ("fast" if flow[block.number, line] > 1.799 else "slow")
            assert clip.attributes["human"] == ("yes" if people[block.number, line] == 1 else "no")
            if CONCEPT_NAMES[clip.concept] in ("cat", "panda", "guitar", "piano", "beach", "pizza"):
                total += 1
                named += CONCEPT_NAMES[clip.concept] in clip.caption
    # Captions speak of what the labels say: off by one line or one block this falls to a fraction.
    assert total == 6 * 35 and named > 0.85 * total


def test_the_unit_is_judged_or_told(source, folder):
    units = [block.units[0] for block in source.blocks("sub1")]
    assert units == ["uV"] * 7 + ["V"] * 7
    assert source.blocks("sub1")[7].remap().matrix[3, 3] == 1e6
    told = SeedDv.open(folder, (1,), unit="microvolts").blocks("sub1")[7]
    assert told.remap().matrix[3, 3] == 1.0
    with pytest.raises(UsageError, match="furlong"):
        SeedDv.open(folder, (1,), unit="furlong")


def test_windows_of_a_block_are_those_of_the_live_chain(source):
    block = source.blocks("sub1")[0]
    p = Preprocessing(lag_s=0.5)
    prior = np.eye(62) + 0.1
    x, clips = clip_windows(source, block, p, prior)
    # The lag takes the last clip's answer beyond the block.
    assert len(clips) == 199 and clips == source.clips(block)[:199]
    chain, live = Chain(chain_of(block, p, prior)), {}
    rng = np.random.default_rng(0)
    data, done = np.array(source.eeg(block, 0, 6000)), 0
    while done < len(data):
        stop = done + int(rng.integers(1, 300))
        for window in chain.push(data[done:stop], np.arange(done, min(stop, len(data))) / 200):
            live[window.end] = window.z
        done = stop
    compared = 0
    for z, clip in zip(x, clips, strict=True):
        end = clip.start + 399 + 100
        if end < 6000:
            np.testing.assert_array_equal(z, live[end])
            compared += 1
    assert compared == sum(clip.start + 500 <= 6000 for clip in clips) == 10

    z, which, share = grid_windows(source, block, p, prior)
    ends = [end for end in range(399, 6000, 100) if (end + 1 - 100 - 600) % 2600 in range(400, 2001)]
    ends = [end for end in ends if end >= 1099]
    for end, window in zip(ends, z, strict=False):
        np.testing.assert_array_equal(window, live[end])
    # 17 windows a slot; the last slot's last one ends beyond the block.
    assert len(z) == 40 * 17 - 1
    first = [tuple(pair) for pair in which[:4]]
    assert first == [(0, 0), (0, 1), (0, 1), (1, 0)] and share[:4].tolist() == [1.0, 0.75, 0.5, 0.75]


def test_a_subject_is_never_loaded_whole(source):
    size = source.files[0].path.stat().st_size
    p = Preprocessing()
    tracemalloc.start()
    try:
        again = SeedDv.open(source.folder, (1, 2))
        assert tracemalloc.get_traced_memory()[1] < 0.05 * size
        view = again.eeg(again.blocks("sub1")[0])
        assert view.shape == (SHAPE[2], 62) and not view.flags.owndata
        peaks = []
        for block in again.blocks("sub1")[:2]:
            tracemalloc.reset_peak()
            mean_covariance(again, [block], p)
            clip_windows(again, block, p)
            peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    # The chain's output of one block in double precision, twice for a moment: two sevenths of float64.
    assert max(peaks) < 0.75 * size
    assert peaks[1] < 1.1 * peaks[0]


def test_twenty_subjects_are_indexed_without_reading_them(folder, tmp_path):
    write_meta(tmp_path)
    for number in range(1, 21):
        write_eeg(tmp_path / "EEG" / f"sub{number}.npy", number)
    before = _pages_brought_in()
    tracemalloc.start()
    try:
        source = SeedDv.open(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    brought_in = _pages_brought_in() - before
    assert source.subjects() == tuple(f"sub{n}" for n in range(1, 21))
    assert [source.number(s) for s in source.subjects()] == list(range(1, 21))
    # 3.6 GB of files: to read them through a map would bring in 50 000 times and more.
    assert peak < 20e6
    assert brought_in < 20_000


def _pages_brought_in() -> int:
    """How often a page that this process touched, or several together, had to be brought in."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_minflt + used.ru_majflt


class TestProblems:
    @pytest.fixture
    def broken(self, folder, tmp_path):
        """A folder that shares the good files."""
        for name in ("EEG", "meta-info", "BLIP-caption"):
            shutil.copytree(folder / name, tmp_path / name, copy_function=os.link)
        return tmp_path

    def test_all_are_listed_before_anything_is_read(self, broken):
        eeg = broken / "EEG"
        (eeg / "sub1.npy").unlink()
        np.save(eeg / "sub3.npy", np.zeros((7, 60, 100), dtype=np.float32))
        np.save(eeg / "sub4.npy", np.array([{}], dtype=object))
        (eeg / "sub5.npy").write_text("not an array")
        np.lib.format.open_memmap(eeg / "sub6.npy", mode="w+", dtype="int16", shape=SHAPE)
        write_eeg(eeg / "sub7.npy", 7)
        os.truncate(eeg / "sub7.npy", (eeg / "sub7.npy").stat().st_size - 4000)
        np.lib.format.open_memmap(eeg / "sub8.npy", mode="w+", dtype="float32", shape=SHAPE)
        write_eeg(eeg / "sub9.npy", 9)[3, 8, 700] = np.nan
        os.link(eeg / "sub2.npy", eeg / "sub10.npy")
        (eeg / "subject11.npy").write_text("")
        (broken / "meta-info" / "All_video_color.npy").unlink()
        with pytest.raises(DataError) as caught:
            SeedDv.open(broken, range(1, 12))
        expected = {
            "subject11.npy has no name of SEED-DV's": 1,
            "sub1.npy is missing": 1,
            "sub11.npy is missing": 1,
            "shape (7, 60, 100)": 1,
            "sub4.npy has the shape (1,)": 1,
            "sub5.npy is no npy file": 1,
            "int16, not float32": 1,
            "sub7.npy is cut off, 4000 bytes": 1,
            "Block 1 of": 1,
            "Block 4 of": 1,
            "sub10.npy holds the same EEG": 1,
            "All_video_color.npy is missing": 1,
        }
        for text in expected:
            assert sum(text in problem for problem in caught.value.problems) == 1, text
        assert len(caught.value.problems) == len(expected)
        assert all(problem.endswith(".") and "\n" not in problem for problem in caught.value.problems)
        assert caught.value.exit_code == RecordingError.exit_code
        assert all(problem in str(caught.value) for problem in caught.value.problems)

    @pytest.mark.parametrize(
        ("name", "change", "sentence"),
        [
            ("label", lambda a: a[:, :39], "shape"),
            ("label", lambda a: np.where(a == 40, 41, a), "41"),
            ("label", lambda a: np.where(a == 7, 8, a), "twice in block 1"),
            ("face", lambda a: a + 0.5, "0.5|1.5"),
            ("number", lambda a: np.zeros_like(a), "outside 1 to 3"),
            ("flow", lambda a: np.full_like(a, np.nan), "nan"),
            ("colour", lambda a: a.astype(str), "not numbers"),
        ],
    )
    def test_malformed_metadata(self, broken, name, change, sentence):
        path = broken / "meta-info" / FILES[name][0]
        changed = change(np.load(path))
        path.unlink()
        np.save(path, changed)
        with pytest.raises(DataError, match=sentence) as caught:
            SeedDv.open(broken, (1, 2))
        assert len(caught.value.problems) == 1 and str(path) in caught.value.problems[0]

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (None, "not there"),
            (b"a cat\n" * 199, "199 lines"),
            (b"a cat\n" * 100 + b" \n" + b"a cat\n" * 99, "Line 101"),
            (b"\xff\xfe\x00" * 200, "no UTF-8"),
        ],
    )
    def test_malformed_captions(self, broken, content, sentence):
        path = broken / "BLIP-caption" / "3rd_10min.txt"
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DataError, match=sentence) as caught:
            SeedDv.open(broken, (1, 2))
        assert len(caught.value.problems) == 1

    def test_metadata_may_lie_beside_the_films(self, broken):
        (broken / "Video").mkdir()
        for name in ("meta-info", "BLIP-caption"):
            (broken / name).rename(broken / "Video" / name)
        assert open_source(broken, "1-2").subjects() == ("sub1", "sub2")

    def test_inspection_reads_values_when_asked(self, broken):
        only = "2"
        assert inspect(broken, only).problems == ()
        problems = inspect(broken, only, values=True).problems
        # The files of these tests are zero nearly everywhere.
        assert len(problems) == 7 and all("never changes in FPZ, FP2" in problem for problem in problems)
        assert "F1" not in problems[0].split("never changes in ")[1].split(";")[0].split(", ")

    def test_subjects_that_make_no_sense(self, broken):
        for text in ("a", "0", "1-99", ""):
            with pytest.raises(UsageError):
                open_source(broken, text)


@given(
    start=st.integers(0, 5000),
    samples=st.integers(1, 1000),
    lag=st.floats(-2, 5),
    rate=st.sampled_from([128.0, 200.0, 1000.0]),
)
def test_a_lag_moves_a_clip_or_leaves_it_out(start, samples, lag, rate):
    block = Block("a", "1", 0, rate, 5000, CHANNELS, ("uV",) * 62)
    span = clip_slice(block, Clip(start, samples, 0, 0, 0, 0), lag)
    moved = start + round(lag * rate)
    if span is None:
        assert moved < 0 or moved + samples > 5000
    else:
        assert (span.start, span.stop) == (moved, moved + samples) and moved >= 0 and span.stop <= 5000
