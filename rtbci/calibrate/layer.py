"""A spatial layer in front of the frozen encoder, fitted by the decoding loss without gradients of it.

The encoder is a black box that runs in onnxruntime. Its logits are measured for small steps of the layer
``W = W0 (I + sum_k theta_k a_i f_j^T)`` along pairs of spatial components, which gives the derivative of
every example's logits by finite differences; in that linearised model the layer is a ridge-penalised
multinomial regression, which is convex.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.optimize import minimize
from scipy.special import log_softmax

Array = NDArray[np.float64]

_STEP = 0.05
_SLOW_BIN = 20


class LinearisedLayer:
    """The encoder's logits as a linear function of a spatial layer near the generic one.

    Parameters
    ----------
    encode : callable
        Windows (n, 62, samples) as the encoder takes them, to concept logits (n, K).
    base : ndarray, shape (62, 62)
        The generic layer W0.
    z : ndarray, shape (e, 62, samples), float32
        The examples' windows, before any layer.
    rank : int
        Number of spatial components; the layer has ``rank ** 2`` free numbers.
    """

    def __init__(
        self,
        encode: Callable[[NDArray[np.float32]], Array],
        base: Array,
        z: NDArray[np.float32],
        rank: int,
    ) -> None:
        self._base = base
        self._filters, self._patterns = _components(z, rank)
        self._rank = rank
        adapted = np.asarray(base.astype(np.float32) @ z)
        pushed = (base @ self._patterns).astype(np.float32)
        sources = np.einsum("cf,ect->eft", self._filters, z).astype(np.float32)
        self.logits = encode(adapted)
        slopes = [
            (encode(adapted + _STEP * pushed[None, :, i, None] * sources[:, None, j]) - self.logits) / _STEP
            for i in range(rank)
            for j in range(rank)
        ]
        self.slopes = np.stack(slopes, axis=2)
        """(e, K, rank ** 2) derivative of the examples' logits."""

    def matrix(self, theta: Array) -> Array:
        """Return the layer (62, 62) for its free numbers."""
        change = self._patterns @ theta.reshape(self._rank, self._rank) @ self._filters.T
        return np.asarray(self._base @ (np.eye(len(self._base)) + change))

    def fits(
        self, train: NDArray[np.int64], concept: NDArray[np.int64], scale: float, ridges: tuple[float, ...]
    ) -> list[Array]:
        """Return the free numbers for each ridge, fitted on some examples.

        ``min_theta -mean log softmax(scale (logits + slopes theta))[truth] + ridge / 2 |theta|^2``

        Parameters
        ----------
        train : ndarray
            Indices of the examples.
        concept : ndarray, shape (len(train),)
            What they showed.
        scale : float
            What the logits are multiplied with to be honest of this wearer.
        ridges : tuple of float
            From strong to weak: each fit begins where the one before it ended.
        """
        n, k = self.logits[train].shape
        slopes = (scale * self.slopes[train]).reshape(n * k, -1)
        offset = scale * self.logits[train]
        target = np.zeros((n, k))
        target[np.arange(n), concept] = 1.0

        def loss(theta: Array, ridge: float) -> tuple[float, Array]:
            log_p = log_softmax(offset + (slopes @ theta).reshape(n, k), axis=1)
            error = (np.exp(log_p) - target).ravel() / n
            value = -float(np.sum(log_p * target)) / n + 0.5 * ridge * float(theta @ theta)
            return value, error @ slopes + ridge * theta

        theta = np.zeros(slopes.shape[1])
        found = []
        for ridge in ridges:
            theta = minimize(
                loss, theta, args=(ridge,), jac=True, method="L-BFGS-B", options={"maxiter": 60}
            ).x
            found.append(theta)
        return found


def _components(z: NDArray[np.float32], rank: int) -> tuple[Array, Array]:
    """Find the spatial components that carry most slow activity, with their filters and patterns.

    What answers to pictures is slow, and the windows are whitened, so slow power against all power is what
    sets directions apart; no label is looked at (denoising source separation; Särelä & Valpola 2005).
    """
    samples = z.shape[2]
    slow = z[:, :, : samples // _SLOW_BIN * _SLOW_BIN].reshape(len(z), z.shape[1], -1, _SLOW_BIN).mean(axis=3)
    slow_power = np.einsum("ect,edt->cd", slow, slow, optimize=True) / (len(z) * slow.shape[2])
    power = np.einsum("ect,edt->cd", z, z, optimize=True) / (len(z) * samples)
    power += 1e-6 * np.trace(power) / len(power) * np.eye(len(power))
    _, vectors = eigh(slow_power.astype(np.float64), power.astype(np.float64))
    filters = vectors[:, ::-1][:, :rank]
    return filters, np.asarray(power @ filters, dtype=np.float64)
