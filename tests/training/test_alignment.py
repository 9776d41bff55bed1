import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rtbci.errors import UsageError
from training.alignment import (
    CurriculumSettings,
    SubjectClassifier,
    active_subjects,
    adversarial_weight,
    centred_subject,
    cosine_similarity,
    nearest_to_set,
    reverse_gradient,
    subject_means,
)


def some_means(seed, subjects, width=6):
    return np.random.default_rng(seed).standard_normal((subjects, width))


FIXED = CurriculumSettings(start="fixed", fixed=3)
SEEDS, COUNTS = st.integers(0, 10_000), st.integers(2, 9)


def test_reversal_is_the_identity_forwards_and_minus_lambda_backwards():
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    y = reverse_gradient(x, 0.25)
    torch.testing.assert_close(y, x)
    (y**2).sum().backward()
    torch.testing.assert_close(x.grad, -0.25 * 2 * x.detach())


def test_the_classifier_learns_for_itself_and_the_features_against_it():
    torch.manual_seed(0)
    head = SubjectClassifier(4, 3, hidden=0)
    features = torch.randn(6, 4, requires_grad=True)
    subject = torch.arange(6) % 3
    nn.functional.cross_entropy(head(features, 0.5), subject).backward()
    own = {name: p.grad.clone() for name, p in head.named_parameters()}
    reversed_gradient = features.grad.clone()

    head.zero_grad()
    features.grad = None
    nn.functional.cross_entropy(head.net(features), subject).backward()
    for name, parameter in head.named_parameters():
        torch.testing.assert_close(own[name], parameter.grad)
    torch.testing.assert_close(reversed_gradient, -0.5 * features.grad)


def test_reversal_hides_the_subject_and_keeps_the_concept():
    torch.manual_seed(0)
    n, steps = 600, 300
    subject, concept = torch.arange(n) % 3, torch.randint(4, (n,))
    x = torch.cat([nn.functional.one_hot(concept, 4), nn.functional.one_hot(subject, 3)], 1).float()
    x = x + 0.1 * torch.randn(x.shape)

    def subject_accuracy(largest):
        torch.manual_seed(1)
        encoder, decide = nn.Linear(7, 4), nn.Linear(4, 4)
        head = SubjectClassifier(4, 3, hidden=0)
        parameters = [*encoder.parameters(), *decide.parameters(), *head.parameters()]
        optimiser = torch.optim.SGD(parameters, lr=0.3)
        for step in range(steps):
            features = encoder(x)
            logits = head(features, adversarial_weight(step / steps, largest=largest))
            loss = nn.functional.cross_entropy(decide(features), concept)
            loss = loss + nn.functional.cross_entropy(logits, subject)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        features = encoder(x).detach()
        assert (decide(features).argmax(1) == concept).float().mean() > 0.95
        # Judged by a readout fitted afresh: the head itself may just have been outplayed.
        design = torch.cat([features, torch.ones(n, 1)], 1)
        readout = torch.linalg.lstsq(design, nn.functional.one_hot(subject, 3).float()).solution
        return float(((design @ readout).argmax(1) == subject).float().mean())

    assert subject_accuracy(0.0) > 0.6
    assert subject_accuracy(3.0) < 0.45


def test_schedules():
    for progress in (0.0, 0.1, 0.5, 1.0):
        expected = 2 / (1 + math.exp(-10 * progress)) - 1
        assert adversarial_weight(progress, largest=0.3) == pytest.approx(0.3 * expected)
        assert adversarial_weight(progress, "constant", 0.3) == 0.3
    with pytest.raises(UsageError, match="dann or constant"):
        adversarial_weight(0.5, "linear")


def test_means_by_subject():
    means, subjects = subject_means([[1.0, 0.0], [3.0, 2.0], [5.0, 5.0]], [7, 7, 2])
    np.testing.assert_array_equal(subjects, [2, 7])
    np.testing.assert_array_equal(means, [[5.0, 5.0], [2.0, 1.0]])


