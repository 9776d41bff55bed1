"""A decoder that gives a pyramid of residues, such as VAElight's, as an engine that gives pictures."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, version_converter

from rtbci.errors import BundleError
from training.targets.latents import SD1_SCALE

_OPSET = 18


def write_pyramid_decoder(
    source: Path, file: Path, latent: tuple[int, int, int], scale: float = SD1_SCALE
) -> None:
    """Write a graph from scaled latents to finished pictures around one from latents to residues.

    Parameters
    ----------
    source : Path
        Takes latents (n, c, h, w) as the autoencoder gives them; its outputs (n, 3, H, W) in -1..1 double in
        size from the coarsest on, and sum to the picture once each is enlarged.
    file : Path
        Takes `latent` (1, c, h, w), scaled as the U-Net takes them, and gives `rgb` (1, H, W, 3), uint8.
    latent : tuple of int
        c, h and w.
    scale : float
        By which the U-Net's latents were multiplied.

    Raises
    ------
    BundleError
        If the source is not such a graph.
    """
    model = version_converter.convert_version(onnx.load(source), _OPSET)
    graph = model.graph
    levels = [output.name for output in graph.output]
    if len(graph.input) != 1 or any(len(o.type.tensor_type.shape.dim) != 4 for o in graph.output):
        raise BundleError(
            f"{source} does not turn latents into pictures of several sizes; name a decoder that does."
        )
    for node in graph.node:
        # The name is wanted for the scaled ones.
        node.input[:] = ["unscaled" if name == graph.input[0].name else name for name in node.input]
    constants = {
        "unscale": np.float32(1 / scale),
        "double": np.array([1, 1, 2, 2], np.float32),
        "half_range": np.float32(127.5),
        "centre": np.float32(128.0),  # 127.5 for the centre, 0.5 to round
        "least": np.float32(0),
        "most": np.float32(255),
    }
    before = [helper.make_node("Mul", ["latent", "unscale"], ["unscaled"])]
    total, after = levels[0], []
    for number, level in enumerate(levels[1:]):
        after += [
            helper.make_node("Resize", [total, "", "double"], [f"enlarged_{number}"], mode="linear"),
            helper.make_node("Add", [f"enlarged_{number}", level], [f"sum_{number}"]),
        ]
        total = f"sum_{number}"
    after += [
        helper.make_node("Mul", [total, "half_range"], ["spread"]),
        helper.make_node("Add", ["spread", "centre"], ["grey"]),
        helper.make_node("Clip", ["grey", "least", "most"], ["clipped"]),
        helper.make_node("Transpose", ["clipped"], ["last"], perm=[0, 2, 3, 1]),
        helper.make_node("Cast", ["last"], ["rgb"], to=TensorProto.UINT8),
    ]
    nodes = [*before, *graph.node, *after]
    size = [latent[1] * 2 ** (len(levels) - 1), latent[2] * 2 ** (len(levels) - 1)]
    weights = [*graph.initializer, *(numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items())]
    whole = helper.make_graph(
        nodes,
        "pictures",
        [helper.make_tensor_value_info("latent", TensorProto.FLOAT, [1, *latent])],
        [helper.make_tensor_value_info("rgb", TensorProto.UINT8, [1, *size, 3])],
        weights,
    )
    made = helper.make_model(whole, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=10)
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, file)
