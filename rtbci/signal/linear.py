"""One matrix applied to every sample: remap, repair, reference and whitening are all this."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def per_sample(matrix: Array, x: Array) -> Array:
    """``matrix @ x[i]`` for every sample i, the same bits in whatever chunks the samples come.

    A product of two matrices would not do: BLAS sums in an order that depends on how many samples there
    are. The stacked product makes one matrix-vector product of one shape for each sample.

    Parameters
    ----------
    matrix : ndarray (n_out, n_in)
        The matrix.
    x : ndarray (n, n_in)
        Samples.

    Returns
    -------
    ndarray (n, n_out)
        Transformed samples.
    """
    return np.asarray(np.matmul(matrix[None], np.ascontiguousarray(x)[:, :, None])[:, :, 0])


@dataclass(frozen=True, eq=False)
class Linear:
    """Multiplies every sample by a matrix."""

    matrix: Array
    """(n_out, n_in)"""

    def start(self) -> None:
        """Nothing to remember."""

    def step(self, state: None, x: Array) -> tuple[None, Array]:
        """Transform samples.

        Parameters
        ----------
        state : None
            Nothing.
        x : ndarray (n, n_in)
            Samples.

        Returns
        -------
        state : None
            Nothing.
        y : ndarray (n, n_out)
            Transformed samples.
        """
        return state, per_sample(self.matrix, x)
