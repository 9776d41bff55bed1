"""A graph in eight bits: static ranges, quantise-dequantise pairs."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

_HEAVY = ("Conv", "Gemm", "MatMul")
"""Nearly all of the work; what lies between them loses more by rounding than it gains."""


def quantise(source: Path, file: Path, examples: NDArray[np.float32], *, end_single: bool = False) -> None:
    """Write a graph again with weights and activations of eight bits.

    Ranges are symmetric, as TensorRT asks for; a weight's is its output channel's own.

    Parameters
    ----------
    source, file : Path
        The source has one input.
    examples : ndarray, shape (n, ...)
        What the ranges of the activations are taken from, one at a time.
    end_single : bool
        Leave the last convolution in single precision: its rounding would be seen in the picture.
    """
    (given,) = onnx.load(source).graph.input
    feeds = ({given.name: example[None]} for example in examples)
    quantise_fed(source, file, feeds, end_single=end_single)


def quantise_fed(
    source: Path, file: Path, feeds: Iterable[Mapping[str, NDArray[Any]]], *, end_single: bool = False
) -> None:
    """As `quantise`, for a graph of any inputs.

    Parameters
    ----------
    source, file : Path
    feeds : iterable of mapping of str to ndarray
        What the ranges of the activations are taken from: arrays by the inputs' names, for one run each.
    end_single : bool
        See `quantise`.
    """
    prepared = file.with_suffix(".prepared")
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    convolutions = [node.name for node in onnx.load(prepared).graph.node if node.op_type == "Conv"]
    try:
        quantize_static(
            prepared,
            file,
            _Examples(feeds),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=list(_HEAVY),
            nodes_to_exclude=convolutions[-1:] if end_single else [],
            # TensorRT takes no biases of 32 bits; onnxruntime rounds them itself and is as fast.
            extra_options={"ActivationSymmetric": True, "QuantizeBias": False},
        )
    finally:
        prepared.unlink()


class _Examples(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, feeds: Iterable[Mapping[str, NDArray[Any]]]) -> None:
        self._feeds: Iterator[dict[str, NDArray[Any]]] = (dict(feed) for feed in feeds)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        return next(self._feeds, None)
