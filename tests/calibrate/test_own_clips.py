"""A calibration with a laboratory's own clips: what is shown when, what chance is, what is kept and told."""

import dataclasses
import itertools
import threading

import numpy as np
import pytest

from rtbci.calibrate import Collector, Course, CourseSettings, OnClip, Programme, fit, plan
from rtbci.calibrate.adaptive import Estimate, estimate
from rtbci.calibrate.candidates import CANDIDATES
from rtbci.calibrate.findings import Gain, Share
from rtbci.calibrate.shown import ClipTable, shown_json
from rtbci.calibrate.sitting import WatchedClip
from rtbci.calibrate.timing import FrameClock
from rtbci.errors import RecordingError, UsageError
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.library import Library, LibraryClip
from rtbci.stimuli.markers import ClipMarker, EndMarker, RestMarker, ShownMarker, encode
from rtbci.stream import StreamQuery
from tests.calibrate.journals import contract, pieces, write_journal
from tests.calibrate.test_fit import K, rounds, sitting
from tests.calibrate.test_fit import encode as encoder
from tests.calibrate.test_session import Cap

NAMES = ("cat", "dog", "ship", "pizza")


def library(tmp_path, names=NAMES, each=3, mark="", rate=30.0):
    rows = [name for name in names for _ in range(each)]
    clips = tuple(LibraryClip(i, f"{i}.mp4", name, f"a {name}", rate) for i, name in enumerate(rows))
    return Library(tmp_path / "films", clips, f"print{mark}")


def test_a_plan_shows_the_folders_clips_in_rounds_and_goes_on_where_it_was(tmp_path):
    films = library(tmp_path)
    whole = plan(4.0, 3, library=films)
    markers = [marker for _, marker in whole.items if isinstance(marker, ClipMarker)]
    assert len(markers) == whole.clips == 120
    for begin in range(0, 120, 4):
        assert {marker.concept for marker in markers[begin : begin + 4]} == set(NAMES)
    for marker in markers:
        clip = films.find(marker.file, marker.concept)
        assert clip is not None and marker.seed == clip.seed
    # Every film once before any again; a rest after each forty clips, and no hint.
    assert len({marker.file for marker in markers[:12]}) == 12
    assert not any(isinstance(m, RestMarker) for m in _between(whole, 1, 40))
    kinds = [type(marker) for _, marker in whole.items]
    assert kinds.count(RestMarker) == 3 and kinds[-1] is EndMarker
    rest = plan(4.0, 3, 50, library=films)
    again = [marker for _, marker in rest.items if isinstance(marker, ClipMarker)]
    assert again == markers[50:]


def _between(shown, first, last):
    return [marker for _, marker in shown.items[first : last + 1]]


def test_too_little_time_for_the_folders_concepts_is_said(tmp_path):
    many = library(tmp_path, CONCEPT_NAMES[:30], 2)
    with pytest.raises(UsageError, match=r"30 concepts, and 45 clips are too few.* at least 2\.0 minutes"):
        plan(1.5, 0, library=many)
    assert plan(2.0, 0, library=many).clips == 60


def some_candidates():
    return [c for c in CANDIDATES if c.name in ("none", "own")]


def few_rounds(count, concepts, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(concepts) for _ in range(count)])


def test_chance_is_a_guess_among_the_concepts_that_were_shown():
    """Four concepts, no signal: a fit says those four alone, and is right every fourth time by that."""
    watched = sitting(few_rounds(20, [0, 1, 16, 33], seed=2), gain=0.0)
    found = fit(watched, encoder, np.eye(62), hazard=0.05, candidates=some_candidates()).report
    assert found.chance == pytest.approx(1 / 4)
    fitted = [c.top1 for c in found.candidates if c.name == "own"]
    # Against one in forty this would be a wearer who can be decoded.
    assert fitted[0] > 3 / 40
    assert not found.decodable
    assert "one in four among the 4 concepts that were shown" in found.plain[0]
    assert "Of the other 36 concepts" in found.plain[1]
    assert found.to_json()["concepts"] == {"shown": 4, "of": K}
    assert found.to_json()["predicted"]["chance"] == 0.25
    early = estimate(watched, encoder, np.eye(62), 0.05)
    assert early.chance == pytest.approx(1 / 4)
    assert early.verdict() is None


