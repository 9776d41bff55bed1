"""The field's figures of pictures, of an experiment's runs: what their answers would have drawn."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from export.drawing import draw_answers
from rtbci.bundle.schema import EvidenceModel
from rtbci.generate import Generator
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.draw import draw_clip
from rtbci.stimuli.spec import clip_spec
from training.evaluation.answers import Answers, strengths
from training.evaluation.classifiers import Classifier
from training.evaluation.pictures import evaluate_pictures, picture_rows
from training.evaluation.rows import Row
from training.experiments.latents import corpus_latents
from training.experiments.material import Material
from training.experiments.net import ATTRIBUTE
from training.experiments.queue import Place, setting_of
from training.experiments.runs import Decoded, Run
from training.experiments.settings import Experiment
from training.latents import CHANNELS, COARSE, FULL
from training.source import stimuli

CRISP, LIVE = "always crisp, as published methods draw", "as sharp as the evidence, as live"
_FEWEST = 4
"""Clips of a wearer below which there is no score of theirs: each is scored against the others."""
Indices = NDArray[np.int64]


def picture_figures(
    experiment: Experiment,
    material: Material,
    place: Place,
    seeds: Sequence[int],
    generator: Generator,
    model: EvidenceModel,
    classifiers: Sequence[Classifier],
    clips: int,
    progress: Callable[[str], None],
) -> Iterator[Row]:
    """Draw test clips of known and of unseen wearers from each variant's answers, and score them.

    Variants without the answers that a picture needs (concept, attributes, latent) are drawn from what they
    have: uniform attributes, the mean latent.

    Parameters
    ----------
    clips : int
        Of each kind of wearer, drawn at random from their test blocks; the same for all variants.
    """
    rng = np.random.default_rng(0)
    known = np.sort(rng.choice(material.roles.test, min(clips, len(material.roles.test)), replace=False))
    unseen = material.roles.unseen
    unseen = np.sort(rng.choice(unseen, min(clips, len(unseen)), replace=False)) if len(unseen) else unseen
    latent_mean, latent_scale = _latent_scale(material, place)
    for table, rows in (("pictures, known wearers", known), ("pictures, unseen wearers", unseen)):
        if not len(rows):
            continue
        progress(f"{table}: what was shown")
        shown = np.stack([_shown(material, row, generator.frames) for row in rows])
        groups = material.clips.subject[rows]
        for variant in experiment.variants:
            for seed in seeds:
                run = Run(experiment.settings(variant), material, seed, place.runs)
                if not run.done:
                    continue
                decoded = run.make()
                if not np.isin(rows, decoded.rows).all():
                    progress(f"{table}: {variant.name}, seed {seed} did not decode these clips; not drawn")
                    continue
                answers = _answers(decoded, rows, material, latent_mean, latent_scale)
                for how, strength in ((CRISP, np.ones(len(rows))), (LIVE, strengths(answers, model))):
                    progress(f"{table}: {variant.name}, seed {seed}, {how}")
                    drawn = draw_answers(answers, strength, generator)
                    assert drawn.clips is not None
                    for number in np.unique(groups):
                        mine = groups == number
                        if mine.sum() < _FEWEST:
                            continue
                        yield from picture_rows(
                            evaluate_pictures(shown[mine], drawn.clips[mine], classifiers),
                            table=table,
                            variant=f"{variant.name}; {how}",
                            setting=setting_of(material.source),
                            seed=seed,
                            subject=f"sub{number}",
                        )


def _shown(material: Material, row: int, frames: int) -> NDArray[np.uint8]:
    spec = clip_spec(int(material.clips.concept[row]), int(material.clips.stimulus[row]))
    return draw_clip(spec, frames)


def _latent_scale(material: Material, place: Place) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation by which the latents were standardised as targets."""
    table = corpus_latents(stimuli(material.source), place.codec, place.folder)
    if table is None:
        return np.zeros(CHANNELS * COARSE**2, np.float32), np.ones(CHANNELS * COARSE**2, np.float32)
    values = np.stack([table[key] for key in sorted(material.learnt_stimuli)])
    return values.mean(axis=0), values.std(axis=0) + np.float32(1e-6)


def _answers(
    decoded: Decoded,
    rows: Indices,
    material: Material,
    latent_mean: NDArray[np.float32],
    latent_scale: NDArray[np.float32],
) -> Answers:
    place = {int(row): index for index, row in enumerate(decoded.rows)}
    at = np.array([place[int(row)] for row in rows])
    concept = decoded.logits[at]
    coarse = np.repeat(latent_mean[None], len(at), axis=0)
    if "latent" in decoded.answers:
        coarse += latent_scale * decoded.answers["latent"][at]
    grid = coarse.reshape(len(at), CHANNELS, COARSE, COARSE)
    step = FULL // COARSE
    attributes = {}
    for name, values in ATTRIBUTES.items():
        # Trained values are in order of the alphabet, the generator's in the corpus's own.
        known = material.labels.attributes.get(name, ((), np.array([])))[0]
        logits = np.zeros((len(at), len(values)), dtype=np.float32)
        if ATTRIBUTE + name in decoded.answers:
            logits[:] = -30.0
            for column, value in enumerate(known):
                logits[:, values.index(value)] = decoded.answers[ATTRIBUTE + name][at, column]
        attributes[name] = logits
    assert concept.shape[1] == len(CONCEPTS)
    return Answers(
        concept=concept,
        attributes=attributes,
        latent=zoom(grid, (1, 1, step, step), order=1, grid_mode=True, mode="nearest").astype(np.float32),
    )
