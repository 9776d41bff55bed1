"""Exporting the full-size generator: its three networks as ONNX, and what they are told, in one folder."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import onnx_ir
import torch
from torch import Tensor, nn

from export.bundle_writer import precision_of, sha256_of
from export.full_size.models import Models
from export.full_size.modules import ClipStep, KeyframeStep, LatentDecoder
from rtbci.bundle.schema import Array, Engine, Weights
from rtbci.bundle.schema import Tensor as TensorEntry
from rtbci.errors import BundleError
from rtbci.generate.full_size import Prompts
from rtbci.generate.full_size.engines import MANIFEST_FILE, SCHEMA_VERSION, FullSizeManifest, load_full_size
from rtbci.generate.full_size.networks import Sizes

OPSET = 18
BESIDE = 1_500_000_000
"""Bytes of weights from which on they lie in a file beside the graph: an ONNX file holds 2 GB at most."""
_DTYPES = {
    onnx.TensorProto.FLOAT: "float32",
    onnx.TensorProto.INT64: "int64",
    onnx.TensorProto.UINT8: "uint8",
}


def write_full_size(
    folder: Path,
    models: Models,
    sizes: Sizes,
    prompts: Prompts,
    *,
    description: str,
    licence: str,
    keyframe_at: int = 0,
    decoder: Path | None = None,
    beside: int = BESIDE,
) -> FullSizeManifest:
    """Export networks and prompts, and read the folder back before it takes its place.

    All sizes are fixed, which TensorRT turns into speed; the precision is that of the models' own weights.

    Parameters
    ----------
    folder : Path
        Must be new or such a folder, which is replaced.
    models : Models
        On the CPU.
    sizes : Sizes
    prompts : Prompts
    description, licence : str
        For people; the licence as an SPDX name or a link.
    keyframe_at : int
        Which frame of a clip the keyframe is.
    decoder : Path, optional
        An ONNX graph from `latent` to `rgb` to use in place of the models' autoencoder.
    beside : int
        See `BESIDE`.

    Raises
    ------
    BundleError
        If the folder holds something else, or what was written cannot be read back.
    """
    if folder.exists() and not (folder / MANIFEST_FILE).is_file():
        raise BundleError(f"{folder} exists and is no full-size generator; give a folder that is new.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        staging.chmod(0o755)
        latent = torch.zeros(1, *sizes.latent)
        told = {"time": torch.tensor([1]), "text": torch.zeros(1, sizes.tokens, sizes.width)}
        clip = torch.zeros(1, sizes.latent[0], sizes.frames, *sizes.latent[1:])
        step = ClipStep(models.motion, models.control, sizes.frames, keyframe_at)
        export_module(
            KeyframeStep(models.unet), {"latent": latent, **told}, "noise", staging / "keyframe.onnx", beside
        )
        export_module(
            step, {"latents": clip, **told, "keyframe": latent}, "noise", staging / "clip.onnx", beside
        )
        if decoder is None:
            export_module(
                LatentDecoder(models.vae), {"latent": latent}, "rgb", staging / "decoder.onnx", beside
            )
        else:
            shutil.copyfile(decoder, staging / "decoder.onnx")
        manifest = FullSizeManifest(
            schema_version=SCHEMA_VERSION,
            description=description,
            licence=licence,
            sizes=sizes,
            schedule=models.schedule,
            engines={name: describe(staging / f"{name}.onnx") for name in ("keyframe", "clip", "decoder")},
            weights=tuple(
                Weights(file=file.name, sha256=sha256_of(file)) for file in sorted(staging.glob("*.weights"))
            ),
            arrays={name: _save(name, value, staging) for name, value in vars(prompts).items()},
        )
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        (staging / MANIFEST_FILE).write_bytes(text + b"\n")
        load_full_size(staging)
        if folder.exists():
            shutil.rmtree(folder)
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def export_module(
    module: nn.Module, inputs: Mapping[str, Tensor], output: str, file: Path, beside: int = BESIDE
) -> None:
    """Write a module with these inputs, by name and of fixed shapes, and one output.

    Parameters
    ----------
    module : Module
    inputs : mapping of str to Tensor
    output : str
    file : Path
    beside : int
        Bytes of weights from which on they lie in ``NAME.weights`` beside the file.
    """
    program = torch.onnx.export(
        module.eval(),
        kwargs=dict(inputs),
        input_names=list(inputs),
        output_names=[output],
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch gave no ONNX program")
    model = program.model
    _drop_traces(model)
    weights = sum(
        value.const_value.nbytes for value in model.graph.initializers.values() if value.const_value
    )
    external = f"{file.stem}.weights" if weights > beside else None
    onnx_ir.save(model, file, external_data=external)
    onnx.checker.check_model(str(file))


def describe(file: Path) -> Engine:
    """Say of a graph what a manifest says of it, without its weights where they lie beside."""
    model = onnx.load(file, load_external_data=False)
    return Engine(
        file=file.name,
        sha256=sha256_of(file),
        precision=precision_of(model),
        inputs=tuple(_entry(value) for value in model.graph.input),
        outputs=tuple(_entry(value) for value in model.graph.output),
    )


def _drop_traces(model: Any) -> None:
    """As `export.graph.without_traces`, on a model too large for one message."""
    model.metadata_props.clear()
    model.graph.metadata_props.clear()
    for node in onnx_ir.traversal.RecursiveGraphIterator(model.graph):
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
            value.doc_string = None
    for value in (*model.graph.inputs, *model.graph.initializers.values()):
        value.metadata_props.clear()
        value.doc_string = None


def _entry(value: onnx.ValueInfoProto) -> TensorEntry:
    kind = value.type.tensor_type
    shape = tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in kind.shape.dim)
    return TensorEntry(value.name, _DTYPES[kind.elem_type], shape)


def _save(name: str, array: np.ndarray[Any, Any], staging: Path) -> Array:
    target = staging / f"{name}.npy"
    plain = np.ascontiguousarray(array, dtype="<f4")
    np.save(target, plain, allow_pickle=False)
    return Array(file=target.name, sha256=sha256_of(target), dtype="float32", shape=plain.shape)
