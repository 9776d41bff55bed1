"""The memory of scenes: stored latents of drawn clips, and the choice and mixing of them by evidence.

Its limits, openly: it composes from a library. Number, pose and object colour are those of the nearest stored
scene; only coarse layout and colour are drawn towards what the EEG's own latent says.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from rtbci.bundle import Bundle
from rtbci.generate.evidence_input import DecodedEvidence
from rtbci.generate.sharpness import Sharpness

TOP = 5
"""Concepts that are mixed at most."""
PULL = 0.5
"""How much of what the EEG's latent says beyond the stored scene is added to it, at full presence."""
COARSE = 2.0
"""Standard deviation, in latent pixels (16 of the picture's each), of what counts as coarse."""
LATENT_WEIGHT = 2.0
"""Nats by which an entry at the mean distance from the EEG's latent is worse than one at no distance."""
EMPHASIS = {"colour": 1.5, "number": 2.5}
"""Factors on attributes' log posteriors, 1 where not named: for the thing itself. Scene and sky, of which
there are more kinds and so more nats, would outvote it."""
LOYALTY = 0.7
"""Nats by which another scene must be better before the one that is shown is dropped for it."""
_POOL = 4
_FLOOR = 1e-3


@dataclass(frozen=True)
class Composition:
    """A scene mixed from memory.

    Attributes
    ----------
    latents : ndarray, shape (frames, 8, 16, 16), float32
        One latent a frame.
    entries : tuple of int
        Which clips of the memory it is mixed from, the strongest first.
    weights : tuple of float
        How much each counts; they sum to 1.
    """

    latents: NDArray[np.float32]
    entries: tuple[int, ...]
    weights: tuple[float, ...]


