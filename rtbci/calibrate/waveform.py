"""New2Source by waveform, in closed form: the wearer's EEG mapped to what the known wearers answer."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rtbci.calibrate.candidates import (
    Candidate,
    Fitted,
    Indices,
    Material,
    cross_entropy,
    likeliest_factors,
)
from rtbci.wearers.adapter import OWN_BINS, binned

Array = NDArray[np.float64]

RESPONSES = "source_responses"
"""Array of a bundle: the known wearers' mean answer (40, 62, 25) to each concept, as the encoder sees it."""
RIDGES = (3.0, 1.0, 0.3, 0.1)
"""Relative to the mean energy of a channel, from strong to weak."""


def waveform(responses: NDArray[np.floating]) -> Candidate:
    """Return the candidate that maps to the known wearers' mean answers.

    ``min_W |Y - W Z|^2 + ridge tr(Z Z') / 62 |W - W0|^2``, with Z the wearer's windows in averages over
    80 ms, Y the known wearers' mean answer to what each showed, and W0 the start's layer. It is New2Source
    (SAM-Net) without its net and without simulated pairs: a bundle holds nobody's single clips.

    Parameters
    ----------
    responses : ndarray, shape (40, 62, 25)
    """
    target = np.asarray(responses, dtype=np.float64)

    def fit(material: Material, train: Indices, seconds: float) -> Fitted:
        concept = material.trials.example_concept
        z = binned(material.example_z).reshape(len(concept), -1, OWN_BINS)

        def layers(rows: Indices) -> list[Array]:
            """One layer for each ridge."""
            start = material.start.adapter.matrix
            gram = np.einsum("nit,njt->ij", z[rows], z[rows], optimize=True)
            cross = np.einsum("nit,njt->ij", target[concept[rows]], z[rows], optimize=True)
            unit = np.trace(gram) / len(gram) * np.eye(len(gram))
            return [
                start + np.linalg.solve(gram + ridge * unit, (cross - start @ gram).T).T for ridge in RIDGES
            ]

        def mapped(matrix: Array) -> Fitted:
            return replace(material.start, adapter=replace(material.start.adapter, matrix=matrix))

        # A third of the examples chooses the ridge: each trial costs their encoding.
        learn, test = material.inner(train)[0]
        losses = []
        for matrix in layers(learn):
            logits = material.example_logits(mapped(matrix), test)
            losses.append(
                cross_entropy(likeliest_factors([logits], concept[test])[0] * logits, concept[test])
            )
        return mapped(layers(train)[int(np.argmin(losses))])

    return Candidate("new2source", fit)
