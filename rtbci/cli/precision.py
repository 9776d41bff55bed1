"""The precisions that weights are stored in, as options name them."""

from enum import StrEnum


class Precision(StrEnum):
    """How weights are stored."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"
