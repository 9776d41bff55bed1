"""What decodes a latent into a picture, and the engine behind it."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
Decode = Callable[[NDArray[np.float32]], Pictures]


class Session(Protocol):
    """An opened engine."""

    def run(self, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
        """Run it once, with one array for each input."""
        ...


def decoding(engine: Session) -> Decode:
    """Turn an engine with input `latent` and output `rgb` into a function of one latent."""

    def decode(latent: NDArray[np.float32]) -> Pictures:
        rgb = engine.run(latent=np.ascontiguousarray(latent[None], dtype=np.float32))["rgb"]
        return np.asarray(rgb[0], dtype=np.uint8)

    return decode
