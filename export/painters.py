"""What turns a run's answers into pictures: the generator that draws live, or the VAE of its targets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from export.drawing import draw_answers
from export.target_scale import TargetScale
from rtbci.bundle.schema import EvidenceModel
from rtbci.generate import Generator
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from training.evaluation.answers import Answers, strengths
from training.experiments.material import Material
from training.experiments.net import ATTRIBUTE
from training.experiments.runs import Decoded
from training.targets.latents import DiffusersVae
from training.targets.pictures import Frames
from training.targets.stored import TargetTable

Pictures = NDArray[np.uint8]
Floats = NDArray[np.float32]
Indices = NDArray[np.int64]
Progress = Callable[[str], None]
Drawn = tuple[str, Pictures]
"""How it was drawn, in words, and clips (n, frames, h, w, 3)."""

CRISP, LIVE = "always crisp, as published methods draw", "as sharp as the evidence, as live"
NOISE = "noise in place of EEG, always crisp"
DECODED = "decoded latents"
CEILING, BLIND = "what was watched, through the VAE", "mean of the training's latents, no EEG"
_SURROGATE = 95.0
_AT_ONCE = 4
"""Pictures that a VAE decodes together; one of 288 x 512 px takes half a gigabyte."""


class Painter(Protocol):
    """Draws clips from what runs say of EEG."""

    frames: Frames
    """To which the clips that were watched are brought, to be comparable."""

    def draw(self, decoded: Decoded, at: Indices, progress: Progress) -> Iterator[Drawn]:
        """Draw some of the clips that were decoded, in each way there is; none if the answers do not do."""
        ...

    def control(self, decoded: Decoded, at: Indices, progress: Progress) -> Iterator[Drawn]:
        """Draw the same clips from what the same run says of noise like their EEG, if that can be drawn."""
        ...

    def bounds(self, rows: Indices, progress: Progress) -> Iterator[Drawn]:
        """Draw what no EEG has a part in: the best and the blindest that could come of these clips."""
        ...


@dataclass(frozen=True, eq=False)
class GeneratorPainter:
    """The generator of a bundle, or a full-size one, given what a live decoder would give it.

    Answers that a run lacks are replaced by what says nothing: uniform attributes, the mean latent.

    Attributes
    ----------
    generator : Generator
    model : EvidenceModel
        Its thresholds say how sharp a picture may be.
    material : Material
    frames : Frames
    latents : callable
        Gives the latents (n, c, h, w) that a run decoded of some clips.
    text : TargetScale or None
        Of the text embeddings that runs learnt, where the generator takes those.
    """

    generator: Generator
    model: EvidenceModel
    material: Material
    frames: Frames
    latents: Callable[[Decoded, Indices], Floats]
    text: TargetScale | None = None

    def draw(self, decoded: Decoded, at: Indices, progress: Progress) -> Iterator[Drawn]:
        """Draw always crisp, and as live."""
        answers = self._answers(decoded, at)
        surrogate = softmax(decoded.noise.astype(np.float64), axis=1).max(axis=1)
        live = strengths(answers, self.model, float(np.percentile(surrogate, _SURROGATE)))
        for how, strength in ((CRISP, np.ones(len(at))), (LIVE, live)):
            yield how, self._draw(answers, strength, how, progress)

    def control(self, decoded: Decoded, at: Indices, progress: Progress) -> Iterator[Drawn]:
        """Draw from the concepts found in noise, always crisp."""
        found = Decoded(decoded.rows, decoded.noise, {"concept": decoded.noise})
        yield NOISE, self._draw(self._answers(found, at), np.ones(len(at)), NOISE, progress)

    def bounds(self, rows: Indices, progress: Progress) -> Iterator[Drawn]:
        """None: a generator draws from evidence alone."""
        return iter(())

    def _draw(
        self, answers: Answers, strength: NDArray[np.floating], how: str, progress: Progress
    ) -> Pictures:
        def told(done: int, of: int) -> None:
            progress(f"{how}: {done} of {of} clips drawn")

        drawn = draw_answers(answers, strength, self.generator, progress=told)
        assert drawn.clips is not None
        return drawn.clips

    def _answers(self, decoded: Decoded, at: Indices) -> Answers:
        concept = decoded.logits[at]
        assert concept.shape[1] == len(CONCEPTS)
        attributes = {}
        for name, values in ATTRIBUTES.items():
            # Trained values are in order of the alphabet, the generator's in the corpus's own; films have
            # some that drawn scenes have not.
            known = self.material.labels.attributes.get(name, ((), np.array([])))[0]
            logits = np.zeros((len(at), len(values)), dtype=np.float32)
            if ATTRIBUTE + name in decoded.answers and set(known) & set(values):
                logits[:] = -30.0
                for column, value in enumerate(known):
                    if value in values:
                        logits[:, values.index(value)] = decoded.answers[ATTRIBUTE + name][at, column]
            attributes[name] = logits
        text = None
        if self.text is not None and "text" in decoded.answers:
            text = self.text.restored(decoded.answers["text"][at])
        return Answers(concept=concept, attributes=attributes, latent=self.latents(decoded, at), text=text)


@dataclass(frozen=True, eq=False)
class VaePainter:
    """The VAE that the targets were made with, given the latents that a run decodes from EEG.

    Attributes
    ----------
    vae : DiffusersVae
    material : Material
    table : TargetTable
        The targets.
    scale : TargetScale
    frames : Frames
        Of the clips that they were made of.
    """

    vae: DiffusersVae
    material: Material
    table: TargetTable
    scale: TargetScale
    frames: Frames

    def draw(self, decoded: Decoded, at: Indices, progress: Progress) -> Iterator[Drawn]:
        """Decode the latents, if the run has any."""
        if "latent" in decoded.answers:
            yield (
                DECODED,
                self._decoded(self.scale.restored(decoded.answers["latent"][at]), DECODED, progress),
            )

    def control(self, decoded: Decoded, at: Indices, progress: Progress) -> Iterator[Drawn]:
        """None: of noise the concepts are kept, not the latents."""
        return iter(())

    def bounds(self, rows: Indices, progress: Progress) -> Iterator[Drawn]:
        """Decode the watched clips' own latents, and the mean of those that were learnt from."""
        clips = self.material.clips
        keys = np.stack([clips.concept[rows], clips.stimulus[rows]], axis=1)
        yield CEILING, self._decoded(self.table.of(keys), CEILING, progress)
        mean = self._decoded(self.scale.mean[None], BLIND, progress)
        yield BLIND, np.repeat(mean, len(rows), axis=0)

    def _decoded(self, latents: Floats, how: str, progress: Progress) -> Pictures:
        n, count = len(latents), self.frames.count
        flat = latents.reshape(n * count, *self.table.values.shape[2:])
        parts = []
        for start in range(0, len(flat), _AT_ONCE):
            parts.append(self.vae.decode(flat[start : start + _AT_ONCE]))
            progress(f"{how}: {min(start + _AT_ONCE, len(flat))} of {len(flat)} frames")
        pictures = np.concatenate(parts)
        return pictures.reshape(n, count, *pictures.shape[1:])
