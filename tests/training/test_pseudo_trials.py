"""Pseudo-trials: means of clips that are alike, fewer and fewer, down to single clips."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.pseudo_trials import PseudoTrials, mean_of


@given(
    groups=st.lists(st.integers(0, 4), min_size=1, max_size=40),
    most=st.integers(2, 9),
    seed=st.integers(0, 2**32),
)
def test_a_clip_is_averaged_with_its_like_alone(groups: list[int], most: int, seed: int) -> None:
    group = np.array(groups)
    # Not every row of the data is learnt from: the places in it are not those in the list.
    rows = np.random.default_rng(seed).permutation(200)[: len(groups)]
    trials = PseudoTrials(rows, group, most, 0.7)
    of = dict(zip(rows.tolist(), groups, strict=True))
    drawn = np.random.default_rng(seed + 1).choice(rows, 17)

    companions = trials.companions(drawn, most, torch.Generator().manual_seed(seed))

    assert companions.shape == (most - 1, 17)
    for column, row in enumerate(drawn):
        assert {of[int(one)] for one in companions[:, column]} == {of[int(row)]}


def test_every_clip_of_a_group_has_its_turn() -> None:
    rows, group = np.arange(30), np.arange(30) % 3
    trials = PseudoTrials(rows, group, 6, 0.7)
    drawn = trials.companions(np.zeros(400, dtype=np.int64), 6, torch.Generator().manual_seed(0))
    counts = np.bincount(drawn.numpy().ravel(), minlength=30)[::3]
    assert counts.min() > 0.7 * counts.mean() and counts.max() < 1.3 * counts.mean()


@given(most=st.integers(1, 20), single_from=st.floats(0.0, 1.0))
def test_they_become_single_clips(most: int, single_from: float) -> None:
    trials = PseudoTrials(np.arange(2), np.zeros(2, dtype=np.int64), most, single_from)
    counts = [trials.count(done) for done in np.linspace(0.0, 1.0, 101)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == (most if single_from > 0 else 1)
    assert {trials.count(done) for done in np.linspace(single_from, 1.0, 7)} == {1}


def test_noise_keeps_its_power_and_what_is_common_gains() -> None:
    random = torch.Generator().manual_seed(0)
    answer = torch.randn(4, 50, generator=random)
    noise = torch.randn(9, 200, 4, 50, generator=random)
    before = noise.clone()

    mean = mean_of(noise[0], noise[1:])
    both = mean_of(answer + noise[0], answer + noise[1:])

    assert mean.square().mean().item() == pytest.approx(1.0, abs=0.02)
    torch.testing.assert_close(both - mean, (3.0 * answer).expand(200, 4, 50))
    assert torch.equal(noise, before)
    assert torch.equal(mean_of(noise[0], noise[:0]), noise[0])
