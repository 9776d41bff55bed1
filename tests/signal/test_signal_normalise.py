import numpy as np
import pytest

from rtbci.bundle.schema import Preprocessing
from rtbci.signal import Align, RunningScale
from rtbci.signal.normalise import Normalise
from tests.signal.signal_helpers import eeg_like


def scaled(x: np.ndarray, **how: float) -> tuple[np.ndarray, np.ndarray]:
    scale = RunningScale(**how)
    state, y = scale.step(scale.start(), x)
    return y, np.asarray(state.scale)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 62))


def test_the_scale_is_the_standard_deviation_of_normal_noise() -> None:
    amplitudes = np.geomspace(1, 200, 62)
    _, scale = scaled(noise(12_000) * amplitudes)
    np.testing.assert_allclose(scale, amplitudes, rtol=0.1)


def test_it_is_usable_within_a_second() -> None:
    y, _ = scaled(noise(200) * 37.0)
    assert y[199].std() == pytest.approx(1.0, abs=0.3)
    assert not y[:70].any()


def test_bursts_and_steps_do_not_move_it_much() -> None:
    x = noise(6000)
    _, calm = scaled(x)
    wild = x.copy()
    wild[::10] *= 1000  # a tenth of all samples
    wild[3000:3400] += 500 * np.sign(noise(400))  # two whole seconds
    y, scale = scaled(wild)
    np.testing.assert_allclose(scale, calm, rtol=0.4)
    assert np.abs(y).max() == 8.0


def test_it_follows_a_lasting_change() -> None:
    x = noise(20_000)
    x[4000:] *= 5
    _, scale = scaled(x, forget_s=10.0)
    np.testing.assert_allclose(scale, 5, rtol=0.15)


def test_a_silent_channel_stays_silent() -> None:
    x = noise(1000) * 20
    x[:, 4] = 1e-9
    y, _ = scaled(x)
    assert np.abs(y[:, 4]).max() < 1e-6
    assert np.isfinite(y).all()


def test_after_a_restart_the_scale_is_still_known() -> None:
    scale = RunningScale()
    state, _ = scale.step(scale.start(), noise(2000) * 9)
    _, y = scale.step(scale.restart(state), noise(50, seed=1) * 9)
    assert y.std() == pytest.approx(1.0, abs=0.1)


def aligned(x: np.ndarray, align: Align) -> np.ndarray:
    return align.step(align.start(), x)[1]


def test_the_covariance_becomes_the_identity() -> None:
    """He and Wu's equation 12: after alignment the mean covariance is the identity."""
    x = noise(24_000) @ np.linalg.qr(noise(62))[0] @ np.diag(np.geomspace(1, 3, 62))
    z = aligned(x, Align(forget_s=1e6, prior_s=0.1, shrinkage=0.0))
    np.testing.assert_allclose(np.cov(z[12_000:].T), np.eye(62), atol=0.15)


def test_wearers_with_other_mixing_become_alike() -> None:
    a, b = (eeg_like(12_000, seed) / 20 for seed in (0, 1))
    before = np.linalg.norm(np.cov(a.T) - np.cov(b.T))
    a, b = (aligned(x, Align())[6000:] for x in (a, b))
    assert np.linalg.norm(np.cov(a.T) - np.cov(b.T)) < before / 4


def test_at_the_first_sample_the_prior_decides_and_later_the_wearer() -> None:
    x = eeg_like(12_000, 1) / 20
    other = np.cov(eeg_like(4000, 2).T) / 400
    align = Align(prior=other, shrinkage=0.0)
    whitening = align.start().whitening
    np.testing.assert_allclose(whitening @ other @ whitening, np.eye(62), atol=1e-6)
    state, _ = align.step(align.start(), x)
    own = state.whitening @ np.cov(x.T) @ state.whitening
    assert np.linalg.norm(own - np.eye(62)) < np.linalg.norm(whitening @ np.cov(x.T) @ whitening - np.eye(62))


def test_an_artefact_counts_no_more_than_a_strong_second() -> None:
    x = eeg_like(6000) / 20
    wild = x.copy()
    wild[3000:3200, :10] *= 100

    def change(surge: float) -> float:
        align = Align(surge=surge)
        calm, moved = (align.step(align.start(), data)[0].whitening for data in (x, wild))
        return float(np.linalg.norm(moved - calm) / np.linalg.norm(calm))

    assert change(Align().surge) < 0.25
    assert change(Align().surge) < change(np.inf) / 2


def test_directions_without_signal_are_not_blown_up() -> None:
    x = eeg_like(4000) / 20
    x -= x.mean(axis=1, keepdims=True)
    x[:, 10] = x[:, 11]
    align = Align()
    state, z = align.step(align.start(), x)
    assert np.abs(state.whitening).max() < 20
    assert np.abs(z).max() < 50


def test_samples_from_before_the_scale_was_known_teach_nothing() -> None:
    x = eeg_like(3000) / 20
    late = np.concatenate([np.zeros((150, 62)), x])
    align = Align()
    first, second = (align.step(align.start(), data)[0] for data in (x[:2800], late[:2950]))
    assert second.weight == pytest.approx(first.weight, rel=0.1)
    np.testing.assert_allclose(
        np.trace(second.covariance) / second.weight, np.trace(first.covariance) / first.weight, rtol=0.05
    )


def test_without_whitening_channels_are_scaled_only() -> None:
    rng = np.random.default_rng(3)
    eeg = rng.standard_normal((4000, 62)) @ rng.standard_normal((62, 62)) * 5.0
    plain = Normalise.of(Preprocessing(whiten=False), np.eye(62) * 4.0)
    state, z = plain.step(plain.start(), eeg)
    _, scaled = plain.scale.step(plain.scale.start(), eeg)
    assert np.array_equal(z, scaled)
    window = np.ascontiguousarray(eeg[-400:].T, dtype=np.float32)
    expected = np.clip(window / state.scale.scale[..., None].astype(np.float32), -8, 8)
    assert np.allclose(plain.window(state, window)[0], expected, atol=1e-5)
