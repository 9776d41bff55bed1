"""The head of a simulated wearer: where dipoles sit and what the 62 electrodes see of them."""

from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@lru_cache(maxsize=1)
def leadfield() -> tuple[Array, Array]:
    """The shipped forward model (made by `devices.make_leadfield`).

    Returns
    -------
    points : ndarray, shape (480, 3)
        Unit vectors (right, front, up) towards the points of the cortical shell.
    field : ndarray, shape (480, 62, 3)
        Potential at each electrode for a dipole along each axis, average reference, largest about 1.
    """
    with (files("devices") / "leadfield.npz").open("rb") as stream:
        stored = np.load(stream, allow_pickle=False)
        points, field = stored["points"].astype(np.float64), stored["field"].astype(np.float64)
    return points / np.linalg.norm(points, axis=1, keepdims=True), field


def unit(vectors: Array) -> Array:
    """Vectors of length one, along the last axis."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float64)


def topographies(directions: Array, orientations: Array) -> Array:
    """What the electrodes see of dipoles anywhere on the cortical shell.

    Parameters
    ----------
    directions : ndarray, shape (n, 3)
        Unit vectors towards the dipoles; the field is blended from the three nearest stored points.
    orientations : ndarray, shape (n, 3)
        Unit vectors along the dipoles.

    Returns
    -------
    ndarray, shape (n, 62)
    """
    points, field = leadfield()
    distance = 1.0 - directions @ points.T
    nearest = np.argsort(distance, axis=1)[:, :3]
    weight = 1.0 / (np.take_along_axis(distance, nearest, axis=1) + 1e-3)
    weight /= weight.sum(axis=1, keepdims=True)
    blended = np.einsum("nk,nkce->nce", weight, field[nearest])
    return np.asarray(np.einsum("nce,ne->nc", blended, orientations), dtype=np.float64)
