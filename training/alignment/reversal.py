"""Gradient reversal: features are learned that a classifier of subjects cannot use."""

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn

from rtbci.errors import UsageError

Schedule = Literal["dann", "constant"]


class _Reversal(torch.autograd.Function):
    """The identity forwards, ``-weight`` times the gradient backwards."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * gradients[0], None


def reverse_gradient(x: Tensor, weight: float) -> Tensor:
    """Pass x on unchanged; on the way back its gradient is multiplied by ``-weight`` (Ganin et al. 2016)."""
    reversed_x: Tensor = _Reversal.apply(x, weight)  # type: ignore[no-untyped-call]
    return reversed_x


class SubjectClassifier(nn.Module):
    """Says whose features these are, and has the encoder learn to make it wrong.

    Add its cross-entropy to the loss, with no factor: the classifier learns from it at full strength, the
    encoder against it at strength `weight`.

    Parameters
    ----------
    features : int
        Width of the encoder's features.
    subjects : int
        How many known subjects there are.
    hidden : int
        Width of its hidden layer; 0 makes it linear.
    """

    def __init__(self, features: int, subjects: int, hidden: int = 64) -> None:
        super().__init__()
        if hidden:
            self.net = nn.Sequential(
                nn.Linear(features, hidden), nn.GELU(), nn.Dropout(0.1), nn.Linear(hidden, subjects)
            )
        else:
            self.net = nn.Sequential(nn.Linear(features, subjects))

    def forward(self, features: Tensor, weight: float) -> Tensor:
        """Logits (B, subjects) from features (B, features), whose gradient comes back times ``-weight``."""
        logits: Tensor = self.net(reverse_gradient(features, weight))
        return logits


def adversarial_weight(
    progress: float, schedule: Schedule = "dann", largest: float = 1.0, steepness: float = 10.0
) -> float:
    """Weight of the reversed gradient at some point of the training.

    ``dann`` is ``largest * (2 / (1 + exp(-steepness * progress)) - 1)`` (Ganin et al. 2016, section 5.2.2):
    none at first, when the classifier knows nothing yet.

    Parameters
    ----------
    progress : float
        Share of the training that is done, 0 to 1.
    schedule : {"dann", "constant"}
    largest : float
        The constant, or what the schedule rises to.
    steepness : float
        How fast it rises.

    Raises
    ------
    UsageError
        If there is no such schedule.
    """
    if schedule == "constant":
        return largest
    if schedule == "dann":
        return largest * math.tanh(0.5 * steepness * min(max(progress, 0.0), 1.0))
    raise UsageError(f"There is no adversarial schedule {schedule!r}; choose dann or constant.")
