"""All runs of an experiment, by several processes; what is done stays done."""

import logging
import multiprocessing as mp
import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread

import torch
from filelock import FileLock

from rtbci.errors import StoppedError, UsageError
from training.evaluation.rows import Row
from training.experiments.calibration import calibrate
from training.experiments.latents import corpus_latents
from training.experiments.material import Material
from training.experiments.probe import subject_readout
from training.experiments.runs import Run
from training.experiments.settings import LINEAR, Experiment, Variant
from training.experiments.tables import calibrated_rows, decoded_rows, probe_row, task_rows
from training.simulated import SimulatedCohort
from training.source import Source, stimuli
from training.targets import load_targets

log = logging.getLogger(__name__)
Done = tuple[str, int, float, str]
"""Variant, seed, seconds, and what went wrong, if anything."""


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
    """Windows, targets and roles; made where they are not there yet.

    Raises
    ------
    UsageError
        If the folder cannot be written to.
    """
    try:
        place.runs.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place.folder / ".windows.lock")
        with lock:
            simulated = isinstance(source, SimulatedCohort)
            latent = corpus_latents(stimuli(source), place.codec, place.folder) if simulated else None
            stored = None if place.targets is None else load_targets(place.targets)
            return Material(source, experiment, place.folder, latent, processes, stored)
    except OSError as error:
        raise UsageError(
            f"The folder {place.folder} cannot be used ({error.strerror or error}); "
            "name another with --folder."
        ) from error


def setting_of(source: Source) -> str:
    """How tables call the data."""
    return source.level if isinstance(source, SimulatedCohort) else source.folder.resolve().name


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
    UsageError
        At the end, if some runs could not be made.
    """
    jobs = [
        (variant, seed)
        for seed in seeds
        for variant in experiment.variants
        if _counts(experiment, variant, seed)
    ]
    # Made here, by all processes; the workers find it.
    open_material(source, experiment, place, processes=max(workers, 1))
    failed: list[str] = []
    if workers <= 1 or int(os.environ.get("WORLD_SIZE", "1")) > 1:
        _begin(experiment, source, place, deadline)
        results: Iterable[Done] = map(_work, jobs)
        yield from _counted(results, len(jobs), failed)
    else:
        # A worker that is asked to stop would print a traceback of its own.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            threads = torch.get_num_threads() // workers or 1
            pool = mp.get_context("spawn").Pool(
                workers, _begin, (experiment, source, place, deadline, threads)
            )
        finally:
            signal.signal(signal.SIGINT, before)
        with pool:
            yield from _counted(pool.imap_unordered(_work, jobs), len(jobs), failed)
    if failed:
        raise UsageError(f"{len(failed)} of {len(jobs)} runs could not be made: " + "; ".join(failed))


def part() -> None:
    """End what binds the processes of one training, which would warn of it at the interpreter's end."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _counts(experiment: Experiment, variant: Variant, seed: int) -> bool:
    """Whether a seed makes a difference: linear decoders are the same with any."""
    return seed == 0 or experiment.settings(variant).encoder not in LINEAR


def _counted(
    results: Iterable[Done], total: int, failed: list[str]
) -> Iterator[tuple[str, int, float, int, int]]:
    for count, (name, seed, seconds, wrong) in enumerate(results, start=1):
        if wrong:
            failed.append(f"{name}, seed {seed} ({wrong})")
        yield name, seed, seconds, count, total


def rows_of(
    experiment: Experiment, source: Source, place: Place, seeds: Sequence[int]
) -> tuple[Material, list[Row], list[str], dict[str, list[str]]]:
    """Rows of all runs that are done, the names of those that are not, and runs by the code that made them.

    Raises
    ------
    UsageError
        If nothing was made yet.
    """
    if not place.runs.is_dir() or not any(place.runs.iterdir()):
        raise UsageError(f"There are no runs in {place.folder}; run `rtbci train {experiment.name}` first.")
    material = open_material(source, experiment, place)
    setting = setting_of(source)
    rows: list[Row] = []
    missing: list[str] = []
    codes: dict[str, list[str]] = {}
    for variant in experiment.variants:
        for seed in seeds:
            if not _counts(experiment, variant, seed):
                continue
            run, name = (
                Run(experiment.settings(variant), material, seed, place.runs),
                f"{variant.name}, seed {seed}",
            )
            if not run.done:
                missing.append(name)
                continue
            codes.setdefault(run.code, []).append(name)
            decoded = run.make()
            of = None if run.settings.encoder in LINEAR else seed
            rows += decoded_rows(material, variant, setting, of, decoded)
            if experiment.probe:
                rows.append(probe_row(variant, setting, run))
            if experiment.tasks:
                rows += task_rows(material, variant, setting, of, decoded)
            if variant.calibrate:
                calibrated = list(calibrated_rows(experiment, variant, setting, run))
                rows += calibrated
                wanted = len(variant.calibrate) * len(experiment.calibration_share) * len(material.unseen)
                if sum(row.metric == "top1" for row in calibrated) < wanted:
                    missing.append(f"calibrations of {name}")
                elif sum(row.metric == "noise_top1" for row in calibrated) < wanted:
                    missing.append(f"the control on noise of calibrations of {name}")
    return material, rows, missing, codes


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
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        Thread(target=_end_with_parent, daemon=True).start()
    _worker = _Worker(experiment, open_material(source, experiment, place), place, deadline)


def _end_with_parent() -> None:
    """A parent that is killed leaves its workers behind: they would go on beside those of the next start."""
    parent = mp.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work(job: tuple[Variant, int]) -> Done:
    variant, seed = job
    assert _worker is not None
    w = _worker
    if time.monotonic() > w.deadline:
        raise StoppedError("The time is up; run it again to go on.")
    began = time.monotonic()
    try:
        run = Run(w.experiment.settings(variant), w.material, seed, w.place.runs)
        run.make(w.deadline)
        for share in w.experiment.calibration_share if variant.calibrate else ():
            calibrate(run, variant.calibrate, share, deadline=w.deadline)
        if w.experiment.probe:
            subject_readout(run)
    except UsageError as error:
        # The others are not to wait for this one to be mended.
        return variant.name, seed, time.monotonic() - began, str(error)
    return variant.name, seed, time.monotonic() - began, ""
