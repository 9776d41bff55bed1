"""Writing a bundle: all of it or nothing, with its hashes, its size kept and its model card."""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from export.model_card import model_card
from rtbci.bundle import (
    MANIFEST_FILE,
    SCHEMA_VERSION,
    Array,
    Engine,
    EvidenceModel,
    Manifest,
    Metric,
    Preprocessing,
    Tensor,
    load_bundle,
)
from rtbci.bundle.checks import content_id
from rtbci.bundle.schema import Precision, Weights
from rtbci.errors import BundleError
from rtbci.montage import CHANNELS
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPT_NAMES

MAX_BYTES = 25_000_000
MODEL_CARD_FILE = "MODEL_CARD.md"

_PRECISIONS: dict[int, Precision] = {
    onnx.TensorProto.FLOAT: "fp32",
    onnx.TensorProto.FLOAT16: "fp16",
    onnx.TensorProto.INT8: "int8",
    onnx.TensorProto.UINT8: "int8",
}


def write_bundle(
    folder: Path,
    *,
    name: str,
    description: str,
    engines: Mapping[str, Path],
    arrays: Mapping[str, NDArray[Any]],
    preprocessing: Preprocessing,
    evidence: EvidenceModel,
    metrics: Sequence[Metric],
    data_fingerprint: str,
    code_version: str,
    licence: str = "Apache-2.0",
    created: str | None = None,
    max_bytes: int = MAX_BYTES,
    silent: Sequence[str] = (),
    weights: Mapping[str, Path] | None = None,
) -> Manifest:
    """Write a bundle and read it back before it takes its place.

    The files are made in a folder beside the final one, which is renamed when all is well: whoever looks
    sees the old bundle or the new one, never half of one.

    Parameters
    ----------
    folder : Path
        Where the bundle shall lie. A bundle that is there is replaced; anything else is refused.
    name : str
        Readable part of the id, such as ``drawn40``; a digest of the content is added.
    description : str
        One paragraph for people.
    engines : mapping of str to Path
        ONNX graphs by name: ``adapter``, ``encoder``, ``decoder``, and ``preview`` if there is one. Inputs,
        outputs and precision are read from the graphs themselves.
    arrays : mapping of str to ndarray
        Arrays by name, as `rtbci.bundle.checks` lists them.
    preprocessing, evidence, metrics
        See `rtbci.bundle.schema`.
    data_fingerprint : str
        What the training data was; starts with ``simulated`` where no recording of a person was used,
        which the model card then says.
    code_version : str
        Version of the code that trained it.
    licence : str
        SPDX name of the weights' licence.
    created : str, optional
        ISO 8601 time; now where it is left out. Give it to make a bundle again bit for bit.
    max_bytes : int
        Most that the files may weigh together.
    silent : sequence of str
        Outputs of the encoder that nothing taught it; see `rtbci.bundle.schema.Manifest`.
    weights : mapping of str to Path, optional
        Weights in safetensors by the engine's name, as `training.bundled` writes them: from the encoder's,
        calibration with gradients goes on.

    Returns
    -------
    Manifest

    Raises
    ------
    BundleError
        If the folder holds something else, the bundle is too large, or `load_bundle` would refuse it.
    """
    if folder.exists() and not (folder / MANIFEST_FILE).is_file():
        raise BundleError(
            f"{folder} exists and is not a bundle; give a folder that is new or holds a bundle."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        # mkdtemp makes it for the owner only; a bundle is for everyone.
        staging.chmod(0o755)
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            id=name,
            created=created or datetime.now(UTC).isoformat(timespec="seconds"),
            description=description,
            licence=licence,
            montage=CHANNELS,
            concepts=CONCEPT_NAMES,
            attributes=ATTRIBUTES,
            preprocessing=preprocessing,
            evidence=evidence,
            engines={key: _copy_engine(key, path, staging) for key, path in engines.items()},
            arrays={key: _save_array(key, value, staging) for key, value in arrays.items()},
            data_fingerprint=data_fingerprint,
            code_version=code_version,
            metrics=tuple(metrics),
            silent=tuple(silent),
            weights={key: _copy_weights(key, path, staging) for key, path in (weights or {}).items()},
        )
        manifest = msgspec.structs.replace(manifest, id=content_id(manifest, name))
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        (staging / MANIFEST_FILE).write_bytes(text + b"\n")
        size = sum(file.stat().st_size for file in staging.iterdir())
        if size > max_bytes:
            raise BundleError(
                f"The bundle would weigh {size / 1e6:.1f} MB, more than the {max_bytes / 1e6:.1f} MB "
                "allowed; store fewer memory latents or smaller engines."
            )
        (staging / MODEL_CARD_FILE).write_text(model_card(manifest, size / 1e6), encoding="utf-8")
        load_bundle(staging)
        _take_place(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def _copy_engine(name: str, source: Path, staging: Path) -> Engine:
    target = staging / f"{name}.onnx"
    shutil.copyfile(source, target)
    model = onnx.load(target, load_external_data=False)
    if any(tensor.external_data for tensor in model.graph.initializer):
        raise BundleError(f"{source} keeps weights in another file; export engine '{name}' as one file.")
    return describe_engine(target)


def describe_engine(file: Path) -> Engine:
    """Say of a graph in one file what a manifest says of it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return Engine(
        file=file.name,
        sha256=sha256_of(file),
        precision=precision_of(onnx.load(file)),
        inputs=tuple(_tensor(node) for node in session.get_inputs()),
        outputs=tuple(_tensor(node) for node in session.get_outputs()),
    )


def describe_array(file: Path) -> Array:
    """Say of a plain npy file what a manifest says of it."""
    array = np.load(file, allow_pickle=False)
    return Array(file=file.name, sha256=sha256_of(file), dtype=array.dtype.name, shape=array.shape)


def _copy_weights(name: str, source: Path, staging: Path) -> Weights:
    target = staging / f"{name}.safetensors"
    shutil.copyfile(source, target)
    return Weights(file=target.name, sha256=sha256_of(target))


def precision_of(model: onnx.ModelProto) -> Precision:
    """Return the element type that most weights are stored in."""
    counts: dict[Precision, int] = {}
    for tensor in model.graph.initializer:
        if (precision := _PRECISIONS.get(tensor.data_type)) is not None:
            counts[precision] = counts.get(precision, 0) + int(np.prod(tensor.dims))
    return max(counts, key=lambda precision: counts[precision], default="fp32")


def _tensor(node: Any) -> Tensor:
    """Describe a session's input or output; a size that is not fixed is the batch, -1."""
    element = node.type.removeprefix("tensor(").removesuffix(")")
    dtype = {"float": "float32", "double": "float64"}.get(element, element)
    return Tensor(node.name, dtype, tuple(size if isinstance(size, int) else -1 for size in node.shape))


def _save_array(name: str, array: NDArray[Any], staging: Path) -> Array:
    target = staging / f"{name}.npy"
    # One byte order and memory layout on every machine, so that the same content gives the same hash.
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    np.save(target, plain, allow_pickle=False)
    return describe_array(target)


def sha256_of(path: Path) -> str:
    """Hash a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _take_place(staging: Path, folder: Path) -> None:
    """Rename the finished folder into place, keeping the old one until that has worked."""
    if not folder.exists():
        staging.rename(folder)
        return
    old = staging.with_name(staging.name + "-old")
    folder.rename(old)
    try:
        staging.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old)
