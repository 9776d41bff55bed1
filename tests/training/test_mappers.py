from dataclasses import replace

import numpy as np
import pytest
import torch

from rtbci.errors import RtbciError, UsageError
from tests.training.planted_world import CHANNELS, SAMPLES, MatchedFilter, accuracy, mixing, watch
from training.mappers import (
    FINETUNE,
    LAYER,
    Clips,
    Frozen,
    Pairs,
    WaveformSettings,
    finetune,
    fit_layer,
    fit_waveform,
    publish_new2source,
    set_aside,
    squared_error,
)

QUICK = WaveformSettings(kind="net", hidden=8, kernel=3, blocks=1, steps=80, batch=32, rate=2e-2)
FAST = replace(LAYER, rate=2e-2, epochs=12)
LBFGS = replace(LAYER, optimiser="lbfgs", epochs=15)
RIDGE = WaveformSettings(kind="ridge")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    "settings",
    [FAST, LBFGS, replace(FAST, noise=0.3, drop_channels=1)],
    ids=["adam", "lbfgs", "augmented"],
)
def test_the_layer_undoes_a_mixing(settings):
    decoder, mine, later = MatchedFilter(), watch(1, 60, seed=0, per_slot=2), watch(1, 150, seed=1)
    unmixed = accuracy(Frozen(decoder), watch(0, 150, seed=1))
    before = accuracy(Frozen(decoder), later)
    fit = fit_layer(decoder, mine, set_aside(mine), settings)
    after = accuracy(fit.adapted, later)
    assert unmixed > before + 0.5
    assert after > before + 0.75 * (unmixed - before)
    # What it found points where the mixing's inverse does, as far as the answers reach.
    assert cosine(fit.mapper.matrix, mixing(1).T) > cosine(np.eye(CHANNELS), mixing(1).T) + 0.2


def cosine(a, b):
    return np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b)


def test_the_layer_begins_where_it_is_told_and_shrinks_to_there():
    mine = watch(1, 30, seed=0)
    start = mixing(1).T
    held = fit_layer(MatchedFilter(), mine, set_aside(mine), replace(LAYER, shrinkage=1e4, epochs=5), start)
    np.testing.assert_allclose(held.mapper.matrix, start, atol=0.05)


@pytest.mark.parametrize("fit", [fit_layer, finetune])
def test_fits_leave_the_decoder_and_the_source_of_chance_alone_and_repeat(fit):
    decoder, mine = MatchedFilter(), watch(1, 30, seed=0)
    before, chance = decoder.answers.detach().clone(), torch.get_rng_state()
    first, again = (fit(decoder, mine, set_aside(mine), replace(FINETUNE, epochs=3)) for _ in range(2))
    assert torch.equal(decoder.answers, before)
    assert decoder.answers.requires_grad
    assert torch.equal(torch.get_rng_state(), chance)
    np.testing.assert_array_equal(first.adapted.logits(mine.eeg), again.adapted.logits(mine.eeg))
    np.testing.assert_array_equal(first.aside, again.aside)


def test_finetuning_learns_the_wearer():
    decoder, later = MatchedFilter(), watch(1, 200, seed=1)
    mine = watch(1, 90, seed=0)
    fit = finetune(decoder, mine, set_aside(mine), replace(FINETUNE, rate=5e-3, epochs=12))
    assert accuracy(fit.adapted, later) > accuracy(Frozen(decoder), later) + 0.2


@pytest.mark.parametrize("fit", [fit_layer, finetune])
def test_nothing_is_learnt_from_noise(fit):
    """Clips set aside say when to stop: where nothing can be learnt, it is soon."""
    decoder, mine = MatchedFilter(), watch(0, 60, seed=0)
    rng = np.random.default_rng(0)
    wrong = replace(mine, concept=rng.permutation(mine.concept[::3]).repeat(3))
    fitted = fit(decoder, wrong, set_aside(wrong))
    assert fitted.epochs <= 8
    assert fitted.aside.shape == (set_aside(mine).sum(), 6)


@pytest.mark.parametrize("settings", [RIDGE, replace(RIDGE, taps=3), QUICK], ids=["ridge", "taps", "net"])
def test_waveform_mapping_reduces_the_error_on_clips_it_has_not_seen(settings):
    stimuli = np.arange(200)
    a, b = (watch(s, 200, seed=0, stimuli=stimuli, noise=0.3, per_slot=1) for s in (0, 2))
    rows = np.stack([stimuli, stimuli], axis=1)
    learn, test = Pairs(a.x, b.x, rows[:150]), Pairs(a.x, b.x, rows[150:])
    mapper = fit_waveform([learn], settings)
    assert squared_error(mapper, [test]) < 0.75 * squared_error(lambda x: x, [test])
    assert mapper(a.eeg[:3]).shape == (3, CHANNELS, SAMPLES)
    assert mapper(a.eeg[:0]).shape == (0, CHANNELS, SAMPLES)
    # Pairs of different clips teach nothing, so little better than silence is reached.
    wrong = fit_waveform([Pairs(a.x, b.x, np.stack([stimuli, np.roll(stimuli, 7)], axis=1)[:150])], settings)
    assert squared_error(wrong, [test]) > squared_error(mapper, [test]) + 0.01


