"""The metrics: against scikit-learn and torchmetrics, textbooks, and their own chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from rtbci.errors import UsageError
from training.metrics import (
    balanced_accuracy,
    blind_chance,
    calibrated_error,
    class_conditional_accuracy,
    clustered_interval,
    confusion,
    field_n_way,
    itr_bits,
    log_score_bits,
    mutual_information_bits,
    n_way_chance,
    n_way_hits,
    reliability_curve,
    top_k_accuracy,
    wilson_interval,
)
from training.scores import binomial_interval

LABELS = st.integers(2, 300).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 6), min_size=n, max_size=n)] * 2)
)


def scores_and_truth(seed: int, n: int = 400, classes: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, n)
    scores = rng.standard_normal((n, classes))
    scores[np.arange(n), true] += 1.0
    return scores, true


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_top_k_is_scikit_learns(seed, k):
    scores, true = scores_and_truth(seed, 60)
    expected = sk.top_k_accuracy_score(true, scores, k=k, labels=np.arange(40)) if k < 40 else 1.0
    assert top_k_accuracy(scores, true, k) == pytest.approx(expected)


@given(st.integers(1, 12), st.integers(1, 12))
def test_constant_scores_get_exactly_chance(classes, k):
    k = min(k, classes)
    assert top_k_accuracy(np.zeros((5, classes)), np.zeros(5, dtype=int), k) == pytest.approx(k / classes)


@pytest.mark.filterwarnings("ignore:A single label")
@given(LABELS)
def test_balanced_accuracy_confusion_and_information_are_scikit_learns(labels):
    true, predicted = map(np.array, labels)
    counts = confusion(true, predicted, 7)
    np.testing.assert_array_equal(counts, sk.confusion_matrix(true, predicted, labels=np.arange(7)))
    if np.isin(predicted, true).all():
        assert balanced_accuracy(counts)[0] == pytest.approx(sk.balanced_accuracy_score(true, predicted))
    in_nats = sk.mutual_info_score(true, predicted)
    assert mutual_information_bits(counts) == pytest.approx(in_nats / np.log(2), abs=1e-9)


def test_always_saying_one_class_has_the_chance_of_balanced_accuracy():
    true = np.repeat([0, 1, 2], [80, 15, 5])
    score, chance = balanced_accuracy(confusion(true, np.zeros(100, dtype=int), 3))
    assert score == pytest.approx(chance) == pytest.approx(1 / 3)


def test_torchmetrics_agrees():
    # Imported here: it takes seconds.
    import torch
    import torchmetrics

    scores, true = scores_and_truth(3)
    given_scores, target = torch.from_numpy(scores), torch.from_numpy(true)
    functional = torchmetrics.functional.classification
    for k in (1, 5):
        theirs = functional.multiclass_accuracy(given_scores, target, 40, average="micro", top_k=k)
        assert top_k_accuracy(scores, true, k) == pytest.approx(float(theirs))
    counts = confusion(true, scores.argmax(axis=1), 40)
    theirs = functional.multiclass_confusion_matrix(given_scores, target, 40)
    np.testing.assert_array_equal(counts, theirs.numpy())
    theirs = functional.multiclass_accuracy(given_scores, target, 40, average="macro")
    assert balanced_accuracy(counts)[0] == pytest.approx(float(theirs))
    probability = softmax(scores, axis=1)
    theirs = functional.multiclass_calibration_error(torch.from_numpy(probability), target, 40, n_bins=15)
    ours = reliability_curve(probability.max(axis=1), scores.argmax(axis=1) == true).error
    assert ours == pytest.approx(float(theirs), abs=1e-6)


@pytest.mark.parametrize(("ways", "chance"), [(2, 0.75), (40, 0.071)])
def test_the_fields_metric_gives_random_predictions_its_true_chance(ways, chance):
    rng = np.random.default_rng(0)
    hits, stated = field_n_way(rng.random((20_000, 400)), rng.random((20_000, 400)), ways)
    assert stated == pytest.approx(chance, abs=5e-4)
    assert hits.mean() == pytest.approx(stated, abs=4 * hits.std() / np.sqrt(len(hits)))


@pytest.mark.parametrize("ways", [2, 5, 40])
@pytest.mark.parametrize("accepted", [1, 3])
def test_n_way_in_closed_form_is_what_drawing_distractors_gives(ways, accepted):
    rng = np.random.default_rng(ways)
    # Few values, so that ties occur.
    scores = rng.integers(0, 12, (6, 50)).astype(float)
    truth = np.stack([rng.permutation(50)[:accepted] for _ in range(6)])
    exact = n_way_hits(scores, truth, ways)
    for row, own, expected in zip(scores, truth, exact, strict=True):
        others = np.setdiff1d(np.arange(50), own)
        drawn = 0
        for _ in range(2000):
            among = np.concatenate([own, rng.choice(others, ways - 1, replace=False)])
            best = among[row[among] == row[among].max()]
            drawn += rng.choice(best) in own
        low, high = binomial_interval(drawn, 2000, 0.9999)
        assert low <= expected <= high


@given(st.integers(0, 10_000), st.integers(2, 40))
def test_strict_n_way_is_bounded_and_at_its_ends_known(seed, ways):
    scores, true = scores_and_truth(seed, 30)
    hits = n_way_hits(scores, true, ways)
    assert (hits >= -1e-12).all() and (hits <= 1 + 1e-12).all()
    assert hits.mean() >= top_k_accuracy(scores, true) - 1e-9
    flat = n_way_hits(np.zeros((3, 40)), np.array([0, 1, 2]), ways)
    assert flat == pytest.approx(n_way_chance(ways))


def test_all_ways_strict_is_top_1():
    scores, true = scores_and_truth(1)
    assert n_way_hits(scores, true, 40).mean() == pytest.approx(top_k_accuracy(scores, true))
    with pytest.raises(UsageError, match="choose 2 to 40 ways"):
        n_way_hits(scores, true, 41)


def test_uneven_classes_have_the_commonest_ones_share_as_chance():
    assert blind_chance(np.array([714, 286]), 2) == 0.714
    assert blind_chance(np.full(40, 70), 40) == 1 / 40
    drawn = np.bincount(np.random.default_rng(0).integers(0, 40, 1000))
    assert blind_chance(drawn, 40) == 1 / 40
    assert blind_chance(np.array([10, 10]), 40) == 0.5


def test_intervals_are_the_textbooks():
    theirs = binomtest(106, 2800).proportion_ci(0.95, method="wilson")
    assert wilson_interval(106, 2800) == pytest.approx((theirs.low, theirs.high))
    assert wilson_interval(0, 10)[0] == 0.0 and wilson_interval(10, 10)[1] == 1.0


def test_windows_of_one_cluster_that_agree_count_once():
    rng = np.random.default_rng(0)
    hits = rng.random(300) < 0.3
    alone = clustered_interval(hits.astype(float), np.ones(300, dtype=int))
    assert alone == pytest.approx(binomial_interval(int(hits.sum()), 300))
    repeated = clustered_interval(hits * 10.0, np.full(300, 10))
    assert repeated == pytest.approx(alone, abs=0.003)


def test_the_clustered_interval_covers():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        chance_of = rng.beta(1.0, 9.0, 60)
        low, high = clustered_interval(rng.binomial(10, chance_of).astype(float), np.full(60, 10))
        covered += low <= 0.1 <= high
    # 95 % within the scatter of 400 draws, or above.
    assert covered >= 368


@given(st.integers(0, 10_000))
def test_reliability_is_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    confidence = rng.random(200)
    hit = rng.random(200) < confidence
    curve = reliability_curve(confidence, hit, 10)
    accuracy, mean = calibration_curve(hit, confidence, n_bins=10)
    np.testing.assert_allclose(curve.accuracy, accuracy)
    np.testing.assert_allclose(curve.confidence, mean)
    assert curve.count.sum() == 200


def test_calibration_error_has_a_floor_that_is_not_zero():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.1, 0.9, 500)
    floor = calibrated_error(confidence)
    assert 0.01 < floor < 0.08
    boastful = reliability_curve(confidence, rng.random(500) < confidence - 0.1).error
    assert boastful > 1.5 * floor


def test_bits_of_a_decision():
    # Wolpaw et al. 2002, figure 1: two targets at 90 % carry 0.53 bits.
    assert itr_bits(0.9, 2) == pytest.approx(0.531, abs=1e-3)
    assert itr_bits(1.0, 40) == pytest.approx(np.log2(40))
    assert itr_bits(0.025, 40) == itr_bits(0.01, 40) == 0.0


def test_the_class_alone_predicts_the_attributes_of_the_film(shared_data):
    meta = shared_data / "seed_dv" / "meta-info"

    def of(name: str) -> np.ndarray:
        return np.load(meta / f"All_video_{name}.npy").ravel()

    concept = np.repeat(of("label"), 5).astype(int)
    fast = (of("optical_flow_score") > 1.799).astype(int)
    known = {
        "human": (of("human_apperance"), 0.976),
        "face": (of("face_apperance"), 0.969),
        "number": (of("obj_number"), 0.854),
        "fast": (fast, 0.721),
        # Counting "no one colour" as an answer, as those who published it did.
        "colour": (of("color"), 0.842),
    }
    for attribute, expected in known.values():
        assert class_conditional_accuracy(attribute.astype(int), concept) == pytest.approx(expected, abs=6e-4)
    held_out = class_conditional_accuracy(fast, concept, np.repeat(np.arange(7), 200))
    assert 0.69 < held_out < 0.721


def test_a_class_that_is_only_in_the_held_out_block_gets_the_commonest_answer():
    attribute, concept, fold = np.array([1, 1, 0, 1]), np.array([0, 0, 0, 9]), np.array([0, 0, 0, 1])
    # Both blocks are told 1 by the other: right for two of three clips, and for the one.
    assert class_conditional_accuracy(attribute, concept, fold) == 3 / 4


def test_a_posterior_tells_as_many_bits_as_it_knows_and_fewer_than_none_if_it_is_too_sure() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 40, 4000)
    even = np.full((4000, 40), 1 / 40)
    assert log_score_bits(even, truth) == pytest.approx(0.0)
    right = np.eye(40)[truth]
    assert log_score_bits(right, truth) == pytest.approx(np.log2(40))
    # A channel that is right half the time and says so: its mutual information.
    said = np.where(rng.random(4000) < 0.5, truth, rng.integers(0, 40, 4000))
    honest = np.full((4000, 40), 0.5 / 40)
    honest[np.arange(4000), said] += 0.5
    hit = 0.5 + 0.5 / 40
    known = np.log2(40) + hit * np.log2(hit) + (1 - hit) * np.log2((1 - hit) / 39)
    assert log_score_bits(honest, truth) == pytest.approx(known, abs=0.15)
    sure = 0.98 * np.eye(40)[said] + 0.02 / 40
    assert log_score_bits(sure, truth) < log_score_bits(honest, truth)
    assert log_score_bits(np.eye(40)[(truth + 1) % 40], truth) < -100
