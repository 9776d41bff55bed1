"""Ways to adapt a torch decoder to a wearer, each from clips of which some are set aside."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from rtbci.calibrate.candidates import OWN_RIDGES, cross_entropy, likeliest_factors
from rtbci.calibrate.own import OwnRidge
from rtbci.wearers.adapter import binned
from training.mappers.descent import DescentSettings
from training.mappers.finetune import FINETUNE, finetune
from training.mappers.interface import Adapted, Clips, Eeg, Floats, Frozen
from training.mappers.layer import LAYER, fit_layer


@dataclass(frozen=True, eq=False)
class Fitted:
    """A way that was fitted.

    Attributes
    ----------
    adapted : Adapted
        To all clips.
    aside : ndarray, shape (m, K)
        Logits of the clips set aside, by a fit that has not seen them: what mixtures are weighed by.
    """

    adapted: Adapted
    aside: Floats


@dataclass(frozen=True)
class Way:
    """Its name, and from a decoder, clips and which of them are set aside to what was fitted."""

    name: str
    fit: Callable[[nn.Module, Clips, NDArray[np.bool_]], Fitted]


@dataclass(frozen=True)
class Candidate:
    """One way, or several whose logits are summed.

    Attributes
    ----------
    ways : tuple of Way
    """

    ways: tuple[Way, ...]

    @property
    def name(self) -> str:
        """In tables."""
        return "+".join(way.name for way in self.ways)


@dataclass(frozen=True, eq=False)
class OwnDecoder:
    """A linear decoder of the wearer's own.

    Attributes
    ----------
    weight : ndarray, shape (62 * 25, K)
    """

    weight: Floats

    def logits(self, x: Eeg) -> Floats:
        """Scores (n, K) of windows (n, 62, T)."""
        return np.asarray(binned(x) @ self.weight)


def _none(decoder: nn.Module, clips: Clips, aside: NDArray[np.bool_]) -> Fitted:
    frozen = Frozen(decoder)
    return Fitted(frozen, frozen.logits(clips.eeg[aside]))


def _own(decoder: nn.Module, clips: Clips, aside: NDArray[np.bool_]) -> Fitted:
    """Ridge from the likelihood of what is set aside."""
    classes = Frozen(decoder).logits(clips.eeg[:1]).shape[1]
    own = OwnRidge(clips.eeg, clips.concept, classes)
    learn, held = np.flatnonzero(~aside), np.flatnonzero(aside)
    tried = [own.scores(learn, held, ridge) for ridge in OWN_RIDGES]
    concept = clips.concept[aside]
    losses = [cross_entropy(likeliest_factors([s], concept)[0] * s, concept) for s in tried]
    best = int(np.argmin(losses))
    return Fitted(OwnDecoder(own.weight(np.arange(len(clips)), OWN_RIDGES[best])), tried[best])


def layer_way(settings: DescentSettings = LAYER, name: str = "layer") -> Way:
    """New2Source by the decoding loss."""

    def fit(decoder: nn.Module, clips: Clips, aside: NDArray[np.bool_]) -> Fitted:
        found = fit_layer(decoder, clips, aside, settings)
        return Fitted(found.adapted, found.aside)

    return Way(name, fit)


def finetune_way(settings: DescentSettings = FINETUNE, name: str = "finetune") -> Way:
    """Everything learns."""

    def fit(decoder: nn.Module, clips: Clips, aside: NDArray[np.bool_]) -> Fitted:
        found = finetune(decoder, clips, aside, settings)
        return Fitted(found.adapted, found.aside)

    return Way(name, fit)


NONE, OWN, BY_LAYER, FINETUNED = Way("none", _none), Way("own", _own), layer_way(), finetune_way()

CANDIDATES: tuple[Candidate, ...] = (
    Candidate((NONE,)),
    Candidate((OWN,)),
    Candidate((NONE, OWN)),
    Candidate((BY_LAYER,)),
    Candidate((BY_LAYER, OWN)),
    Candidate((FINETUNED,)),
    Candidate((FINETUNED, OWN)),
)
"""From the simplest to the most flexible."""
