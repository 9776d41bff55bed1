"""The report of a session: stable keys, JSON."""

import logging
import os
import time
from typing import Any

import psutil
from scipy.stats import binom, binomtest

_log = logging.getLogger(__name__)


def decoding_summary(trials: int, hits: int, null_hits: int, concepts: int) -> dict[str, Any]:
    """Score of the trials beside its chance.

    Parameters
    ----------
    trials, hits, null_hits : int
        Clips whose truth was announced, those decoded right, and those that surrogate EEG got right.
    concepts : int
        Number of classes.

    Returns
    -------
    dict
        ``top1`` and its 95 % interval (Clopper and Pearson 1934), ``chance`` and the central 95 % interval of
        the score that guessing would give on as many trials, ``null_top1``; None where there was no trial.
    """
    chance = 1 / concepts
    if trials == 0:
        return {
            "trials": 0,
            "top1": None,
            "ci95": None,
            "chance": chance,
            "chance_ci95": None,
            "null_top1": None,
        }
    interval = binomtest(hits, trials).proportion_ci(0.95)
    low, high = binom.ppf([0.025, 0.975], trials, chance) / trials
    return {
        "trials": trials,
        "top1": hits / trials,
        "ci95": [round(interval.low, 4), round(interval.high, 4)],
        "chance": chance,
        "chance_ci95": [float(low), float(high)],
        "null_top1": null_hits / trials,
    }


class Resources:
    """Processor time and memory of this process and of one beside it (the generator's)."""

    def __init__(self) -> None:
        self._known = {os.getpid(): psutil.Process()}
        self._began = time.monotonic()
        self._last = (self._began, 0.0)
        self.peak_rss_mb = 0.0

    def sample(self, beside: int | None) -> tuple[float, float]:
        """Use since the last sample.

        Parameters
        ----------
        beside : int or None
            The other process, if there is one.

        Returns
        -------
        cpu_percent : float
            Percent of one core.
        rss_mb : float
            Resident memory now, megabytes of 2**20 bytes.
        """
        seconds, rss = self._usage(beside)
        now = time.monotonic()
        before, used = self._last
        self._last = (now, seconds)
        self.peak_rss_mb = max(self.peak_rss_mb, rss)
        return 100 * max(seconds - used, 0.0) / max(now - before, 1e-3), rss

    def total_percent(self, beside: int | None) -> float:
        """Mean processor use since the start, percent of one core."""
        seconds, _ = self._usage(beside)
        return 100 * seconds / max(time.monotonic() - self._began, 1e-3)

    def _usage(self, beside: int | None) -> tuple[float, float]:
        seconds = rss = 0.0
        for pid in (os.getpid(), beside):
            if pid is None:
                continue
            try:
                process = self._known.setdefault(pid, psutil.Process(pid))
                times = process.cpu_times()
                seconds += times.user + times.system
                rss += process.memory_info().rss / 2**20
            except psutil.NoSuchProcess:
                _log.info("process %d has ended", pid)
        return seconds, rss
