"""Real recordings replayed over real LSL and received back."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mne
import numpy as np
import pylsl
import pytest

from devices.replay import read_recording, run_replay
from rtbci.errors import RecordingError, UsageError
from rtbci.record import Recorder
from rtbci.stream import Chunk

PLAYED = [
    ("eegmmidb/S001R02.edf", 60.0, 160.0, 64),
    ("bdf/mne_test.bdf", 1.0, 2048.0, 73),
    ("brainvision/test.vhdr", 10.0, 1000.0, 32),
    ("eeglab/eeglab_data.set", 250.0, 128.0, 32),
    ("xdf/eeglab_test.xdf", 10.0, 1000.0, 8),
    ("xdf/minimal.xdf", 1.0, 10.0, 3),
]


@pytest.fixture
def replay(source_id) -> Iterator:
    """Starts replays, and stops them with the test."""
    stop = threading.Event()
    threads = []

    def start(path: Path, **options) -> str:
        name = f"replay {source_id}"
        options = {"name": name, "stop": stop, "wait_s": 60.0} | options
        threads.append(threading.Thread(target=run_replay, args=(path,), kwargs=options))
        threads[-1].start()
        return name

    start.stop = stop
    start.threads = threads
    yield start
    stop.set()
    for thread in threads:
        thread.join(30.0)
        assert not thread.is_alive()


def open_inlet(name: str) -> pylsl.StreamInlet:
    (info,) = pylsl.resolve_byprop("name", name, timeout=60.0)
    inlet = pylsl.StreamInlet(info, recover=False)
    inlet.open_stream(timeout=30.0)
    return inlet


def receive(inlet: pylsl.StreamInlet, n: int, timeout: float = 60.0) -> tuple[np.ndarray, np.ndarray]:
    data, stamps = [], []
    deadline = time.monotonic() + timeout
    while sum(map(len, stamps)) < n and time.monotonic() < deadline:
        chunk, times = inlet.pull_chunk(timeout=0.1, min_samples=1, max_samples=8192, as_numpy=True)
        data.append(chunk)
        stamps.append(times)
    return np.concatenate(data)[:n], np.concatenate(stamps)[:n]


@pytest.mark.parametrize(("file", "speed", "rate", "channels"), PLAYED)
def test_every_sample_comes_back(replay, shared_data, file, speed, rate, channels):
    path = shared_data / "recordings" / file
    signal = read_recording(path).signals[0]
    inlet = open_inlet(replay(path, speed=speed))
    info = inlet.info(timeout=30.0)
    assert (info.type(), info.channel_count()) == ("EEG", channels)
    assert info.nominal_srate() == rate * speed
    data, stamps = receive(inlet, len(signal.stamps))
    assert np.array_equal(data, signal.read(0, len(signal.stamps)))
    assert np.allclose(stamps - stamps[0], (signal.stamps - signal.stamps[0]) / speed, atol=1e-6)
    assert (tuple(info.get_channel_labels() or ())) == signal.labels


def test_what_mne_reads_is_what_is_sent_in_the_files_own_unit(shared_data):
    path = shared_data / "recordings/eegmmidb/S001R02.edf"
    signal = read_recording(path).signals[0]
    volts = mne.io.read_raw_edf(path, verbose="ERROR").get_data()
    assert signal.units == ("microvolts",) * 64 and signal.labels[0] == "Fc5."
    assert np.allclose(signal.read(100, 300), 1e6 * volts[:, 100:300].T, rtol=1e-6)


def test_a_fif_file_is_sent_in_volt(tmp_path):
    data = 1e-5 * np.random.default_rng(0).standard_normal((3, 400))
    info = mne.create_info(["Fp1", "Cz", "STI"], 200.0, ["eeg", "eeg", "stim"])
    data[2] = 0
    data[2, 100:110] = 7
    raw = mne.io.RawArray(data, info, first_samp=1000, verbose="ERROR")
    raw.set_annotations(mne.Annotations([0.25], [0.0], ["blink"]))
    raw.save(tmp_path / "three_raw.fif", fmt="double", verbose="ERROR")
    recording = read_recording(tmp_path / "three_raw.fif")
    assert recording.signals[0].units[:2] == ("volts", "volts")
    assert np.array_equal(recording.signals[0].read(0, 400), data.T.astype(np.float32))
    assert recording.marks[0].texts == ("blink", "7")
    assert np.allclose(recording.marks[0].stamps, [0.25, 0.5])


def test_markers_come_with_their_stamps(replay, shared_data, monkeypatch):
    # An inlet is open before the outlet has a queue for it, and only the receiver of EEG is waited for.
    monkeypatch.setattr("devices.replay.play._LEAD_S", 2.0)
    path = shared_data / "recordings/brainvision/test.vhdr"
    name = replay(path, speed=8.0)
    markers = open_inlet(f"{name}-markers")
    eeg = open_inlet(name)
    assert markers.info(30.0).source_id() == eeg.info(30.0).source_id() + "-markers"
    assert markers.info(30.0).type() == "Markers"
    _, stamps = receive(eeg, 7900)
    (marks,) = read_recording(path).marks
    received = [markers.pull_sample(timeout=30.0) for _ in marks.texts]
    assert [sample[0] for sample, _ in received] == list(marks.texts)
    assert np.allclose([at - stamps[0] for _, at in received], marks.stamps / 8.0, atol=1e-6)


def test_clock_resets_replay_as_one_monotone_recording(replay, shared_data):
    path = shared_data / "recordings/xdf/clock_resets.xdf"
    recording = read_recording(path)
    signal = recording.signals[0]
    assert len(signal.stamps) == 27815 and signal.channels == 8
    assert (np.diff(signal.stamps) >= 0).all() and np.diff(signal.stamps).max() < 1.1
    assert recording.seconds == pytest.approx(300.5, abs=1.0)
    name = replay(path, speed=300.0)
    data, stamps = receive(open_inlet(name), 27815)
    assert np.array_equal(data, signal.read(0, 27815))
    assert (np.diff(stamps) >= 0).all()


@dataclass
class Cap:
    """What the recorder asks of a contract."""

    labels: tuple[str, ...] = ("Cz", "Pz")
    name: str = "cap"
    source_id: str = "one"
    host: str = "here"
    units: tuple[str, ...] = ("uV", "uV")
    types: tuple[str, ...] = ("EEG", "EEG")
    unit: str = "uV"
    delay_s: float = 0.0
    rate_hz: float = 100.0
    format: str = "float32"


def record_stretches(path: Path, *stretches: tuple[Cap, float]) -> np.ndarray:
    """One second of EEG under each contract from each time on; returns the data of all."""
    everything = np.arange(len(stretches) * 200.0).reshape(-1, 100, 2)
    with Recorder(path) as recorder:
        for (cap, begin), data in zip(stretches, everything, strict=True):
            recorder.add_eeg_stream(cap)
            for first in (0, 50):
                stamps = begin + np.arange(first, first + 50) / 100.0
                recorder.eeg(Chunk(data[first : first + 50], stamps, stamps[-1] + 0.01))
    return everything.reshape(-1, 2)


def test_a_device_that_came_back_replays_as_one_signal_with_a_hole(tmp_path):
    again = Cap(source_id="two")
    data = record_stretches(tmp_path / "a.xdf", (Cap(), 10.0), (again, 12.5), (Cap(), 14.5))
    (signal,) = read_recording(tmp_path / "a.xdf").signals
    assert (signal.name, signal.labels, signal.rate_hz) == ("cap", ("Cz", "Pz"), 100.0)
    assert np.array_equal(signal.read(0, 300), data)
    assert signal.stamps[[0, 99, 100, 199, 200]] == pytest.approx([0.0, 0.99, 2.5, 3.49, 4.5])


def test_other_caps_stay_signals_of_their_own(tmp_path):
    others = [Cap(labels=("Cz", "Oz")), Cap(rate_hz=50.0), Cap(units=("V", "V")), Cap(name="other")]
    stretches = [(Cap(), 10.0), *((cap, 12.0 + 2 * k) for k, cap in enumerate(others)), (Cap(), 10.5)]
    record_stretches(tmp_path / "b.xdf", *stretches)
    signals = read_recording(tmp_path / "b.xdf").signals
    assert len(signals) == 6
    assert all(len(signal.stamps) == 100 for signal in signals)


def test_time_does_not_drift_and_nothing_is_sent_early(replay, shared_data):
    path = shared_data / "recordings/eegmmidb/S001R02.edf"
    inlet = open_inlet(replay(path))
    ages = []
    for _ in range(60):
        _, stamps = inlet.pull_chunk(timeout=30.0, min_samples=1, as_numpy=True)
        ages.append(pylsl.local_clock() - stamps[-1])
    # A busy machine may hold up some, and what drifts is late for good.
    assert min(ages) >= 0.0 and min(ages[-20:]) < 0.1
    assert np.allclose(np.diff(stamps), 1 / 160, atol=1e-9)


def test_a_loop_goes_on_without_a_break(replay, shared_data):
    path = shared_data / "recordings/brainvision/test.vhdr"
    inlet = open_inlet(replay(path, speed=20.0, loop=True))
    data, stamps = receive(inlet, 2 * 7900)
    assert np.array_equal(data[:7900], data[7900:])
    assert np.allclose(np.diff(stamps), 1 / 20_000, atol=1e-6)


def test_progress_and_stop(replay, shared_data):
    seen: list[float] = []
    path = shared_data / "recordings/eegmmidb/S001R02.edf"
    some = threading.Event()

    def on_progress(done: float) -> None:
        seen.append(done)
        if len(seen) > 5:
            some.set()

    replay(path, wait_s=0.0, on_progress=on_progress)
    assert some.wait(60.0)
    replay.stop.set()
    replay.threads[0].join(30.0)
    assert not replay.threads[0].is_alive()
    # Of a minute, which it did not play to its end.
    assert seen == sorted(seen) and 0.0 < seen[-1] < 0.9


def test_the_end_ends_it(replay, shared_data):
    seen: list[float] = []
    replay(shared_data / "recordings/bdf/mne_test.bdf", wait_s=0.0, on_progress=seen.append, speed=10.0)
    replay.threads[0].join(60.0)
    assert not replay.threads[0].is_alive() and seen[-1] == 1.0


def test_a_companion_file_leads_to_the_recording(shared_data):
    signal = read_recording(shared_data / "recordings/brainvision/test.eeg").signals[0]
    assert signal.channels == 32


@pytest.mark.parametrize("name", ["a.edf", "a.bdf", "a.vhdr", "a.set", "a.fif", "a.cnt", "a.xdf", "a.txt"])
def test_rubbish_is_refused_in_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(np.random.default_rng(0).bytes(3000))
    with pytest.raises(RecordingError, match="cannot be read") as caught:
        read_recording(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["eegmmidb/S001R02.edf", "xdf/minimal.xdf", "bdf/mne_test.bdf"])
def test_half_a_header_is_refused(tmp_path, shared_data, file):
    whole = (shared_data / "recordings" / file).read_bytes()
    broken = tmp_path / Path(file).name
    broken.write_bytes(whole[:150])
    with pytest.raises(RecordingError):
        read_recording(broken)


def test_a_recording_cut_short_replays_what_is_there(tmp_path, shared_data):
    whole = (shared_data / "recordings/xdf/clock_resets.xdf").read_bytes()
    (tmp_path / "cut.xdf").write_bytes(whole[:300_000])
    signal = read_recording(tmp_path / "cut.xdf").signals[0]
    assert 5000 < len(signal.stamps) < 10_000


def test_no_file_and_no_speed(tmp_path, shared_data):
    with pytest.raises(RecordingError, match="There is no recording"):
        run_replay(tmp_path / "nothing.edf")
    with pytest.raises(UsageError, match="speed"):
        run_replay(shared_data / "recordings/bdf/mne_test.bdf", speed=0.0)
