"""The generator that draws as engines: one step of its flow, and the control that steers a clip.

Exported by tracing (`dynamo=False`): with a free number of frames, which spares a second copy of the weights
for single pictures, the newer exporter reasons about shapes for minutes, and this one is done in seconds.
"""

import io
import logging
import tempfile
import warnings
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import msgspec
import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from export.bundle_writer import describe_array, describe_engine
from export.codec import DECODER_FILE, OPSET, PREVIEW_FILE
from export.draws_torch import example_evidence, recorded_calls
from export.eight_bits import quantise_fed
from export.graph import without_traces
from export.precision import halve_weights
from rtbci.bundle.schema import Precision
from rtbci.errors import UsageError
from rtbci.generate.draws import CONTROL, MEAN, SPREAD, STEP, DrawingGenerator, Flow
from rtbci.generate.draws_folder import MANIFEST_FILE, SCHEMA_VERSION, DrawingManifest, load_drawing
from rtbci.generate.picture import decoding
from training.codec_model import LATENT_SHAPE
from training.draws.model import EVIDENCE, STRIDES, Drawer, placed
from training.draws.train import load_drawer

log = logging.getLogger(__name__)

STEP_FILE, CONTROL_FILE = f"{STEP}.onnx", f"{CONTROL}.onnx"
"""The engines that go into a bundle: weights in half precision."""
MEAN_FILE, SPREAD_FILE = f"{MEAN}.npy", f"{SPREAD}.npy"
IN_BUNDLES: Precision = "fp16"


_ORDER: tuple[Precision, ...] = ("fp32", "fp16", "int8")


class _Step(nn.Module):
    def __init__(self, drawer: Drawer) -> None:
        super().__init__()
        self.drawer = drawer

    def forward(
        self, latent: Tensor, time: Tensor, stride: Tensor, evidence: Tensor, *residuals: Tensor
    ) -> Tensor:
        velocity: Tensor = self.drawer(latent, time, stride, evidence, residuals)
        return velocity


class _Control(nn.Module):
    def __init__(self, drawer: Drawer) -> None:
        super().__init__()
        self.drawer = drawer

    def forward(self, keyframe: Tensor, known: Tensor, time: Tensor, evidence: Tensor) -> tuple[Tensor, ...]:
        return self.drawer.steer(keyframe, known, time, evidence)


def export_draws(folder: Path, precisions: Sequence[Precision] = ("fp32", IN_BUNDLES)) -> DrawingManifest:
    """Write the engines of a trained generator beside it, and a manifest of them.

    Parameters
    ----------
    folder : Path
        Where `rtbci train generator` wrote.
    precisions : sequence of str
        Of the stored weights: fp32; fp16, which is computed with in single precision, and is written in any
        case; int8, whose ranges are taken from what the networks meet as they draw, which takes a minute.
        Engines of others that an earlier export left are removed: they may be of other weights.

    Raises
    ------
    UsageError
        If there is no trained generator.
    """
    drawer = load_drawer(folder)
    mean = np.load(folder / MEAN_FILE)
    wanted = sorted({*precisions, IN_BUNDLES}, key=_ORDER.index)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as temporary:
        single = {name: Path(temporary) / f"{name}.onnx" for name in (STEP, CONTROL)}
        _trace_both(drawer, single)
        calls = recorded_calls(drawer, mean, example_evidence(mean, seed=1)) if "int8" in wanted else None
        for precision in wanted:
            for name, source in single.items():
                log.info("%s in %s", name, precision)
                target = folder / file_name(name, precision)
                if calls is not None and precision == "int8":
                    quantise_fed(source, target, (call.inputs for call in calls[name]))
                    continue
                graph = onnx.load(source)
                onnx.save(halve_weights(graph) if precision == "fp16" else graph, target)
                onnx.checker.check_model(target)
    manifest = DrawingManifest(
        schema_version=SCHEMA_VERSION,
        frames=drawer.settings.frames,
        engines={
            precision: {name: describe_engine(folder / file_name(name, precision)) for name in single}
            for precision in wanted
        },
        arrays={name: describe_array(folder / f"{name}.npy") for name in (MEAN, SPREAD)},
    )
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    for name, precision in product((STEP, CONTROL), _ORDER):
        if precision not in wanted:
            (folder / file_name(name, precision)).unlink(missing_ok=True)
    return load_drawing(folder)