def test_a_wearer_who_answers_to_few_concepts_is_found():
    watched = sitting(few_rounds(10, [0, 1, 16, 33], seed=2), gain=1.0)
    found = fit(watched, encoder, np.eye(62), hazard=0.05, candidates=some_candidates()).report
    assert found.decodable and found.predicted.top1 > 0.6
    assert found.plain[0].endswith("chance is one in four among the 4 concepts that were shown.")


def uneven(names, seed):
    """Half of 120 clips show the first concept, the rest the others in turn."""
    others = np.resize(names[1:], 60)
    return np.random.default_rng(seed).permutation(np.concatenate([np.full(60, names[0]), others]))


def test_saying_what_came_most_often_is_no_more_than_chance():
    watched = sitting(uneven([0, 1, 5, 9, 16, 20, 33, 38], seed=1), gain=0.0, noise=1.0)
    some = [c for c in CANDIDATES if c.name in ("none", "head")]
    found = fit(watched, encoder, np.eye(62), hazard=0.05, candidates=some).report
    assert found.chosen == "head" and found.predicted.top1 > 0.4
    assert found.chance == pytest.approx(1 / 2, abs=0.03)
    assert type(found.to_json()["predicted"]["chance"]) is float
    assert not found.decodable
    assert "which is one in two among the 8 concepts" in found.plain[0]
    # Had all forty been shown, as unevenly, none would be said to be missing.
    assert "that were shown" not in "".join(dataclasses.replace(found, shown=K).plain)


@pytest.mark.parametrize("clips", [2 * K + 13, 15])
def test_with_the_whole_corpus_chance_stays_one_in_all(clips):
    watched = sitting(rounds(3)[:clips], gain=0.0)
    found = fit(watched, encoder, np.eye(62), hazard=0.05, candidates=some_candidates()).report
    assert found.chance == 1 / K
    assert "that were shown" not in "".join(found.plain)


def test_good_enough_is_as_far_above_guessing_with_few_concepts():
    def after(low, chance):
        return Estimate(80, Share(low + 0.05, (low, low + 0.1)), Gain(0.3, (0.2, 0.4)), chance).verdict()

    assert after(0.5, 1 / 40) is not None
    assert after(0.5, 1 / 2) is None
    assert after(0.73, 1 / 2) is None
    assert after(0.75, 1 / 2) is not None


def test_what_was_shown_is_told(tmp_path):
    films = library(tmp_path)
    clips = [WatchedClip(2.0 * i, 2.0, CONCEPT_NAMES.index("cat"), f"{i % 2}.mp4") for i in range(5)]
    told = shown_json([*clips, WatchedClip(20.0, 2.0, 3)], ClipTable.of(films))
    assert (told["table"], told["shown"], told["repeated"]) == ("print", 5, 3)
    assert told["concepts"] == ["cat"]
    assert told["clips"] == [
        {"file": "0.mp4", "concept": "cat", "caption": "a cat", "times": 3},
        {"file": "1.mp4", "concept": "cat", "caption": "a cat", "times": 2},
    ]
    assert shown_json([WatchedClip(20.0, 2.0, 3)], None) is None


@pytest.fixture
def bundle(tmp_path_factory):
    from rtbci.bundle import load_bundle
    from tests.tiny_bundle import write_tiny_bundle

    folder = tmp_path_factory.mktemp("own") / "tiny"
    write_tiny_bundle(folder)
    return load_bundle(folder)


def test_a_sitting_goes_on_with_the_clips_it_was_begun_with(tmp_path, monkeypatch, bundle):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    films = library(tmp_path)

    def begin(chosen, **options):
        course = Course(bundle, CourseSettings(library=chosen))
        try:
            course.begin("w01", **options)
            return course.journal.clips
        finally:
            course.release()

    assert begin(films) == ClipTable.of(films)
    assert begin(library(tmp_path)) == ClipTable.of(films)
    with pytest.raises(RecordingError, match=r"begun with the clips of folder 'films'.*as it was then"):
        begin(library(tmp_path, mark="2"))
    with pytest.raises(RecordingError, match="name that folder with --clips"):
        begin(None)
    # None of this has kept it locked, or changed it.
    assert begin(films) == ClipTable.of(films)
    assert begin(None, fresh=True) is None
    with pytest.raises(RecordingError, match=r"begun with the drawn corpus.*without --clips"):
        begin(films)


