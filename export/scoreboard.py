"""Generators against each other: what each draws of the same evidence for scenes held out."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from export.drawing import open_generator
from export.obeyed import held_out_specs, right_evidence
from export.recognition import simulated_evidence
from rtbci.generate import DecodedEvidence, Generator, SceneMemory
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.draw import draw_clip
from rtbci.stimuli.spec import ClipSpec, clip_spec
from training.codec import decode_latents, encode_frames, load_codec
from training.codec_metrics import edge_strength
from training.codec_model import Codec
from training.evaluation.attribute_eyes import AttributeEye, attribute_eyes
from training.evaluation.corpus_classifiers import CACHE, ClipClassifier, FrameClassifier, corpus_classifiers
from training.evaluation.guesser import small
from training.evaluation.motion import flicker, motion, motion_place
from training.evaluation.rows import Row
from training.metrics.ssim import psnr, ssim

TABLE = "generators"
CEILING = "watched, autoencoded"
STRENGTHS = (0.25, 0.5, 1.0)
"""Strengths of right evidence; wrong evidence is of the last."""
WRONG = "wrong evidence"
_TIMED = 5

Pictures = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Judges:
    """Networks that look at what is drawn; none of them has seen a stored scene."""

    frames: FrameClassifier
    clips: ClipClassifier
    eyes: list[AttributeEye]


@dataclass(frozen=True, eq=False)
class Scenes:
    """Scenes held out, concept by concept.

    Attributes
    ----------
    specs : list of ClipSpec
    clips : ndarray, shape (n, frames, h, w, 3), uint8
    latents : ndarray, shape (n, frames, 8, 16, 16), float32
    """

    specs: list[ClipSpec]
    clips: Pictures
    latents: NDArray[np.float32]

    @property
    def middle(self) -> int:
        """The keyframe's place."""
        return self.clips.shape[1] // 2

    @property
    def middles(self) -> NDArray[np.float32]:
        """Latents of the keyframe's moment, shape (n, 8, 16, 16)."""
        return self.latents[:, self.middle]

    def of(self, concept: int) -> NDArray[np.intp]:
        """Which show a concept."""
        return np.flatnonzero([spec.concept == concept for spec in self.specs])


def held_out_scenes(codec: Codec, frames: int, per_concept: int) -> Scenes:
    """Draw and encode scenes that no part has learnt from and none remembers."""
    specs = held_out_specs(per_concept)
    clips = np.stack([draw_clip(spec, frames) for spec in specs])
    latents = encode_frames(codec, clips.reshape(-1, *clips.shape[2:]))
    return Scenes(specs, clips, latents.reshape(*clips.shape[:2], *latents.shape[1:]))


def compare_generators(
    contenders: Mapping[str, Generator],
    memory: SceneMemory,
    codec: Codec,
    judges: Judges | None,
    per_concept: int = 2,
    progress: Callable[[str], None] | None = None,
) -> list[Row]:
    """Measure what generators make of the same evidence.

    Parameters
    ----------
    contenders : mapping of str to Generator
        By name, each with the same number of frames as the memory's.
    memory : SceneMemory
        Whose stored scenes novelty is measured against; its mean latent is the evidence's.
    codec : Codec
        Whose decoder sets the ceiling.
    judges : Judges or None
        None to leave out all that needs them.
    per_concept : int
        Held-out scenes of each concept.
    progress : callable, optional
        Is told what is being measured.

    Returns
    -------
    list of Row
        Subjects are the concepts, so that intervals are over concepts. Settings: right evidence of each of
        `STRENGTHS`; evidence that is strong and wrong: of another concept, with the latent of the watched
        scene; and ``time``. The first variant is the watched scene through the autoencoder: the ceiling.
    """
    tell = progress or (lambda what: None)
    tell("scenes")
    scenes = held_out_scenes(codec, memory.frames, per_concept)
    stored = _stored(codec, memory)
    flat = scenes.latents.reshape(-1, *scenes.latents.shape[2:])
    ceiling = decode_latents(codec, flat).reshape(scenes.clips.shape)
    rows = list(
        _rows(CEILING, f"right evidence, strength {STRENGTHS[-1]:g}", ceiling, scenes, judges, stored)
    )
    for name, generator in contenders.items():
        for strength in STRENGTHS:
            tell(f"{name}, strength {strength:g}")
            evidence = right_evidence(scenes.specs, scenes.middles, memory.mean, strength)
            setting = f"right evidence, strength {strength:g}"
            rows += _rows(name, setting, _drawn(generator, evidence), scenes, judges, stored)
            previews = np.concatenate([generator.preview(one) for one in evidence])
            rows += _preview_rows(name, setting, previews, scenes)
            rows += _match_rows(name, setting, generator, evidence, memory, scenes)
        if judges is not None:
            tell(f"{name}, {WRONG}")
            told, misleading = wrong_evidence(scenes, memory.mean)
            keyframes = np.concatenate([generator.keyframe(one) for one in misleading])
            rows += _misled_rows(name, keyframes, scenes, told, judges)
        strong = right_evidence(scenes.specs, scenes.middles, memory.mean, 1.0)
        rows += _time_rows(name, generator, strong[:_TIMED])
    return rows


