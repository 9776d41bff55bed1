"""A bundle that is whole and checked but tiny: graphs of a few nodes, a memory of eight clips."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.bundle_writer import write_bundle
from rtbci.bundle import EvidenceModel, Manifest, Metric, Preprocessing
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPT_NAMES

LATENT = (8, 16, 16)
TEXT = 64


def write_tiny_bundle(folder: Path, *, seed: int = 0, **changes) -> Manifest:
    """Write a valid bundle; `changes` replace arguments of `write_bundle`."""
    graphs = folder.parent / f"{folder.name}-graphs"
    graphs.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    arguments = {
        "name": "tiny",
        "description": "A bundle for tests: its weights are random.",
        "engines": tiny_engines(graphs, rng),
        "arrays": tiny_arrays(rng),
        "preprocessing": Preprocessing(),
        "evidence": EvidenceModel(exponent=0.1, hazard=0.01),
        "metrics": (
            Metric(name="top1", value=0.3, chance=0.025, n=200, split="held-out", ci95=(0.24, 0.37)),
        ),
        "data_fingerprint": "simulated:tests",
        "code_version": "0",
        "created": "2026-01-01T00:00:00+00:00",
    }
    return write_bundle(folder, **(arguments | changes))


def tiny_arrays(rng: np.random.Generator, clips: int = 8) -> dict[str, np.ndarray]:
    return {
        "prior_covariance": np.eye(62),
        "text_concepts": rng.standard_normal((40, TEXT)).astype(np.float32),
        "memory_latents": rng.integers(-127, 128, (clips, 2, *LATENT), dtype=np.int8),
        "memory_scale": np.full(8, 0.02, np.float32),
        "memory_concept": np.arange(clips, dtype=np.int16),
        "memory_attributes": np.zeros((clips, len(ATTRIBUTES)), np.int8),
        "memory_seed": np.arange(clips, dtype=np.int64),
    }


def tiny_engines(folder: Path, rng: np.random.Generator) -> dict[str, Path]:
    """Write the graphs: an identity, linear heads on the EEG's mean, the latent as pictures of two sizes."""
    graphs = {
        "adapter": _adapter(),
        "encoder": _encoder(rng),
        "decoder": _decoder(256),
        "preview": _decoder(128),
    }
    for name, model in graphs.items():
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, folder / f"{name}.onnx")
    return {name: folder / f"{name}.onnx" for name in graphs}


def _adapter() -> onnx.ModelProto:
    nodes = [helper.make_node("MatMul", ["matrix", "eeg"], ["adapted"])]
    weights = [numpy_helper.from_array(np.eye(62, dtype=np.float32), "matrix")]
    return _model(nodes, [_value("eeg", "n", 62, 400)], [_value("adapted", "n", 62, 400)], weights)


def _encoder(rng: np.random.Generator) -> onnx.ModelProto:
    sizes = {"concept": len(CONCEPT_NAMES)} | {name: len(values) for name, values in ATTRIBUTES.items()}
    sizes |= {"text": TEXT, "latent": int(np.prod(LATENT))}
    nodes = [helper.make_node("ReduceMean", ["eeg", "time_axis"], ["pooled"], keepdims=0)]
    weights = [
        numpy_helper.from_array(np.array([2]), "time_axis"),
        numpy_helper.from_array(np.array([-1, *LATENT]), "latent_shape"),
    ]
    outputs = []
    for name, size in sizes.items():
        flat = "latent_flat" if name == "latent" else name
        matrix = rng.standard_normal((62, size)).astype(np.float32)
        weights.append(numpy_helper.from_array(matrix, f"{name}_weight"))
        nodes.append(helper.make_node("MatMul", ["pooled", f"{name}_weight"], [flat]))
        outputs.append(_value(name, "n", *(LATENT if name == "latent" else (size,))))
    nodes.append(helper.make_node("Reshape", ["latent_flat", "latent_shape"], ["latent"]))
    return _model(nodes, [_value("eeg", "n", 62, 400)], outputs, weights)


def _decoder(size: int) -> onnx.ModelProto:
    """The latent's first three channels, as size x size pixels."""
    nodes = [
        helper.make_node("Slice", ["latent", "first", "last", "channel_axis"], ["three"]),
        helper.make_node("Resize", ["three", "", "scales"], ["large"], mode="nearest"),
        helper.make_node("Transpose", ["large"], ["last_channel"], perm=[0, 2, 3, 1]),
        helper.make_node("Sigmoid", ["last_channel"], ["unit"]),
        helper.make_node("Mul", ["unit", "white"], ["levels"]),
        helper.make_node("Cast", ["levels"], ["rgb"], to=TensorProto.UINT8),
    ]
    weights = [
        numpy_helper.from_array(np.array([0]), "first"),
        numpy_helper.from_array(np.array([3]), "last"),
        numpy_helper.from_array(np.array([1]), "channel_axis"),
        numpy_helper.from_array(np.array([1, 1, size / 16, size / 16], np.float32), "scales"),
        numpy_helper.from_array(np.array(255, np.float32), "white"),
    ]
    rgb = _value("rgb", "n", size, size, 3, element=TensorProto.UINT8)
    return _model(nodes, [_value("latent", "n", *LATENT)], [rgb], weights)


def _value(name: str, *shape: int | str, element: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


def _model(nodes, inputs, outputs, weights) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
