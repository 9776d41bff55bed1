"""From a decoder's answers to pictures, offline and in bulk, with the generator that draws live."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.recognition import load_generator
from rtbci.bundle import load_bundle
from rtbci.errors import UsageError
from rtbci.generate import DecodedEvidence, Generator, MemoryGenerator
from training.evaluation.answers import Answers
from training.evidence import log_softmax

Pictures = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pictures of n clips, in the order of the answers.

    Attributes
    ----------
    previews, keyframes : ndarray, shape (n, h, w, 3), uint8
        Of the sizes that the generator draws.
    clips : ndarray, shape (n, frames, h, w, 3), uint8, or None
        None where they were not wanted.
    """

    previews: Pictures
    keyframes: Pictures
    clips: Pictures | None


def open_generator(source: Path | None = None, threads: int = 1) -> MemoryGenerator:
    """Open the default generator.

    Parameters
    ----------
    source : Path, optional
        A bundle's folder, or the folder of a trained autoencoder with its memory (``runs/codec``); the
        default bundle where it is left out.
    threads : int
        Of onnxruntime, for a bundle's.

    Raises
    ------
    BundleError
        If the bundle is damaged.
    UsageError
        If the folder holds neither.
    """
    if source is None or (source / "bundle.json").is_file():
        return MemoryGenerator.from_bundle(load_bundle(source), threads=threads)
    try:
        return load_generator(source)
    except OSError as error:
        raise UsageError(
            f"{source} holds neither a bundle nor an autoencoder with its memory ({error.strerror}); name "
            "a folder with bundle.json, or one that `rtbci train memory` and `rtbci export default` filled."
        ) from error


def draw_answers(
    answers: Answers,
    strength: float | NDArray[np.floating],
    generator: Generator,
    *,
    clips: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Drawn:
    """Draw preview, keyframe and clip of every test clip, as the runtime would at the first decode of each.

    Each clip is a context of its own: it owes nothing to the ones before it, so that the order in which
    they were shown (five clips of a concept in a row) cannot help.

    Parameters
    ----------
    answers : Answers
        From EEG alone. What was shown cannot be given.
    strength : float or ndarray, shape (n,)
        How sure each picture may look: `training.evaluation.answers.strengths` for pictures as they would be
        shown live; 1 for pictures that are always crisp, as published methods draw them whatever they know.
    generator : Generator
    clips : bool
        Whether to draw whole clips too, which takes most of the time.
    progress : callable, optional
        Is told after each clip how many are done, of how many.

    Raises
    ------
    UsageError
        If there are no answers, or strengths are not one for each clip, 0 to 1.
    """
    evidence = list(_evidence(answers, strength))
    if not evidence:
        raise UsageError("There are no answers to draw; decode some clips first.")
    previews, keyframes, moving = [], [], []
    for done, one in enumerate(evidence, start=1):
        previews.append(generator.preview(one)[0])
        keyframes.append(generator.keyframe(one)[0])
        if clips:
            moving.append(np.stack(list(generator.clip(one))))
        if progress is not None:
            progress(done, len(evidence))
    return Drawn(np.stack(previews), np.stack(keyframes), np.stack(moving) if clips else None)


def _evidence(answers: Answers, strength: float | NDArray[np.floating]) -> Iterator[DecodedEvidence]:
    posterior = answers.posterior
    n = len(posterior)
    sure = np.full(n, strength) if np.ndim(strength) == 0 else np.asarray(strength)
    if sure.shape != (n,) or not ((sure >= 0) & (sure <= 1)).all():
        raise UsageError(f"{sure.size} strengths for {n} clips; give one for each, from 0 to 1.")
    attributes = {
        name: np.exp(log_softmax(np.asarray(logits, dtype=np.float64)))
        for name, logits in answers.attributes.items()
    }
    for k in range(n):
        yield DecodedEvidence(
            posterior=posterior[k],
            attributes={name: values[k] for name, values in attributes.items()},
            latent=np.ascontiguousarray(answers.latent[k], dtype=np.float32),
            strength=float(sure[k]),
            confidence=float(posterior[k].max()),
            window=0,
            context=k,
            text=None if answers.text is None else np.asarray(answers.text[k], dtype=np.float32),
        )
