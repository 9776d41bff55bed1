"""The concept head: an affine map of the frozen encoder's logits, held near the identity."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

Array = NDArray[np.float64]


def fit_head(logits: Array, concept: NDArray[np.int64], ridge: float) -> tuple[Array, Array]:
    """Fit weight and bias by multinomial likelihood, with a ridge towards a scaled identity.

    ``min -mean log softmax(logits @ W + b)[truth] + ridge / 2 (|W - s I|^2 + |b|^2)`` over W, b and the
    scale s, which itself is free: how sure an encoder may be of a wearer is not known beforehand.

    Parameters
    ----------
    logits : ndarray, shape (e, K)
        Of the examples.
    concept : ndarray, shape (e,)
        What they showed.
    ridge : float
        Strength of the pull, per example.

    Returns
    -------
    weight : ndarray, shape (K, K)
    bias : ndarray, shape (K,)
    """
    n, k = logits.shape
    target = np.zeros((n, k))
    target[np.arange(n), concept] = 1.0
    # Logits have no origin; without this the bias would depend on where the encoder put it.
    centred = logits - logits.mean(axis=1, keepdims=True)

    def loss(parameters: Array) -> tuple[float, Array]:
        scale = parameters[0]
        change = parameters[1 : 1 + k * k].reshape(k, k)
        bias = parameters[1 + k * k :]
        out = scale * centred + centred @ change + bias
        log_p = out - logsumexp(out, axis=1, keepdims=True)
        error = (np.exp(log_p) - target) / n
        gradient = np.concatenate(
            [
                [np.sum(error * centred)],
                (centred.T @ error + ridge * change).ravel(),
                error.sum(axis=0) + ridge * bias,
            ]
        )
        value = -np.sum(log_p * target) / n + 0.5 * ridge * (np.sum(change**2) + np.sum(bias**2))
        return float(value), gradient

    start = np.concatenate([[1.0], np.zeros(k * k + k)])
    solution = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 80}).x
    scale, change, bias = solution[0], solution[1 : 1 + k * k].reshape(k, k), solution[1 + k * k :]
    centring = np.eye(k) - 1.0 / k
    return centring @ (scale * np.eye(k) + change), bias
