"""Faults put into good EEG are found, named and let go of; blinks and alpha are no faults."""

import itertools

import numpy as np
import pytest

from rtbci.montage import CHANNELS, positions
from rtbci.signal import BandPass, ChannelQuality, Notch, Verdict
from tests.signal.signal_helpers import eeg_like

RATE = 200.0
N = 8000
C3 = CHANNELS.index("C3")
T = np.arange(N) / RATE
GOOD = eeg_like(N)
DURING = (T >= 10) & (T < 25)
RNG = np.random.default_rng(5)


def judge(raw: np.ndarray, mains: float = 50.0, **how) -> list[Verdict]:
    quality = ChannelQuality(mains=mains, **how)
    band, notch = BandPass(1.0, 45.0, 4, RATE), Notch(mains, RATE)
    clean = notch.step(notch.start(), band.step(band.start(), raw)[1])[1]
    return quality.step(quality.start(), raw, clean)[1]


def named(verdicts: list[Verdict], start: float, stop: float) -> set[tuple[str, str]]:
    """All faults in force at some time within these seconds."""
    return {
        (CHANNELS[i], word)
        for verdict in verdicts
        if start <= verdict.at / RATE <= stop
        for i, word in enumerate(verdict.verdicts)
        if word != "good"
    }


def with_fault(signal: np.ndarray | float, channel: int = C3) -> np.ndarray:
    raw = GOOD.copy()
    raw[DURING, channel] = signal[DURING] if isinstance(signal, np.ndarray) else signal
    return raw