class SceneMemory:
    """Latents of drawn clips, by concept.

    Parameters
    ----------
    latents : ndarray, shape (n, frames, channels, h, w), int8
    scale : ndarray, shape (channels,)
        What one step of each channel is worth.
    concepts : ndarray, shape (n,)
        Concept of each clip.
    attributes : ndarray, shape (n, number of attributes)
        Value of each attribute, in the order of `names`.
    names : mapping of str to int
        The attributes and how many values each has, in order.
    seeds : ndarray, shape (n,)
        With the concept, what the clip was drawn from.
    """

    def __init__(
        self,
        latents: NDArray[np.int8],
        scale: NDArray[np.float32],
        concepts: NDArray[np.integer],
        attributes: NDArray[np.integer],
        names: Mapping[str, int],
        seeds: NDArray[np.integer],
    ) -> None:
        self._latents = latents
        self._scale = scale.astype(np.float32)[:, None, None]
        self.concepts = concepts.astype(np.intp)
        self.attributes = attributes.astype(np.intp)
        self.seeds = seeds.astype(np.int64)
        self._names = tuple(names)
        self._entries_of = {int(c): np.flatnonzero(self.concepts == c) for c in np.unique(self.concepts)}
        self.keyframe = latents.shape[1] // 2
        """The frame of the clip's middle moment, at which everything is where its specification says."""
        middles = latents[:, self.keyframe].astype(np.float32) * self._scale
        self.mean = middles.mean(axis=0)
        self.spread = max(float(np.sqrt(np.mean((middles - self.mean) ** 2))), 1e-6)
        """Root mean square of the middle frames' departure from their mean."""
        self._pooled = np.stack([_pooled(middle) for middle in middles])

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> "SceneMemory":
        """Take the memory that a bundle holds."""
        return cls(
            bundle.array("memory_latents"),
            bundle.array("memory_scale"),
            bundle.array("memory_concept"),
            bundle.array("memory_attributes"),
            {name: len(values) for name, values in bundle.manifest.attributes.items()},
            bundle.array("memory_seed"),
        )

    @property
    def frames(self) -> int:
        """Frames of a clip."""
        return int(self._latents.shape[1])

    def clip(self, entry: int) -> NDArray[np.float32]:
        """Latents (frames, channels, h, w) of one stored clip."""
        return np.asarray(self._latents[entry] * self._scale, dtype=np.float32)

    def choose(self, evidence: DecodedEvidence, concept: int, held: int | None = None) -> int | None:
        """Find the stored clip of a concept that fits the evidence best.

        A clip's score is the sum of the log posteriors of its attributes, times `EMPHASIS`, less
        `LATENT_WEIGHT` times its squared distance from the EEG's latent (both pooled to 4 x 4) over the
        concept's mean distance.

        Parameters
        ----------
        evidence : DecodedEvidence
        concept : int
        held : int, optional
            The clip that is shown just now: it stays unless another is better by `LOYALTY`.

        Returns
        -------
        int or None
            Index of the clip; None if the memory has none of the concept.
        """
        entries = self._entries_of.get(concept)
        if entries is None:
            return None
        distance = ((self._pooled[entries] - _pooled(evidence.latent)) ** 2).sum(axis=1)
        score = -LATENT_WEIGHT * distance / max(float(distance.mean()), 1e-9)
        for column, name in enumerate(self._names):
            posterior = evidence.attributes.get(name)
            if posterior is not None:
                fits = np.log(np.maximum(posterior[self.attributes[entries, column]], _FLOOR))
                score = score + EMPHASIS.get(name, 1.0) * fits
        best = int(np.argmax(score))
        if held is not None:
            at = np.flatnonzero(entries == held)
            if at.size and score[best] - score[at[0]] < LOYALTY:
                return held
        return int(entries[best])

    def compose(
        self, evidence: DecodedEvidence, sharp: Sharpness, held: Mapping[int, int] | None = None
    ) -> Composition:
        """Mix the clips of the likeliest concepts and draw their coarse structure towards the EEG's latent.

        Parameters
        ----------
        evidence : DecodedEvidence
        sharp : Sharpness
            Its exponent sharpens the posterior; its presence scales the pull.
        held : mapping of int to int, optional
            Concept to the clip that stands for it just now.
        """
        held = held or {}
        likeliest = np.argsort(evidence.posterior)[::-1][:TOP]
        found = [(int(c), self.choose(evidence, int(c), held.get(int(c)))) for c in likeliest]
        chosen = [(concept, entry) for concept, entry in found if entry is not None]
        if not chosen:
            return Composition(np.repeat(self.mean[None], self.frames, axis=0), (), ())
        weights = np.array([evidence.posterior[concept] for concept, _ in chosen]) ** sharp.mixing
        weights = weights / weights.sum() if weights.sum() > 0 else np.full(len(chosen), 1 / len(chosen))
        entries = tuple(entry for _, entry in chosen)
        mixed = sum(w * self.clip(e) for w, e in zip(weights.astype(np.float32), entries, strict=True))
        latents = np.asarray(mixed, dtype=np.float32)
        # One shift for all frames: a shift of each frame's own would cancel the scene's motion.
        towards = _coarse(self._surplus(evidence.latent, latents[self.keyframe]))
        return Composition(
            latents + np.float32(PULL * sharp.presence) * towards, entries, tuple(weights.tolist())
        )

    def _surplus(self, latent: NDArray[np.float32], scene: NDArray[np.float32]) -> NDArray[np.float32]:
        """What a latent regressed from EEG says beyond the scene that is shown.

        A regression shrinks towards the mean. The share of the scene's departure from the mean that the
        latent shows is taken as that shrinkage, not as a wish for a paler scene.
        """
        said, shown = latent - self.mean, scene - self.mean
        coarse_said, coarse_shown = _pooled(said), _pooled(shown)
        share = float(coarse_said @ coarse_shown) / max(float(coarse_shown @ coarse_shown), 1e-9)
        return np.asarray(said - np.float32(np.clip(share, 0.0, 1.0)) * shown, dtype=np.float32)


def _pooled(latent: NDArray[np.float32]) -> NDArray[np.float32]:
    channels, height, width = latent.shape
    blocks = latent.reshape(channels, _POOL, height // _POOL, _POOL, width // _POOL)
    return np.asarray(blocks.mean(axis=(2, 4)).ravel(), dtype=np.float32)


def _coarse(latent: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = gaussian_filter1d(latent, COARSE, axis=1, mode="nearest")
    return np.asarray(gaussian_filter1d(rows, COARSE, axis=2, mode="nearest"), dtype=np.float32)
