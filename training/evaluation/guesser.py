"""A small network that names the concept of drawn pictures: the eye of this project's own measurements."""

import itertools
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from rtbci.errors import UsageError
from rtbci.stimuli.concepts import CONCEPTS

Pictures = NDArray[np.uint8]
SEEN = 64
"""Pixels of the guesser's eye."""
_WIDTHS = (3, 32, 64, 96, 128)
_BATCH = 64


class Guesser(nn.Module):
    """Names the concept, or the value of something else, of small pictures (n, 3, 64, 64) in [-1, 1].

    Parameters
    ----------
    classes : int
        How many it tells apart.
    """

    def __init__(self, classes: int = len(CONCEPTS)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(_WIDTHS):
            layers += [
                nn.Conv2d(before, after, 3, padding=1),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(_WIDTHS[-1] * 16, classes))

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (n, classes)."""
        logits: Tensor = self.head(self.trunk(pictures))
        return logits


def small(pictures: Pictures) -> Pictures:
    """Shrink pictures (n, h, h, 3) to (n, 64, 64, 3) by averaging.

    Raises
    ------
    UsageError
        If the pictures are not square with a side that is a multiple of 64.
    """
    n, height, width = pictures.shape[:3]
    if height != width or height % SEEN:
        raise UsageError(
            f"Pictures of {height} x {width} pixels cannot be shown to the guesser of drawn scenes; "
            f"give square ones whose side is a multiple of {SEEN}."
        )
    size = height // SEEN
    means = pictures.reshape(n, SEEN, size, SEEN, size, 3).mean(axis=(2, 4))
    return np.asarray(means + 0.5, dtype=np.uint8)


def train_guesser(
    pictures: Pictures,
    concepts: NDArray[np.intp],
    epochs: int,
    veiled: Callable[[Pictures, np.random.Generator], Pictures],
    seed: int = 0,
    classes: int = len(CONCEPTS),
) -> Guesser:
    """Train on small pictures, each veiled anew whenever it is seen.

    Parameters
    ----------
    pictures : ndarray, shape (n, 64, 64, 3), uint8
    concepts : ndarray, shape (n,)
    epochs : int
        How often each picture is seen.
    veiled : callable
        Makes a batch harder to see, as what is to be named later will be.
    seed : int
    classes : int
        How many values `concepts`, the right answers, can have.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    guesser = Guesser(classes)
    batch = min(_BATCH, len(pictures))
    steps = epochs * (len(pictures) // batch)
    optimiser = torch.optim.AdamW(guesser.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for _ in range(steps):
        chosen = rng.choice(len(pictures), batch, replace=False)
        seen = as_tensor(veiled(pictures[chosen], rng))
        loss = F.cross_entropy(guesser(seen), torch.from_numpy(concepts[chosen]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return guesser.eval().requires_grad_(False)


def named(guesser: Guesser, pictures: Pictures) -> NDArray[np.intp]:
    """What the guesser takes pictures (n, h, h, 3) for."""
    return np.asarray(guesser(as_tensor(small(pictures))).argmax(dim=1).numpy())


def as_tensor(pictures: Pictures) -> Tensor:
    """Pictures (n, h, w, 3), uint8, as a tensor (n, 3, h, w) in [-1, 1]."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
