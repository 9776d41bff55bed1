"""The objective: a flow from the EEG's latent to the picture's, in few steps, that heeds the evidence.

The flow starts at the EEG's latent plus noise and ends at the picture's latent (rectified flow, Liu et al.
2022, whose start may depend on the end, Albergo et al. 2023): the EEG stands in place of noise, and the way
is short. How much noise is added is told to the network: with much it makes a scene up, with none it can
but give what follows from the evidence, which is soft where that says little.

One network learns short and long steps at once ("shortcut models", Frans et al. 2024): a long step shall go
where two of half its length go. So it needs no distillation, and 1, 2, 4 or 8 steps all end at a picture.

What makes the evidence count: the EEG's latent of part of the batch is another scene's, so that only the
evidence says what to draw; evidence is dropped now and then, so that it can be amplified in use
(classifier-free guidance, Ho & Salimans 2022); and the velocity is pushed away from other scenes'
(contrastive flow matching, Stoica et al. 2025).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from training.draws.model import STRIDES, Drawer, placed

SHORTCUT_SHARE = 0.25
"""Share of a batch that learns long steps."""
CONTRAST = 0.05
"""Weight of the distance from another scene's velocity."""
_KEYFRAME_NOISE = 0.1
"""Added to the keyframe that steers a clip: in use it is drawn, and not flawless."""


@dataclass(frozen=True, eq=False)
class Batch:
    """What is learnt from at once.

    Attributes
    ----------
    start, end : Tensor, shape (n, 8, frames, 16, 16)
        The EEG's latent with noise; the picture's, or the clip's.
    evidence : Tensor, shape (n, `EVIDENCE`)
    """

    start: Tensor
    end: Tensor
    evidence: Tensor

    @property
    def frames(self) -> int:
        """1 for keyframes."""
        return self.end.shape[2]

    def keyframe(self) -> Tensor:
        """Latents of the middle frames."""
        return self.end[:, :, self.frames // 2]


def one_hot(index: Tensor) -> Tensor:
    """Which of `STRIDES`, for the network."""
    return F.one_hot(index, len(STRIDES)).float()


def flow_loss(drawer: Drawer, teacher: Drawer, batch: Batch, generator: torch.Generator) -> Tensor:
    """Mean squared error of the velocity, of the flow itself and of long steps, less the contrast.

    Parameters
    ----------
    drawer : Drawer
        That learns.
    teacher : Drawer
        The average of its weights, whose two short steps teach it one long step.
    batch : Batch
        Of at least two.
    generator : torch.Generator
        On the CPU.
    """
    n, device = len(batch.end), batch.end.device
    long = round(SHORTCUT_SHARE * n)
    index = torch.zeros(n, dtype=torch.long)
    index[:long] = torch.randint(1, len(STRIDES), (long,), generator=generator)
    time = torch.rand(n, generator=generator)
    length = torch.tensor(STRIDES)[index]
    # A long step starts where steps of its length can start.
    time[:long] = (time[:long] / length[:long]).floor() * length[:long]
    index, time, length = index.to(device), time.to(device), length.to(device)
    keyframe = batch.keyframe()
    keyframe = keyframe + _KEYFRAME_NOISE * torch.randn(keyframe.shape, generator=generator).to(device)
    aim = batch.end - batch.start
    at = batch.start + _wide(time) * aim
    target = aim.clone()
    if long:
        target[:long] = two_steps(
            teacher,
            at[:long],
            time[:long],
            index[:long] - 1,
            length[:long] / 2,
            batch.evidence[:long],
            keyframe[:long],
        )
    velocity = _velocity(drawer, at, time, index, batch.evidence, keyframe).float()
    loss = F.mse_loss(velocity, target)
    other = F.mse_loss(velocity[long:], aim[long:].roll(1, dims=0))
    return loss - CONTRAST * (n - long) / n * other


@torch.no_grad()
def two_steps(
    teacher: Drawer,
    at: Tensor,
    time: Tensor,
    index: Tensor,
    length: Tensor,
    evidence: Tensor,
    keyframe: Tensor,
) -> Tensor:
    """Mean velocity over two steps."""
    first = _velocity(teacher, at, time, index, evidence, keyframe).float()
    there = at + _wide(length) * first
    second = _velocity(teacher, there, time + length, index, evidence, keyframe).float()
    return (first + second) / 2


@torch.no_grad()
def draw(
    drawer: Drawer, start: Tensor, evidence: Tensor, steps: int, keyframe: Tensor | None = None
) -> Tensor:
    """Follow the flow, as the runtime does.

    Parameters
    ----------
    drawer : Drawer
    start : Tensor, shape (n, 8, frames, 16, 16)
    evidence : Tensor, shape (n, `EVIDENCE`)
    steps : int
        1, 2, 4 or 8.
    keyframe : Tensor, shape (n, 8, 16, 16), optional
        What steers a clip.
    """
    n, length = len(start), 1 / steps
    index = torch.full((n,), STRIDES.index(length), device=start.device)
    latents = start
    for k in range(steps):
        time = torch.full((n,), k * length, device=start.device)
        latents = latents + length * _velocity(drawer, latents, time, index, evidence, keyframe)
    return latents


def _velocity(
    drawer: Drawer, at: Tensor, time: Tensor, index: Tensor, evidence: Tensor, keyframe: Tensor | None
) -> Tensor:
    frames = at.shape[2]
    residuals = None
    if frames > 1 and keyframe is not None:
        residuals = drawer.steer(*placed(keyframe, frames), time, evidence)
    return drawer(at, time, one_hot(index), evidence, residuals)


def _wide(values: Tensor) -> Tensor:
    return values[:, None, None, None, None]
