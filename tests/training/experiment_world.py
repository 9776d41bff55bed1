"""A cohort small enough for tests, and settings that learn something from it in seconds."""

import json
import math
import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import InitProcessGroupKwargs

from rtbci.errors import StoppedError
from training.experiments.loop import Loop
from training.experiments.material import Material
from training.experiments.settings import Experiment, RunSettings, Variant, load_experiment
from training.simulated import SimulatedCohort

COHORT = SimulatedCohort("4", wearers=4, blocks_each=4, slots=8)
SMALL = {
    "region_widths": [4, 4, 4, 4, 4],
    "width": 24,
    "kernels": [3, 5, 9],
    "queries": 2,
    "trunk": 32,
    "dropout": 0.1,
}


def experiment(**change: Any) -> Experiment:
    base = load_experiment("cross-subject")
    settings = base.settings(
        Variant(name="test", change={"steps": 12, "batch": 24, "model": SMALL, **change})
    )
    return Experiment(
        name="test",
        title="Test",
        notes="",
        known=3,
        unseen=1,
        baseline="test",
        base=settings,
        variants=(Variant(name="test"),),
    )


def material(cache: Path, **change: Any) -> Material:
    latent = np.random.default_rng(0).standard_normal((4000, 4)).astype(np.float32)
    shown = {
        (c.concept, c.stimulus) for s in COHORT.subjects() for b in COHORT.blocks(s) for c in COHORT.clips(b)
    }
    table = {key: latent[index] for index, key in enumerate(sorted(shown))}
    return Material(COHORT, experiment(**change), cache, table, processes=1)


def loop(made: Material, settings: RunSettings, folder: Path, **more: Any) -> Loop:
    AcceleratorState._reset_state(reset_partial_state=True)
    # Whoever waits in vain for another process says so, and does not wait for half an hour.
    patience = InitProcessGroupKwargs(timeout=timedelta(seconds=60))
    accelerator = Accelerator(mixed_precision=settings.precision, cpu=True, kwargs_handlers=[patience])
    roles = made.roles
    return Loop(settings, made, roles.train, roles.validation, 0, folder, accelerator, **more)


KILLED: dict[str, Any] = {"curriculum": {"until": 0.4}, "validate_every": 2}
"""Settings of `killed_run`."""


def killed_run(cache: str, folder: str, at: int) -> None:
    """Be killed, as by the system, long after the only checkpoint, which is of step 3.

    To be run in a process of its own.
    """
    made = material(Path(cache))
    settings = made.experiment.settings(Variant(name="killed", change=KILLED))
    running = loop(made, settings, Path(folder), checkpoint_s=math.inf)
    learn = running.learn

    def learn_or_die() -> None:
        if running.progress.step == 3:
            running._save()
        if running.progress.step == at:
            os.kill(os.getpid(), signal.SIGKILL)
        learn()

    running.learn = learn_or_die  # type: ignore[method-assign]
    running.run()


def shared_run(rank: int, world: int, port: int, cache: str, folder: str, precision: str) -> None:
    """Be one of several processes of a run."""
    _join(rank, world, port)
    made = material(Path(cache), precision=precision)
    running = loop(made, made.experiment.base, Path(folder))
    assert running.accelerator.num_processes == world
    running.run()


def quarrelling_run(rank: int, world: int, port: int, cache: str, folder: str) -> None:
    """Be one of several processes that would each stop at another time, and say what was done."""
    _join(rank, world, port)
    torch.set_num_threads(1)
    made = material(
        Path(cache),
        precision="no",
        steps=60,
        rate=0.05,
        average=0.5,
        validate_every=2,
        patience=1,
        null_share=0.25,
        curriculum={"until": 0.1},
    )
    first = _quarrelsome(made, Path(folder), rank, time.monotonic() - 1 if rank == 0 else math.inf)
    try:
        first.run()
        stopped = 0
    except StoppedError:
        stopped = first.progress.step
    # Now it is the other one that has no time.
    then = _quarrelsome(made, Path(folder), rank, math.inf if rank == 0 else time.monotonic() - 1)
    seen, seeds = [], []
    augment = then.augment

    def recorded(eeg: torch.Tensor) -> Any:
        seen.append(len(eeg))
        seeds.append(then.random.initial_seed())
        return augment(eeg)

    then.augment = recorded  # type: ignore[assignment]
    then.run()
    seeds.append(torch.initial_seed())
    progress = {name: value for name, value in vars(then.progress).items() if name != "seconds"}
    content = {"stopped": stopped, "progress": progress, "seen": seen, "seeds": seeds}
    (Path(folder) / f"rank{rank}.json").write_text(json.dumps(content))


def _quarrelsome(made: Material, folder: Path, rank: int, deadline: float) -> Loop:
    running = loop(made, made.experiment.base, folder, deadline=deadline)
    if rank > 0:
        # Its batch norm has seen something else, and none of its clips' attributes is known.
        for buffer in running.mean.buffers():
            if buffer.is_floating_point():
                buffer.add_(1.0)
        attributes = running.targets.attributes  # type: ignore[attr-defined]
        for name, values in attributes.items():
            attributes[name] = torch.full_like(values, -1)
    return running


def _join(rank: int, world: int, port: int) -> None:
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true",
    }
