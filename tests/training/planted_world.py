"""Subjects that differ by a mixing of channels alone, and the decoder that is best for those unmixed."""

import numpy as np
import torch
from scipy.linalg import expm
from torch import nn

from training.mappers import Clips

CHANNELS, SAMPLES, CONCEPTS = 10, 50, 6


def answers():
    """What each concept evokes: smooth, of equal energy."""
    rng = np.random.default_rng(7)
    slow = rng.standard_normal((CONCEPTS, CHANNELS, 5)).repeat(SAMPLES // 5, axis=2)
    return slow / np.sqrt((slow**2).sum(axis=(1, 2), keepdims=True))


def mixing(subject, strength=2.0):
    """Orthogonal, further from the identity the stronger; subject 0 is unmixed."""
    if subject == 0:
        return np.eye(CHANNELS)
    a = np.random.default_rng(subject).standard_normal((CHANNELS, CHANNELS))
    return expm(strength * (a - a.T) / np.sqrt(2 * CHANNELS))


def watch(subject, slots, seed, *, per_slot=3, signal=5.0, noise=1.0, stimuli=None):
    """Clips of one subject; each stimulus has a course of its own beside its concept's."""
    rng = np.random.default_rng((seed, subject))
    concept = np.concatenate([rng.permutation(CONCEPTS) for _ in range(slots // CONCEPTS + 1)])[:slots]
    concept = concept.repeat(per_slot)
    stimulus = np.arange(len(concept)) if stimuli is None else stimuli
    if stimuli is not None:
        concept = stimulus % CONCEPTS
    own = np.stack([np.random.default_rng((9, s)).standard_normal((CHANNELS, 5)) for s in stimulus])
    own = own.repeat(SAMPLES // 5, axis=2) / np.sqrt(CHANNELS * SAMPLES)
    shown = signal * (answers()[concept] + own)
    x = mixing(subject) @ (shown + noise * rng.standard_normal((len(concept), CHANNELS, SAMPLES)))
    return Clips(
        x=x.astype(np.float32),
        concept=concept,
        slot=np.arange(len(concept)) // per_slot,
        stimulus=stimulus,
        subject=np.full(len(concept), subject),
    )


class MatchedFilter(nn.Module):
    """Compares EEG with what each concept evokes in subject 0."""

    def __init__(self):
        super().__init__()
        self.answers = nn.Parameter(torch.tensor(answers(), dtype=torch.float32))

    def forward(self, eeg):
        return torch.einsum("bct,kct->bk", eeg, self.answers)


def accuracy(adapted, clips):
    return float((adapted.logits(clips.eeg).argmax(axis=1) == clips.concept).mean())
