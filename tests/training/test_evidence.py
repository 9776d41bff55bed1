import numpy as np
import pytest

from rtbci.bundle.schema import EvidenceModel
from training.evidence import Stream, filtered, fit_evidence, fit_temperature, log_softmax, with_thresholds

K = 40


def _stream(rng: np.random.Generator, strength: float, copies: int, clips: int = 150) -> Stream:
    """Clips of four windows whose logits repeat the same noise `copies` times: overlapping windows do."""
    shown = np.repeat(rng.integers(K, size=clips), 4)
    noise = np.repeat(rng.standard_normal((4 * clips // copies, K)), copies, axis=0)
    logits = strength * np.eye(K)[shown] * strength + strength * noise
    ends = np.arange(4 * clips) % 4 == 3
    return Stream(logits=logits, shown=shown, ends=ends, snr=1.0, null=False)


def test_temperature_is_found_again() -> None:
    rng = np.random.default_rng(0)
    logits = 2.0 * rng.standard_normal((20_000, K))
    target = np.exp(log_softmax(logits))
    assert fit_temperature(3.0 * logits, target) == pytest.approx(3.0, rel=0.02)


def test_windows_that_repeat_each_other_count_less() -> None:
    rng = np.random.default_rng(1)
    independent = fit_evidence([_stream(rng, 1.5, copies=1)])
    repeated = fit_evidence([_stream(rng, 1.5, copies=4)])
    assert repeated.exponent < 0.75 * independent.exponent


def test_the_filter_follows_and_stays_honest() -> None:
    rng = np.random.default_rng(2)
    model = fit_evidence([_stream(rng, 1.8, copies=2)])
    fresh = _stream(np.random.default_rng(3), 1.8, copies=2)
    posterior = filtered(fresh, model.exponent, model.hazard)
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0)
    best = posterior[fresh.ends]
    hit = best.argmax(axis=1) == fresh.shown[fresh.ends]
    assert hit.mean() > 0.5
    assert abs(best.max(axis=1).mean() - hit.mean()) < 0.12


def test_nothing_to_be_found_gives_nothing() -> None:
    rng = np.random.default_rng(4)
    shown = np.repeat(rng.integers(K, size=150), 4)
    silent = Stream(rng.standard_normal((600, K)), shown, np.arange(600) % 4 == 3, 0.0, True)
    model = fit_evidence([silent])
    assert filtered(silent, model.exponent, model.hazard).max() < 0.1


def test_strong_is_what_nulls_do_not_reach() -> None:
    """Thresholds from an hour of nulls, tried on ten other hours of the same kind."""
    rng = np.random.default_rng(5)

    def null(windows: int) -> Stream:
        logits = 1.5 * rng.standard_normal((windows, K))
        return Stream(logits, rng.integers(K, size=windows), np.ones(windows, dtype=bool), 0.0, True)

    start = EvidenceModel(exponent=0.8, hazard=0.5)
    model = with_thresholds(start, [null(7_200), _stream(rng, 3.0, copies=1)])
    assert (model.exponent, model.hazard) == (start.exponent, start.hazard)
    confidence = filtered(null(72_000), model.exponent, model.hazard).max(axis=1)
    assert 0.03 < np.mean(confidence >= model.weak / K) < 0.07
    assert 0.005 < np.mean(confidence >= model.moderate) < 0.02
    assert np.sum(confidence >= model.strong) <= 6
    assert np.sum(confidence >= model.strong - 0.15) > 6
    with pytest.raises(ValueError, match="without an answer"):
        with_thresholds(start, [_stream(rng, 3.0, copies=1)])