def test_the_centre_lies_between_the_others():
    angle = np.radians([0.0, 20.0, 50.0, -40.0])
    means = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    by_hand = [np.mean([np.cos(angle[i] - angle[j]) for j in range(4) if j != i]) for i in range(4)]
    assert centred_subject(means) == int(np.argmax(by_hand)) == 0


@given(SEEDS, COUNTS)
def test_the_centre_depends_on_directions_alone_and_not_on_the_order_of_subjects(seed, subjects):
    means = some_means(seed, subjects)
    rng = np.random.default_rng(seed + 1)
    scaled = means * np.exp(5 * rng.standard_normal((subjects, 1)))
    mixed = rng.permutation(subjects)
    similarity = cosine_similarity(means)
    others = (similarity.sum(axis=1) - 1.0) / (subjects - 1)
    for centre in (centred_subject(means), centred_subject(scaled), mixed[centred_subject(means[mixed])]):
        assert others[centre] == pytest.approx(others.max())


@given(SEEDS, COUNTS, st.sampled_from(["nearest", "random"]), st.integers(1, 3), st.booleans())
def test_subjects_join_one_by_one_and_stay(seed, subjects, order, every, fixed):
    means = some_means(seed, subjects)
    settings = CurriculumSettings(
        start="fixed" if fixed else "centred", fixed=seed % subjects, order=order, every=every, seed=seed
    )
    before = ()
    for epoch in range(subjects * every + 2):
        # Features move while the encoder learns.
        moved = means + 0.1 * some_means(seed + epoch, subjects)
        active = active_subjects(moved, epoch, settings, before)
        assert active[: len(before)] == before
        assert len(set(active)) == len(active) == min(subjects, 1 + epoch // every)
        if epoch == 0:
            assert active == ((seed % subjects,) if fixed else (centred_subject(moved),))
        before = active
    assert sorted(before) == list(range(subjects))


@given(SEEDS, COUNTS, st.sampled_from(["nearest", "mean"]))
def test_who_joins_is_the_nearest(seed, subjects, linkage):
    means = some_means(seed, subjects)
    active = tuple(np.random.default_rng(seed).permutation(subjects)[: max(1, subjects // 2)].tolist())
    unit = means / np.linalg.norm(means, axis=1, keepdims=True)

    def distance(one):
        each = [1 - unit[one] @ unit[member] for member in active]
        return min(each) if linkage == "nearest" else sum(each) / len(each)

    chosen = nearest_to_set(means, active, linkage)
    assert chosen not in active
    rest = set(range(subjects)) - set(active)
    assert distance(chosen) == pytest.approx(min(distance(one) for one in rest))


def test_all_at_once_begins_with_everybody_and_epochs_can_be_skipped():
    means = some_means(0, 5)
    assert sorted(active_subjects(means, 0, CurriculumSettings(order="all"))) == [0, 1, 2, 3, 4]
    step_by_step = ()
    for epoch in range(4):
        step_by_step = active_subjects(means, epoch, CurriculumSettings(), step_by_step)
    assert active_subjects(means, 3, CurriculumSettings()) == step_by_step


def test_random_orders_differ_by_seed():
    means = some_means(0, 8)
    orders = {active_subjects(means, 9, CurriculumSettings(order="random", seed=s)) for s in range(5)}
    assert len(orders) == 5


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda: CurriculumSettings(order="far"), "order is 'far'; choose nearest or random or all"),
        (lambda: CurriculumSettings(every=0), "every 0 epochs"),
        (lambda: active_subjects(np.ones((3, 2)), 0, FIXED), "there are 3"),
        (lambda: centred_subject([[1.0, 2.0], [np.nan, 1.0]]), "subject 1 .* lower its learning rate"),
        (lambda: centred_subject(np.zeros((0, 2))), "no subject"),
        (lambda: nearest_to_set(np.ones((2, 2)), (0, 1)), "none left"),
    ],
)
def test_bad_input_is_told_in_a_sentence(what, words):
    with pytest.raises(UsageError, match=words):
        what()
