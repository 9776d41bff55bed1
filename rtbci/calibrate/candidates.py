"""The candidates: ways to fit the frozen decoder to a wearer, each from examples to an adapter."""

import time
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
from rtbci.wearers.adapter import Adapter, binned

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Encode = Callable[[NDArray[np.float32]], dict[str, Array]]

HEAD_RIDGES = (0.01, 0.03, 0.1)
OWN_RIDGES = (0.3, 1.0, 3.0)
LAYER_RIDGES = (0.3, 0.1, 0.03)
LAYER_RANK = 10
_INNER_FOLDS = 3
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a candidate came to.

    Attributes
    ----------
    adapter : Adapter
    encode : callable or None
        Concept logits of windows behind the adapter's layer by an encoder of the wearer's own; None is the
        bundle's.
    graph : callable or None
        Makes the ONNX graph of that encoder.
    cut_short : bool
        Whether the time did not suffice to fit it to the end.
    """

    adapter: Adapter
    encode: Callable[[NDArray[np.float32]], Array] | None = None
    graph: Callable[[], bytes] | None = None
    cut_short: bool = False


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
    start : Fitted, optional
        What candidates build on: an older profile. Without it, the generic layer alone.
    clock : callable
        Seconds, for what must end in time.
    """

    def __init__(
        self,
        sitting: Sitting,
        trials: Trials,
        encode: Encode,
        base: Array,
        start: Fitted | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.sitting = sitting
        self.trials = trials
        self.clock = clock
        self.generic = replace(Adapter.identity(), matrix=base)
        self.start = start or Fitted(self.generic)
        self._encode = encode
        self._encoded: dict[tuple[int, int], Array] = {}
        self.encoded = self._encoded_by(self.start)
        """(n, K) logits of every window through the start's layer and encoder."""
        self.started = self.start.adapter.concept_logits(self.encoded, sitting.z)
        """(n, K) logits of every window by the start, its head and own decoder included."""

    @property
    def concepts(self) -> int:
        """How many concepts there are."""
        return int(self.encoded.shape[1])

    @property
    def example_z(self) -> NDArray[np.float32]:
        """The examples' windows."""
        return self.sitting.z[self.trials.example]

    @property
    def example_started(self) -> Array:
        """The examples' logits by the start."""
        return np.asarray(self.started[self.trials.example])

    @cached_property
    def own(self) -> OwnRidge:
        """The wearer's own regressions."""
        return OwnRidge(self.example_z, self.trials.example_concept, self.concepts)

    @cached_property
    def layer(self) -> LinearisedLayer:
        """The start, linearised in its spatial layer; no label goes into it."""
        start = self.start.adapter

        def encode(eeg: NDArray[np.float32]) -> Array:
            return np.asarray(self.concept(eeg, self.start.encode) @ start.head_weight + start.head_bias)

        layer = LinearisedLayer(encode, start.matrix, self.example_z, LAYER_RANK)
        if start.has_own:
            layer.logits = layer.logits + binned(self.example_z) @ start.own_weight
        return layer

    def concept(
        self, eeg: NDArray[np.float32], encode: Callable[[NDArray[np.float32]], Array] | None = None
    ) -> Array:
        """Encode windows behind the layer in batches, and keep the concept logits."""
        if encode is None:

            def encode(eeg: NDArray[np.float32]) -> Array:
                return self._encode(eeg)["concept"]

        parts = [encode(eeg[i : i + _BATCH]) for i in range(0, len(eeg), _BATCH)]
        return np.concatenate(parts).astype(np.float64)

    def logits(self, fitted: Fitted, windows: NDArray[np.bool_]) -> Array:
        """Logits that some windows have with what was fitted."""
        z = self.sitting.z[windows]
        known = self._encoded.get(_layer_and_encoder(fitted))
        if known is None and fitted.adapter.matrix is self.generic.matrix and fitted.encode is None:
            known = self._encoded_by(fitted)
        if known is None:
            return fitted.adapter.concept_logits(self.concept(fitted.adapter.spatial(z), fitted.encode), z)
        return fitted.adapter.concept_logits(known[windows], z)

    def example_logits(self, fitted: Fitted, rows: Indices) -> Array:
        """Logits that some examples have with what was fitted."""
        z = self.example_z[rows]
        return fitted.adapter.concept_logits(self.concept(fitted.adapter.spatial(z), fitted.encode), z)

    def inner(self, train: Indices) -> list[tuple[Indices, Indices]]:
        """Split examples into stretches of slots, for choosing a ridge: (learn from, try on) pairs."""
        slots = self.trials.slot[self.trials.example_trial[train]]
        parts = np.array_split(np.unique(slots), _INNER_FOLDS)
        masks = [np.isin(slots, part) for part in parts]
        return [(train[~mask], train[mask]) for mask in masks if mask.any() and not mask.all()]

    def _encoded_by(self, fitted: Fitted) -> Array:
        encoded = self.concept(fitted.adapter.spatial(self.sitting.z), fitted.encode)
        self._encoded[_layer_and_encoder(fitted)] = encoded
        return encoded


def _layer_and_encoder(fitted: Fitted) -> tuple[int, int]:
    return id(fitted.adapter.matrix), id(fitted.encode)


@dataclass(frozen=True)
class Candidate:
    """A way to fit.

    Attributes
    ----------
    name : str
        In the report.
    fit : callable
        From material, indices of the examples to learn from, and the most seconds that it may take, to what
        was fitted.
    timed : bool
        Whether it takes as long as it is given; the others are quick, and do not look.
    """

    name: str
    fit: Callable[[Material, Indices, float], Fitted]
    timed: bool = False


def fit_none(material: Material, train: Indices, seconds: float = np.inf) -> Fitted:
    """Keep the bundle's generic adapter."""
    return Fitted(material.generic)


def fit_profile(material: Material, train: Indices, seconds: float = np.inf) -> Fitted:
    """Keep what the candidates build on: the profile as it was."""
    return material.start


def fit_a_head(material: Material, train: Indices, seconds: float = np.inf) -> Fitted:
    """Put an affine map behind the start's concept logits."""
    logits, concept = material.example_started, material.trials.example_concept
    splits = material.inner(train)

    def loss(ridge: float) -> float:
        total = 0.0
        for learn, test in splits:
            weight, bias = fit_head(logits[learn], concept[learn], ridge)
            total += cross_entropy(logits[test] @ weight + bias, concept[test])
        return total

    weight, bias = fit_head(logits[train], concept[train], min(HEAD_RIDGES, key=loss))
    start = material.start.adapter
    adapter = replace(
        start,
        head_weight=start.head_weight @ weight,
        head_bias=start.head_bias @ weight + bias,
        own_weight=start.own_weight @ weight,
    )
    return replace(material.start, adapter=adapter)


def fit_own(material: Material, train: Indices, seconds: float = np.inf) -> Fitted:
    """Put a linear decoder of the wearer's own in the encoder's place."""
    return _with_own(material, train, np.zeros_like(material.example_started))


def fit_both(material: Material, train: Indices, seconds: float = np.inf) -> Fitted:
    """Add a linear decoder of the wearer's own to the start's logits."""
    return _with_own(material, train, material.example_started)


def fit_layer(material: Material, train: Indices, seconds: float = np.inf) -> Fitted:
    """Put a spatial layer of the wearer's own in the start's layer's place."""
    layer, concept = material.layer, material.trials.example_concept
    scale = likeliest_factors([layer.logits[train]], concept[train])[0]
    losses = np.zeros(len(LAYER_RIDGES))
    for learn, test in material.inner(train):
        for index, theta in enumerate(layer.fits(learn, concept[learn], scale, LAYER_RIDGES)):
            moved = layer.logits[test] + layer.slopes[test] @ theta
            losses[index] += cross_entropy(scale * moved, concept[test])
    ridge = LAYER_RIDGES[int(losses.argmin())]
    (theta,) = layer.fits(train, concept[train], scale, (ridge,))
    return replace(material.start, adapter=replace(material.start.adapter, matrix=layer.matrix(theta)))


NONE, PROFILE = Candidate("none", fit_none), Candidate("profile", fit_profile)
HEAD, OWN = Candidate("head", fit_a_head), Candidate("own", fit_own)
BOTH, LAYER = Candidate("own+encoder", fit_both), Candidate("layer", fit_layer)

CANDIDATES: tuple[Candidate, ...] = (NONE, HEAD, OWN, BOTH, LAYER)
"""Those in closed form, from the simplest to the most flexible."""


def cross_entropy(logits: Array, concept: Indices) -> float:
    """Mean negative log-likelihood."""
    return -float(log_softmax(logits, axis=1)[np.arange(len(concept)), concept].mean())


def _with_own(material: Material, train: Indices, started: Array) -> Fitted:
    """Fit the own decoder, and how much it and the start count, on examples that it has not seen."""
    concept = material.trials.example_concept
    splits = material.inner(train)
    seen = np.concatenate([test for _, test in splits])

    def unseen_scores(ridge: float) -> Array:
        return np.concatenate([material.own.scores(learn, test, ridge) for learn, test in splits])

    def loss(ridge: float) -> float:
        scores = unseen_scores(ridge)
        a, b = likeliest_factors([started[seen], scores], concept[seen])
        return cross_entropy(a * started[seen] + b * scores, concept[seen])

    ridge = min(OWN_RIDGES, key=loss)
    a, b = likeliest_factors([started[seen], unseen_scores(ridge)], concept[seen])
    if not started.any():
        a = 0.0
    start = material.start.adapter
    adapter = replace(
        start,
        head_weight=a * start.head_weight,
        head_bias=a * start.head_bias,
        own_weight=a * start.own_weight + b * material.own.weight(train, ridge),
    )
    return replace(material.start, adapter=adapter)


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