def test_own_clips_are_refused_where_the_stream_announces_its_own(tmp_path, monkeypatch, bundle, source_id):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    cap = Cap(source_id)
    settings = CourseSettings(query=StreamQuery(source_id=source_id), library=library(tmp_path))
    course = Course(bundle, settings)
    try:
        course.begin("w01")
        with pytest.raises(UsageError, match=r"announces clips of its own.*films would not be shown"):
            course.connect(threading.Event())
        assert not course.connected
    finally:
        course.release()
        cap.off()


def test_with_too_little_time_nothing_is_begun_but_what_was_begun_is_gone_on_with(
    tmp_path, monkeypatch, bundle
):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    many = library(tmp_path, CONCEPT_NAMES[:30], 2)
    course = Course(bundle, CourseSettings(library=many, minutes=1.0))
    with pytest.raises(UsageError, match="too few to show each 2 times"):
        course.begin("w01")
    assert not (tmp_path / "home").exists()
    course.change(minutes=2.0)
    course.begin("w01")
    course.change(minutes=1.0)
    assert course.begin("w01") == 0 and course.resumed
    course.release()


def test_what_is_all_watched_is_fitted_without_the_folder(tmp_path, monkeypatch, bundle):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    films = library(tmp_path)
    course = Course(bundle, CourseSettings(library=films))
    course.begin("w01")
    course.journal.end_watching()
    course.release()
    course = Course(bundle, CourseSettings())
    course.begin("w01")
    assert course.complete and course.journal.clips == ClipTable.of(films)
    course.release()


def test_a_sitting_of_before_there_were_own_clips_is_gone_on_with(tmp_path, monkeypatch, bundle):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "sittings" / "w01"
    write_journal(folder, clips=3)
    text = (folder / "sitting.json").read_text()
    (folder / "sitting.json").write_text(text.replace(',"clips":null', ""))
    course = Course(bundle, CourseSettings())
    assert course.begin("w01") == 3
    course.release()


def test_a_clip_that_the_screen_could_not_show_is_not_counted(bundle):
    from tests.calibrate.journals import noise

    collector = Collector(bundle)
    collector.replay(contract(), [])
    for i in range(3):
        marker = ClipMarker("cat", i, 1.0, f"{i}.mp4")
        collector.on_marker(encode(marker), 101.0 + i)
    collector.on_marker(encode(ShownMarker(0.0, 0, 30)), 102.0)
    collector.on_marker(encode(ShownMarker(1.0, 28, 2)), 103.001)
    for piece in pieces(noise(8.0)):
        collector._take(piece)
    assert [clip.file for clip in collector.sitting().clips] == ["0.mp4", "2.mp4"]
    assert collector.timing.to_json()["clips"] == 1


def test_frames_are_counted_at_the_films_own_rate(tmp_path):
    films = library(tmp_path, rate=50.0)
    programme = Programme(films)
    programme.on_marker(encode(ClipMarker("cat", 1, 2.0, "1.mp4")), 10.0)
    programme.on_marker(encode(ClipMarker("cat", 1, 2.0, "elsewhere.mp4")), 12.0)
    on, lacking = programme.at(10.0), programme.coming(10.0)
    assert isinstance(on, OnClip) and (on.own, on.rate, on.lacking) == (films.clips[1], 50.0, False)
    assert (lacking.own, lacking.lacking) == (None, True)
    clock = FrameClock()
    for at in itertools.chain(np.arange(10.0, 11.0, 0.02), np.arange(11.001, 12.0, 0.04)):
        assert clock.painted(on, float(at) + 1e-6) is None
    # What is still shown because the next is not decoded yet is no new frame.
    for _ in range(5):
        clock.painted(on, 11.999, 3)
    told, stamp = clock.painted(None, 12.0)
    assert (told.frames, told.dropped) == (75, 25)
    assert stamp == pytest.approx(10.0, abs=1e-3)
