"""The candidates: ways to fit the frozen decoder to a wearer, each from examples to an adapter."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from rtbci.calibrate.head import fit_head
from rtbci.calibrate.layer import LinearisedLayer
from rtbci.calibrate.own import OwnRidge
from rtbci.calibrate.sitting import Sitting, Trials
from rtbci.wearers.adapter import Adapter

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Encode = Callable[[NDArray[np.float32]], dict[str, Array]]

HEAD_RIDGES = (0.01, 0.03, 0.1)
OWN_RIDGES = (0.3, 1.0, 3.0)
LAYER_RIDGES = (0.3, 0.1, 0.03)
LAYER_RANK = 10
_INNER_FOLDS = 3
_BATCH = 64


class Material:
    """A sitting, its trials and the frozen encoder: what every candidate is fitted from.

    Parameters
    ----------
    sitting, trials
        What was collected.
    encode : callable
        The frozen encoder alone: windows after the layer (n, 62, 400) to its outputs by name.
    base : ndarray, shape (62, 62)
        The bundle's generic layer.
    """

    def __init__(self, sitting: Sitting, trials: Trials, encode: Encode, base: Array) -> None:
        self.sitting = sitting
        self.trials = trials
        self.generic = replace(Adapter.identity(), matrix=base)
        self._encode = encode
        self.encoded = self.concept(self.generic.spatial(sitting.z))
        """(n, K) logits of every window through the generic layer."""

    @property
    def concepts(self) -> int:
        """How many concepts there are."""
        return int(self.encoded.shape[1])

    @property
    def example_z(self) -> NDArray[np.float32]:
        """The examples' windows."""
        return self.sitting.z[self.trials.example]

    @property
    def example_encoded(self) -> Array:
        """The examples' logits through the generic layer."""
        return np.asarray(self.encoded[self.trials.example])

    @cached_property
    def own(self) -> OwnRidge:
        """The wearer's own regressions."""
        return OwnRidge(self.example_z, self.trials.example_concept, self.concepts)

    @cached_property
    def layer(self) -> LinearisedLayer:
        """The encoder, linearised in the spatial layer; no label goes into it."""
        return LinearisedLayer(self.concept, self.generic.matrix, self.example_z, LAYER_RANK)

    def concept(self, eeg: NDArray[np.float32]) -> Array:
        """Encode windows in batches and keep the concept logits."""
        parts = [self._encode(eeg[i : i + _BATCH])["concept"] for i in range(0, len(eeg), _BATCH)]
        return np.concatenate(parts).astype(np.float64)

    def logits(self, adapter: Adapter, windows: NDArray[np.bool_]) -> Array:
        """Logits that some windows have with an adapter."""
        z = self.sitting.z[windows]
        same = adapter.matrix is self.generic.matrix
        encoded = self.encoded[windows] if same else self.concept(adapter.spatial(z))
        return adapter.concept_logits(encoded, z)

    def inner(self, train: Indices) -> list[tuple[Indices, Indices]]:
        """Split examples into stretches of slots, for choosing a ridge: (learn from, try on) pairs."""
        slots = self.trials.slot[self.trials.example_trial[train]]
        parts = np.array_split(np.unique(slots), _INNER_FOLDS)
        masks = [np.isin(slots, part) for part in parts]
        return [(train[~mask], train[mask]) for mask in masks if mask.any() and not mask.all()]


@dataclass(frozen=True)
class Candidate:
    """A way to fit: its name in the report, and from examples to an adapter."""

    name: str
    fit: Callable[[Material, Indices], Adapter]


def fit_none(material: Material, train: Indices) -> Adapter:
    """Keep the bundle's generic adapter."""
    return material.generic


