"""What the generator is given: one judged decode of the EEG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import WireError
from rtbci.wire.messages import Evidence


@dataclass(frozen=True)
class DecodedEvidence:
    """All that a picture may rest on.

    Attributes
    ----------
    posterior : ndarray, shape (concepts,)
        Probability of each concept.
    attributes : mapping of str to ndarray
        Probability of each value of each attribute.
    latent : ndarray, shape (8, 16, 16), float32
        The picture's latent, as regressed from the EEG.
    strength : float
        0 (no better than chance) to 1.
    confidence : float
        Calibrated probability of the best concept.
    window, context : int
        Which window it rests on, and in which context; a new context owes nothing to the one before.
    text : ndarray, shape (text,), float32, or None
        The embedding of a text that describes the picture, as regressed from the EEG.
    """

    posterior: NDArray[np.float64]
    attributes: Mapping[str, NDArray[np.float64]]
    latent: NDArray[np.float32]
    strength: float
    confidence: float
    window: int
    context: int
    text: NDArray[np.float32] | None = None


def from_message(
    header: Evidence,
    buffers: Sequence[NDArray[np.float32]],
    attributes: Mapping[str, Sequence[str]],
    latent_shape: tuple[int, ...],
    concepts: int,
) -> DecodedEvidence:
    """Take evidence from the wire, after checking that it is what this bundle's generator can draw.

    Parameters
    ----------
    header : Evidence
    buffers : sequence of ndarray
        Posterior, text embedding, latent and the attributes' posteriors in one row.
    attributes : mapping of str to sequence of str
        The bundle's attributes and their values.
    latent_shape : tuple of int
        The bundle's.
    concepts : int
        How many concepts the bundle knows.

    Raises
    ------
    WireError
        If a shape is not the bundle's, or a number is not finite or no probability.
    """
    posterior, text, latent, joined = buffers
    sizes = [len(values) for values in attributes.values()]
    if posterior.shape != (concepts,) or latent.shape != latent_shape or joined.shape != (sum(sizes),):
        raise WireError(
            f"Evidence with {posterior.size} concepts, {joined.size} attribute values and a latent of shape"
            f" {latent.shape} came to a generator for {concepts}, {sum(sizes)} and {latent_shape};"
            " decode and draw with the same bundle."
        )
    parts = np.split(joined, np.cumsum(sizes)[:-1])
    if not (
        np.isfinite(latent).all()
        and np.isfinite(text).all()
        and np.isfinite(header.strength)
        and all(_is_distribution(part) for part in (posterior, *parts))
    ):
        raise WireError(
            f"Evidence of window {header.window} holds numbers that are not finite or no probabilities;"
            " it is not drawn: look for the fault in the decoder."
        )
    return DecodedEvidence(
        posterior=_normalised(posterior),
        attributes={name: _normalised(part) for name, part in zip(attributes, parts, strict=True)},
        latent=np.ascontiguousarray(latent, dtype=np.float32),
        strength=float(np.clip(header.strength, 0.0, 1.0)),
        confidence=header.confidence,
        window=header.window,
        context=header.context,
        text=np.ascontiguousarray(text, dtype=np.float32),
    )


def _is_distribution(values: NDArray[np.float32]) -> bool:
    return bool(np.isfinite(values).all() and values.min() >= 0 and values.sum() > 0)


def _normalised(values: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = values.astype(np.float64)
    return np.asarray(exact / exact.sum())