def test_taps_find_a_delay_and_a_strong_ridge_holds_the_identity():
    a = watch(0, 60, seed=0)
    late = np.roll(a.x, 1, axis=2)
    rows = np.stack([np.arange(len(a))] * 2, axis=1)
    mapper = fit_waveform([Pairs(a.x, late, rows)], replace(RIDGE, taps=3, ridge=1e-6))
    np.testing.assert_allclose(mapper(a.eeg)[:, :, 2:-2], late[:, :, 2:-2], atol=0.05)
    strong = replace(RIDGE, ridge=1e6, towards_identity=True, taps=3)
    np.testing.assert_allclose(fit_waveform([Pairs(a.x, late, rows)], strong)(a.eeg), a.eeg, atol=1e-3)


def known_and_new(share):
    stimuli = np.arange(120)
    known = [watch(s, 120, seed=0, stimuli=stimuli, noise=0.3, per_slot=1) for s in (0, 3, 4)]
    names = Clips.__dataclass_fields__
    together = Clips(**{name: np.concatenate([getattr(k, name) for k in known]) for name in names})
    new = watch(1, 120, seed=0, stimuli=stimuli, noise=0.3, per_slot=1)
    return together, *new.first(share)


@pytest.mark.parametrize("settings", [RIDGE, QUICK], ids=["ridge", "net"])
@pytest.mark.parametrize("source2new", [True, False])
def test_new2source_as_published_brings_eeg_nearer_to_the_centre(settings, source2new):
    known, mine, later = known_and_new(0.15)
    found = publish_new2source(mine, known, centred=0, source2new=source2new, settings=settings)
    centre = known.take(known.subject == 0)
    rows = np.stack([np.arange(len(later)), later.stimulus], axis=1)
    test = [Pairs(later.x, centre.x, rows)]
    assert squared_error(found.mapper, test) < 0.85 * squared_error(lambda x: x, test)
    assert found.real == len(mine) == 18
    assert found.simulated == (3 * 102 if source2new else 0)
    assert (found.source2new is not None) == source2new
    decoder = MatchedFilter()
    through = Frozen(decoder).logits(found.mapper(later.eeg)).argmax(axis=1)
    assert (through == later.concept).mean() > accuracy(Frozen(decoder), later)


def test_new2source_to_each_known_subject_pairs_with_all():
    known, mine, _ = known_and_new(0.5)
    found = publish_new2source(mine, known, target="each", settings=RIDGE)
    assert found.real == 3 * 60
    assert found.simulated == 3 * 60
    all_of_it, whole, nothing = known_and_new(1.0)
    assert len(nothing) == 0
    assert publish_new2source(whole, all_of_it, target="each", settings=RIDGE).simulated == 0


def test_new2source_never_looks_at_what_was_shown():
    known, mine, later = known_and_new(0.15)
    found = publish_new2source(mine, known, centred=0, settings=RIDGE)
    same = [replace(c, concept=np.zeros_like(c.concept)) for c in (mine, known)]
    again = publish_new2source(*same, centred=0, settings=RIDGE)
    np.testing.assert_array_equal(found.mapper(later.eeg), again.mapper(later.eeg))


def test_clips_that_the_centre_has_not_watched_or_nobody_can_name_are_left_out():
    known, mine, _ = known_and_new(0.15)
    gone = (known.subject == 0) & (known.stimulus % 2 == 0)
    less = publish_new2source(mine, known.take(~gone), centred=0, settings=RIDGE)
    assert (less.real, less.simulated) == (9, 2 * 51 + 51)
    unnamed = replace(known, stimulus=np.where(known.stimulus % 2 == 0, -1, known.stimulus))
    assert publish_new2source(mine, unnamed, centred=0, settings=RIDGE).real == 9


def test_the_first_share_is_whole_slots_in_time():
    clips = watch(1, 20, seed=0)
    early, late = clips.first(0.15)
    np.testing.assert_array_equal(early.slot, np.repeat([0, 1, 2], 3))
    assert len(early) + len(late) == len(clips)
    backwards = replace(clips, slot=100 - clips.slot)
    np.testing.assert_array_equal(backwards.first(0.15)[0].x, early.x)
    assert len(clips.first(1e-9)[0]) == 3


def test_bad_input_is_told_in_a_sentence():
    known, mine, _ = known_and_new(0.15)
    stranger = replace(mine, stimulus=mine.stimulus + 6000)
    cases = [
        (lambda: publish_new2source(stranger, known, centred=0), "No clip of the new wearer"),
        (lambda: publish_new2source(mine, known, centred=9), "none of the known ones; give one of 0, 3, 4"),
        (lambda: publish_new2source(mine, known, target="mean", centred=0), "choose each or centred"),
        (lambda: fit_waveform([], RIDGE), "no pair of windows"),
        (lambda: WaveformSettings(kind="gan"), "choose net or ridge"),
        (lambda: WaveformSettings(taps=2), "give odd numbers"),
        (lambda: replace(LAYER, optimiser="sgd"), "choose adam or lbfgs"),
        (lambda: mine.first(0.0), "above 0, at most 1"),
        (lambda: replace(mine, slot=mine.slot[1:]), "17 slot"),
    ]
    for case, words in cases:
        with pytest.raises(UsageError, match=words) as caught:
            case()
        assert isinstance(caught.value, RtbciError)
