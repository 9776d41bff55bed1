"""What a finished run rests on: electrodes and regions, on a head map."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.evaluation.head_map import write_importance
from training.evaluation.importance import REGION_ELECTRODES, permutation_importance
from training.experiments.answers import answers_of
from training.experiments.queue import Place, open_material, setting_of
from training.experiments.runs import Run
from training.experiments.settings import LINEAR, Experiment
from training.source import Source


def importance_of(
    experiment: Experiment,
    variant: str,
    source: Source,
    place: Place,
    folder: Path,
    seed: int = 0,
    repeats: int = 3,
) -> list[str]:
    """Measure on the test blocks of known and unseen wearers, and write map, figures and page.

    Returns
    -------
    list of str
        What was found, in sentences.

    Raises
    ------
    UsageError
        If there is no such variant, it is of a kind that has no electrodes, or its run is not done yet.
    """
    chosen = next((one for one in experiment.variants if one.name == variant), None)
    if chosen is None:
        raise UsageError(
            f"Experiment '{experiment.name}' has no variant '{variant}'; "
            f"take one of {', '.join(one.name for one in experiment.variants)}."
        )
    settings = experiment.settings(chosen)
    if settings.encoder in (*LINEAR, "glmnet") or settings.own_subjects:
        raise UsageError(
            f"The importance of electrodes is measured on nets for all wearers, not '{variant}'."
        )
    material = open_material(source, experiment, place)
    run = Run(settings, material, seed, place.runs)
    if not run.done:
        raise UsageError(
            f"Variant '{variant}', seed {seed}, is not trained yet; run `rtbci train {experiment.name}`."
        )
    net, prototypes = run.net()
    rows = np.concatenate([material.roles.test, material.roles.unseen])

    def predict(eeg: NDArray[np.floating]) -> NDArray[np.floating]:
        every, layer = np.arange(len(eeg)), material.layer(rows)
        return answers_of(net, torch.from_numpy(eeg), every, layer, prototypes)["concept"]

    eeg = material.x(settings)[torch.from_numpy(rows)].float().numpy()
    truth, subject = material.clips.concept[rows], material.clips.subject[rows]
    electrodes = permutation_importance(predict, eeg, truth, subject=subject, repeats=repeats)
    regions = permutation_importance(predict, eeg, truth, REGION_ELECTRODES, subject=subject, repeats=repeats)
    notes = f"{experiment.title}; '{variant}', {setting_of(source)}, seed {seed}. " + (
        "The EEG was whitened before, which mixes neighbours: what is said of an electrode holds for its "
        "surroundings."
        if settings.aligned
        else "The EEG was scaled channel by channel."
    )
    return write_importance(
        folder, electrodes.log_likelihood, regions.log_likelihood, "What the decoder rests on", notes
    )
