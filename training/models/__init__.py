"""Decoders that stand beside HRT, so that its figures have something to be compared with.

Every encoder turns windows (B, 62, T) into features (B, `features`) and has no head; GLMNet takes
differential entropy (B, 62, bands) instead of windows. The linear decoder is in `training.models.linear`. Why
they are not braindecode's: docs/decisions/0030.
"""

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from rtbci.errors import UsageError
from training.models.conformer import EegConformer
from training.models.de import BANDS, differential_entropy
from training.models.eegnet import EegNet
from training.models.glmnet import GlmNet
from training.models.shallow import ShallowConvNet

__all__ = [
    "BANDS",
    "ENCODERS",
    "EegConformer",
    "EegNet",
    "GlmNet",
    "ShallowConvNet",
    "build_encoder",
    "differential_entropy",
]

ENCODERS: dict[str, Callable[..., nn.Module]] = {
    "conformer": EegConformer,
    "eegnet": EegNet,
    "glmnet": GlmNet,
    "shallow": ShallowConvNet,
}
"""Classes by the names that `build_encoder` knows."""


def build_encoder(name: str, samples: int, rate_hz: float, **settings: Any) -> nn.Module:
    """Make an encoder by name.

    Parameters
    ----------
    name : str
        One of `ENCODERS`.
    samples : int
        Length of a window.
    rate_hz : float
        Its sampling rate: kernels are so many seconds long.
    **settings
        What else the class takes, in place of the published values.

    Returns
    -------
    nn.Module
        With the attribute `features`, how many it gives.

    Raises
    ------
    UsageError
        If there is no such encoder, it has no such setting, or a window is too short for it.
    """
    if name not in ENCODERS:
        raise UsageError(f"There is no encoder {name!r}; choose from {', '.join(ENCODERS)}.")
    made = ENCODERS[name]
    takes = inspect.signature(made).parameters
    window = {"samples": samples, "rate_hz": rate_hz}
    known = [setting for setting in takes if setting not in window]
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise UsageError(
            f"The encoder {name!r} has no setting {', '.join(unknown)}; it has {', '.join(known)}."
        )
    return made(**{key: value for key, value in window.items() if key in takes}, **settings)
