import numpy as np
import pytest
from scipy.special import log_softmax

from rtbci.errors import UsageError
from training.models import differential_entropy
from training.models.linear import LinearDecoder, _directions, _targets, binned, fit


def examples(
    n: int, features: int, classes: int, signal: float, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    concept = rng.integers(0, classes, n)
    means = np.random.default_rng(99).standard_normal((classes, features))
    return (signal * means[concept] + rng.standard_normal((n, features))).astype(np.float32), concept


def accuracy(model: LinearDecoder, x: np.ndarray, concept: np.ndarray) -> float:
    return float((model.logits(x).argmax(axis=1) == concept).mean())


@pytest.mark.parametrize(("n", "features"), [(2000, 60), (300, 900)], ids=["primal", "dual"])
def test_it_learns_and_its_logits_are_probabilities(n: int, features: int) -> None:
    signal = 4.0 / features**0.5
    x, concept = examples(n, features, 8, signal)
    model = fit(x, concept, 8)
    new, truth = examples(2000, features, 8, signal, seed=1)
    assert accuracy(model, new, truth) > 0.5
    log_p = log_softmax(model.logits(new), axis=1)
    assert -log_p[np.arange(2000), truth].mean() == pytest.approx(model.loss, abs=0.15)
    confident = np.exp(log_p.max(axis=1)).mean()
    assert confident == pytest.approx(accuracy(model, new, truth), abs=0.1)


def test_both_gram_matrices_give_the_regression_in_closed_form() -> None:
    x, concept = examples(80, 50, 4, 0.3)
    for rows in (slice(None), slice(0, 30)):
        part = x[rows] - x[rows].mean(axis=0)
        target = _targets(concept[rows], 4)
        basis, energy, along = _directions(part, target)
        found = basis @ (along / (energy + 3.0)[:, None])
        exact = np.linalg.solve(part.T.astype(float) @ part + 3.0 * np.eye(50), part.T @ target)
        np.testing.assert_allclose(found, exact, atol=1e-4)


def test_the_rows_that_choose_are_not_learnt_from() -> None:
    x, concept = examples(400, 30, 4, 1.0)
    chooses = np.zeros(400, dtype=bool)
    chooses[100:200] = True
    model = fit(x, concept, 4, chooses=chooses, ridges=(1.0,))
    x[chooses] += 5.0
    other = fit(x, concept, 4, chooses=chooses, ridges=(1.0,))
    np.testing.assert_array_equal(model.mean, other.mean)
    ratio = other.weight / model.weight
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-3)


def test_without_signal_it_claims_nothing() -> None:
    x, concept = examples(1500, 200, 10, 0.0)
    model = fit(x, concept, 10)
    assert model.loss == pytest.approx(np.log(10), abs=0.02)
    new, _ = examples(500, 200, 10, 0.0, seed=1)
    assert np.exp(log_softmax(model.logits(new), axis=1)).max() < 0.25


def test_the_ridge_follows_the_signal() -> None:
    faint, concept = examples(600, 300, 4, 0.05)
    clear, also = examples(600, 300, 4, 1.0)
    assert fit(faint, concept, 4).ridge > fit(clear, also, 4).ridge


def test_a_concept_never_seen_never_wins_and_standardising_forgets_units() -> None:
    x, concept = examples(500, 20, 5, 1.0)
    concept[concept == 3] = 2
    units = np.float32(10.0) ** np.arange(-5, 5, 0.5, dtype=np.float32)
    model = fit(x * units, concept, 5, standardise=True)
    assert (model.logits(x * units).argmax(axis=1) != 3).all()
    plain = fit(x, concept, 5, standardise=True)
    np.testing.assert_allclose(model.logits(x * units), plain.logits(x), atol=0.05)


def test_windows_are_binned_and_entropy_decodes_loudness() -> None:
    rng = np.random.default_rng(0)
    ramp = np.broadcast_to(np.arange(103.0, dtype=np.float32), (2, 62, 103))
    np.testing.assert_allclose(binned(ramp)[0, 0], np.arange(25) * 4 + 1.5)
    concept = np.tile([0, 1], 60)
    loud = 1.0 + 0.5 * concept[:, None, None] * (np.arange(62) < 20)[None, :, None]
    x = (loud * rng.standard_normal((120, 62, 400))).astype(np.float32)
    model = fit(differential_entropy(x, 200.0), concept, 2, standardise=True)
    assert accuracy(model, differential_entropy(x[96:], 200.0), concept[96:]) > 0.9


def test_bad_rows_are_refused() -> None:
    x, concept = examples(50, 5, 3, 1.0)
    with pytest.raises(UsageError, match="0 choose the ridge"):
        fit(x, concept, 3, chooses=np.zeros(50, dtype=bool))
    with pytest.raises(UsageError, match=r"0 \.\. 1, but go to 2"):
        fit(x, concept, 2)
    with pytest.raises(UsageError, match="alike"):
        fit(np.ones((50, 5)), concept, 3)
    with pytest.raises(UsageError, match="25 bins"):
        binned(np.zeros((1, 62, 20), dtype=np.float32))