def fit_a_head(material: Material, train: Indices) -> Adapter:
    """Put an affine map behind the encoder's concept logits."""
    logits, concept = material.example_encoded, material.trials.example_concept
    splits = material.inner(train)

    def loss(ridge: float) -> float:
        total = 0.0
        for learn, test in splits:
            weight, bias = fit_head(logits[learn], concept[learn], ridge)
            total += cross_entropy(logits[test] @ weight + bias, concept[test])
        return total

    weight, bias = fit_head(logits[train], concept[train], min(HEAD_RIDGES, key=loss))
    return replace(material.generic, head_weight=weight, head_bias=bias)


def fit_own(material: Material, train: Indices) -> Adapter:
    """Put a linear decoder of the wearer's own in the encoder's place."""
    return _with_own(material, train, np.zeros_like(material.example_encoded))


def fit_both(material: Material, train: Indices) -> Adapter:
    """Add a linear decoder of the wearer's own to the encoder's logits."""
    return _with_own(material, train, material.example_encoded)


def fit_layer(material: Material, train: Indices) -> Adapter:
    """Put a spatial layer of the wearer's own in front of the encoder."""
    layer, concept = material.layer, material.trials.example_concept
    scale = likeliest_factors([layer.logits[train]], concept[train])[0]
    losses = np.zeros(len(LAYER_RIDGES))
    for learn, test in material.inner(train):
        for index, theta in enumerate(layer.fits(learn, concept[learn], scale, LAYER_RIDGES)):
            moved = layer.logits[test] + layer.slopes[test] @ theta
            losses[index] += cross_entropy(scale * moved, concept[test])
    ridge = LAYER_RIDGES[int(losses.argmin())]
    (theta,) = layer.fits(train, concept[train], scale, (ridge,))
    return replace(material.generic, matrix=layer.matrix(theta))


CANDIDATES: tuple[Candidate, ...] = (
    Candidate("none", fit_none),
    Candidate("head", fit_a_head),
    Candidate("own", fit_own),
    Candidate("own+encoder", fit_both),
    Candidate("layer", fit_layer),
)
"""From the simplest to the most flexible."""


def cross_entropy(logits: Array, concept: Indices) -> float:
    """Mean negative log-likelihood."""
    return -float(log_softmax(logits, axis=1)[np.arange(len(concept)), concept].mean())


def _with_own(material: Material, train: Indices, encoded: Array) -> Adapter:
    """Fit the own decoder, and how much it and the encoder count, on examples that it has not seen."""
    concept = material.trials.example_concept
    splits = material.inner(train)
    seen = np.concatenate([test for _, test in splits])

    def unseen_scores(ridge: float) -> Array:
        return np.concatenate([material.own.scores(learn, test, ridge) for learn, test in splits])

    def loss(ridge: float) -> float:
        scores = unseen_scores(ridge)
        a, b = likeliest_factors([encoded[seen], scores], concept[seen])
        return cross_entropy(a * encoded[seen] + b * scores, concept[seen])

    ridge = min(OWN_RIDGES, key=loss)
    a, b = likeliest_factors([encoded[seen], unseen_scores(ridge)], concept[seen])
    if not encoded.any():
        a = 0.0
    return replace(
        material.generic,
        head_weight=a * np.eye(material.concepts),
        own_weight=b * material.own.weight(train, ridge),
    )


def likeliest_factors(terms: list[Array], concept: Indices) -> list[float]:
    """Find the non-negative factors with which a sum of logits is likeliest.

    Parameters
    ----------
    terms : list of ndarray, shape (n, K)
    concept : ndarray, shape (n,)
        The truth.
    """
    truth = [term[np.arange(len(concept)), concept].mean() for term in terms]

    def loss(factors: Array) -> tuple[float, Array]:
        log_p = log_softmax(sum(f * term for f, term in zip(factors, terms, strict=True)), axis=1)
        p = np.exp(log_p)
        gradient = [float((p * term).sum() / len(term) - t) for term, t in zip(terms, truth, strict=True)]
        return -float(log_p[np.arange(len(concept)), concept].mean()), np.array(gradient)

    start = np.ones(len(terms))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(1e-3, 1e4)] * len(terms))
    return [float(f) for f in found.x]
