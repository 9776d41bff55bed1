"""Names of engines, and what opens a graph in each."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from rtbci.bundle import Engine
from rtbci.bundle.engine import PROVIDERS, EngineSession
from rtbci.engines.tensorrt import PACKAGES, TensorRtSession
from rtbci.errors import UsageError

Session = EngineSession | TensorRtSession
ENGINES = (*(f"onnxruntime-{name}" for name in PROVIDERS), *PACKAGES)
"""onnxruntime with each of its providers, and TensorRT without it."""


def opener(name: str, *, threads: int = 1, cache: Path | None = None) -> Callable[[Path, Engine], Session]:
    """Give what opens a graph in an engine; it refuses where the engine would not run.

    Parameters
    ----------
    name : str
        One of `ENGINES`.
    threads : int
        Threads of onnxruntime for one call.
    cache : Path, optional
        Folder of TensorRT's built engines; the user's cache where it is left out.

    Raises
    ------
    UsageError
        If there is no such engine.
    """
    if name in PACKAGES:
        return partial(TensorRtSession, package=name, cache=cache)
    if name not in ENGINES:
        raise UsageError(f"There is no engine '{name}'; choose one of {', '.join(ENGINES)}.")
    providers = PROVIDERS[name.removeprefix("onnxruntime-")]
    return partial(EngineSession, threads=threads, providers=providers)
