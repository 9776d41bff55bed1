"""Evidence as a decoder would give it, simulated in batches, from strong to worthless.

It is calibrated: a posterior that gives its best concept a probability is right as often. So where the
evidence is weak, many scenes belong to one and the same evidence, and what is learnt is their mean: soft.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from rtbci.stimuli.captions import caption
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.spec import ClipSpec
from rtbci.stimuli.text import TEXT_WIDTH, concept_embeddings, embed

_OTHERS = 0.15
"""Concentration of what a posterior gives to the other concepts: a few of them get most."""
_TEXT_NOISE = 0.2
_ATTRIBUTE = (0.3, 0.95)
_KEPT = (0.2, 0.7)
_NOISE = (0.05, 0.3)
_CERTAIN = 0.3
"""Share of the decodes that are as sure as decodes get; the others are anything from a mere guess on."""
PLACES = 4
"""An EEG's latent knows so many places along each axis."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What is to be seen in n clips.

    Attributes
    ----------
    concept : ndarray, shape (n,)
    attributes : ndarray, shape (n, 5)
        In the order of `ATTRIBUTES`.
    text : ndarray, shape (n, 64), float32
        Their captions' vectors.
    """

    concept: NDArray[np.intp]
    attributes: NDArray[np.intp]
    text: NDArray[np.float32]

    @classmethod
    def of(cls, specs: Sequence[ClipSpec]) -> "Labels":
        """Read them off the clips' specifications."""
        return cls(
            np.array([spec.concept for spec in specs]),
            np.array([[getattr(spec, name) for name in ATTRIBUTES] for spec in specs]),
            np.stack([embed(caption(spec)) for spec in specs]),
        )

    def at(self, which: NDArray[np.intp]) -> "Labels":
        """Those of some clips."""
        return Labels(self.concept[which], self.attributes[which], self.text[which])


def evidence_rows(labels: Labels, rng: np.random.Generator, certain: float = _CERTAIN) -> NDArray[np.float32]:
    """Evidence for scenes, as `training.draws.model.PARTS` orders it, without the noise at its end.

    Parameters
    ----------
    labels : Labels
        Of n scenes.
    rng : Generator
    certain : float
        Share of decodes that are as sure as they get.

    Returns
    -------
    ndarray, shape (n, `EVIDENCE` - 1), float32
    """
    n, rows = len(labels.concept), np.arange(len(labels.concept))
    sure = np.where(rng.random(n) < certain, 0.95, rng.uniform(1 / len(CONCEPTS), 0.95, n))
    posterior = _distributions(labels.concept, sure, len(CONCEPTS), rng, _OTHERS)
    parts = [_texts(labels, posterior, rng), posterior]
    for column, values in enumerate(ATTRIBUTES.values()):
        known = rng.uniform(*_ATTRIBUTE, n)
        truth = labels.attributes[rows, column]
        parts.append(_distributions(truth, np.maximum(known, 1 / len(values)), len(values), rng))
    return np.concatenate(parts, axis=1).astype(np.float32)


def _distributions(
    truth: NDArray[np.intp],
    sure: NDArray[np.float64],
    size: int,
    rng: np.random.Generator,
    concentration: float | None = None,
) -> NDArray[np.float64]:
    """Distributions from which the truth might have been drawn: one value has `sure`, the others the rest.

    Each is made first, over places; one place is drawn from it for the truth; the other values then get the
    other places at random. So whatever a value is given, it is right as often.
    """
    n = len(truth)
    if concentration is None:
        others = np.full((n, size - 1), 1 / (size - 1))
    else:
        others = rng.dirichlet(np.full(size - 1, concentration), n)
    given = np.concatenate([sure[:, None], others * (1 - sure[:, None])], axis=1)
    place = np.minimum((given.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1), size - 1)
    values = rng.random((n, size)).argsort(axis=1)
    rows = np.arange(n)
    before = (values == truth[:, None]).argmax(axis=1)
    values[rows, before], values[rows, place] = values[rows, place], truth
    out = np.empty((n, size))
    out[rows[:, None], values] = given
    return out


def _texts(labels: Labels, posterior: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """What a regression would give: captions and names by their probability, and some noise; unit norm."""
    rows = np.arange(len(posterior))
    own = posterior[rows, labels.concept][:, None]
    others = posterior.copy()
    others[rows, labels.concept] = 0.0
    mixed = own * labels.text + others @ concept_embeddings()
    mixed = mixed + _TEXT_NOISE * rng.standard_normal(mixed.shape) / np.sqrt(TEXT_WIDTH)
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True))


def decoded_latents(latents: Tensor, mean: Tensor, generator: torch.Generator) -> Tensor:
    """Latents as regressed from EEG: a share of each scene's departure from the mean, coarse and noisy.

    Parameters
    ----------
    latents : Tensor, shape (n, 8, 16, 16)
        Of the scenes' middle pictures.
    mean : Tensor, shape (8, 16, 16)
    generator : torch.Generator
        On the CPU.
    """
    n = len(latents)
    blocks = F.adaptive_avg_pool2d(latents - mean, PLACES)
    kept, noise = (
        low + (high - low) * torch.rand(n, 1, 1, 1, generator=generator).to(latents)
        for low, high in (_KEPT, _NOISE)
    )
    said = kept * blocks + noise * torch.randn(blocks.shape, generator=generator).to(latents)
    return mean + F.interpolate(said, size=latents.shape[-2:], mode="bilinear")
