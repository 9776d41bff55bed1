"""One module in several precisions: single, single with halved weights, and half."""

import copy
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.tools.onnx_model_utils import make_input_shape_fixed
from torch import Tensor, nn

from export.graph import without_traces

OPSET = 18
_SMALL = 64
"""Arrays of fewer numbers stay in single precision: they weigh nothing."""


class HalfInside(nn.Module):
    """A module in half precision behind single-precision ends.

    Parameters
    ----------
    module : Module
        Left as it is; a copy of it is halved.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = copy.deepcopy(module).half()

    def forward(self, given: Tensor) -> tuple[Tensor, ...]:
        """Compute what the module computes; its floats as single precision."""
        made = self.module(given.half())
        made = made if isinstance(made, tuple) else (made,)
        return tuple(part.float() if part.is_floating_point() else part for part in made)


def export_any_batch(
    module: nn.Module, given: str, shape: tuple[int, ...], made: tuple[str, ...], file: Path
) -> None:
    """Write a module with one input and any batch size.

    Parameters
    ----------
    module : Module
    given : str
        Name of the input.
    shape : tuple of int
        Of one item.
    made : tuple of str
        Names of the outputs.
    file : Path
    """
    program = torch.onnx.export(
        module.eval(),
        (torch.zeros(2, *shape),),
        input_names=[given],
        output_names=list(made),
        dynamic_shapes=({0: torch.export.Dim("n")},),
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch gave no ONNX program")
    onnx.save(without_traces(program.model_proto), file)


def halve_stored(source: Path, file: Path) -> None:
    """Write a graph again with its weights in half precision, computed with in single precision."""
    onnx.save(halve_weights(onnx.load(source)), file)


def fix_batch(source: Path, file: Path) -> None:
    """Write a graph again for a batch of one."""
    model = onnx.load(source)
    (given,) = model.graph.input
    shape = [dim.dim_value for dim in given.type.tensor_type.shape.dim]
    make_input_shape_fixed(model.graph, given.name, [1, *shape[1:]])
    onnx.save(onnx.shape_inference.infer_shapes(model), file)


def halve_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store single-precision weights in half precision, with a Cast back to single behind each.

    Half the size; onnxruntime folds the casts when it opens the file, and computes in single precision.
    """
    out = onnx.ModelProto()
    out.CopyFrom(model)
    casts, weights = [], []
    for weight in out.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < _SMALL:
            weights.append(weight)
            continue
        stored = f"{weight.name}_fp16"
        weights.append(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [weight.name], to=TensorProto.FLOAT))
    nodes = [*casts, *out.graph.node]
    del out.graph.initializer[:], out.graph.node[:], out.graph.value_info[:]
    out.graph.initializer.extend(weights)
    out.graph.node.extend(nodes)
    return out
