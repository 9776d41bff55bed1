"""Which electrodes and regions a decoder rests on, measured on windows it has not learnt from.

Two ways. Permutation (Breiman 2001): an electrode's signal is exchanged between windows, so that it stays a
real signal of that electrode but says nothing of what is watched; what the decoder loses is its importance.
Gradient x input (Shrikumar et al. 2017): what an electrode adds to the true answer's logit, to first order;
one pass, but it sees only the slope.

What either says of a single electrode is a lower bound: neighbours carry much of the same signal, and the
decoder can fall back on them. Regions, shuffled as a whole, tell what cannot be had elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from rtbci.errors import UsageError
from rtbci.montage import CHANNELS, REGIONS
from training.metrics.intervals import clustered_mean_interval

Array = NDArray[np.float64]
Predict = Callable[[NDArray[np.floating]], NDArray[np.floating]]

ELECTRODES: dict[str, tuple[int, ...]] = {name: (k,) for k, name in enumerate(CHANNELS)}
"""Each electrode by itself."""
REGION_ELECTRODES: dict[str, tuple[int, ...]] = {name: tuple(columns) for name, columns in REGIONS.items()}
"""The five regions of the encoder."""


@dataclass(frozen=True, eq=False)
class Importance:
    """What is lost without each electrode or region, or what each adds.

    Attributes
    ----------
    measure, unit : str
        What the values are.
    names : tuple of str
        Electrodes or regions.
    values : ndarray, shape (k,)
        Above 0: the decoder needs it.
    ci95 : ndarray, shape (k, 2)
        Over clusters of windows; each electrode's own, not of all at once.
    whole : float
        The decoder's own figure with everything in place, such as its accuracy.
    n, clusters : int
        Windows, and clusters of them.
    """

    measure: str
    unit: str
    names: tuple[str, ...]
    values: Array
    ci95: Array
    whole: float
    n: int
    clusters: int

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Which intervals leave out 0, shape (k,)."""
        return np.asarray((self.ci95[:, 0] > 0) | (self.ci95[:, 1] < 0))


@dataclass(frozen=True, eq=False)
class PermutationImportance:
    """Both losses of the same shuffles."""

    log_likelihood: Importance
    """Mean of log p(true answer), nats a window."""
    top1: Importance
    """Share of windows whose first answer is right."""


def permutation_importance(
    predict: Predict,
    eeg: NDArray[np.floating],
    true: NDArray[np.int64],
    groups: Mapping[str, Sequence[int]] = ELECTRODES,
    *,
    subject: NDArray[np.generic] | None = None,
    cluster: NDArray[np.generic] | None = None,
    repeats: int = 5,
    seed: int = 0,
) -> PermutationImportance:
    """Shuffle each group of channels across windows and measure what is lost.

    Parameters
    ----------
    predict : callable
        Logits (n, classes) of windows (n, channels, samples): the decoder, with all its preprocessing.
    eeg : ndarray, shape (n, channels, samples)
        Held-out windows. They are not changed.
    true : ndarray, shape (n,)
        Answers.
    groups : mapping of str to sequence of int
        Channels that are shuffled together, such as `ELECTRODES` or `REGION_ELECTRODES`.
    subject : ndarray, shape (n,), optional
        Windows change places only within a subject: another person's signal differs by more than what was
        watched.
    cluster : ndarray, shape (n,), optional
        Windows that depend on one another, such as those of one clip; `subject` where there are several, so
        that the interval speaks of people, and otherwise each window by itself.
    repeats : int
        Shuffles of each group; their mean is taken window by window.
    seed : int
        Of the shuffles, which are the same for all groups.

    Raises
    ------
    UsageError
        If shapes do not fit, or there is one cluster only.
    """
    people = np.zeros(len(eeg), dtype=np.int64) if subject is None else subject
    of = _clusters(len(eeg), people, cluster)
    if len(true) != len(eeg) or len(people) != len(eeg) or eeg.ndim != 3:
        raise UsageError(
            f"There are {len(true)} answers and {len(people)} subjects for EEG of shape {eeg.shape}; "
            "give (windows, channels, samples) and one of each for every window."
        )
    fits, right = _scores(predict(eeg), true)
    orders = _orders(people, repeats, np.random.default_rng(seed))
    lost = np.zeros((2, len(groups), len(eeg)))
    for k, channels in enumerate(groups.values()):
        columns = np.array(channels)
        for order in orders:
            shuffled = eeg.copy()
            shuffled[:, columns] = eeg[np.ix_(order, columns)]
            without = _scores(predict(shuffled), true)
            lost[0, k] += (fits - without[0]) / repeats
            lost[1, k] += (right - without[1]) / repeats
    names = tuple(groups)
    return PermutationImportance(
        log_likelihood=_importance(
            "loss of log-likelihood", "nats a window", names, lost[0], of, fits.mean()
        ),
        top1=_importance("loss of top-1 accuracy", "share", names, lost[1], of, right.mean()),
    )


def _clusters(
    n: int, people: NDArray[np.generic], cluster: NDArray[np.generic] | None
) -> NDArray[np.generic]:
    of = cluster if cluster is not None else people if len(np.unique(people)) > 1 else np.arange(n)
    if len(of) != n or len(np.unique(of)) < 2:
        raise UsageError(
            f"{len(np.unique(of))} clusters for {n} windows say nothing of how sure an importance is; "
            "name a cluster for every window, two at least."
        )
    return of


def _scores(logits: NDArray[np.floating], true: NDArray[np.int64]) -> tuple[Array, Array]:
    """Log-likelihood and hit of each window."""
    fit = log_softmax(np.asarray(logits, dtype=np.float64), axis=1)
    return fit[np.arange(len(true)), true], (fit.argmax(axis=1) == true).astype(np.float64)


def _orders(people: NDArray[np.generic], repeats: int, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Orders of the windows in which each stays within its subject."""
    orders = []
    for _ in range(repeats):
        order = np.arange(len(people))
        for one in np.unique(people):
            own = np.flatnonzero(people == one)
            order[own] = rng.permutation(own)
        orders.append(order)
    return orders


def _importance(
    measure: str, unit: str, names: tuple[str, ...], each: Array, cluster: NDArray[np.generic], whole: float
) -> Importance:
    intervals = [clustered_mean_interval(values, cluster) for values in each]
    return Importance(
        measure=measure,
        unit=unit,
        names=names,
        values=each.mean(axis=1),
        ci95=np.array(intervals, dtype=np.float64),
        whole=float(whole),
        n=each.shape[1],
        clusters=len(np.unique(cluster)),
    )
