"""An experiment's report: its rows in JSON, Markdown and HTML, controls and p-values beside them."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from rtbci.errors import UsageError
from rtbci.files import write_json
from training.evaluation.reliability import reliability_section
from training.evaluation.report import write_report
from training.evaluation.rows import Row
from training.experiments.calibration import answers, calibrate
from training.experiments.material import Material
from training.experiments.queue import Place, rows_of, setting_of
from training.experiments.runs import Decoded, Run
from training.experiments.settings import Experiment, Variant
from training.experiments.tables import (
    CALIBRATED,
    KNOWN,
    TABLES,
    UNSEEN,
    blind_rows,
    choice_rows,
    labels_only_rows,
    reference_of,
    setting_after,
)
from training.metrics import Predictions, summarise
from training.source import Source

_PERMUTATIONS = 999


def write_results(
    experiment: Experiment, sources: Sequence[Source], place: Place, seeds: Iterable[int], folder: Path
) -> Path:
    """Write ``report.json``, ``report.md``, ``report.html`` and ``statistics.json`` into a folder.

    Raises
    ------
    UsageError
        If no run is done yet.
    """
    seeds = list(seeds)
    rows: list[Row] = []
    notes = [experiment.notes]
    pooled: list[dict[str, Any]] = []
    codes: dict[str, list[str]] = {}
    alike, timed = list[bool](), list[bool]()
    for source in sources:
        material, found, missing, by_code = rows_of(experiment, source, place, seeds)
        for code, names in by_code.items():
            codes.setdefault(code, []).extend(f"{name} ({setting_of(source)})" for name in names)
        rows += found
        if found:
            alike.append(shown_alike(material))
            timed.append(timed_alike(material))
            blind = list(labels_only_rows(material, setting_of(source)))
            there = {row.table for row in found}
            rows += [row for row in blind if row.table in there]
            rows += [*blind_rows(found, blind), *choice_rows(found)]
        pooled += _statistics(experiment, material, setting_of(source), place)
        if missing:
            notes.append(f"Not done yet at '{setting_of(source)}': {'; '.join(missing)}.")
    if not rows:
        raise UsageError(
            f"No run of experiment '{experiment.name}' is done yet; "
            f"run `rtbci train {experiment.name}` first."
        )
    if len(codes) > 1:
        versions = ", ".join(f"{code} ({len(names)} runs)" for code, names in codes.items())
        notes.append(f"Made by several versions of the code: {versions}. statistics.json has them by name.")
    known = (
        "the training blocks' order of concepts"
        if all(timed)
        else "how common concepts are in training blocks"
    )
    rows.sort(key=lambda row: TABLES.index(row.table))
    notes.append(
        "The blocks and wearers that test were held against those that anything was learnt from "
        "(`training.audit`). Two controls stand beside the scores: the same decoder on noise with the "
        f"spectrum and covariance of the wearer's EEG, and what is had without EEG from {known}. "
        "Permutation p-values over whole slots and intervals of each variant's first seed, and how far its "
        "confidence is to be believed where no wearer's clips were used to calibrate it, are in "
        "statistics.json."
    )
    if all(alike):
        notes.append(
            "All wearers saw the same test clips: intervals speak of other people and other trainings, "
            "not of other films."
        )
    reliability = reliability_section(pooled)
    sections = [] if reliability is None else [reliability]
    write_report(rows, folder, experiment.title, notes, partial(reference_of, experiment), sections)
    write_json(folder / "statistics.json", {"experiment": experiment.name, "made_by": codes, "rows": pooled})
    return folder


def shown_alike(material: Material) -> bool:
    """Whether all wearers were tested on the same clips, and in the same order.

    Clips of which nobody says which they were are not taken for the same.
    """
    tested = np.concatenate([material.roles.test, material.roles.unseen])
    clips = material.clips.where(tested)
    shown = np.stack([clips.concept, clips.stimulus], axis=1)
    first, *others = (shown[clips.subject == number] for number in np.unique(clips.subject))
    return bool((clips.stimulus >= 0).all()) and all(np.array_equal(first, other) for other in others)


def timed_alike(material: Material) -> bool:
    """Whether each tested clip begins where clips of training blocks do, so that these say what it may be."""
    start, roles = material.clips.start_s, material.roles
    return bool(np.isin(start[np.concatenate([roles.test, roles.unseen])], start[roles.train]).all())


def _statistics(
    experiment: Experiment, material: Material, setting: str, place: Place
) -> list[dict[str, Any]]:
    """What `rtbci evaluate predictions` says, of each variant's first seed."""
    found = []
    for variant in experiment.variants:
        run = Run(experiment.settings(variant), material, 0, place.runs)
        if not run.done:
            continue
        decoded = run.make()
        of = material.clips.subject[decoded.rows]
        for table, numbers in ((KNOWN, material.known), (UNSEEN, material.unseen)):
            parts = [_predictions(material, decoded, number) for number in numbers if (of == number).any()]
            if parts:
                summary = summarise(parts, _PERMUTATIONS, classes=decoded.logits.shape[1])
                found.append({"table": table, "setting": setting, "variant": variant.name, **summary})
        found += _calibrated_statistics(experiment, variant, setting, run)
    return found


def _predictions(material: Material, decoded: Decoded, subject: int, *, scaled: bool = True) -> Predictions:
    """What was said of one wearer; probabilities only where the logits are scaled to be some."""
    rows = decoded.rows[mine := material.clips.subject[decoded.rows] == subject]
    posterior = softmax(decoded.logits[mine].astype(np.float64), axis=1) if scaled else None
    return Predictions(
        path=f"sub{subject}",
        predicted=decoded.logits[mine].argmax(axis=1),
        true=material.clips.concept[rows],
        scores=posterior,
        confidence=None if posterior is None else posterior.max(axis=1),
        block=material.clips.block[rows],
        subject=material.clips.subject[rows],
    )


def _calibrated_statistics(
    experiment: Experiment, variant: Variant, setting: str, run: Run
) -> Iterator[dict[str, Any]]:
    for share in experiment.calibration_share if variant.calibrate else ():
        for method in variant.calibrate:
            kept = [
                (found.subject, said)
                for found in calibrate(run, [method], share, make=False)
                if (said := answers(run, found)) is not None
            ]
            parts = [_predictions(run.material, said, number, scaled=False) for number, said in kept]
            # Of some wearers alone it would look like the others' figure too.
            if len(parts) == len(run.material.unseen):
                yield {
                    "table": CALIBRATED,
                    "setting": setting_after(setting, share),
                    "variant": f"{variant.name}: {method}",
                    **summarise(parts, _PERMUTATIONS, classes=kept[0][1].logits.shape[1]),
                }
