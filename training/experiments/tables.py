"""From runs to the rows of an experiment's tables."""

from collections.abc import Iterator

import numpy as np

from training.evaluation.rows import Row
from training.experiments.calibration import Calibrated, calibrate
from training.experiments.material import Material
from training.experiments.runs import Decoded, Run
from training.experiments.settings import Experiment, Variant

KNOWN, UNSEEN, CALIBRATED = "known wearers", "unseen wearers, not calibrated", "unseen wearers, calibrated"
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