FAULTS = {
    "dead": ("flat", 0.0),
    "dead with an offset": ("flat", 40_000.0),
    "amplifier noise only": ("flat", RNG.normal(size=N) * 0.03),
    "at the rails": ("railed", np.clip(6000 * np.sin(2 * np.pi * 0.7 * T), -3000, 3000)),
    "loose": ("noisy", GOOD[:, C3] + RNG.normal(size=N) * 200),
    "mains": ("mains", GOOD[:, C3] + 400 * np.sin(2 * np.pi * 50 * T)),
    "noise of the usual strength": ("odd", RNG.normal(size=N) * 20),
    "a drifting open input": ("odd", np.cumsum(RNG.normal(size=N) * 8)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_within_five_seconds_named_and_let_go_of(name: str) -> None:
    word, signal = FAULTS[name]
    verdicts = judge(with_fault(signal))
    assert named(verdicts, 0, 9.9) == set()
    assert named(verdicts, 15.5, 25) == {("C3", word)}
    # The filters ring for some seconds after a large step.
    assert named(verdicts, 34, 40) == set()


@pytest.mark.parametrize("name", ["dead", "at the rails"])
def test_dead_and_railed_electrodes_are_found_at_once(name: str) -> None:
    assert ("C3", FAULTS[name][0]) in named(judge(with_fault(FAULTS[name][1])), 10, 12.2)


@pytest.mark.parametrize("name", FAULTS)
def test_verdicts_do_not_flicker(name: str) -> None:
    words = [verdict.verdicts[C3] != "good" for verdict in judge(with_fault(FAULTS[name][1]))]
    assert sum(a != b for a, b in itertools.pairwise(words)) == 2


def test_swapped_electrodes_are_odd() -> None:
    raw = GOOD.copy()
    raw[:, [C3, CHANNELS.index("O2")]] = raw[:, [CHANNELS.index("O2"), C3]]
    assert named(judge(raw), 10, 40) == {("C3", "odd"), ("O2", "odd")}


def around(name: str, width: float) -> np.ndarray:
    """(62,) how much of a source under an electrode the others see."""
    angle = np.arccos(np.clip(positions(CHANNELS) @ positions([name])[0], -1, 1))
    return np.exp(-0.5 * (angle / width) ** 2)


def test_blinks_are_no_fault() -> None:
    blink = sum(300 * np.exp(-0.5 * ((T - at) / 0.08) ** 2) for at in np.arange(1.5, 39, 2.5))
    assert named(judge(GOOD + blink[:, None] * around("FPZ", 0.5)), 0, 40) == set()


def test_strong_alpha_is_no_fault() -> None:
    alpha = 80 * np.sin(2 * np.pi * 10 * T) * (1 + np.sin(2 * np.pi * 0.3 * T))
    assert named(judge(GOOD + alpha[:, None] * around("OZ", 0.6)), 0, 40) == set()


def test_mains_in_all_channels_alike_is_left_to_the_notch() -> None:
    assert named(judge(GOOD + 300 * np.sin(2 * np.pi * 50 * T)[:, None]), 0, 40) == set()


def test_noise_without_any_likeness_accuses_nobody() -> None:
    assert named(judge(RNG.normal(size=(N, 62)) * 20), 0, 40) == set()


def test_twenty_dead_electrodes_do_not_drag_the_others_down() -> None:
    raw = GOOD.copy()
    raw[np.ix_(DURING, np.arange(20) * 3)] = 0.0
    verdicts = judge(raw)
    assert {word for _, word in named(verdicts, 11.5, 25)} == {"flat"}
    assert {name for name, _ in named(verdicts, 11.5, 25)} == {CHANNELS[i * 3] for i in range(20)}
    assert named(verdicts, 31, 40) == set()


def test_a_cable_pulled_and_put_back() -> None:
    raw = GOOD.copy()
    raw[DURING] = 0.0
    verdicts = judge(raw)
    assert len(named(verdicts, 12, 24)) == 62
    assert named(verdicts, 34, 40) == set()


def test_missing_channels_are_called_so_and_judge_nobody() -> None:
    missing = frozenset({CHANNELS.index("CB1"), CHANNELS.index("PO5")})
    raw = GOOD.copy()
    raw[:, sorted(missing)] = RNG.normal(size=(N, 2)) * 1e4
    verdicts = judge(raw, missing=missing)
    assert named(verdicts, 0, 40) == {("CB1", "missing"), ("PO5", "missing")}
    assert verdicts[-1].scores[CHANNELS.index("CB1")] == 0
    assert verdicts[-1].bad == frozenset()


def test_scores_say_how_good_a_channel_is() -> None:
    last = [v for v in judge(with_fault(FAULTS["loose"][1])) if v.at / RATE < 25][-1]
    assert last.scores[C3] < 0.2
    others = np.delete(last.scores, C3)
    assert others.min() > 0.6
    assert max(last.scores) <= 1.0


MOST = np.arange(62) < 45
WHOLE_CAPS = {
    "most electrodes loose": ("loud", 300 * MOST * RNG.normal(size=(N, 62))),
    "most electrodes open": (
        "unlike EEG",
        40 * MOST * RNG.normal(size=(N, 62)),
    ),
    "an amplifier without a head": ("quiet", 1.0 * RNG.normal(size=(N, 62)) - GOOD),
    "a wrong unit": ("quiet", -0.98 * GOOD),
    "another wrong unit": ("loud", 99.0 * GOOD),
}


@pytest.mark.parametrize("name", WHOLE_CAPS)
def test_a_cap_that_is_bad_as_a_whole_is_called_so_and_let_go_of(name: str) -> None:
    word, added = WHOLE_CAPS[name]
    verdicts = judge(GOOD + added * DURING[:, None])
    said = [(verdict.at / RATE, verdict.cap) for verdict in verdicts]
    assert all(cap == "" for at, cap in said if at < 10)
    assert all(cap == word for at, cap in said if 16 < at < 25), said
    assert all(cap == "" for at, cap in said if at > 35), said


def test_one_bad_channel_says_nothing_against_the_cap() -> None:
    for _, signal in FAULTS.values():
        assert {verdict.cap for verdict in judge(with_fault(signal))} == {""}
