"""From runs to the rows of an experiment's tables."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from training.evaluation.rows import Row
from training.experiments.calibration import Calibrated, calibrate
from training.experiments.material import Material
from training.experiments.net import ATTRIBUTE
from training.experiments.probe import subject_readout
from training.experiments.runs import Decoded, Run
from training.experiments.settings import Experiment, Variant
from training.metrics.retrieval import cosine_scores, retrieval

KNOWN, UNSEEN, CALIBRATED = "known wearers", "unseen wearers, not calibrated", "unseen wearers, calibrated"
TASKS = {KNOWN: "attributes and text, known wearers", UNSEEN: "attributes and text, unseen wearers"}
PROBE = "who is watching"
TABLES = (KNOWN, UNSEEN, CALIBRATED, *TASKS.values(), PROBE)
"""In the order of a report."""
_CLASSES = 40


def decoded_rows(
    material: Material, variant: Variant, setting: str, seed: int, decoded: Decoded
) -> Iterator[Row]:
    """Accuracy on every wearer's test block, and the control on noise."""
    subject = material.clips.subject[decoded.rows]
    truth = material.clips.concept[decoded.rows]
    ranked = np.argsort(-decoded.logits, axis=1) == truth[:, None]
    noise = decoded.noise.argmax(axis=1) == truth
    for number in dict.fromkeys(subject.tolist()):
        table = KNOWN if number in material.known else UNSEEN
        mine = subject == number
        n = int(mine.sum())
        figures = {
            "top1": (ranked[mine, 0].mean(), 1 / _CLASSES),
            "top5": (ranked[mine, :5].any(axis=1).mean(), 5 / _CLASSES),
            "noise_top1": (noise[mine].mean(), 1 / _CLASSES),
        }
        for metric, (value, chance) in figures.items():
            yield Row(table, variant.name, setting, seed, f"sub{number}", metric, value, chance, n)


def task_rows(
    material: Material, variant: Variant, setting: str, seed: int, decoded: Decoded
) -> Iterator[Row]:
    """Attributes against what the true concept alone would say of them, and retrieval of the clip's text.

    An attribute's chance is the accuracy of naming, for each clip, the commonest value among the clips of its
    concept in all other blocks. Text is sought among those of all clips of the same test block.
    """
    clips, rows = material.clips, decoded.rows
    subject = clips.subject[rows]
    for number in dict.fromkeys(subject.tolist()):
        table = TASKS[KNOWN if number in material.known else UNSEEN]
        where = (table, variant.name, setting, seed, f"sub{number}")
        mine = subject == number
        everything = np.flatnonzero(clips.subject == number)
        tested = np.isin(everything, rows)
        for name, (_, values) in material.labels.attributes.items():
            if ATTRIBUTE + name not in decoded.answers:
                continue
            truth = values[material.label_row[rows[mine]]]
            told = truth >= 0
            if not told.any():
                continue
            said = decoded.answers[ATTRIBUTE + name][mine].argmax(axis=1)
            baseline = _said_by_concept(
                values[material.label_row[everything]], clips.concept[everything], tested
            )
            hit = float((said == truth)[told].mean())
            yield Row(*where, f"{name}_accuracy", hit, baseline, int(told.sum()))
        if "text" in decoded.answers:
            wanted = material.labels.text[material.label_row[rows[mine]]]
            scores = cosine_scores(decoded.answers["text"][mine], wanted, material.labels.text.mean(axis=0))
            found = retrieval(scores, np.arange(len(wanted)), (min(10, len(wanted)),))
            yield Row(
                *where, "text_retrieval_10_best_share", found.top[0].score, found.top[0].chance, found.n
            )


def probe_row(variant: Variant, setting: str, run: Run) -> Row:
    """How well a linear probe tells the known wearers apart by the decoder's features."""
    known = len(run.material.known)
    share, n = subject_readout(run), len(run.material.roles.test)
    return Row(PROBE, variant.name, setting, run.seed, "all", "subject_readout", share, 1 / known, n)


def _said_by_concept(
    values: NDArray[np.int64], concept: NDArray[np.int64], tested: NDArray[np.bool_]
) -> float:
    """How often the commonest value of the true concept in the other blocks is right in the tested ones."""
    told = values >= 0
    learn, test = told & ~tested, told & tested
    overall = np.bincount(values[learn]).argmax()
    usual = {k: np.bincount(values[learn & (concept == k)]).argmax() for k in np.unique(concept[learn])}
    return float(
        np.mean([usual.get(k, overall) == v for k, v in zip(concept[test], values[test], strict=True)])
    )


def calibrated_rows(experiment: Experiment, variant: Variant, setting: str, run: Run) -> Iterator[Row]:
    """Accuracy after calibration, by method and amount, and what fitting took."""
    for share in experiment.calibration_share:
        for found in calibrate(run, variant.calibrate, share):
            yield from _rows_of(found, variant, f"{setting}, {minutes(found.clips):g} min", run.seed)


def minutes(clips: int) -> float:
    """Of watching."""
    return round(clips * 2.0 / 60.0, 1)


def _rows_of(found: Calibrated, variant: Variant, setting: str, seed: int) -> Iterator[Row]:
    name = f"{variant.name}: {found.method}"
    where = (CALIBRATED, name, setting, seed, f"sub{found.subject}")
    yield Row(*where, "top1", found.top1, 1 / _CLASSES, found.n)
    yield Row(*where, "top5", found.top5, 5 / _CLASSES, found.n)
    yield Row(*where, "seconds", found.seconds, None, found.clips)
