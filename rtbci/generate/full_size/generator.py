"""The loop around large diffusion networks: refine the EEG's latent, then let it move."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Bundle
from rtbci.errors import GeneratorError
from rtbci.generate.evidence_input import DecodedEvidence
from rtbci.generate.full_size.networks import Floats, Networks
from rtbci.generate.full_size.schedule import Schedule
from rtbci.generate.generator import TURN, Stale, never
from rtbci.generate.picture import Pictures
from rtbci.generate.reuse import Look
from rtbci.generate.sharpness import BACKDROP_BLUR, Sharpness, blurred, sharpness, veil
from rtbci.wire.messages import Grade

Noise = Callable[[tuple[int, int], tuple[int, ...]], Iterator[Floats]]
"""Gives, for a seed and a shape, standard normal arrays; the same ones each time."""
STEP_S = 300.0
"""A step that takes longer is taken for hung: in torch on a processor one of a clip takes minutes."""
_PICTURE, _CLIP = 0, 1
"""Second part of the seeds: a clip whose first frame had the keyframe's noise would draw it twice."""


@dataclass(frozen=True, eq=False)
class Prompts:
    """What the networks are told of the scene, in place of a typed prompt.

    Attributes
    ----------
    concepts : ndarray, shape (concepts, tokens, width), float32
        Embedding of a text for each concept.
    unconditional : ndarray, shape (tokens, width), float32
        Embedding of the empty text, for guidance.
    mean_latent : ndarray, shape (c, h, w), float32
        Mean of the latents of pictures: what is shown where there is no evidence.
    """

    concepts: Floats
    unconditional: Floats
    mean_latent: Floats


def seeded_noise(seed: tuple[int, int], shape: tuple[int, ...]) -> Iterator[Floats]:
    """Give noise that depends on the seed alone.

    The seed is the context's, so all windows of a context have the same noise and the picture changes with
    the evidence alone.
    """
    rng = np.random.default_rng(seed)
    while True:
        yield rng.standard_normal(shape, dtype=np.float32)


