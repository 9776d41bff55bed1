import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtbci.bundle.schema import Preprocessing
from rtbci.errors import UsageError
from rtbci.montage import CHANNELS
from rtbci.signal import Chain
from rtbci.stimuli.captions import caption
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.markers import ClipMarker, EndMarker, HintMarker, RestMarker, encode
from tests.training.recording_files import Contract, write_brainvision, write_xdf
from training.check_data import inspect, open_source
from training.cohort import HELD_OUT, TRAIN, load_prior, load_windows
from training.own_clips import event_of_text
from training.recordings import OwnRecordings
from training.source import DataError, clip_slice
from training.source_windows import chain_of, clip_windows, last_blocks, last_sessions, make_windows
from training.xdf_stretches import read_stretches

BEGIN = 1234.5


def ramp(n, rate=200.0, start=0):
    """Samples that count, and their stamps."""
    counts = np.arange(start, start + n, dtype=float)
    return np.repeat(counts[:, None], 62, axis=1), BEGIN + counts / rate


def playlist(first=3.0, slots=("cat", "guitar"), clips=3):
    """Markers of slots with a hint each, from `first` seconds on; also each clip's name and onset."""
    markers, shown, at = [], [], first
    for number, name in enumerate(slots):
        markers.append((encode(HintMarker(name)), BEGIN + at))
        at += 3.0
        for clip in range(clips):
            markers.append((encode(ClipMarker(name, 10 * number + clip)), BEGIN + at))
            shown.append((name, 10 * number + clip, at))
            at += 2.0
    markers += [(encode(RestMarker(1.0)), BEGIN + at), (encode(EndMarker()), BEGIN + at + 1.0)]
    return markers, shown


def noise(n, seed, rate=200.0):
    data = 20 * np.random.default_rng(seed).standard_normal((n, 62)).astype(np.float32)
    return data.astype(float), BEGIN + np.arange(n) / rate


def test_what_record_writes_comes_back_at_its_samples(tmp_path):
    markers, shown = playlist()
    write_xdf(tmp_path / "w01" / "monday.xdf", [ramp(6000)], [("somebody else's", BEGIN), *markers])
    source = open_source(tmp_path)
    assert source.subjects() == ("w01",) and source.number("w01") == 1
    (block,) = source.blocks("w01")
    assert (block.session, block.samples, block.rate_hz, block.unit) == ("monday", 6000, 200.0, "uV")
    clips = source.clips(block)
    assert [(CONCEPT_NAMES[c.concept], c.stimulus, c.start / 200) for c in clips] == shown
    assert [(c.slot, c.place) for c in clips] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    spec = ClipMarker("guitar", 11).spec()
    assert clips[4].caption == caption(spec) and clips[4].attributes["sky"] == spec.attribute("sky")
    for clip in clips:
        span = clip_slice(block, clip)
        assert np.array_equal(source.eeg(block, span.start, span.stop)[:, 7], clip.start + np.arange(400))
    kinds = [mark.kind for mark in source.marks(block)]
    assert kinds == ["hint", "clip", "clip", "clip"] * 2 + ["rest"]


def test_a_laboratorys_own_clip_is_not_taken_for_a_drawn_one():
    event = event_of_text(encode(ClipMarker("guitar", 11, file="a.mp4")), 3.0)
    assert (event.kind, event.concept, event.seconds) == ("clip", CONCEPT_NAMES.index("guitar"), 2.0)
    assert (event.stimulus, event.caption, dict(event.attributes)) == (-1, "", {})


