"""A laboratory's own folder of clips: its table, its faults, its order."""

import itertools

import pytest

from rtbci.errors import StimulusError
from rtbci.stimuli import library
from rtbci.stimuli.library import Library, LibraryClip, open_library
from rtbci.stimuli.playlist import WATCHED_SEEDS
from rtbci.stimuli.video import VideoFacts
from tests.own_clips import write_folder


def test_a_good_folder_is_read_as_it_is(tmp_path):
    folder = write_folder(tmp_path / "clips", {"ship": 2, "cat": 3})
    found = open_library(folder)
    assert found.concepts == ("cat", "ship")
    assert found.clips[1] == LibraryClip(1, "f01.mp4", "ship", "the ship, film 1", 10.0)
    assert found.path(found.clips[1]).is_file()
    assert found.clips[1].seed == WATCHED_SEEDS[1]
    assert found.find("f01.mp4", "ship") is found.clips[1]
    assert found.find("f01.mp4", "cat") is None
    assert found.find("../f01.mp4", "ship") is None


def test_the_fingerprint_follows_the_table_and_the_films(tmp_path):
    folder = write_folder(tmp_path / "clips")
    first = open_library(folder).fingerprint
    assert open_library(folder).fingerprint == first
    table = folder / "clips.csv"
    table.write_text(table.read_text().replace("film 3", "film three"))
    second = open_library(folder).fingerprint
    (folder / "f00.mp4").write_bytes((folder / "f00.mp4").read_bytes() + b"\0" * 9)
    assert len({first, second, open_library(folder).fingerprint}) == 3


def folder_of(tmp_path, table, monkeypatch, films=("a.mp4", "b.mp4", "c.mp4", "d.mp4")):
    """A folder with this table, whose films are good if they are there."""
    (tmp_path / "clips.csv").write_text(table)
    for name in films:
        (tmp_path / name).touch()

    def inspect(path, seconds):
        if not path.is_file():
            raise StimulusError(f"The file {path} is not there.")
        return VideoFacts(24.0)

    monkeypatch.setattr(library, "inspect_video", inspect)
    return tmp_path


GOOD = "file,concept\na.mp4,cat\nb.mp4,cat\nc.mp4,dog\nd.mp4,Dog \n"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (GOOD.replace("concept", "Label"), "unknown column 'label'"),
        (GOOD.replace("file,", "", 1), "no column 'file'"),
        (GOOD.replace(",", ";"), "with commas between"),
        ("", "no column 'file'"),
        (GOOD + "e.mp4,dog\n", "e.mp4 is not there"),
        (GOOD + "a.mp4,dog\n", "Line 6 of clips.csv names a.mp4 again, as line 2 does"),
        (GOOD + "../a.mp4,dog\n", "name one that lies in the folder"),
        (GOOD + "/a.mp4,dog\n", "name one that lies in the folder"),
        (GOOD + ",dog\n", "name one that lies in the folder"),
        (GOOD.replace("c.mp4,dog", "c.mp4,unicorn"), "Line 4 of clips.csv has the concept 'unicorn'"),
        (GOOD.replace("dog", "cat").replace("Dog", "cat"), "nothing to tell apart"),
        (GOOD.replace("b.mp4,cat", "b.mp4,dog"), "'cat' has one clip only"),
        (GOOD + "e.mp4,dog,a,b\n", "Line 6 of clips.csv has 4 cells"),
    ],
)
def test_each_fault_is_one_sentence(tmp_path, monkeypatch, table, said):
    folder = folder_of(tmp_path, table, monkeypatch)
    with pytest.raises(StimulusError, match="wrong with the clips in") as caught:
        open_library(folder)
    faults = [line for line in str(caught.value).splitlines() if said in line]
    assert len(faults) == 1
    assert faults[0].startswith("- ") and faults[0].endswith(".")


def test_a_table_with_a_mark_and_blanks_is_read(tmp_path, monkeypatch):
    folder = folder_of(tmp_path, "\ufeff" + GOOD.replace("\n", "\r\n") + "\n\n", monkeypatch)
    assert [clip.concept for clip in open_library(folder).clips] == ["cat", "cat", "dog", "dog"]


def test_of_many_faults_the_first_are_listed(tmp_path, monkeypatch):
    many = GOOD + "".join(f"x{i}.mp4,cat\n" for i in range(30))
    with pytest.raises(StimulusError) as caught:
        open_library(folder_of(tmp_path, many, monkeypatch))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("30 things are wrong")
    assert len(lines) == 7
    assert lines[-1] == "- … and 25 more."


def test_a_folder_without_a_table_is_said(tmp_path):
    with pytest.raises(StimulusError, match=r"There is no table clips\.csv"):
        open_library(tmp_path)


def test_every_clip_of_a_concept_comes_before_any_comes_again(tmp_path):
    counts = {"cat": 2, "dog": 5, "ship": 3}
    names = [name for name, count in counts.items() for _ in range(count)]
    clips = tuple(LibraryClip(i, f"{i}.mp4", name, "", 24.0) for i, name in enumerate(names))
    found = Library(tmp_path, clips, "")
    shown = list(itertools.islice(found.rounds(4), 90))
    for begin in range(0, 90, 3):
        assert {clip.concept for clip in shown[begin : begin + 3]} == set(counts)
    assert all(a.concept != b.concept for a, b in itertools.pairwise(shown))
    for name, count in counts.items():
        mine = [clip.row for clip in shown if clip.concept == name]
        for begin in range(0, 30 - 30 % count, count):
            assert len(set(mine[begin : begin + count])) == count
        assert all(a != b for a, b in itertools.pairwise(mine))
    assert shown == list(itertools.islice(found.rounds(4), 90))
    assert shown != list(itertools.islice(found.rounds(5), 90))
