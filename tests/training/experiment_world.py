"""A cohort small enough for tests, and settings that learn something from it in seconds."""

from pathlib import Path
from typing import Any

import numpy as np
from accelerate import Accelerator
from accelerate.state import AcceleratorState

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
    accelerator = Accelerator(mixed_precision=settings.precision, cpu=True)
    roles = made.roles
    return Loop(settings, made, roles.train, roles.validation, 0, folder, accelerator, **more)


def killed_run(cache: str, folder: str, at: int) -> None:
    """Be killed, as by the system, in the middle of a step; to be run in a process of its own."""
    import os
    import signal

    made = material(Path(cache))
    running = loop(made, made.experiment.base, Path(folder), checkpoint_s=0.0)
    learn = running.learn

    def learn_or_die() -> None:
        if running.progress.step == at:
            os.kill(os.getpid(), signal.SIGKILL)
        learn()

    running.learn = learn_or_die  # type: ignore[method-assign]
    running.run()


def shared_run(rank: int, world: int, port: int, cache: str, folder: str, precision: str) -> None:
    """Be one of several processes of a run."""
    import os

    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true",
    }
    made = material(Path(cache), precision=precision)
    running = loop(made, made.experiment.base, Path(folder))
    assert running.accelerator.num_processes == world
    running.run()
