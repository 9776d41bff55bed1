"""What training costs: time beside a plain loop over the same model, and how time and memory grow."""

import multiprocessing as mp
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from accelerate import Accelerator

from rtbci.stimuli import film
from training.clips import ClipRows, ClipStore
from training.experiments.loop import Loop
from training.experiments.material import Material
from training.experiments.net import Net, loss_of
from training.experiments.settings import load_experiment
from training.model_settings import STORED
from training.simulated import SimulatedCohort

_WARM = 3


def training_cost(subjects: Sequence[int], steps: int, threads: int) -> list[dict[str, Any]]:
    """Time the experiments' loop and a plain one for cohorts of several sizes, each in a process of its own.

    The windows are noise of SEED-DV's shape and number: how long a step takes does not depend on what is in
    them.

    Parameters
    ----------
    subjects : sequence of int
        Known wearers.
    steps : int
        That are timed.
    threads : int
        Of torch.

    Returns
    -------
    list of dict
        ``subjects``, ``clips`` (an epoch), ``step_ms``, ``plain_step_ms``, ``ratio``, ``epoch_s``,
        ``windows_mb`` (on disk) and ``peak_mb`` (resident).
    """
    context = mp.get_context("spawn")
    rows = []
    for count in subjects:
        with tempfile.TemporaryDirectory(prefix="rtbci-cost-") as folder, context.Pool(1) as pool:
            rows.append(pool.apply(_measure, (count, steps, threads, folder)))
    return rows


def _measure(subjects: int, steps: int, threads: int, folder: str) -> dict[str, Any]:
    torch.set_num_threads(threads)
    cohort = SimulatedCohort("background", wearers=subjects)
    store = _noise_store(cohort, Path(folder))
    experiment = msgspec.structs.replace(load_experiment("cross-subject"), known=subjects, unseen=0)
    settings = experiment.base
    material = Material(cohort, experiment, Path(folder), store=store)
    loop = Loop(
        settings,
        material,
        material.roles.train,
        material.roles.validation,
        0,
        Path(folder) / "run",
        Accelerator(mixed_precision=settings.precision, cpu=True),
    )
    ours, plain = _Timed(loop.learn), _Timed(_plain(material, loop))
    # In turn, so that whatever else the machine does falls on both.
    for _ in range(steps + _WARM):
        ours()
        plain()
    step, bare = ours.median(), plain.median()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "subjects": subjects,
        "clips": len(material.roles.train),
        "step_ms": round(1000 * step, 1),
        "plain_step_ms": round(1000 * bare, 1),
        "ratio": round(step / bare, 3),
        "epoch_s": round(step * len(material.roles.train) / settings.batch, 2),
        "windows_mb": round(sum(file.stat().st_size for file in store.folder.glob("aligned-*.npy")) / 2**20),
        "peak_mb": round(peak / (2**20 if sys.platform == "darwin" else 2**10)),
    }


class _Timed:
    def __init__(self, step: Any) -> None:
        self._step = step
        self._seconds: list[float] = []

    def __call__(self) -> None:
        began = time.perf_counter()
        self._step()
        self._seconds.append(time.perf_counter() - began)

    def median(self) -> float:
        return float(np.median(self._seconds[_WARM:]))


def _plain(material: Material, loop: Loop) -> Any:
    """The shortest loop over the same model and loss: no augmentation, mean of weights or accelerate."""
    settings, targets, x = loop.settings, loop.targets, loop.x
    net = Net(settings, material.heads(settings.losses), len(material.known), x.shape[2]).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=settings.rate)
    rng = np.random.default_rng(0)

    def step() -> None:
        rows = rng.choice(material.roles.train, settings.batch)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=settings.precision == "bf16"):
            answers = net(x[torch.from_numpy(rows)].float(), torch.zeros(len(rows), dtype=torch.int64))
        loss = loss_of(answers, targets.of(rows), settings.losses)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    return step


def _noise_store(cohort: SimulatedCohort, folder: Path) -> ClipStore:
    rng = np.random.default_rng(0)
    shape = (62, film.CLIP_SAMPLES // STORED)
    pool = rng.standard_normal((200, *shape)).astype(np.float16)
    numbers = []
    for subject in cohort.subjects():
        number = cohort.number(subject)
        blocks = cohort.blocks(subject)
        shown = [(place, clip) for place, block in enumerate(blocks) for clip in cohort.clips(block)]
        start = np.array([clip.start for _, clip in shown]) / film.EEG_RATE
        table = ClipRows(
            concept=np.array([clip.concept for _, clip in shown]),
            stimulus=np.array([clip.stimulus for _, clip in shown]),
            subject=np.full(len(shown), number),
            block=np.array([place for place, _ in shown]),
            slot=np.array([clip.slot for _, clip in shown]),
            start_s=start,
            stop_s=start + film.CLIP_SECONDS,
        )
        np.savez(folder / f"clips-{number}.npz", **vars(table))
        np.save(folder / f"aligned-{number}.npy", pool[rng.integers(len(pool), size=len(shown))])
        numbers.append(number)
    return ClipStore(folder, tuple(numbers))
