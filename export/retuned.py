"""The bundle's encoder graph with other weights: what a wearer's profile holds after fine-tuning.

Exporting again would take seconds and onnxscript; the graph is the same, and only its constants are not.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from rtbci.errors import BundleError
from training.bundled import BundledEncoder

Arrays = Mapping[str, NDArray[np.floating]]


def retuned_encoder(graph: Path, before: BundledEncoder, after: BundledEncoder) -> bytes:
    """Return the encoder's ONNX graph with the weights of one that has learnt.

    Parameters
    ----------
    graph : Path
        The bundle's.
    before, after : BundledEncoder
        With the weights that the graph has, and with those that it shall have.

    Raises
    ------
    BundleError
        If a weight that has changed is nowhere in the graph.
    """
    return with_weights(onnx.load(graph), _arrays(before), _arrays(after)).SerializeToString()


def with_weights(model: onnx.ModelProto, before: Arrays, after: Arrays) -> onnx.ModelProto:
    """Replace constants in a graph, by name, or where the exporter turned a matrix, by its value."""
    changed = {name for name, value in after.items() if not np.array_equal(value, before[name])}
    waiting = set(changed)
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if tensor.name in before:
            name, new = tensor.name, after[tensor.name]
        else:
            name = next((n for n in waiting if _same(before[n].T, value)), "")
            new = after[name].T if name else value
        if name in changed:
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(new), tensor.name))
            waiting.discard(name)
    if waiting:
        raise BundleError(
            f"The graph of the bundle's encoder holds no weight '{min(waiting)}', so that it cannot be "
            "fine-tuned; export the bundle again."
        )
    return model


def _same(a: NDArray[np.floating], b: NDArray[np.generic]) -> bool:
    return a.ndim == 2 and a.shape == b.shape and bool(np.array_equal(a, b))


def _arrays(encoder: BundledEncoder) -> Arrays:
    return {name: value.detach().numpy() for name, value in encoder.state_dict().items() if value.ndim}
