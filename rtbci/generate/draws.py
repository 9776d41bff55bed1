"""A generator that draws: a small flow from the EEG's latent to a picture's, and from that to a clip's.

It remembers no scenes. How much is made up, in how many steps, and how far the evidence is amplified follow
the one curve of `rtbci.generate.sharpness`, as do the veil's blur and dimming.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle import Bundle
from rtbci.bundle.engine import CPU, EngineSession
from rtbci.errors import GeneratorError
from rtbci.generate.evidence_input import DecodedEvidence
from rtbci.generate.generator import STEP_S, TURN, Stale, never
from rtbci.generate.picture import Decode, Pictures, Session, decoding
from rtbci.generate.reuse import Look
from rtbci.generate.sharpness import BACKDROP_BLUR, Sharpness, blurred, sharpness, veil
from rtbci.stimuli.concepts import ATTRIBUTES
from rtbci.stimuli.text import TEXT_WIDTH, concept_embeddings
from rtbci.wire.messages import Grade

Floats = NDArray[np.float32]

STEP, CONTROL, MEAN, SPREAD = "draw_step", "draw_control", "draw_mean", "draw_spread"
"""Names of the two engines and two arrays in a bundle."""
STRIDES = (0.0, 0.125, 0.25, 0.5, 1.0)
"""Lengths of a step that the network knows, in the order of its one-hot input."""
STEPS = tuple(sorted(round(1 / stride) for stride in STRIDES if stride))
"""How many steps of such lengths the flow can be gone through in: 1, 2, 4, 8."""


class Flow:
    """The two networks behind the pictures.

    Parameters
    ----------
    step : Session
        Velocity of the flow. Inputs `latent` (1, 8, frames, 16, 16), `time` (1,), `stride` (1, 5),
        `evidence` (1, n) and `residual0`, `residual1`, … (frames, …); output `velocity`.
    control : Session
        What a clip's keyframe adds inside the first. Inputs `keyframe` (1, 8, frames, 16, 16), `known`
        (1, 1, frames, 16, 16), `time` and `evidence`; outputs `residual0`, ….
    residuals : sequence of tuple of int
        Shapes of the residuals of one frame.
    """

    def __init__(self, step: Session, control: Session, residuals: Sequence[tuple[int, ...]]) -> None:
        self._step, self._control, self._residuals = step, control, residuals

    def follow(
        self,
        start: Floats,
        evidence: Floats,
        sharp: Sharpness,
        keyframe: Floats | None = None,
        steps: int | None = None,
    ) -> Iterator[Floats]:
        """Follow the flow; gives where it stands after each step, so that it can be left between any two.

        Parameters
        ----------
        start : ndarray, shape (8, frames, 16, 16)
        evidence : ndarray, shape (n,)
            As `evidence_row` makes it.
        sharp : Sharpness
            Decides steps and guidance.
        keyframe : ndarray, shape (8, 16, 16), optional
            What steers a clip's middle frame; left out for a single picture.
        steps : int, optional
            One of `STEPS`; as `sharp` has it where it is left out.
        """
        steps = step_count(sharp) if steps is None else steps
        # How much noise there is must be known even where nothing else is.
        without = np.where(np.arange(len(evidence)) == len(evidence) - 1, evidence, np.float32(0.0))
        latents = start
        for k in range(steps):
            velocity = self._velocity(latents, k, steps, evidence, keyframe)
            if sharp.guidance > 1.0:
                unguided = self._velocity(latents, k, steps, without, keyframe)
                velocity = unguided + np.float32(sharp.guidance) * (velocity - unguided)
            latents = latents + velocity / np.float32(steps)
            yield latents

    def _velocity(
        self, latents: Floats, k: int, steps: int, evidence: Floats, keyframe: Floats | None
    ) -> Floats:
        frames = latents.shape[1]
        told = {"time": np.array([k / steps], np.float32), "evidence": evidence[None]}
        if keyframe is None:
            residuals = [np.zeros((frames, *shape), np.float32) for shape in self._residuals]
            added = {f"residual{i}": residual for i, residual in enumerate(residuals)}
        else:
            clip, known = np.zeros_like(latents), np.zeros_like(latents[:1])
            clip[:, frames // 2], known[:, frames // 2] = keyframe, 1.0
            outputs = self._control.run(keyframe=clip[None], known=known[None], **told)
            added = {name: np.asarray(value, dtype=np.float32) for name, value in outputs.items()}
        stride = np.zeros((1, len(STRIDES)), np.float32)
        stride[0, STRIDES.index(1 / steps)] = 1.0
        found = self._step.run(latent=np.ascontiguousarray(latents[None]), stride=stride, **told, **added)
        return np.asarray(found["velocity"][0], dtype=np.float32)


class DrawingGenerator:
    """Draws pictures and clips with a small flow network.

    The noise from which pictures are made up belongs to the context, so that within it the picture changes
    with the evidence alone, and turns to new evidence over a few windows.

    Parameters
    ----------
    flow : Flow
    mean : ndarray, shape (8, 16, 16), float32
        Mean of the latents of pictures: what is shown where there is no evidence.
    spread : float
        Root mean square of pictures' departure from it.
    frames : int
        Of a clip.
    decode : callable
        Turns a latent (8, 16, 16), float32, into a picture (h, w, 3), uint8.
    decode_preview : callable, optional
        The same for previews, of any size; `decode` where it is left out.
    steps : int, optional
        One of `STEPS`, taken for any evidence that is worth anything; where it is left out, more for stronger
        evidence, as the one curve says.

    Attributes
    ----------
    provider : str
        onnxruntime's provider that runs the bundle's engines; empty where `flow` was given.

    Raises
    ------
    GeneratorError
        If the network knows no steps of that length.
    """

    def __init__(
        self,
        flow: Flow,
        mean: Floats,
        spread: float,
        frames: int,
        decode: Decode,
        decode_preview: Decode | None = None,
        steps: int | None = None,
    ) -> None:
        if steps is not None and steps not in STEPS:
            raise GeneratorError(
                f"The generator that draws cannot draw in {steps} steps; choose one of "
                f"{', '.join(map(str, STEPS))}."
            )
        self.frames = frames
        self.step_s = STEP_S
        self.provider = ""
        self.mean = mean
        self._flow = flow
        self._spread = spread
        self._steps = steps
        self._decode = decode
        self._decode_preview = decode_preview or decode
        self._backdrop = blurred(decode(mean), BACKDROP_BLUR)
        self._preview_backdrop = blurred(self._decode_preview(mean), BACKDROP_BLUR)
        self._drawn: tuple[DecodedEvidence, Floats] | None = None

    @classmethod
    def from_bundle(
        cls, bundle: Bundle, threads: int = 2, providers: Sequence[str] = CPU, steps: int | None = None
    ) -> "DrawingGenerator":
        """Open a bundle's networks `draw_step` and `draw_control`, its decoders and its mean.

        Parameters
        ----------
        bundle : Bundle
        threads : int
            Threads of onnxruntime for one picture.
        providers : sequence of str
            onnxruntime's provider names; an error if the first is not what runs.
        steps : int, optional
            See the class.

        Raises
        ------
        BundleError
            If the bundle holds no generator that draws.
        """
        engines = bundle.manifest.engines

        def opened(name: str) -> EngineSession:
            return EngineSession.from_bundle(bundle, name, threads=threads, providers=providers)

        step, decoder = opened(STEP), opened("decoder")
        shapes = [tensor.shape[1:] for tensor in engines[STEP].inputs if tensor.name.startswith("residual")]
        generator = cls(
            Flow(step, opened(CONTROL), shapes),
            np.asarray(bundle.array(MEAN), dtype=np.float32),
            float(bundle.array(SPREAD)[0]),
            int(bundle.array("memory_latents").shape[1]),
            decoding(decoder),
            decoding(opened("preview")) if "preview" in engines else None,
            steps,
        )
        generator.provider = step.provider
        return generator

    def preview(self, evidence: DecodedEvidence) -> Pictures:
        """Draw what the EEG's own latent says; uint8 (1, h, w, 3)."""
        drawn = self._decode_preview(self._latent(evidence))
        return veil(drawn, self._preview_backdrop, sharpness(evidence.strength))[None]

    def keyframe(self, evidence: DecodedEvidence, stale: Stale = never) -> Pictures:
        """Draw the scene at its middle moment, which its look has refined already; uint8 (1, h, w, 3)."""
        return self._picture(self._compose(evidence), evidence)[None]

    def clip(self, evidence: DecodedEvidence, stale: Stale = never) -> Iterator[Pictures]:
        """Let the keyframe move; frames uint8 (h, w, 3), none or fewer as soon as `stale` says to stop."""
        keyframe = self._compose(evidence)
        sharp = sharpness(evidence.strength)
        latents = np.repeat(self._start(evidence, sharp)[:, None], self.frames, axis=1)
        for moved in self._follow(latents, evidence, sharp, keyframe):
            latents = moved
            if stale():
                return
        # One shift for all frames, so that the clip has the keyframe in its middle and no jump around it.
        moving = latents + (keyframe - latents[:, self.frames // 2])[:, None]
        for number in range(self.frames):
            if number and stale():
                return
            yield self._picture(moving[:, number], evidence)

    def scene(self, evidence: DecodedEvidence) -> tuple[int, int] | None:
        """No clip of the corpus is shown: None."""
        return None

    def look(self, evidence: DecodedEvidence, grade: Grade) -> Look:
        """What of the latents the veil lets through, in units of the pictures' own spread."""
        sharp = sharpness(evidence.strength)
        latent = self._latent(evidence) if grade == "preview" else self._compose(evidence)
        seen = np.float32(sharp.brightness * sharp.presence / self._spread)
        return np.asarray((latent - self.mean) * seen, dtype=np.float32)

    def _compose(self, evidence: DecodedEvidence) -> Floats:
        """Latent of the keyframe; the same for keyframe and clip of one decode."""
        if self._drawn is not None and self._drawn[0] is evidence:
            return self._drawn[1]
        before = self._drawn if self._drawn and self._drawn[0].context == evidence.context else None
        sharp = sharpness(evidence.strength)
        latents = self._start(evidence, sharp)[:, None]
        for moved in self._follow(latents, evidence, sharp):
            latents = moved
        drawn = latents[:, 0]
        if before is not None:
            drawn = before[1] + np.float32(TURN) * (drawn - before[1])
        self._drawn = (evidence, drawn)
        return drawn

    def _follow(
        self, latents: Floats, evidence: DecodedEvidence, sharp: Sharpness, keyframe: Floats | None = None
    ) -> Iterator[Floats]:
        # What is worth nothing takes no step, however many are wanted.
        steps = self._steps if sharp.steps else None
        return self._flow.follow(latents, evidence_row(evidence, sharp), sharp, keyframe, steps)

    def _start(self, evidence: DecodedEvidence, sharp: Sharpness) -> Floats:
        noise = np.random.default_rng(evidence.context).standard_normal(self.mean.shape, dtype=np.float32)
        return self._latent(evidence) + np.float32(sharp.refinement) * noise

    def _latent(self, evidence: DecodedEvidence) -> Floats:
        if evidence.latent.shape != self.mean.shape:
            raise GeneratorError(
                f"The decoder gives latents of shape {evidence.latent.shape} and the generator takes "
                f"{self.mean.shape}; decode and draw with the same bundle."
            )
        return evidence.latent

    def _picture(self, latent: Floats, evidence: DecodedEvidence) -> Pictures:
        return veil(self._decode(latent), self._backdrop, sharpness(evidence.strength))


def evidence_row(evidence: DecodedEvidence, sharp: Sharpness) -> Floats:
    """Evidence as the networks take it: text, posterior, attributes in their order, and the noise's level.

    Where the decoder gives no text of this length, the concepts' names by their probability stand for it.
    """
    text = evidence.text
    if text is None or text.shape != (TEXT_WIDTH,):
        text = (evidence.posterior @ concept_embeddings()).astype(np.float32)
    # A regression shrinks towards the mean: its direction counts.
    text = text / max(float(np.linalg.norm(text)), 1e-6)
    attributes = [evidence.attributes[name] for name in ATTRIBUTES]
    row = np.concatenate([text, evidence.posterior, *attributes, [sharp.refinement]])
    return row.astype(np.float32)


def step_count(sharp: Sharpness) -> int:
    """Steps of the flow: the curve's, up to the next power of two, as the network knows no others."""
    return 0 if sharp.steps == 0 else 1 << (sharp.steps - 1).bit_length()
