"""Spherical splines: what an electrode would have measured, told from the others.

Perrin, Pernier, Bertrand and Echallier (1989), Electroencephalography and Clinical Neurophysiology
72:184-187, with the constants that mne uses (m = 4, 50 Legendre terms, 1e-5 on the diagonal).
"""

import numpy as np
from numpy.polynomial.legendre import legval
from numpy.typing import NDArray

Array = NDArray[np.float64]

_STIFFNESS = 4
_TERMS = 50
_SMOOTHING = 1e-5


def _kernel(cosines: Array) -> Array:
    """g(x) = 1/4pi sum_n (2n+1) / (n (n+1))^m P_n(x), Perrin's equation 3."""
    n = np.arange(1, _TERMS + 1)
    factors = (2 * n + 1) / ((n * (n + 1.0)) ** _STIFFNESS * 4 * np.pi)
    return np.asarray(legval(cosines, np.concatenate([[0.0], factors])), dtype=np.float64)


def _unit(xyz: Array) -> Array:
    return np.asarray(xyz / np.linalg.norm(xyz, axis=1, keepdims=True), dtype=np.float64)


def _inverse(good: Array) -> Array:
    """Pseudo-inverse of the spline's system: kernel, and a constant that the weights must sum to."""
    n = len(good)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = _kernel(good @ good.T)
    system[np.arange(n), np.arange(n)] += _SMOOTHING
    system[n, n] = 0.0
    return np.asarray(np.linalg.pinv(system), dtype=np.float64)


def spherical_spline(good_xyz: Array, bad_xyz: Array) -> Array:
    """Weights that interpolate electrodes from others.

    Parameters
    ----------
    good_xyz : ndarray (n_good, 3)
        Positions of the electrodes that measure, any length.
    bad_xyz : ndarray (n_bad, 3)
        Positions to interpolate at.

    Returns
    -------
    ndarray (n_bad, n_good) float64
        Weights; each row sums to 1, so that the result does not depend on the reference.
    """
    good, bad = _unit(np.asarray(good_xyz, float)), _unit(np.asarray(bad_xyz, float))
    cross = np.ones((len(bad), len(good) + 1))
    cross[:, :-1] = _kernel(bad @ good.T)
    return np.asarray(cross @ _inverse(good)[:, :-1], dtype=np.float64)


def leave_one_out(xyz: Array) -> Array:
    """Weights that predict each electrode from all the others, by one inversion.

    Row i equals ``spherical_spline(all but i, i)``: the identity of Dubrule (1983), Mathematical
    Geology 15:687-699, for kriging, whose system this is.

    Parameters
    ----------
    xyz : ndarray (n, 3)
        Positions, any length.

    Returns
    -------
    ndarray (n, n) float64
        Weights with a zero diagonal.
    """
    inverse = _inverse(_unit(np.asarray(xyz, float)))[:-1, :-1]
    weights = -inverse / np.diag(inverse)[:, None]
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights, dtype=np.float64)
