import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pylsl
import pytest
from pylsl.util import LostError

from devices.simulate import FIRST_CLIP_S, SimulatorClip, SimulatorEvent, SimulatorStarted, run_simulator
from devices.wearer import Wearer
from rtbci.montage import CHANNELS
from rtbci.stimuli.markers import ClipMarker, EndMarker, decode, encode


@contextmanager
def _running(name: str, **settings: object) -> Iterator[tuple[list[SimulatorEvent], threading.Event]]:
    events: list[SimulatorEvent] = []
    stop = threading.Event()
    thread = threading.Thread(
        target=run_simulator, args=(name,), kwargs={"stop": stop, "on_event": events.append, **settings}
    )
    thread.start()
    try:
        yield events, stop
    finally:
        stop.set()
        thread.join(30.0)
    assert not thread.is_alive()


def _inlet(name: str) -> pylsl.StreamInlet:
    found = pylsl.resolve_byprop("name", name, 1, 30.0)
    assert found, f"no stream {name}"
    inlet = pylsl.StreamInlet(found[0], recover=False)
    inlet.open_stream(30.0)
    return inlet


def _pull(inlet: pylsl.StreamInlet, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    data, stamps, until = [], [], time.monotonic() + seconds
    while time.monotonic() < until:
        rows, times = inlet.pull_chunk(timeout=0.2)
        data += rows
        stamps += times
    return np.array(data), np.array(stamps)


def test_eeg_and_markers_arrive_as_simulated(source_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The last marker is not to be lost with its outlet, however late it is fetched.
    monkeypatch.setattr("devices.simulate._LINGER_S", 1.0)
    with _running(source_id, source_id=source_id, seed=4, clip_seconds=1.0) as (events, stop):
        eeg, markers = _inlet(source_id), _inlet(f"{source_id}-markers")
        info, marker_source = eeg.info(30.0), markers.info(30.0).source_id()
        data, stamps = _pull(eeg, FIRST_CLIP_S + 2.0)
        stop.set()
        texts, onsets = [], []
        with suppress(LostError):
            while not texts or not isinstance(texts[-1], EndMarker):
                row, stamp = markers.pull_sample(timeout=30.0)
                assert row is not None
                texts.append(decode(row[0]))
                onsets.append(stamp)
    assert (info.type(), info.nominal_srate(), info.channel_count()) == ("EEG", 200.0, 62)
    assert info.get_channel_labels() == list(CHANNELS)
    assert set(info.get_channel_units()) == {"microvolts"}
    assert info.desc().child_value("manufacturer")
    assert marker_source == f"{source_id}-markers"

    started = next(event for event in events if isinstance(event, SimulatorStarted))
    clips = [event for event in events if isinstance(event, SimulatorClip)]
    first = round((stamps[0] - started.at) * 200)
    np.testing.assert_allclose(stamps, started.at + (first + np.arange(len(stamps))) / 200, atol=1e-4)
    assert isinstance(texts[-1], EndMarker)
    # Whoever was slow to connect did not hear of the first.
    heard = len(texts) - 1
    assert heard > 1
    assert [(text.concept, text.seed) for text in texts[:-1]] == [
        (clip.spec.name, clip.spec.seed) for clip in clips[-heard:]
    ]
    np.testing.assert_allclose(onsets[:-1], [clip.onset for clip in clips[-heard:]], atol=1e-9)
    np.testing.assert_allclose(
        np.array([clip.onset for clip in clips]) - started.at,
        FIRST_CLIP_S + np.arange(len(clips)),
        atol=1e-6,
    )

    twin = Wearer(4)
    for clip in clips:
        twin.watch(clip.spec, round((clip.onset - started.at) * 200), clip.seconds)
    expected = twin.render(first + len(data))[first:]
    np.testing.assert_array_equal(data.astype(np.float32), expected.astype(np.float32))


def test_it_watches_what_another_program_shows(source_id: str) -> None:
    show = pylsl.StreamOutlet(
        pylsl.StreamInfo(f"{source_id}-show", "Markers", 1, 0.0, "string", f"{source_id}-s")
    )
    with _running(source_id, source_id=source_id, follow_markers=f"{source_id}-show") as (events, _):
        assert show.wait_for_consumers(30.0)
        show.push_sample(["a stranger's marker"])
        onset = pylsl.local_clock() + 0.3
        show.push_sample([encode(ClipMarker("piano", 12, 1.5))], onset)
        until = time.monotonic() + 30.0
        while time.monotonic() < until and not any(isinstance(event, SimulatorClip) for event in events):
            time.sleep(0.02)
        assert not pylsl.resolve_byprop("name", f"{source_id}-markers", 1, 0.3)
    (clip,) = [event for event in events if isinstance(event, SimulatorClip)]
    assert (clip.spec.name, clip.spec.seed, clip.seconds) == ("piano", 12, 1.5)
    assert clip.onset == pytest.approx(onset, abs=2e-3)
