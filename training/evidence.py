"""How windows add up: temperatures of single windows, and exponent and hazard of the forward filter.

Fitted on wearers that the encoder did not learn from, by the likelihood of what was shown.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from rtbci.bundle.schema import EvidenceModel
from rtbci.decode.evidence import EvidenceFilter

Array = NDArray[np.float64]


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


def _unpack(point: Array) -> tuple[float, float]:
    """Any two numbers to an exponent in 0..1.5 and a hazard in 0..1."""
    return 1.5 / (1.0 + float(np.exp(-point[0]))), 1.0 / (1.0 + float(np.exp(-point[1])))
