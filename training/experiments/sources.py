"""What an experiment can be run on."""

from collections.abc import Sequence
from pathlib import Path

from training.check_data import open_source
from training.simulated import SimulatedCohort
from training.source import Source


def open_sources(data: str, levels: Sequence[str]) -> list[Source]:
    """Open the simulated cohort at each level, or a folder of recordings.

    Raises
    ------
    DataError
        If a folder is not what it should be; every fault is listed.
    UsageError
        If a level is not known.
    """
    if data != "simulated":
        return [open_source(Path(data))]
    cohorts = [SimulatedCohort(level) for level in dict.fromkeys(levels)]
    for cohort in cohorts:
        # Refused now rather than by a worker, minutes later.
        _ = cohort.snr
    return list(cohorts)
