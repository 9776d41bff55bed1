"""From an ONNX graph to TensorRT's own engine: parsed, built, and kept.

`tensorrt` and `tensorrt_rtx` are modules of one shape. Networks are strongly typed in both: the precision is
the graph's own, and no flag changes it (newer versions have none). Building needs no GPU; only running does.
"""

import hashlib
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from rtbci.errors import BundleError
from rtbci.files import write_whole

PACKAGES = {"tensorrt": "tensorrt", "tensorrt-rtx": "tensorrt_rtx"}
"""Package, as pip names it, and its module."""
MOST_AT_ONCE = 8
"""Largest batch of a graph whose batch is free; engines are at their best with one."""


def load_package(package: str) -> Any:
    """Import one of `PACKAGES`.

    Raises
    ------
    BundleError
        If it is not installed or cannot be loaded.
    """
    try:
        return importlib.import_module(PACKAGES[package])
    except (ImportError, OSError) as error:
        raise BundleError(
            f"The engine '{package}' was asked for and its package cannot be loaded ({error}); run pip "
            f"install 'rtbci[{package}]', or choose onnxruntime-cpu."
        ) from error


def build(package: str, graph: Path) -> bytes:
    """Build a graph's engine, for the GPU that is there or, without one, as portable as the package allows.

    Parameters
    ----------
    package : str
        One of `PACKAGES`.
    graph : Path
        ONNX; weights that it keeps in another file must lie beside it.

    Raises
    ------
    BundleError
        If the package cannot be loaded, or cannot parse or build the graph.
    """
    trt = load_package(package)
    logger = _logger(trt)
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(graph)):
        errors = [parser.get_error(number) for number in range(parser.num_errors)]
        reasons = [f"{error.node_operator()}: {error.desc()}" for error in errors]
        raise _refused(package, graph, "parse", [*logger.said, *reasons])
    config = builder.create_builder_config()
    profile, free = builder.create_optimization_profile(), False
    for number in range(network.num_inputs):
        tensor = network.get_input(number)
        shape = tuple(tensor.shape)
        if -1 in shape:
            least, most = (tuple(n if size == -1 else size for size in shape) for n in (1, MOST_AT_ONCE))
            profile.set_shape(tensor.name, least, least, most)
            free = True
    if free:
        config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise _refused(package, graph, "build", logger.said)
    return bytes(plan)


def cache_folder() -> Path:
    """Return the user's own folder of built engines."""
    return user_cache_path("rtbci") / "engines"


def cached(folder: Path, package: str, graph: Path, device: str, make: Callable[[], bytes]) -> Path:
    """Find the engine built of this very graph before, by this version, for this device; or build it.

    Parameters
    ----------
    folder : Path
        Made for its owner alone: whoever can write there chooses what runs.
    package : str
    graph : Path
    device : str
        What tells the GPU and its driver from others.
    make : callable
        Builds it.

    Returns
    -------
    Path
        Of the engine.

    Raises
    ------
    BundleError
        If the folder cannot be written to.
    """
    file = (
        folder / f"{graph.stem}-{cache_key(package, load_package(package).__version__, graph, device)}.engine"
    )
    if not file.is_file():
        plan = make()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(file, plan)
        except OSError as error:
            raise BundleError(
                f"The engine built from {graph.name} cannot be kept in {folder} ({error.strerror}); free "
                "some room there or make the folder writable."
            ) from error
    return file


def cache_key(package: str, version: str, graph: Path, device: str) -> str:
    """Digest all that decides an engine: its graph and weights, who builds it, and for what.

    Returns
    -------
    str
        20 hexadecimal digits.
    """
    digest = hashlib.sha256(os.fsencode(f"{package}\n{version}\n{device}\n{MOST_AT_ONCE}\n"))
    for file in (graph, graph.with_suffix(".weights")):
        if file.is_file():
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:20]


def _logger(trt: Any) -> Any:
    """Make a logger that keeps the errors, for a sentence of our own, and is else silent."""

    class Logger(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.said: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR):
                self.said.append(message)

    return Logger()


def _refused(package: str, graph: Path, what: str, reasons: list[str]) -> BundleError:
    reason = (reasons[-1].strip().splitlines() if reasons else ["it does not say why"])[0].rstrip(".")
    return BundleError(
        f"{package} cannot {what} {graph.name} ({reason}); choose an engine of onnxruntime, or another "
        f"version of {package}."
    )
