"""A photodiode in front of the screen: when clips truly began, and what is made of it."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.screen import LIGHT, SimulatedScreen
from devices.simulate import SimulatorClip
from rtbci.bundle import load_bundle
from rtbci.calibrate import Course, CourseSettings
from rtbci.calibrate.photodiode import Photodiode
from rtbci.calibrate.session import Collected
from rtbci.errors import ContractError
from rtbci.stream import StreamQuery, StreamSettings
from tests.tiny_bundle import write_tiny_bundle
from tests.wizard.wearers import SimulatedWearer

ONSETS = np.arange(2.0, 30.0, 1.3)


def seen(delay_s=0.04, refresh_hz=60.0, rate=200.0, onsets=ONSETS, chunks=(7, 32, 1), change=lambda x: x):
    screen = SimulatedScreen(delay_s, refresh_hz, rate, seed=3)
    shown = np.array([screen.show(onset) for onset in onsets])
    light = change(screen.render(round(rate * (onsets[-1] + 3))))
    diode, first = Photodiode(1), 0
    while first < len(light):
        for size in chunks:
            part = light[first : first + size]
            stamps = (first + np.arange(len(part))) / rate
            diode.push(np.column_stack([np.zeros(len(part)), part]), stamps)
            first += size
    return diode, shown


@given(
    st.floats(0.0, 0.12),
    st.sampled_from([30.0, 50.0, 60.0, 144.0]),
    st.sampled_from([200.0, 512.0, 1000.0]),
    st.lists(st.integers(0, 50), min_size=1, max_size=4).filter(any),
)
def test_each_clip_is_seen_to_begin_within_a_sample(delay_s, refresh_hz, rate, chunks):
    diode, shown = seen(delay_s, refresh_hz, rate, chunks=tuple(chunks))
    light = diode.found(ONSETS)
    assert np.abs(ONSETS + light.delays - shown).max() < 1.0 / rate
    assert light.usual == pytest.approx(np.median(shown - ONSETS), abs=1.0 / rate)


def test_units_and_sign_of_the_photodiode_do_not_matter():
    diode, shown = seen(change=lambda light: 4e4 - 350.0 * light)
    assert np.abs(ONSETS + diode.found(ONSETS).delays - shown).max() < 0.005


def test_what_it_did_not_see_is_missed_and_begins_as_the_others_do():
    diode, _ = seen()
    # Clips that were announced and never shown, far from any change.
    announced = np.concatenate([ONSETS, ONSETS[:3] + 0.65])
    light = diode.found(announced)
    assert np.isnan(light.delays[-3:]).all()
    assert light.to_json()["missed"] == 3
    assert light.corrections[announced[-1]] == light.usual


MANY = np.arange(2.0, 422.0, 2.0) + np.random.default_rng(5).uniform(0.0, 0.005, 210)


def at(n):
    return np.arange(n) / 200


def white(light, rng):
    return rng.normal(size=len(light))


def drift(light, rng):
    return np.cumsum(rng.normal(size=len(light)))


def slow_wave(light, rng):
    return np.sin(2 * np.pi * at(len(light)) + rng.uniform(0, 6)) + 0.05 * rng.normal(size=len(light))


def heart(light, rng):
    beat = (at(len(light)) + rng.uniform()) % 0.85
    return np.exp(-0.5 * ((beat - 0.3) / 0.012) ** 2) + 0.03 * rng.normal(size=len(light))


def dark(light, rng):
    return np.zeros_like(light)


@pytest.mark.parametrize("change", [white, drift, slow_wave, heart, dark])
@pytest.mark.parametrize("onsets", [ONSETS, MANY], ids=["22 clips", "210 clips"])
@pytest.mark.parametrize("seed", range(3))
def test_a_channel_that_sees_nothing_corrects_nothing(change, onsets, seed):
    diode, _ = seen(onsets=onsets, chunks=(97,), change=lambda x: change(x, np.random.default_rng(seed)))
    light = diode.found(onsets)
    assert light.blind and light.usual == 0.0
    assert light.to_json() == {"clips": 0, "missed": len(onsets)}
    assert not any(light.corrections.values())


def test_a_photodiode_on_another_screen_for_most_of_the_time_is_not_believed():
    diode, _ = seen(onsets=MANY[:100])
    assert diode.found(MANY).blind
    assert not diode.found(MANY[:150]).blind


@pytest.mark.parametrize("noise", [0.1, 0.15])
def test_a_noisy_photodiode_is_believed(noise):
    rng = np.random.default_rng(2)
    diode, shown = seen(onsets=MANY, chunks=(97,), change=lambda x: x + noise * rng.normal(size=len(x)))
    light = diode.found(MANY)
    assert np.isfinite(light.delays).all()
    assert np.abs(MANY + light.delays - shown).max() < 0.015


def test_live_clips_begin_when_the_light_changed_and_a_slow_screen_is_told_of(
    tmp_path, monkeypatch, source_id
):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    write_tiny_bundle(tmp_path / "tiny")
    true = []

    def on_event(event):
        if isinstance(event, SimulatorClip):
            true.append(event.onset)

    with SimulatedWearer(source_id, screen_delay_s=0.06, refresh_hz=20.0, on_clip=on_event):
        course = course_of(tmp_path, source_id, LIGHT)
        course.begin("w01")
        course.connect(threading.Event())
        course.watch(threading.Event())
        course.disconnect()
    sitting = course.collector.sitting()
    found = np.array([clip.onset for clip in sitting.clips])
    assert len(found) == 10
    assert np.abs(found - np.array(true[:10])).max() < 1.0 / 200
    light = Collected.of(course.collector).light
    assert light["clips"] == 10
    assert 60 <= light["delay_ms"]["p50"] <= 115
    course.discard()


def test_a_channel_that_is_not_there_is_named_in_a_sentence(tmp_path, monkeypatch, source_id):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    write_tiny_bundle(tmp_path / "tiny")
    with SimulatedWearer(source_id, screen_delay_s=0.06):
        course = course_of(tmp_path, source_id, "AUX7")
        course.begin("w01")
        with pytest.raises(ContractError, match=r"no photodiode channel 'AUX7'.*LIGHT"):
            course.connect(threading.Event())
        course.release()


def course_of(tmp_path, source_id, channel):
    settings = CourseSettings(
        query=StreamQuery(source_id=source_id),
        stream=StreamSettings(judge_s=0.3),
        minutes=10.2 * 0.9 / 60,
        clip_s=0.9,
        lead_s=0.5,
        photodiode=channel,
    )
    return Course(load_bundle(tmp_path / "tiny"), settings)
