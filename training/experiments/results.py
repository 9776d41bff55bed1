"""An experiment's report: its rows in JSON, Markdown and HTML, controls and p-values beside them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from rtbci.errors import UsageError
from rtbci.files import write_json
from training.evaluation.report import write_report
from training.evaluation.rows import Row
from training.experiments.material import Material
from training.experiments.queue import Place, rows_of, setting_of
from training.experiments.runs import Run
from training.experiments.settings import Experiment
from training.experiments.tables import KNOWN, TABLES, UNSEEN
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
    for source in sources:
        material, found, missing = rows_of(experiment, source, place, seeds)
        rows += found
        pooled += _statistics(experiment, material, setting_of(source), place)
        if missing:
            notes.append(f"Not done yet at '{setting_of(source)}': {'; '.join(missing)}.")
    if not rows:
        raise UsageError(
            f"No run of experiment '{experiment.name}' is done yet; "
            f"run `rtbci train {experiment.name}` first."
        )
    rows.sort(key=lambda row: TABLES.index(row.table))
    notes.append(
        "Test blocks were held against everything that was learnt from (`training.audit`). "
        "`noise top1` is the control: the same decoder on noise with the spectrum and covariance of the "
        "wearer's EEG. Permutation p-values over whole slots, intervals and calibration of each variant's "
        "first seed are in statistics.json."
    )
    write_report(rows, folder, experiment.title, notes, _references(experiment, rows))
    write_json(folder / "statistics.json", {"experiment": experiment.name, "rows": pooled})
    return folder


def _references(experiment: Experiment, rows: Sequence[Row]) -> dict[str, str]:
    """What each table's variants are held against: the baseline, or the first calibrated one as it is."""
    names = {table: [row.variant for row in rows if row.table == table] for table in TABLES}
    wanted = experiment.baseline
    return {table: wanted if wanted in found else found[0] for table, found in names.items() if found}


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
        subject, truth = material.clips.subject[decoded.rows], material.clips.concept[decoded.rows]
        posterior = softmax(decoded.logits.astype(np.float64), axis=1)
        for table, numbers in ((KNOWN, material.known), (UNSEEN, material.unseen)):
            parts = [
                Predictions(
                    path=f"sub{number}",
                    predicted=decoded.logits[mine].argmax(axis=1),
                    true=truth[mine],
                    scores=posterior[mine],
                    confidence=posterior[mine].max(axis=1),
                    block=material.clips.block[decoded.rows][mine],
                    subject=subject[mine],
                )
                for number in numbers
                if (mine := subject == number).any()
            ]
            if parts:
                summary = summarise(parts, _PERMUTATIONS, classes=decoded.logits.shape[1])
                found.append({"table": table, "setting": setting, "variant": variant.name, **summary})
    return found
