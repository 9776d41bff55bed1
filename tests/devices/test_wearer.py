import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import welch

from devices.wearer import Wearer
from rtbci.montage import CHANNELS
from rtbci.stimuli.spec import clip_spec

OZ, T7, FPZ = CHANNELS.index("OZ"), CHANNELS.index("T7"), CHANNELS.index("FPZ")


def _watched(cuts: list[int], seed: int = 5, snr: float = 1.0) -> np.ndarray:
    wearer = Wearer(seed, snr)
    for index in range(3):
        wearer.watch(clip_spec(index, index), 100 + 400 * index)
    return np.concatenate([wearer.render(cut) for cut in cuts])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=8))
def test_any_cutting_gives_the_same_bits(cuts: list[int]) -> None:
    rest = max(0, 1500 - sum(cuts))
    cut = _watched([*cuts, rest])
    whole = _watched([len(cut)])
    assert np.array_equal(whole, cut)


def test_seeds_differ_and_repeat() -> None:
    assert np.array_equal(_watched([900]), _watched([900]))
    assert not np.allclose(_watched([900]), _watched([900], seed=6))


def test_background_is_eeg_like() -> None:
    wearer = Wearer(3, snr=0.0)
    data = wearer.render(200 * 120)
    frequency, power = welch(data, 200.0, nperseg=800, axis=0)

    def band(low: float, high: float, channel: int) -> float:
        inside = (frequency >= low) & (frequency < high)
        return float(power[inside, channel].mean())

    assert band(8.5, 11.5, OZ) > 2 * 0.5 * (band(5, 7, OZ) + band(13, 16, OZ)), "alpha stands out at the back"
    assert band(2, 4, T7) > 3 * band(20, 30, T7), "power falls with frequency"
    assert power[np.argmin(abs(frequency - 50)), :].mean() > 10 * band(44, 48, OZ), "mains"
    assert np.percentile(abs(data[:, FPZ] - np.median(data[:, FPZ])), 99) > 60, "blinks at the front"
    assert 10 < data.std() < 60


def _answers(snr: float, concept: int, surrogate: bool = False) -> np.ndarray:
    """Mean answer over trials of one concept, shape (400, 62)."""
    wearer = Wearer(7, snr, surrogate=surrogate)
    for trial in range(60):
        wearer.watch(clip_spec(concept, trial), 400 * trial)
    data = wearer.render(60 * 400).reshape(60, 400, 62)
    return np.median(data - data.mean(axis=1, keepdims=True), axis=0)


def test_answers_grow_with_snr_and_tell_concepts_apart() -> None:
    none, weak, strong = (_answers(snr, concept=4) for snr in (0.0, 0.5, 2.0))
    assert none.std() < weak.std() < strong.std()
    others = [_answers(2.0, concept=concept) for concept in (30, 12, 21)]
    # What all clips evoke alike tells none apart.
    common = np.mean([strong, *others], axis=0)
    again = Wearer(7, 2.0, session=1)
    for trial in range(60):
        again.watch(clip_spec(4, 100 + trial), 400 * trial)
    data = again.render(60 * 400).reshape(60, 400, 62)
    repeat = np.median(data - data.mean(axis=1, keepdims=True), axis=0)
    same = np.corrcoef((strong - common).ravel(), (repeat - common).ravel())[0, 1]
    for other in others:
        different = np.corrcoef((other - common).ravel(), (repeat - common).ravel())[0, 1]
        assert same > different + 0.5


def test_surrogate_knows_nothing_of_the_clips_but_has_their_power() -> None:
    def signal(surrogate: bool) -> np.ndarray:
        wearer, silent = Wearer(7, 2.0, surrogate=surrogate), Wearer(7, 0.0)
        for trial in range(30):
            wearer.watch(clip_spec(trial, trial), 400 * trial)
        return wearer.render(12_000) - silent.render(12_000)

    real, surrogate = signal(False), signal(True)
    assert surrogate.std() == pytest.approx(real.std(), rel=0.15)
    unwatched = Wearer(7, 2.0, surrogate=True)
    watched = Wearer(7, 2.0, surrogate=True)
    watched.watch(clip_spec(4, 1), 100)
    assert np.array_equal(unwatched.render(800), watched.render(800))


def test_a_late_clip_is_only_seen_from_now_on() -> None:
    late, never = Wearer(9), Wearer(9)
    late.render(300)
    never.render(300)
    late.watch(clip_spec(2, 2), 200)
    a, b = late.render(400), never.render(400)
    assert not np.allclose(a, b)
    assert np.array_equal(late.render(400)[-1], never.render(400)[-1])


@pytest.mark.parametrize("rate", [160.0, 512.0, 1000.0])
def test_other_rates_give_the_same_kind_of_eeg(rate: float) -> None:
    data = Wearer(1, 0.0, rate).render(round(20 * rate))
    assert 10 < data.std() < 60


@pytest.mark.parametrize(("rate", "snr"), [(0.0, 1.0), (200.0, -1.0)])
def test_impossible_settings_are_refused(rate: float, snr: float) -> None:
    with pytest.raises(ValueError, match="positive rate"):
        Wearer(1, snr, rate)
