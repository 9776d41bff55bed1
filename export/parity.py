"""How closely an engine follows torch in each precision, and what that costs and saves."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch import nn

from export.eight_bits import quantise
from export.precision import HalfInside, export_any_batch, fix_batch, halve_stored

Outputs = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Part:
    """One engine of a bundle, as torch has it, and what it is judged on.

    Attributes
    ----------
    name : str
    module : Module
    given : str
        Name of its input.
    made : tuple of str
        Names of its outputs.
    inputs : ndarray, shape (n, ...), float32
        Held-out.
    examples : ndarray, shape (m, ...), float32
        Others, from which the ranges of eight bits are taken.
    task : str
        What the figure is, with its unit; empty where there is none.
    figure : callable, optional
        From the outputs for `inputs` to that figure.
    """

    name: str
    module: nn.Module
    given: str
    made: tuple[str, ...]
    inputs: NDArray[np.float32]
    examples: NDArray[np.float32]
    task: str = ""
    figure: Callable[[Outputs], float] | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One engine in one precision.

    Attributes
    ----------
    engine, precision, batch : str
        The batch is ``any`` or ``one``.
    bytes : int
        Of the file.
    max_error, mean_error : float
        Absolute difference from torch, over all outputs and inputs, in the outputs' own unit (grey levels of
        pictures, logits and latents of the encoder).
    task : str
    figure, change : float or None
        The task's figure, and how much it is above torch's.
    min_ms, p50_ms : float
        Time of a batch of one on one thread.
    """

    engine: str
    precision: str
    batch: str
    bytes: int
    max_error: float
    mean_error: float
    task: str
    figure: float | None
    change: float | None
    min_ms: float
    p50_ms: float


def compare(part: Part, folder: Path, shipped: Path | None = None, repeats: int = 30) -> Iterator[Row]:
    """Export a part in every precision and compare each with torch, in single precision.

    Parameters
    ----------
    part : Part
    folder : Path
        Where the graphs are written, and kept.
    shipped : Path, optional
        The bundle's own graph, which is compared too.
    repeats : int
        How often each is timed.
    """
    wanted = _torch(part)
    before = part.figure(wanted) if part.figure else None
    for precision, batch, file in _variants(part, folder, shipped):
        session = _session(file)
        made = _outputs(part, session)
        differences = [np.abs(made[n].astype(np.float64) - wanted[n]).ravel() for n in part.made]
        figure = part.figure(made) if part.figure else None
        times = sorted(_times(part, session, repeats))
        yield Row(
            engine=part.name,
            precision=precision,
            batch=batch,
            bytes=file.stat().st_size,
            max_error=float(max(difference.max() for difference in differences)),
            mean_error=float(np.concatenate(differences).mean()),
            task=part.task,
            figure=figure,
            change=None if figure is None or before is None else figure - before,
            min_ms=round(times[0], 3),
            p50_ms=round(times[len(times) // 2], 3),
        )


def _variants(part: Part, folder: Path, shipped: Path | None) -> Iterator[tuple[str, str, Path]]:
    folder.mkdir(parents=True, exist_ok=True)

    def named(precision: str) -> Path:
        return folder / f"{part.name}-{precision}.onnx"

    shape = part.inputs.shape[1:]
    export_any_batch(part.module, part.given, shape, part.made, named("fp32"))
    export_any_batch(HalfInside(part.module), part.given, shape, part.made, named("fp16"))
    halve_stored(named("fp32"), named("fp32-half-weights"))
    quantise(named("fp32"), named("int8"), part.examples)
    if shipped is not None:
        yield "as shipped", "any", shipped
    for precision in ("fp32", "fp32-half-weights", "fp16", "int8"):
        yield precision, "any", named(precision)
        one = named(f"{precision}-one")
        fix_batch(named(precision), one)
        yield precision, "one", one


@torch.no_grad()
def _torch(part: Part) -> Outputs:
    made = [part.module.eval()(torch.from_numpy(item[None])) for item in part.inputs]
    rows = [one if isinstance(one, tuple) else (one,) for one in made]
    return {n: np.concatenate([row[k].numpy() for row in rows]) for k, n in enumerate(part.made)}


def _outputs(part: Part, session: ort.InferenceSession) -> Outputs:
    names = [output.name for output in session.get_outputs()]
    rows = [session.run(None, {part.given: item[None]}) for item in part.inputs]
    # The adapter's output cannot bear its input's name, so it is known by its place alone.
    places = {n: names.index(n) if n in names else k for k, n in enumerate(part.made)}
    return {n: np.concatenate([row[place] for row in rows]) for n, place in places.items()}


def _times(part: Part, session: ort.InferenceSession, repeats: int) -> Iterator[float]:
    for number in range(repeats):
        given = {part.given: part.inputs[number % len(part.inputs)][None]}
        began = time.perf_counter()
        session.run(None, given)
        yield 1e3 * (time.perf_counter() - began)


def _session(file: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