def wrong_evidence(
    scenes: Scenes, mean: NDArray[np.float32]
) -> tuple[NDArray[np.intp], list[DecodedEvidence]]:
    """Strong evidence for another concept each, with the latent of what was watched; and those concepts."""
    rng = np.random.default_rng(1)
    concepts = np.array([spec.concept for spec in scenes.specs])
    told = (concepts + rng.integers(1, len(CONCEPTS), len(concepts))) % len(CONCEPTS)
    evidence = [
        replace(simulated_evidence(clip_spec(int(c), spec.seed), latent, mean, 1.0, rng), context=k)
        for k, (c, spec, latent) in enumerate(zip(told, scenes.specs, scenes.middles, strict=True))
    ]
    return told, evidence


def _drawn(generator: Generator, evidence: list[DecodedEvidence]) -> Pictures:
    """Clips; the keyframe is drawn for itself and stands in their middle, as it is what is looked at."""
    clips = np.stack([np.stack(list(generator.clip(one))) for one in evidence])
    clips[:, clips.shape[1] // 2] = np.concatenate([generator.keyframe(one) for one in evidence])
    return clips


def _rows(
    variant: str, setting: str, drawn: Pictures, scenes: Scenes, judges: Judges | None, stored: Pictures
) -> Iterator[Row]:
    keyframes, truth = drawn[:, scenes.middle], scenes.clips[:, scenes.middle]
    said = {} if judges is None else _said(judges, keyframes, drawn)
    near, usual = _nearest(keyframes, stored), float(_nearest(truth, stored).mean())
    fidelity = {"psnr": psnr(truth, keyframes), "ssim": ssim(truth, keyframes)}
    for concept in CONCEPTS:
        which = scenes.of(concept.index)

        def row(
            metric: str,
            value: float,
            chance: float | None = None,
            concept: str = concept.name,
            n: int = len(which),
        ) -> Row:
            return Row(TABLE, variant, setting, 0, concept, metric, value, chance, n)

        for name, values in said.items():
            truths = np.array([getattr(scenes.specs[k], name) for k in which])
            chance = 1 / (len(CONCEPTS) if name == "concept" else len(ATTRIBUTES[name]))
            yield row(f"{name}_obeyed", float((values[which] == truths).mean()), chance)
        yield row("sharpness", edge_strength(keyframes[which]) / edge_strength(truth[which]))
        for name, each in fidelity.items():
            yield row(name, float(each[which].mean()))
        yield row("novelty", float(near[which].mean()) / usual)
        yield row("motion", motion(drawn[which]) / max(motion(scenes.clips[which]), 1e-6))
        yield row("motion_place", motion_place(scenes.clips[which], drawn[which]))
        yield row("flicker", flicker(drawn[which]) / max(flicker(scenes.clips[which]), 1e-6))


def _said(judges: Judges, keyframes: Pictures, clips: Pictures) -> dict[str, NDArray[np.intp]]:
    said = {"concept": judges.frames.scores(keyframes).argmax(axis=1)}
    said |= {eye.attribute: eye.named(keyframes) for eye in judges.eyes}
    speeds = judges.clips.scores(clips).reshape(len(clips), len(CONCEPTS), -1)
    return said | {"speed": np.logaddexp.reduce(speeds, axis=1).argmax(axis=1)}


def _match_rows(
    variant: str,
    setting: str,
    generator: Generator,
    evidence: list[DecodedEvidence],
    memory: SceneMemory,
    scenes: Scenes,
) -> Iterator[Row]:
    """Whether the stored scene that is mostly shown is as the watched one; none for those who draw anew.

    Chance is a scene of the concept taken at random.
    """
    shown = [generator.scene(one) for one in evidence]
    found = [None if one is None else clip_spec(*one) for one in shown]
    for concept in CONCEPTS:
        which = [k for k in scenes.of(concept.index) if found[k] is not None]
        own = memory.attributes[memory.concepts == concept.index]
        if not which:
            continue
        for column, name in enumerate(ATTRIBUTES):
            truths = np.array([getattr(scenes.specs[k], name) for k in which])
            right = float(np.mean([getattr(found[k], name) for k in which] == truths))
            chance = float((own[:, column, None] == truths).mean()) if len(own) else None
            yield Row(TABLE, variant, setting, 0, concept.name, f"{name}_matched", right, chance, len(which))


def _preview_rows(variant: str, setting: str, previews: Pictures, scenes: Scenes) -> Iterator[Row]:
    """How near previews come to what was watched, enlarged as a viewer shows them."""
    truth = scenes.clips[:, scenes.middle]
    shown = enlarged(previews, truth.shape[1])
    fidelity = {"preview_psnr": psnr(truth, shown), "preview_ssim": ssim(truth, shown)}
    for concept in CONCEPTS:
        which = scenes.of(concept.index)
        values = {name: float(each[which].mean()) for name, each in fidelity.items()}
        values["preview_sharpness"] = edge_strength(shown[which]) / edge_strength(truth[which])
        for metric, value in values.items():
            yield Row(TABLE, variant, setting, 0, concept.name, metric, value, None, len(which))


def enlarged(pictures: Pictures, size: int) -> Pictures:
    """Pictures (n, h, h, 3) at (n, size, size, 3), smoothly."""
    if pictures.shape[1] == size:
        return pictures
    planes = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    larger = F.interpolate(planes, size=(size, size), mode="bilinear", align_corners=False)
    return larger.round().permute(0, 2, 3, 1).to(torch.uint8).numpy()


def _misled_rows(
    variant: str, keyframes: Pictures, scenes: Scenes, told: NDArray[np.intp], judges: Judges
) -> Iterator[Row]:
    said = judges.frames.scores(keyframes).argmax(axis=1)
    watched = np.array([spec.concept for spec in scenes.specs])
    for concept in CONCEPTS:
        which = scenes.of(concept.index)
        for metric, wanted in (("concept_obeyed", told), ("truth_leaked", watched)):
            share = float((said[which] == wanted[which]).mean())
            yield Row(TABLE, variant, WRONG, 0, concept.name, metric, share, 1 / len(CONCEPTS), len(which))


def _time_rows(variant: str, generator: Generator, evidence: list[DecodedEvidence]) -> Iterator[Row]:
    """Median times; a clip's is that of keyframe and clip, both from nothing."""
    taken: dict[str, list[float]] = {"keyframe_ms": [], "clip_ms": []}
    for k, one in enumerate(evidence):
        # A context of its own: nothing that is known already.
        fresh = replace(one, context=10**6 + k)
        start = time.perf_counter()
        generator.keyframe(fresh)
        middle = time.perf_counter()
        list(generator.clip(fresh))
        taken["keyframe_ms"].append(1000 * (middle - start))
        taken["clip_ms"].append(1000 * (time.perf_counter() - start))
    for metric, values in taken.items():
        value = float(np.median(values))
        yield Row(TABLE, variant, "time", 0, "this machine", metric, value, None, len(values))


def _stored(codec: Codec, memory: SceneMemory) -> Pictures:
    """Middle pictures of all stored scenes, small."""
    middles = [memory.clip(k)[memory.keyframe] for k in range(len(memory.concepts))]
    return small(decode_latents(codec, np.stack(middles)))


def _nearest(pictures: Pictures, stored: Pictures) -> NDArray[np.float64]:
    """Root mean square difference from the nearest stored picture, in grey levels."""
    known = stored.reshape(len(stored), -1).astype(np.float32)
    seen = small(pictures).reshape(len(pictures), -1).astype(np.float32)
    return np.array([np.sqrt(np.mean((known - one) ** 2, axis=1).min()) for one in seen], dtype=np.float64)


def scoreboard(
    codec_folder: Path,
    draws_folder: Path | None,
    per_concept: int = 2,
    cache: Path | None = CACHE,
    progress: Callable[[str], None] | None = None,
) -> list[Row]:
    """Compare the memory of scenes with a trained generator that draws.

    Parameters
    ----------
    codec_folder : Path
        With autoencoder, exported decoders and memory.
    draws_folder : Path or None
        With an exported generator that draws; None to measure the memory alone.
    per_concept : int
        Held-out scenes of each concept.
    cache : Path or None
        Where the judges are kept; None to leave out what needs them.
    progress : callable, optional
        Is told what is being measured.

    Raises
    ------
    UsageError
        If something is missing.
    """
    codec, remembering = load_codec(codec_folder), open_generator(codec_folder)
    contenders: dict[str, Generator] = {"memory": remembering}
    if draws_folder is not None:
        # diffusers takes seconds to import; the memory alone does without.
        from export.draws import open_draws

        contenders["draws"] = open_draws(draws_folder, codec_folder)
    if cache is not None and progress is not None:
        progress("judges")
    judges = None if cache is None else Judges(*corpus_classifiers(cache), attribute_eyes(cache))
    return compare_generators(contenders, remembering.memory, codec, judges, per_concept, progress)