@settings(max_examples=25)
@given(data=st.data())
def test_losses_and_jitter_do_not_move_samples(tmp_path_factory, data):
    """Stamps of chunks jitter, short losses are bridged, long ones part blocks: samples keep their place."""
    path = tmp_path_factory.mktemp("lossy") / "w" / "a.xdf"
    counts = np.arange(4000)
    for place in (1000, 2400):
        lost = data.draw(st.sampled_from([0, 1, 7, 20, 21, 300]))
        counts = counts[(counts < place) | (counts >= place + lost)]
    samples, stamps = ramp(4000)
    samples, stamps = samples[counts], stamps[counts]
    jitter = data.draw(st.sampled_from([0.0, 0.001]))
    chunks = np.random.default_rng(data.draw(st.integers(0, 99))).uniform(0, jitter, len(stamps) // 20 + 1)
    write_xdf(path, [(samples, stamps + np.repeat(chunks, 20)[: len(stamps)])], [])
    stretches, _ = read_stretches(path)
    holes = np.flatnonzero(np.diff(counts) > 21) + 1
    assert [len(s.data) for s in stretches] == [
        counts[end - 1] - counts[begin] + 1
        for begin, end in zip([0, *holes], [*holes, len(counts)], strict=True)
    ]
    for stretch, first in zip(stretches, counts[[0, *holes]], strict=True):
        # Straight lines through a ramp are the ramp.
        assert np.allclose(stretch.data[:, 3], first + np.arange(len(stretch.data)))
        assert stretch.start == pytest.approx(BEGIN + first / 200, abs=0.0025)
        assert stretch.period == pytest.approx(1 / 200, rel=1e-4)


def test_clips_after_a_gap_and_of_a_sender_that_came_back(tmp_path):
    markers, shown = playlist(slots=("cat", "guitar", "ship"))
    samples, stamps = ramp(8000)
    # The second clip of the guitar is lost, the sender comes anew before the ship's hint.
    lost_from, lost_to, anew = 200 * 18, 200 * 19, 200 * 21
    first = np.r_[0:lost_from, lost_to:anew]
    parts = [(samples[first], stamps[first]), (samples[anew:], stamps[anew:])]
    write_xdf(tmp_path / "sub-w01_ses-2.xdf", parts, markers)
    source = OwnRecordings.open(tmp_path)
    blocks = source.blocks("w01")
    assert [(b.session, b.number) for b in blocks] == [("ses-2", 0), ("ses-2", 1), ("ses-2", 2)]
    found = []
    for block in blocks:
        for clip in source.clips(block):
            values = source.eeg(block, clip.start, clip.start + clip.samples)[:, 0]
            assert np.array_equal(values, values[0] + np.arange(400))
            found.append((CONCEPT_NAMES[clip.concept], clip.stimulus, values[0] / 200))
    assert found == [one for one in shown if one[:2] not in [("guitar", 11)]][: len(found)]
    assert len(found) == 8
    # A slot that a gap parts is still one slot.
    assert [{clip.slot for clip in source.clips(block)} for block in blocks] == [{0, 1}, {1}, {2}]


def test_a_true_rate_that_is_not_the_nominal_one(tmp_path):
    """Onsets go by the sender's own clock: over ten minutes 0.05 % is 60 samples."""
    counts = np.arange(120_000)
    data = np.zeros((len(counts), 62))
    data[:, 0] = counts
    data[:, 1:] = np.random.default_rng(0).integers(-30, 30, (len(counts), 61))
    onset = 590.0
    marker = encode(ClipMarker("cat", 1)), BEGIN + onset * 1.0005
    write_xdf(tmp_path / "a" / "b.xdf", [(data, BEGIN + counts * 1.0005 / 200)], [marker], chunk=500)
    source = OwnRecordings.open(tmp_path)
    (block,) = source.blocks("a")
    assert source.clips(block)[0].start == 200 * onset


def test_bids_with_events(tmp_path):
    data = np.repeat(np.arange(3000.0)[:, None], 62, axis=1)
    path = tmp_path / "sub-05" / "ses-1" / "eeg" / "sub-05_ses-1_task-clips_eeg.vhdr"
    write_brainvision(path, data, 250.0)
    table = [
        "onset\tduration\ttrial_type\tvalue\tconcept\tseed\tcaption",
        "0.5\tn/a\tfixation\tn/a\tn/a\tn/a\tn/a",
        "1.0\t1\thint/dog\t5\tn/a\tn/a\tn/a",
        "2.004\t2.0\tdog\t1\tn/a\tn/a\ta dog that sleeps",
        "4.004\tn/a\tstimulus\tclip/dog\tn/a\tn/a\tn/a",
        "7\t2\tstimulus\tn/a\tpiano\t12\tn/a",
        "11\t2\tdog\t1\tn/a\tn/a\tn/a",
    ]
    events = path.with_name("sub-05_ses-1_task-clips_events.tsv")
    events.write_text("\n".join(table) + "\n")
    # What was filtered already is none of our business.
    write_brainvision(tmp_path / "derivatives" / "sub-05" / "eeg" / "sub-05_eeg.vhdr", data, 250.0)
    source = open_source(tmp_path)
    (block,) = source.blocks("05")
    assert (block.session, block.rate_hz, block.samples) == ("ses-1_task-clips", 250.0, 3000)
    clips = source.clips(block)
    named = [(CONCEPT_NAMES[c.concept], c.start, c.samples, c.slot, c.stimulus) for c in clips]
    assert named == [("dog", 501, 500, 0, -1), ("dog", 1001, 500, 0, -1), ("piano", 1750, 500, 1, 12)]
    assert clips[0].caption == "a dog that sleeps" and clips[2].caption == caption(
        ClipMarker("piano", 12).spec()
    )
    assert np.allclose(source.eeg(block, 501, 504)[:, 40], [501, 502, 503])
    assert block.remap().unit == "uV"
    x, kept = clip_windows(source, block, Preprocessing())
    assert x.shape == (3, 62, 400) and kept == clips

    events.write_text("\n".join([*table, "8\t2\tn/a\tn/a\tunicorn\tn/a\tn/a", "soon\t2\tcat\t1"]))
    with pytest.raises(DataError) as caught:
        open_source(tmp_path)
    assert "Line 8" in caught.value.problems[0] and "unicorn" in caught.value.problems[0]
    assert "Line 9" in caught.value.problems[1] and len(caught.value.problems) == 2


def test_bids_without_events_takes_the_recordings_own_markers(tmp_path):
    path = tmp_path / "sub-x" / "eeg" / "sub-x_task-a_eeg.vhdr"
    write_brainvision(path, np.zeros((2000, 62)), 200.0, markers=[("cat", 400), ("S 5", 900)])
    (block,) = open_source(tmp_path).blocks("x")
    (clip,) = open_source(tmp_path).clips(block)
    # BrainVision's markers come as "Stimulus/cat".
    assert (CONCEPT_NAMES[clip.concept], clip.start, clip.samples) == ("cat", 400, 400)


def test_windows_are_those_of_the_live_chain(tmp_path):
    """At a rate of its own: what a lab records and trains on is what it would have decoded."""
    data, stamps = noise(9000, 1, 500.0)
    markers, _ = playlist(slots=("cat",))
    contract = Contract(rate_hz=500.0, unit="uV", units=("",) * 62)
    write_xdf(tmp_path / "a" / "b.xdf", [(data, stamps)], markers, contract)
    source = OwnRecordings.open(tmp_path)
    (block,) = source.blocks("a")
    p = Preprocessing(hop_s=0.005)
    x, clips = clip_windows(source, block, p)
    chain, live = Chain(chain_of(block, p)), {}
    for start in range(0, len(data), 71):
        for window in chain.push(data[start : start + 71], np.arange(start, min(start + 71, len(data)))):
            live[int(window.newest)] = window.z
    assert len(clips) == 3
    for z, clip in zip(x, clips, strict=True):
        # The newest window that rests on nothing after the clip.
        newest = max(stamp for stamp in live if stamp < clip.start + clip.samples)
        assert newest >= clip.start + clip.samples - 3
        np.testing.assert_array_equal(z, live[newest])


def test_windows_are_cached_as_the_cohorts_are(tmp_path):
    for subject in ("a", "b"):
        for session in ("1", "2"):
            markers, _ = playlist(slots=("cat", "dog"), clips=4)
            write_xdf(
                tmp_path / "data" / subject / f"{session}.xdf",
                [noise(6000, ord(subject) + int(session))],
                markers,
            )
    source = open_source(tmp_path / "data")
    p = Preprocessing(lag_s=0.3)
    held = last_sessions(source)
    assert [(block.subject, block.session) for block in held] == [("a", "2"), ("b", "2")]
    folder = make_windows(source, tmp_path / "cache", p, known=("a",), held_out=held)
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert make_windows(source, tmp_path / "cache", p, known=("a",), held_out=held) == folder
    assert before == {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert load_prior(folder).shape == (62, 62)
    windows = load_windows(folder, (1, 2), 8)
    assert windows.x.shape[1:] == (62, 50) and np.isfinite(windows.x).all()
    # Two slots of 8 s a session: each 12 or 13 windows of 2 s every half second.
    assert set(windows.subject) == {1, 2} and set(windows.session) == {0, 1} and len(windows.x) == 4 * 2 * 12
    assert set(windows.clips[..., 0].ravel()) == {CONCEPT_NAMES.index("cat"), CONCEPT_NAMES.index("dog")}
    assert not windows.null.any()
    assert (windows.purpose == np.where(windows.session == 1, HELD_OUT, TRAIN)).all()
    # One session's last block is all of it.
    with pytest.raises(UsageError, match="left to learn from"):
        make_windows(source, tmp_path / "cache", p, known=("a", "b"), held_out=last_blocks(source))
    # Other data or another split is another folder.
    assert make_windows(source, tmp_path / "cache", p, known=("b",), held_out=held) != folder


def test_every_fault_is_one_sentence(tmp_path):
    markers, _ = playlist()
    good = noise(6000, 0)
    write_xdf(tmp_path / "a" / "good.xdf", [good], markers)
    write_xdf(tmp_path / "whose.xdf", [good], markers)
    write_xdf(tmp_path / "a" / "silent.xdf", [good], [])
    write_xdf(tmp_path / "a" / "late.xdf", [good], [(text, at + 9999) for text, at in markers])
    write_xdf(tmp_path / "a" / "odd.xdf", [good], [*markers, ('{"rtbci":1,"event":"clip"}', BEGIN + 20)])
    few = Contract(labels=CHANNELS[:30], units=("uV",) * 30)
    write_xdf(tmp_path / "a" / "few.xdf", [(good[0][:, :30], good[1])], markers, few)
    write_xdf(tmp_path / "a" / "empty.xdf", [], markers)
    (tmp_path / "a" / "text.xdf").write_text("no recording")
    write_xdf(tmp_path / "sub-a_good.xdf", [good], markers)
    (tmp_path / "sub-b_eeg.edf").write_bytes(b"0       ")
    (tmp_path / ".hidden.xdf").write_text("")
    inspection = inspect(tmp_path)
    expected = [
        "whose.xdf does not say whose it is",
        "silent.xdf has no markers of clips",
        "None of the clips of",
        "is malformed",
        "lacks 32",
        "empty.xdf holds no EEG",
        "text.xdf is no XDF",
        "is the same session of a as",
        "sub-b_eeg.edf cannot be read",
    ]
    for text in expected:
        assert sum(text in problem for problem in inspection.problems) == 1, (text, inspection.problems)
    assert len(inspection.problems) == len(expected)
    assert all(str(tmp_path) in p and p.endswith(".") and "\n" not in p for p in inspection.problems)
    assert any("good" in row.what and "6 clips" in row.holds for row in inspection.found)
    with pytest.raises(DataError):
        open_source(tmp_path)


def test_a_recording_cut_off_in_the_middle_is_read_as_far_as_it_goes(tmp_path):
    markers, _ = playlist(slots=("cat",))
    path = tmp_path / "a" / "b.xdf"
    write_xdf(path, [ramp(3000)], markers)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert len(open_source(tmp_path).blocks("a")) == 1


def test_a_real_recording_with_events(shared_data, tmp_path):
    path = tmp_path / "sub-S001" / "eeg" / "sub-S001_task-clips_eeg.edf"
    path.parent.mkdir(parents=True)
    path.symlink_to(shared_data / "recordings" / "eegmmidb" / "S001R01.edf")
    rows = [f"{at}\t2\t{name}" for at, name in ((2.5, "cat"), (4.5, "cat"), (6.5, "ship"), (60.5, "ship"))]
    path.with_name("sub-S001_task-clips_events.tsv").write_text(
        "\n".join(["onset\tduration\ttrial_type", *rows])
    )
    source = open_source(tmp_path)
    (block,) = source.blocks("S001")
    assert (block.rate_hz, block.remap().unit, len(block.remap().interpolated)) == (160.0, "uV", 4)
    clips = source.clips(block)
    assert [clip.start for clip in clips] == [400, 720, 1040]
    x, _ = clip_windows(source, block, Preprocessing())
    assert x.shape == (3, 62, 400) and 0.3 < x.std() < 3


def test_real_recordings_without_clips_are_refused_in_one_sentence_each(shared_data, tmp_path):
    (tmp_path / "w").mkdir()
    files = sorted((shared_data / "recordings" / "xdf").glob("*.xdf"))
    for file in files:
        (tmp_path / "w" / file.name).symlink_to(file)
    with pytest.raises(DataError) as caught:
        open_source(tmp_path)
    assert len(caught.value.problems) == len(files) > 2
    assert all(problem.count("\n") == 0 for problem in caught.value.problems)


def test_subjects_and_units_are_told(tmp_path):
    markers, _ = playlist()
    data, stamps = noise(6000, 3)
    contract = Contract(units=("",) * 62, unit="mixed")
    for subject, scale in (("a", 1.0), ("b", 1e-6)):
        write_xdf(
            tmp_path / subject / "x.xdf", [((data * scale).astype(np.float32), stamps)], markers, contract
        )
    source = open_source(tmp_path)
    assert [source.blocks(s)[0].unit for s in ("a", "b")] == ["uV", "V"]
    assert open_source(tmp_path, "b", unit="mV").blocks("b")[0].unit == "mV"
    with pytest.raises(DataError, match="no recording of c"):
        open_source(tmp_path, "a,c")
    with pytest.raises(UsageError):
        source.blocks("c")
    with pytest.raises(DataError, match="no folder"):
        open_source(tmp_path / "nowhere")
    (tmp_path / "bare").mkdir()
    with pytest.raises(DataError, match="neither"):
        open_source(tmp_path / "bare")
