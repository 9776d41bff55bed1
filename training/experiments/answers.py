"""What a net answers to windows."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.experiments.net import Net, concept_logits

Ints = NDArray[np.int64]


@torch.no_grad()
def answers_of(
    net: Net, x: Tensor, rows: Ints, layer: Tensor, prototypes: Tensor, only: str | None = None
) -> dict[str, NDArray[np.float32]]:
    """All answers, or one, to some rows by a net that is evaluated; "concept" are logits (n, 40)."""
    device = next(net.parameters()).device
    parts: dict[str, list[NDArray[np.float32]]] = {}
    for part in torch.arange(len(rows)).split(512):
        answers = net(x[torch.from_numpy(rows)[part]].float().to(device), layer[part].to(device))
        answers["concept"] = concept_logits(answers, prototypes.to(device))
        for name in answers if only is None else [only]:
            answer = answers[name]
            parts.setdefault(name, []).append(answer.float().cpu().numpy())
    return {name: np.concatenate(values) for name, values in parts.items()}
