"""How windows add up: temperatures of single windows, and exponent and hazard of the forward filter.

Fitted on wearers that the encoder did not learn from, by the likelihood of what was shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from rtbci.bundle.schema import EvidenceModel
from rtbci.decode.evidence import EvidenceFilter

Array = NDArray[np.float64]

_WEAK_TAIL = 0.05
_MODERATE_TAIL = 0.01
_STRONG_TAIL = 1 / 72_000
"""One window in ten hours, at a hop of half a second."""


@dataclass(frozen=True)
class Stream:
    """Windows of one continuous recording, in order.

    Attributes
    ----------
    logits : ndarray, shape (n, K)
    shown : ndarray, shape (n,), int64
        The concept that fills most of each window.
    ends : ndarray, shape (n,), bool
        Whether the window is the last in which that clip prevails: where the clip's trial is decided.
    snr : float
    null : bool
    """

    logits: Array
    shown: NDArray[np.int64]
    ends: NDArray[np.bool_]
    snr: float
    null: bool


def log_softmax(logits: Array) -> Array:
    """Normalised log-probabilities along the last axis."""
    return np.asarray(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True), dtype=np.float64)


def fit_temperature(logits: Array, target: Array) -> float:
    """Divisor of the logits that makes soft targets likeliest (Guo et al. 2017).

    Parameters
    ----------
    logits, target : ndarray, shape (n, K)
        `target` are probabilities.
    """

    def loss(log_t: float) -> float:
        return -float(np.mean(np.sum(target * log_softmax(logits / np.exp(log_t)), axis=1)))

    return float(np.exp(minimize_scalar(loss, bounds=(-2.5, 2.5), method="bounded").x))


def filtered(stream: Stream, exponent: float, hazard: float) -> Array:
    """Posteriors (n, K) of the runtime's own forward filter after each window."""
    size = stream.logits.shape[1]
    filter_ = EvidenceFilter(exponent, hazard, {"concept": size})
    state, out = filter_.start(), np.empty(stream.logits.shape)
    for index, logits in enumerate(stream.logits):
        state = filter_.step(state, {"concept": logits})
        out[index] = state.posterior("concept")
    return out


def fit_evidence(streams: list[Stream]) -> EvidenceModel:
    """Exponent and hazard that make the announced clips likeliest where their trials are decided.

    Nulls count too: there the likeliest posterior is the flat one, whatever was announced.
    """

    def loss(point: Array) -> float:
        exponent, hazard = _unpack(point)
        total = [
            -np.log(filtered(stream, exponent, hazard)[stream.ends, stream.shown[stream.ends]] + 1e-12)
            for stream in streams
        ]
        return float(np.mean(np.concatenate(total)))

    best = minimize(
        loss, np.array([0.0, 0.0]), method="Nelder-Mead", options={"xatol": 0.02, "fatol": 1e-4, "maxfev": 80}
    )
    exponent, hazard = _unpack(best.x)
    return EvidenceModel(exponent=round(exponent, 4), hazard=round(hazard, 4))


def with_thresholds(model: EvidenceModel, streams: Sequence[Stream]) -> EvidenceModel:
    """Set the words for evidence by how seldom EEG without an answer in it comes as far.

    Weak is what one window in twenty of the nulls exceeds, moderate one in a hundred, strong what one in ten
    hours of them would. That many were never decoded: beyond the hundredth, the tail of the log odds is taken
    to be exponential (Pickands 1975, with shape 0).

    Parameters
    ----------
    model : EvidenceModel
    streams : sequence of Stream
        Those that are nulls count.

    Raises
    ------
    ValueError
        If no stream is a null.
    """
    nulls = [filtered(s, model.exponent, model.hazard).max(axis=1) for s in streams if s.null]
    if not nulls:
        raise ValueError("the thresholds of evidence need streams without an answer in them")
    confidence = np.clip(np.concatenate(nulls), 0.0, 1.0 - 1e-9)
    odds = np.log(confidence / (1.0 - confidence))
    first = float(np.quantile(odds, 1.0 - _MODERATE_TAIL))
    scale = float(np.mean(odds[odds > first] - first)) if np.any(odds > first) else 0.0
    far = first + scale * float(np.log(_MODERATE_TAIL / _STRONG_TAIL))
    moderate, strong = (1.0 / (1.0 + float(np.exp(-x))) for x in (first, far))
    classes = next(s for s in streams if s.null).logits.shape[1]
    weak = float(np.quantile(confidence, 1.0 - _WEAK_TAIL)) * classes
    return msgspec.structs.replace(
        model, weak=round(weak, 3), moderate=round(moderate, 4), strong=round(strong, 4)
    )


def _unpack(point: Array) -> tuple[float, float]:
    """Any two numbers to an exponent in 0..1.5 and a hazard in 0..1."""
    return 1.5 / (1.0 + float(np.exp(-point[0]))), 1.0 / (1.0 + float(np.exp(-point[1])))
