"""All runs of an experiment, by several processes; what is done stays done."""

import logging
import multiprocessing as mp
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from rtbci.errors import StoppedError
from training.evaluation.rows import Row
from training.experiments.latents import corpus_latents
from training.experiments.material import Material
from training.experiments.runs import Run
from training.experiments.settings import Experiment, Variant
from training.experiments.tables import calibrated_rows, decoded_rows, probe_row, task_rows
from training.simulated import SimulatedCohort
from training.source import Source
from training.targets import load_targets

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where things are kept.

    Attributes
    ----------
    folder : Path
        Windows, runs and reports.
    codec : Path
        The trained picture autoencoder; where there is none, latents are no target.
    targets : Path, optional
        What `rtbci train targets` made: text embeddings and latents of large models instead.
    """

    folder: Path = Path("runs/experiments")
    codec: Path = Path("runs/codec")
    targets: Path | None = None

    @property
    def runs(self) -> Path:
        """Of all experiments."""
        return self.folder / "runs"


def open_material(source: Source, experiment: Experiment, place: Place, processes: int = 1) -> Material:
    """Windows, targets and roles; made where they are not there yet."""
    place.folder.mkdir(parents=True, exist_ok=True)
    simulated = isinstance(source, SimulatedCohort)
    latent = corpus_latents(source, place.codec, place.folder) if simulated else None
    stored = None if place.targets is None else load_targets(place.targets)
    return Material(source, experiment, place.folder, latent, processes, stored)


def setting_of(source: Source) -> str:
    """How tables call the data."""
    return source.level if isinstance(source, SimulatedCohort) else source.folder.name


def run_all(
    experiment: Experiment,
    source: Source,
    place: Place,
    *,
    seeds: Sequence[int],
    workers: int = 1,
    deadline: float = float("inf"),
) -> Iterator[tuple[str, int, float, int, int]]:
    """Make every run, and yield the variant, seed, seconds, number done and number in all, as they are done.

    Runs are seed by seed, so that what is there when the time is up is a whole table of fewer seeds.

    Raises
    ------
    StoppedError
        If the deadline came first; running again goes on.
    """
    jobs = [(variant, seed) for seed in seeds for variant in experiment.variants]
    # Made here, by all processes; the workers find it.
    open_material(source, experiment, place, processes=max(workers, 1))
    if workers <= 1 or int(os.environ.get("WORLD_SIZE", "1")) > 1:
        _begin(experiment, source, place, deadline)
        for count, job in enumerate(jobs, start=1):
            yield (*_work(job), count, len(jobs))
        return
    with mp.get_context("spawn").Pool(
        workers, _begin, (experiment, source, place, deadline, torch.get_num_threads() // workers or 1)
    ) as pool:
        for count, done in enumerate(pool.imap(_work, jobs), start=1):
            yield (*done, count, len(jobs))


def rows_of(
    experiment: Experiment, source: Source, place: Place, seeds: Sequence[int]
) -> tuple[Material, list[Row], list[str]]:
    """Rows of all runs that are done, and the names of those that are not."""
    material = open_material(source, experiment, place)
    rows: list[Row] = []
    missing = []
    for variant in experiment.variants:
        for seed in seeds:
            run = Run(experiment.settings(variant), material, seed, place.runs)
            if not run.done:
                missing.append(f"{variant.name}, seed {seed}")
                continue
            setting = setting_of(source)
            decoded = run.make()
            rows += decoded_rows(material, variant, setting, seed, decoded)
            if experiment.probe:
                rows.append(probe_row(variant, setting, run))
            if experiment.tasks:
                rows += task_rows(material, variant, setting, seed, decoded)
            if variant.calibrate:
                rows += calibrated_rows(experiment, variant, setting, run)
    return material, rows, missing


@dataclass
class _Worker:
    experiment: Experiment
    material: Material
    place: Place
    deadline: float


_worker: _Worker | None = None


def _begin(
    experiment: Experiment, source: Source, place: Place, deadline: float, threads: int | None = None
) -> None:
    global _worker
    if threads is not None:
        torch.set_num_threads(threads)
    _worker = _Worker(experiment, open_material(source, experiment, place), place, deadline)


def _work(job: tuple[Variant, int]) -> tuple[str, int, float]:
    variant, seed = job
    assert _worker is not None
    w = _worker
    if time.monotonic() > w.deadline:
        raise StoppedError("The time is up; run it again to go on.")
    began = time.monotonic()
    run = Run(w.experiment.settings(variant), w.material, seed, w.place.runs)
    run.make(w.deadline)
    if variant.calibrate:
        list(calibrated_rows(w.experiment, variant, "", run))
    return variant.name, seed, time.monotonic() - began
