"""The centred subject and the order in which the others join the training: functions of feature means alone.

A mean is a subject's mean feature by the encoder as it is now. Means may be measured anew before each epoch;
who is in stays in.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rtbci.errors import UsageError

Floats = NDArray[np.float64]
Start = Literal["centred", "fixed"]
Order = Literal["nearest", "random", "all"]
Linkage = Literal["nearest", "mean"]


@dataclass(frozen=True)
class CurriculumSettings:
    """How subjects join.

    Attributes
    ----------
    start : {"centred", "fixed"}
        Begin with the centred subject, or with `fixed`.
    fixed : int
        Row of the subject to begin with.
    order : {"nearest", "random", "all"}
        Add the nearest of those that remain, any of them, or begin with everybody.
    every : int
        Epochs between two additions.
    linkage : {"nearest", "mean"}
        What a subject's distance to a set is: to the nearest of its members, which is how the distance of a
        point to a set is commonly read, or the mean over all of them.
    seed : int
        Of the random order.

    Raises
    ------
    UsageError
        If a value is none of these.
    """

    start: Start = "centred"
    fixed: int = 0
    order: Order = "nearest"
    every: int = 1
    linkage: Linkage = "nearest"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, kind in (("start", Start), ("order", Order), ("linkage", Linkage)):
            value, values = getattr(self, name), " or ".join(get_args(kind))
            if value not in get_args(kind):
                raise UsageError(f"The curriculum's {name} is {value!r}; choose {values}.")
        if self.every < 1:
            raise UsageError(f"The curriculum adds a subject every {self.every} epochs; make it at least 1.")


def subject_means(features: ArrayLike, subject: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """Mean feature of each subject.

    Parameters
    ----------
    features : array_like, shape (n, F)
    subject : array_like of int, shape (n,)
        Whose each is.

    Returns
    -------
    means : ndarray, shape (S, F)
    subjects : ndarray, shape (S,)
        The subject of each row, ascending.
    """
    features = np.asarray(features, dtype=np.float64)
    subjects, row = np.unique(np.asarray(subject, dtype=np.int64), return_inverse=True)
    total = np.zeros((len(subjects), features.shape[1]))
    np.add.at(total, row, features)
    return total / np.bincount(row)[:, None], subjects


def cosine_similarity(means: ArrayLike) -> Floats:
    """Cosine of the angle between each two rows of (S, F): (S, S); 0 for a row of zeros.

    Raises
    ------
    UsageError
        If a mean is no number, or there is none.
    """
    means = np.asarray(means, dtype=np.float64)
    if not len(means):
        raise UsageError("There is no subject to align; give the recordings of one at least.")
    wrong = np.flatnonzero(~np.isfinite(means).all(axis=1))
    if len(wrong):
        raise UsageError(
            f"The mean features of subject {wrong[0]} (counted from 0) are not finite, so the encoder has "
            "diverged; lower its learning rate."
        )
    # Scaled by the largest entry first, so that squares neither overflow nor vanish.
    largest = np.abs(means).max(axis=1, keepdims=True)
    scaled = means / np.where(largest > 0, largest, 1.0)
    norm = np.linalg.norm(scaled, axis=1, keepdims=True)
    unit = scaled / np.where(norm > 0, norm, 1.0)
    return np.asarray(np.clip(unit @ unit.T, -1.0, 1.0))


def centred_subject(means: ArrayLike) -> int:
    """Row of the subject whose mean cosine similarity to all others is the largest; the first of equals."""
    similarity = cosine_similarity(means)
    # With everybody's likeness to themselves gone, sum and mean over the others have the same maximum.
    np.fill_diagonal(similarity, 0.0)
    return int(similarity.sum(axis=1).argmax())


def nearest_to_set(means: ArrayLike, active: tuple[int, ...], linkage: Linkage = "nearest") -> int:
    """Row of the subject outside of the active set that is nearest to it by cosine distance.

    Raises
    ------
    UsageError
        If everybody is active already.
    """
    similarity = cosine_similarity(means)
    remaining = np.setdiff1d(np.arange(len(similarity)), active)
    if not len(remaining):
        raise UsageError(f"All {len(similarity)} subjects are active; there is none left to add.")
    distance = 1.0 - similarity[remaining][:, list(active)]
    to_set = distance.min(axis=1) if linkage == "nearest" else distance.mean(axis=1)
    return int(remaining[to_set.argmin()])


def active_subjects(
    means: ArrayLike, epoch: int, settings: CurriculumSettings, before: tuple[int, ...] = ()
) -> tuple[int, ...]:
    """Say who takes part in an epoch: ``1 + epoch // every`` subjects, in the order in which they joined.

    Parameters
    ----------
    means : array_like, shape (S, F)
        Mean features as they are now.
    epoch : int
        From 0.
    settings : CurriculumSettings
    before : tuple of int
        Rows of those who are in already.

    Returns
    -------
    tuple of int
        `before`, then who joins.

    Raises
    ------
    UsageError
        If the fixed subject is not among them.
    """
    means = np.asarray(means, dtype=np.float64)
    subjects = len(means)
    if settings.start == "fixed" and not 0 <= settings.fixed < subjects:
        raise UsageError(
            f"The curriculum is to begin with subject {settings.fixed} (counted from 0), but there are "
            f"{subjects}; give a smaller number."
        )
    first = settings.fixed if settings.start == "fixed" else centred_subject(means)
    active = before or (first,)
    wanted = subjects if settings.order == "all" else min(subjects, 1 + epoch // settings.every)
    # Drawn whole from the seed each time, so that an epoch needs no state but who is in.
    drawn = np.random.default_rng(settings.seed).permutation(subjects).tolist()
    while len(active) < wanted:
        if settings.order == "nearest":
            active += (nearest_to_set(means, active, settings.linkage),)
        else:
            active += (next(s for s in drawn if s not in active),)
    return active
