"""Three grades of picture from evidence: preview, keyframe, clip."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Bundle
from rtbci.bundle.engine import CPU, EngineSession
from rtbci.generate.evidence_input import DecodedEvidence
from rtbci.generate.memory import Composition, SceneMemory
from rtbci.generate.picture import Decode, Pictures, decoding
from rtbci.generate.reuse import Look
from rtbci.generate.sharpness import BACKDROP_BLUR, blurred, sharpness, veil
from rtbci.wire.messages import Grade

Stale = Callable[[], bool]
"""Says whether what is being drawn is out of date."""

TURN = 0.6
"""How far a composition goes towards the next one of its context at each window: most of the way, so that the
picture mostly shows what its caption says, but not all of it, so that it turns rather than jumps."""
STEP_S = 5.0
"""A step of a small generator that takes longer is taken for hung."""


def never() -> bool:
    """Say that nothing newer has come."""
    return False


class Generator(Protocol):
    """What draws pictures from evidence. Each picture is as sharp as its evidence is strong."""

    frames: int
    """Frames of a clip."""
    step_s: float
    """Seconds after which one step of its work, between two questions of `stale`, is taken for hung."""

    def preview(self, evidence: DecodedEvidence) -> Pictures:
        """Draw what the EEG's own latent says; uint8 (1, h, w, 3)."""
        ...

    def keyframe(self, evidence: DecodedEvidence, stale: Stale = never) -> Pictures | None:
        """Draw the scene at its middle moment; uint8 (1, h, w, 3).

        None as soon as `stale` says that it is out of date; one that takes many steps asks between any two.
        """
        ...

    def clip(self, evidence: DecodedEvidence, stale: Stale = never) -> Iterator[Pictures]:
        """Draw the scene's frames one by one, each uint8 (h, w, 3).

        Ends early, with fewer than `frames`, as soon as `stale` says that newer evidence has come; it is
        asked between any two steps of the work.
        """
        ...

    def scene(self, evidence: DecodedEvidence) -> tuple[int, int] | None:
        """Concept and seed of the clip of the corpus that the keyframe mostly shows."""
        ...

    def look(self, evidence: DecodedEvidence, grade: Grade) -> Look:
        """Give what a grade's picture follows from, so scaled that `rtbci.generate.reuse.ALIKE` fits."""
        ...


class MemoryGenerator:
    """Draws from a memory of scenes with a picture decoder.

    Evidence of the same context keeps its scene until another one fits clearly better, and then turns to it
    over a few windows; a new context starts afresh.

    Parameters
    ----------
    memory : SceneMemory
    decode : callable
        Turns a latent (8, 16, 16), float32, into a picture (h, w, 3), uint8.
    decode_preview : callable, optional
        The same for previews, of any size; `decode` where it is left out.

    Attributes
    ----------
    provider : str
        onnxruntime's provider that runs the bundle's engines; empty where `decode` was given.
    """

    def __init__(self, memory: SceneMemory, decode: Decode, decode_preview: Decode | None = None) -> None:
        self.memory = memory
        self.frames = memory.frames
        self.step_s = STEP_S
        self.provider = ""
        self._decode = decode
        self._decode_preview = decode_preview or decode
        # An engine's first run also allocates: better now than at the first evidence.
        self._backdrop = blurred(decode(memory.mean), BACKDROP_BLUR)
        self._preview_backdrop = blurred(self._decode_preview(memory.mean), BACKDROP_BLUR)
        self._context: int | None = None
        self._held: dict[int, int] = {}
        self._composed: tuple[DecodedEvidence, Composition] | None = None
        self._spread = memory.spread

    @classmethod
    def from_bundle(
        cls, bundle: Bundle, threads: int = 2, providers: Sequence[str] = CPU
    ) -> "MemoryGenerator":
        """Open a bundle's generator: its engines `decoder` and `preview` and its `memory_*` arrays.

        Parameters
        ----------
        bundle : Bundle
        threads : int
            Threads of onnxruntime for one picture.
        providers : sequence of str
            onnxruntime's provider names; an error if the first is not what runs.
        """

        def opened(name: str) -> Decode:
            engine = EngineSession.from_bundle(bundle, name, threads=threads, providers=providers)
            return decoding(engine)

        preview = opened("preview") if "preview" in bundle.manifest.engines else None
        generator = cls(SceneMemory.from_bundle(bundle), opened("decoder"), preview)
        # Each engine has been checked to run on it.
        generator.provider = providers[0]
        return generator

    def preview(self, evidence: DecodedEvidence) -> Pictures:
        """Draw what the EEG's own latent says; uint8 (1, h, w, 3)."""
        picture = self._decode_preview(evidence.latent)
        return veil(picture, self._preview_backdrop, sharpness(evidence.strength))[None]

    def keyframe(self, evidence: DecodedEvidence, stale: Stale = never) -> Pictures:
        """Draw the scene at its middle moment, in one step; uint8 (1, h, w, 3)."""
        latents = self._compose(evidence).latents
        return self._draw(latents[self.memory.keyframe], evidence.strength)[None]

    def clip(self, evidence: DecodedEvidence, stale: Stale = never) -> Iterator[Pictures]:
        """Draw the scene's frames one by one, each uint8 (h, w, 3), until `stale` says to stop."""
        for number, latent in enumerate(self._compose(evidence).latents):
            if number and stale():
                return
            yield self._draw(latent, evidence.strength)

    def scene(self, evidence: DecodedEvidence) -> tuple[int, int] | None:
        """Concept and seed of the clip of the corpus that the keyframe mostly shows."""
        entries = self._compose(evidence).entries
        if not entries:
            return None
        return int(self.memory.concepts[entries[0]]), int(self.memory.seeds[entries[0]])

    def look(self, evidence: DecodedEvidence, grade: Grade) -> Look:
        """What of the latents the veil lets through, in units of the scenes' own spread.

        One frame stands for a clip: all frames of a composition are mixed and shifted alike.
        """
        sharp = sharpness(evidence.strength)
        latent = (
            evidence.latent if grade == "preview" else self._compose(evidence).latents[self.memory.keyframe]
        )
        seen = np.float32(sharp.brightness * sharp.presence / self._spread)
        return np.asarray((latent - self.memory.mean) * seen, dtype=np.float32)

    def _compose(self, evidence: DecodedEvidence) -> Composition:
        # Keyframe and clip of one decode show one scene.
        if self._composed is not None and self._composed[0] is evidence:
            return self._composed[1]
        before = self._composed[1] if self._composed is not None else None
        if evidence.context != self._context:
            self._context, self._held, before = evidence.context, {}, None
        composition = self.memory.compose(evidence, sharpness(evidence.strength), self._held)
        self._held |= {int(self.memory.concepts[entry]): entry for entry in composition.entries}
        if before is not None:
            turned = before.latents + np.float32(TURN) * (composition.latents - before.latents)
            composition = replace(composition, latents=turned)
        self._composed = (evidence, composition)
        return composition

    def _draw(self, latent: NDArray[np.float32], strength: float) -> Pictures:
        return veil(self._decode(latent), self._backdrop, sharpness(strength))