def file_name(name: str, precision: str) -> str:
    """Name of an engine's file: that of a bundle bears the engine's name alone."""
    return f"{name}.onnx" if precision == IN_BUNDLES else f"{name}-{precision}.onnx"


def open_draws(folder: Path, codec: Path, threads: int = 1) -> DrawingGenerator:
    """Open an exported generator before it is in a bundle.

    Parameters
    ----------
    folder : Path
        Where `export_draws` wrote.
    codec : Path
        With the exported picture decoders.
    threads : int
        Of onnxruntime.

    Raises
    ------
    UsageError
        If something is missing.
    """
    for file in (folder / STEP_FILE, folder / CONTROL_FILE, folder / MEAN_FILE, codec / DECODER_FILE):
        if not file.is_file():
            raise UsageError(
                f"There is no {file}; train with `rtbci train generator` and export with "
                "`rtbci export generator`, both of this folder and this autoencoder."
            )
    step = _Session(folder / STEP_FILE, threads)
    return DrawingGenerator(
        Flow(step, _Session(folder / CONTROL_FILE, threads), step.residuals),
        np.load(folder / MEAN_FILE),
        float(np.load(folder / SPREAD_FILE)[0]),
        load_drawer(folder).settings.frames,
        decoding(_Session(codec / DECODER_FILE, threads)),
        decoding(_Session(codec / PREVIEW_FILE, threads)),
    )


class _Session:
    """An engine that is in no bundle yet."""

    def __init__(self, file: Path, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._names = [node.name for node in self._session.get_outputs()]

    @property
    def residuals(self) -> list[tuple[int, ...]]:
        """Shapes of one frame's residuals."""
        inputs = self._session.get_inputs()
        return [tuple(node.shape[1:]) for node in inputs if node.name.startswith("residual")]

    def run(self, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
        """Run it once."""
        return dict(zip(self._names, self._session.run(self._names, inputs), strict=True))


def _examples(drawer: Drawer, frames: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs of the step, less residuals, and of the control."""
    generator = torch.Generator().manual_seed(frames)
    latent = torch.randn(1, LATENT_SHAPE[0], frames, *LATENT_SHAPE[1:], generator=generator)
    time, evidence = torch.tensor([0.25]), torch.rand(1, EVIDENCE, generator=generator)
    stride = torch.eye(len(STRIDES))[3:4]
    return (latent, time, stride, evidence), (*placed(latent[:, :, 0], frames), time, evidence)


def _trace_both(drawer: Drawer, files: dict[str, Path]) -> None:
    """Write step and control in single precision."""
    inputs, steering = _examples(drawer, drawer.settings.frames)
    with torch.no_grad():
        residuals = drawer.steer(*steering)
    names = [f"residual{k}" for k in range(len(residuals))]
    free = {name: {0: "frames"} for name in names}
    clip = {2: "frames"}
    _trace(
        _Control(drawer),
        steering,
        files[CONTROL],
        ["keyframe", "known", "time", "evidence"],
        names,
        {"keyframe": clip, "known": clip, **free},
    )
    _trace(
        _Step(drawer),
        (*inputs, *residuals),
        files[STEP],
        ["latent", "time", "stride", "evidence", *names],
        ["velocity"],
        {"latent": clip, "velocity": clip, **free},
    )


def _trace(
    model: nn.Module,
    inputs: tuple[Tensor, ...],
    file: Path,
    given: list[str],
    made: list[str],
    free: dict[str, dict[int, str]],
) -> None:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # Of every size that it takes for fixed, and that it will be gone one day.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            model.eval(),
            inputs,
            buffer,
            input_names=given,
            output_names=made,
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
    onnx.save(without_traces(onnx.load_from_string(buffer.getvalue())), file)