class FullSizeGenerator:
    """Draws with a text-to-image network, a motion network with sparse control, and a small decoder.

    The EEG's latent takes the place of noise: it is noised part of the way and denoised again, as far, in as
    many steps and with as much guidance as the evidence allows (`rtbci.generate.sharpness`). The refined
    keyframe then stands in a clip whose other frames are made in the same way. Within a context latent and
    text turn to new evidence over a few windows; a new context starts afresh.

    Parameters
    ----------
    networks : Networks
    prompts : Prompts
    schedule : Schedule, optional
    noise : callable, optional
        `seeded_noise` where it is left out.

    Attributes
    ----------
    provider : str
        What the networks run on.

    Raises
    ------
    GeneratorError
        If the prompts do not fit the networks.
    """

    def __init__(
        self,
        networks: Networks,
        prompts: Prompts,
        schedule: Schedule | None = None,
        noise: Noise = seeded_noise,
    ) -> None:
        sizes = networks.sizes
        for name, have, want in (
            ("concept prompts", prompts.concepts.shape[1:], (sizes.tokens, sizes.width)),
            ("empty prompt", prompts.unconditional.shape, (sizes.tokens, sizes.width)),
            ("mean latent", prompts.mean_latent.shape, sizes.latent),
        ):
            if have != want:
                raise GeneratorError(
                    f"The {name} of the full-size generator have shape {have} where its networks take "
                    f"{want}; export networks and prompts together."
                )
        self.frames = sizes.frames
        self.step_s = STEP_S
        self.provider = networks.provider
        self._networks = networks
        self._prompts = prompts
        self._schedule = schedule or Schedule()
        self._noise = noise
        self._mean_text = prompts.concepts.mean(axis=0)
        self._text_spread = _spread(prompts.concepts - self._mean_text)
        self._backdrop = blurred(networks.decode(prompts.mean_latent), BACKDROP_BLUR)
        self._turned: tuple[DecodedEvidence, Floats, Floats] | None = None
        self._refined: tuple[DecodedEvidence, Floats] | None = None
        self._no_latents = False

    def serve(self, bundle: Bundle) -> None:
        """Draw for a bundle: from its decoder's latents, or from the mean latent if it decodes none.

        Raises
        ------
        GeneratorError
            If its decoder does not give what these networks take.
        """
        self._no_latents = "latent" in bundle.manifest.silent
        self._turned = self._refined = None
        decoded = bundle.manifest.engines["decoder"].inputs[0].shape[1:]
        latent = self._networks.sizes.latent if self._no_latents else decoded
        self._check(latent, len(bundle.manifest.concepts))

    def preview(self, evidence: DecodedEvidence) -> Pictures:
        """Draw what the EEG's own latent says; uint8 (1, h, w, 3)."""
        return self._draw(self._latent(evidence), evidence)[None]

    def keyframe(self, evidence: DecodedEvidence, stale: Stale = never) -> Pictures | None:
        """Draw the EEG's latent, refined; uint8 (1, h, w, 3), or None as soon as `stale` says to stop."""
        refined = self._refine(evidence, stale)
        return None if refined is None else self._draw(refined, evidence)[None]

    def clip(self, evidence: DecodedEvidence, stale: Stale = never) -> Iterator[Pictures]:
        """Let the keyframe move; frames uint8 (h, w, 3), none or fewer as soon as `stale` says to stop."""
        sharp = sharpness(evidence.strength)
        keyframe = self._refine(evidence, stale)
        if keyframe is None:
            return
        latent, text = self._turn(evidence)
        latents = np.repeat(latent[None], self.frames, axis=0)

        def network(noisy: Floats, time: int, told: Floats) -> Floats:
            return self._networks.denoise_clip(noisy, time, told, keyframe)

        noise = self._noise((evidence.context, _CLIP), latents.shape)
        for cleaned in self._denoise(network, latents, text, sharp, noise):
            if stale():
                return
            latents = cleaned
        for number, latent in enumerate(latents):
            if number and stale():
                return
            yield self._draw(np.ascontiguousarray(latent), evidence)

    def scene(self, evidence: DecodedEvidence) -> tuple[int, int] | None:
        """No clip of the corpus is shown: None."""
        return None

    def look(self, evidence: DecodedEvidence, grade: Grade) -> Look:
        """Give what the veil lets through of latent and text; both have about unit variance."""
        sharp = sharpness(evidence.strength)
        seen = np.float32(sharp.brightness * sharp.presence)
        if grade == "preview":
            own = (self._latent(evidence) - self._prompts.mean_latent).ravel()
            return np.asarray(seen * own, dtype=np.float32)
        turned, told = self._turn(evidence)
        latent = (turned - self._prompts.mean_latent).ravel()
        text = (told - self._mean_text).ravel() / self._text_spread
        # Latent and text count alike, however many numbers each has.
        parts = [part * np.sqrt((latent.size + text.size) / (2 * part.size)) for part in (latent, text)]
        return np.asarray(seen * np.concatenate(parts), dtype=np.float32)

    def _latent(self, evidence: DecodedEvidence) -> Floats:
        if self._no_latents:
            return self._prompts.mean_latent
        self._check(evidence.latent.shape, len(evidence.posterior))
        return evidence.latent

    def _turn(self, evidence: DecodedEvidence) -> tuple[Floats, Floats]:
        """Latent and text that keyframe and clip are drawn from: turned from those of the window before."""
        before = self._turned
        # Look, keyframe and clip of one decode turn once.
        if before is not None and before[0] is evidence:
            return before[1:]
        latent, text = self._latent(evidence), self._text(evidence, sharpness(evidence.strength))
        if before is not None and before[0].context == evidence.context:
            latent = before[1] + np.float32(TURN) * (latent - before[1])
            text = before[2] + np.float32(TURN) * (text - before[2])
        self._turned = (evidence, latent, text)
        return latent, text

    def _text(self, evidence: DecodedEvidence, sharp: Sharpness) -> Floats:
        """Embed what is known: by the decoder itself if it was taught to, else by the concepts' own texts."""
        prompts = self._prompts
        if evidence.text is not None and evidence.text.size == prompts.unconditional.size:
            return np.ascontiguousarray(evidence.text.reshape(prompts.unconditional.shape))
        weights = evidence.posterior**sharp.mixing
        return np.asarray(np.tensordot(weights / weights.sum(), prompts.concepts, 1), dtype=np.float32)

    def _refine(self, evidence: DecodedEvidence, stale: Stale) -> Floats | None:
        # Keyframe and clip of one decode show one picture.
        if self._refined is not None and self._refined[0] is evidence:
            return self._refined[1]
        sharp = sharpness(evidence.strength)
        latent, text = self._turn(evidence)
        noise = self._noise((evidence.context, _PICTURE), latent.shape)
        for cleaned in self._denoise(self._networks.denoise_picture, latent, text, sharp, noise):
            if stale():
                return None
            latent = cleaned
        self._refined = (evidence, latent)
        return latent

    def _denoise(
        self,
        network: Callable[[Floats, int, Floats], Floats],
        latents: Floats,
        text: Floats,
        sharp: Sharpness,
        noise: Iterator[Floats],
    ) -> Iterator[Floats]:
        """Noise latents part of the way and denoise them again; gives what is clean after each step."""
        for time in self._schedule.times(sharp.steps, sharp.refinement):
            noisy = self._schedule.noised(latents, next(noise), time)
            predicted = network(noisy, time, text)
            if sharp.guidance > 1.0:
                without = network(noisy, time, self._prompts.unconditional)
                predicted = without + np.float32(sharp.guidance) * (predicted - without)
            latents = self._schedule.cleaned(noisy, predicted, time)
            yield latents

    def _check(self, latent: tuple[int, ...], concepts: int) -> None:
        sizes, known = self._networks.sizes, len(self._prompts.concepts)
        if (latent, concepts) != (sizes.latent, known):
            raise GeneratorError(
                f"The bundle decodes latents of shape {latent} and {concepts} concepts, and the full-size "
                f"generator draws from {sizes.latent} and {known}; decode and draw with parts that were made "
                "for each other."
            )

    def _draw(self, latent: Floats, evidence: DecodedEvidence) -> NDArray[np.uint8]:
        return veil(self._networks.decode(latent), self._backdrop, sharpness(evidence.strength))


def _spread(departures: Floats) -> np.float32:
    return np.float32(max(float(np.sqrt(np.mean(np.square(departures, dtype=np.float64)))), 1e-6))
