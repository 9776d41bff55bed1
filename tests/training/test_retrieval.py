import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtbci.errors import UsageError
from training.metrics.retrieval import cosine_scores, retrieval


def naive(scores, true, k, among, draws, rng):
    """Draw candidates, break ties at random, count."""
    hits, ranks = [], []
    for row, own in zip(scores, true, strict=True):
        others = np.delete(np.arange(len(row)), own)
        for _ in range(draws):
            chosen = np.append(rng.permutation(others)[: among - 1], own)
            order = sorted(chosen, key=lambda c: (-row[c], rng.random()))
            ranks.append(order.index(own) + 1)
            hits.append(ranks[-1] <= k)
    return np.mean(hits), np.mean(ranks)


@pytest.mark.parametrize(("among", "k"), [(12, 1), (12, 5), (5, 1), (5, 2), (2, 1)])
def test_agrees_with_drawing_and_counting(among, k):
    rng = np.random.default_rng(among)
    true = rng.integers(0, 12, 30)
    scores = rng.integers(0, 5, (30, 12)).astype(float)  # Many ties.
    scores[np.arange(30), true] += rng.integers(0, 3, 30)
    hits, rank = naive(scores, true, k, among, 400, rng)
    found = retrieval(scores, true, (k,), among)
    assert found.top[0].score == pytest.approx(hits, abs=0.02)
    assert found.mean_rank == pytest.approx(rank, abs=0.06)
    assert found.top[0].ci95[0] < found.top[0].score < found.top[0].ci95[1]


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 30), st.data())
def test_constant_scores_get_chance(candidates, data):
    among = data.draw(st.integers(2, candidates))
    k = data.draw(st.integers(1, among))
    true = np.array(data.draw(st.lists(st.integers(0, candidates - 1), min_size=2, max_size=8)))
    found = retrieval(np.zeros((len(true), candidates)), true, (k,), among)
    assert found.top[0].score == pytest.approx(k / among) == pytest.approx(found.top[0].chance)
    assert found.mean_rank == pytest.approx(found.chance_rank)


def test_noise_is_at_chance_and_the_truth_is_found():
    rng = np.random.default_rng(1)
    targets = rng.standard_normal((40, 7, 16)) + 5.0
    true = np.tile(np.arange(40), 25)
    noise = retrieval(cosine_scores(rng.standard_normal((1000, 7, 16)), targets), true, (1, 5))
    for top in noise.top:
        assert top.ci95[0] < top.chance < top.ci95[1]
    assert noise.rank_ci95[0] < 20.5 < noise.rank_ci95[1]
    close = targets[true] + rng.standard_normal((1000, 7, 16))
    assert retrieval(cosine_scores(close, targets, targets.mean(0)), true).top[0].score > 0.95


def test_cosines_are_numpys():
    rng = np.random.default_rng(2)
    a, b, centre = rng.standard_normal((3, 8)), rng.standard_normal((600, 8)), rng.standard_normal(8)
    a, b = a + centre, b + centre
    b[5] = centre
    made = cosine_scores(a, b, centre)
    for i, j in [(0, 0), (2, 599), (1, 300)]:
        u, v = a[i] - centre, b[j] - centre
        assert made[i, j] == pytest.approx(u @ v / np.linalg.norm(u) / np.linalg.norm(v), abs=1e-5)
    assert abs(made[:, 5]).max() < 1e-5


def test_windows_of_one_slot_count_less_than_independent_ones():
    rng = np.random.default_rng(3)
    slots = np.repeat(np.arange(40), 5)
    good = rng.random(40) < 0.4
    scores = rng.standard_normal((200, 20))
    scores[good[slots], 0] = 9.0
    true = np.zeros(200, dtype=np.int64)
    alone, together = retrieval(scores, true), retrieval(scores, true, clusters=slots)
    assert together.top[0].score == alone.top[0].score
    width = [np.ptp(found.top[0].ci95) for found in (alone, together)]
    assert width[1] > 1.5 * width[0]
    assert np.ptp(together.rank_ci95) > 1.5 * np.ptp(alone.rank_ci95)


@pytest.mark.parametrize(
    ("true", "ks", "among"),
    [([0], (1,), None), ([0, 9], (1,), None), ([0, 1], (6,), None), ([0, 1], (1,), 9)],
)
def test_what_is_no_retrieval_is_refused(true, ks, among):
    with pytest.raises(UsageError):
        retrieval(np.zeros((len(true), 5)), np.array(true), ks, among)


def test_other_embeddings_are_refused():
    with pytest.raises(UsageError, match="cannot be compared"):
        cosine_scores(np.zeros((2, 3)), np.zeros((2, 4)))
