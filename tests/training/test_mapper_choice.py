from dataclasses import replace

import numpy as np
import pytest
import torch

from rtbci.errors import WearerError
from tests.training.planted_world import CHANNELS, CONCEPTS, SAMPLES, MatchedFilter, accuracy, watch
from training.mappers import (
    CANDIDATES,
    LAYER,
    Candidate,
    Clips,
    Fitted,
    Frozen,
    Mixture,
    Way,
    choose_adaptation,
    layer_way,
    set_aside,
)
from training.mappers.candidates import NONE, OWN

LAYERED = layer_way(replace(LAYER, optimiser="lbfgs", epochs=6, patience=3))
CHANCE = 1 / CONCEPTS
QUICK = (*(Candidate(ways) for ways in ((NONE,), (OWN,), (NONE, OWN), (LAYERED,), (LAYERED, OWN))),)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def noise(seed, slots=60, per_slot=3):
    return watch(0, slots, seed, signal=0.0, per_slot=per_slot)


def test_a_mixed_wearer_gets_the_layer():
    decoder, mine, later = (
        MatchedFilter(),
        watch(1, 80, seed=0, signal=4.0),
        watch(1, 100, seed=1, signal=4.0),
    )
    choice = choose_adaptation(decoder, mine, QUICK)
    assert "layer" in choice.chosen
    assert choice.winner.gain.ci95[0] > 0
    assert accuracy(choice.adapted, later) > accuracy(Frozen(decoder), later) + 0.2
    # What was promised is what comes, within the interval of so few slots.
    low, high = choice.winner.top1.ci95
    assert low - 0.05 < accuracy(choice.adapted, later) < high + 0.05
    assert choice.to_json()["chosen"] == choice.chosen
    assert len(choice.to_json()["candidates"]) == len(QUICK)


def test_a_wearer_like_the_known_ones_keeps_the_decoder_as_it_is():
    choice = choose_adaptation(MatchedFilter(), watch(0, 60, seed=0), QUICK)
    assert choice.chosen == "none"
    assert choice.winner.gain.mean == 0.0


def test_a_wearer_whom_the_decoder_cannot_read_gets_one_of_their_own():
    mine = watch(1, 120, seed=0, signal=8.0)
    strange = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(CHANNELS * SAMPLES, CONCEPTS))
    choice = choose_adaptation(strange, mine, QUICK[:3])
    assert "own" in choice.chosen
    assert accuracy(choice.adapted, watch(1, 100, seed=1, signal=8.0)) > 0.8


def test_noise_and_wrong_labels_stay_at_chance_and_choose_nothing():
    chosen, tops = [], []
    for seed in range(3):
        mixed = watch(1, 48, seed, per_slot=2)
        wrong = np.random.default_rng(seed).permutation(mixed.concept[::2]).repeat(2)
        for clips in (noise(seed, slots=48, per_slot=2), replace(mixed, concept=wrong)):
            choice = choose_adaptation(MatchedFilter(), clips, QUICK)
            chosen.append(choice.chosen)
            tops += [one.top1.top1 for one in choice.judged]
    assert chosen.count("none") >= 5
    assert abs(np.mean(tops) - CHANCE) < 0.04


def test_what_clips_of_a_slot_share_tells_nothing():
    """EEG drifts: clips of a slot look alike whatever they show; parted, they would give it away."""
    rng = np.random.default_rng(0)
    clips = noise(0, slots=36, per_slot=5)
    drift = 3.0 * rng.standard_normal((36, CHANNELS, 25)).repeat(2, axis=2).repeat(5, axis=0)
    clips = replace(clips, x=clips.x + drift.astype(np.float32))
    choice = choose_adaptation(MatchedFilter(), clips, QUICK)
    assert np.mean([one.top1.top1 for one in choice.judged]) < CHANCE + 0.08
    dealt = replace(clips.take(rng.permutation(len(clips))), slot=np.arange(len(clips)))
    assert choose_adaptation(MatchedFilter(), dealt, QUICK[:2]).judged[1].top1.top1 > 0.9


@pytest.mark.parametrize("guard", [0, 1])
def test_fits_see_neither_the_slots_that_they_are_judged_on_nor_parts_of_slots(guard):
    clips = watch(0, 23, seed=0)
    seen = []

    def spy(decoder, given: Clips, aside):
        seen.append(set(given.slot.tolist()))
        assert all(len(set(aside[given.slot == slot])) == 1 for slot in seen[-1])
        assert 0 < aside.sum() < len(aside)
        frozen = Frozen(decoder)
        return Fitted(frozen, frozen.logits(given.eeg[aside]))

    candidates = (Candidate((Way("none", spy),)),)
    choose_adaptation(MatchedFilter(), clips, candidates, folds=4, guard=guard)
    *folds, whole = seen
    everything = set(range(23))
    assert whole == everything
    missing = [everything - fold for fold in folds]
    assert set().union(*missing) == everything
    assert sum(map(len, missing)) == 23 + (6 * guard if guard else 0)


def test_none_is_never_beaten_by_what_did_worse():
    def spoil(decoder, clips, aside):
        rng = np.random.default_rng(0)
        matrix = rng.standard_normal((CHANNELS, CHANNELS))

        class Spoilt:
            def logits(self, x):
                return Frozen(decoder).logits((matrix @ x).astype(np.float32))

        return Fitted(Spoilt(), Spoilt().logits(clips.eeg[aside]))

    candidates = (Candidate((NONE,)), Candidate((Way("spoilt", spoil),)))
    choice = choose_adaptation(MatchedFilter(), watch(0, 40, seed=0), candidates)
    assert choice.chosen == "none"
    assert choice.judged[1].gain.mean < 0


def test_mixtures_weigh_their_parts_by_clips_set_aside():
    mine = watch(1, 80, seed=0, signal=6.0)
    choice = choose_adaptation(MatchedFilter(), mine, [Candidate((NONE, OWN))])
    assert isinstance(choice.adapted, Mixture)
    terms = [
        f * part.logits(mine.eeg)
        for f, part in zip(choice.adapted.factors, choice.adapted.parts, strict=True)
    ]
    np.testing.assert_allclose(choice.adapted.logits(mine.eeg), terms[0] + terms[1])
    assert min(choice.adapted.factors) > 0


def test_concepts_watched_once_are_counted():
    clips = watch(0, 24, seed=0)
    assert choose_adaptation(MatchedFilter(), clips, QUICK[:2]).lone_concepts == 0
    once = clips.take((clips.concept != 2) | (clips.slot == clips.slot[clips.concept == 2][0]))
    assert choose_adaptation(MatchedFilter(), once, QUICK[:2]).lone_concepts == 1


def test_too_few_slots_are_refused():
    with pytest.raises(WearerError, match=r"15 clips in 5 runs .* at least 8 runs"):
        choose_adaptation(MatchedFilter(), watch(0, 5, seed=0))


def test_a_quarter_is_set_aside_and_candidates_go_from_simple_to_flexible():
    assert set_aside(watch(0, 40, seed=0)).sum() == 30
    names = [candidate.name for candidate in CANDIDATES]
    assert names[0] == "none"
    assert names == ["none", "own", "none+own", "layer", "layer+own", "finetune", "finetune+own"]
