import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import Units, balanced_blocks, permutation_p, permuted_truths, units_of


def all_of(units, count=200, seed=0):
    return np.concatenate(list(permuted_truths(units, count, seed)))


@given(st.integers(0, 1000), st.integers(1, 5), st.integers(1, 4))
def test_runs_stay_whole_and_in_their_block(seed, blocks, length):
    rng = np.random.default_rng(seed)
    true = np.concatenate([np.repeat(rng.permutation(8), length) for _ in range(blocks)])
    block = np.repeat(np.arange(blocks), 8 * length)
    # The blocks may be mixed in the file, as long as each keeps its order.
    mixed = rng.permutation(block)
    in_file = np.empty_like(true)
    in_file[np.argsort(mixed, kind="stable")] = true
    true, block = in_file, mixed
    shuffled = all_of(units_of(true, block), 50)
    assert shuffled.shape == (50, len(true))
    for row in shuffled:
        for one in range(blocks):
            own = row[block == one]
            assert (own.reshape(-1, length) == own[::length, None]).all()
            np.testing.assert_array_equal(np.sort(own), np.sort(true[block == one]))
    assert len(np.unique(shuffled, axis=0)) > 40


def test_every_arrangement_is_as_likely():
    units = units_of(np.array([0, 1, 2]))
    rows, counts = np.unique(all_of(units, 6000), axis=0, return_counts=True)
    assert len(rows) == 6
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(1000 * 5 / 6)


def test_too_few_runs_to_shuffle_are_taken_apart():
    assert units_of(np.repeat([0, 1], 50)).kind == "windows"
    assert units_of(np.repeat(np.arange(10), 5)).kind == "runs"


@given(st.lists(st.integers(0, 3), min_size=2, max_size=120), st.integers(0, 100))
def test_every_class_keeps_its_share(true, seed):
    units = units_of(np.array(true))
    for row in all_of(units, 20, seed):
        np.testing.assert_array_equal(np.sort(row), np.sort(true))


def test_labels_that_are_not_in_runs_are_shuffled_one_by_one():
    true = np.random.default_rng(0).permutation(np.repeat([0, 1], [700, 300]))
    assert units_of(true).kind == "windows"
    assert units_of(np.repeat(true, 4)).kind == "runs"


def test_blocks_are_found_only_where_the_truth_has_them():
    rng = np.random.default_rng(0)
    designed = np.concatenate([np.repeat(rng.permutation(40), 10) for _ in range(7)])
    np.testing.assert_array_equal(balanced_blocks(designed), np.repeat(np.arange(7), 400))
    assert balanced_blocks(rng.permutation(designed)) is None
    assert balanced_blocks(np.repeat(np.arange(5), 6)) is None
    assert balanced_blocks(np.zeros(12, dtype=int)) is None


def test_layouts_alike_are_shuffled_alike():
    true = np.repeat(np.arange(8), 3)
    np.testing.assert_array_equal(all_of(units_of(true)), all_of(units_of(true)))


def test_p_is_never_zero_and_counts_ties():
    assert permutation_p(10, np.arange(10)) == 1 / 11
    assert permutation_p(9, np.arange(10)) == 2 / 11
    assert permutation_p(0, np.zeros(99)) == 1.0


def p_values(kind: str, count: int = 300) -> np.ndarray:
    """Of a decoder that knows nothing, but drifts: it says one class for a while."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(count):
        true = np.repeat(rng.permutation(np.repeat(np.arange(5), 12)), 10)
        said = np.repeat(rng.integers(0, 5, 60), 10)
        units = units_of(true)
        if kind == "windows":
            ones = np.ones(600, dtype=int)
            units = Units("windows", np.arange(600), true, ones, 0 * ones)
        null = (all_of(units, 199, int(rng.integers(1 << 30))) == said).sum(axis=1)
        found.append(permutation_p((true == said).sum(), null))
    return np.array(found)


def test_the_test_holds_its_level_where_shuffling_windows_does_not():
    assert (p_values("runs") <= 0.05).mean() < 0.09
    assert (p_values("windows") <= 0.05).mean() > 0.2


@pytest.mark.parametrize("seed", [0, 1])
def test_a_seed_gives_the_same_again(seed):
    units = units_of(np.arange(30) % 6)
    np.testing.assert_array_equal(all_of(units, 20, seed), all_of(units, 20, seed))
    assert (all_of(units, 20, seed) != all_of(units, 20, seed + 1)).any()
