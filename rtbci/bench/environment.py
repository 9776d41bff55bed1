"""What a measurement was made on: without it, its figures say nothing."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import rtbci

_CPUINFO = Path("/proc/cpuinfo")


def environment(*distributions: str, threads: int | None = None) -> dict[str, Any]:
    """Describe this machine for a report.

    Parameters
    ----------
    *distributions : str
        Packages whose versions matter; None stands for one that is not installed.
    threads : int, optional
        Threads that the measured work was given.

    Returns
    -------
    dict
        ``cpu``, ``cores`` (logical; those this process may use in ``usable_cores``), ``load`` (one minute's
        mean, at the start of the call), ``python``, ``system``, ``versions`` and ``threads``.
    """
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "system": platform.platform(),
        "versions": {name: _version(name) for name in distributions},
        "threads": threads,
    }


def _cpu() -> str:
    # platform.processor() is empty on most Linux systems.
    if _CPUINFO.is_file():
        for line in _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        # Run from its source, rtbci knows its version all the same.
        return rtbci.__version__ if distribution == "rtbci" else None
