"""Gradient descent from a start that is good already: held near it, and stopped by clips set aside."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from rtbci.calibrate.candidates import cross_entropy, likeliest_factors
from rtbci.errors import UsageError
from training.augment import Augment
from training.mappers.interface import Clips, Floats, Indices

Optimiser = Literal["adam", "lbfgs"]
Model = TypeVar("Model", bound=nn.Module)
_LEAST_SPREAD = 0.5


@dataclass(frozen=True)
class DescentSettings:
    """How parameters are fitted to a wearer's clips.

    Attributes
    ----------
    optimiser : {"adam", "lbfgs"}
        The second takes all clips at once and needs no rate; it is for few parameters and no augmentation.
    rate : float
        Of adam.
    epochs : int
        Most passes over the clips; iterations of lbfgs.
    patience : int
        Epochs without a better fit to the clips set aside, after which it stops.
    batch : int
    shrinkage : float
        ``shrinkage / 2`` times the squared distance from the start is added to the mean loss, in place of
        weight decay, which would pull to zero (L2-SP, Li et al. 2018).
    noise : float
        Most noise of the wearer's own spectrum that is added, as a multiple of the EEG.
    drop_channels : int
        Most channels that are silenced in a window.
    seed : int

    Raises
    ------
    UsageError
        If there is no such optimiser.
    """

    optimiser: Optimiser = "adam"
    rate: float = 3e-3
    epochs: int = 40
    patience: int = 6
    batch: int = 32
    shrinkage: float = 1e-3
    noise: float = 0.0
    drop_channels: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.optimiser not in get_args(Optimiser):
            raise UsageError(f"There is no optimiser {self.optimiser!r}; choose adam or lbfgs.")


def fit_to_wearer(
    make: Callable[[], tuple[Model, Sequence[nn.Parameter]]],
    clips: Clips,
    aside: NDArray[np.bool_],
    settings: DescentSettings,
) -> tuple[Model, Floats, int]:
    """Fit with some clips set aside to find when to stop, then again with all of them for as long.

    Parameters
    ----------
    make : callable
        A model at its start, and which of its parameters learn. Its logits are (B, K).
    clips : Clips
        The wearer's.
    aside : ndarray of bool, shape (n,)
        Clips that the first fit does not see: whole slots.
    settings : DescentSettings

    Returns
    -------
    model : nn.Module
        Fitted to all clips, for inference.
    logits : ndarray, shape (m, K)
        Of the clips set aside, by the fit that has not seen them.
    epochs : int
        0 where the start was best: the model is the start then.
    """
    # Dropout draws from torch's own source of chance: the caller's stays where it was.
    with torch.random.fork_rng(devices=[]):
        model, parameters = make()
        epochs, logits = _watched(model, parameters, clips, aside, settings)
        model, parameters = make()
        if epochs:
            torch.manual_seed(settings.seed)
            for _ in _epochs(model, parameters, clips, settings, epochs):
                pass
    model.eval()
    return model, logits, epochs


def descend(
    model: nn.Module,
    parameters: Sequence[nn.Parameter],
    clips: Clips,
    settings: DescentSettings,
    seconds: float = np.inf,
    clock: Callable[[], float] = time.perf_counter,
) -> bool:
    """Fit once, for as many epochs as the settings say: where there is no time to find how many are best.

    Nothing is drawn from torch's own source of chance, if the model has no dropout, so that several may run
    side by side.

    Parameters
    ----------
    model, parameters
        At its start, and what of it learns.
    clips : Clips
        The wearer's.
    settings : DescentSettings
    seconds : float
        Most time that it may take; an epoch that was begun is finished.
    clock : callable
        Seconds.

    Returns
    -------
    bool
        Whether it ended before its time.
    """
    end = clock() + seconds
    for epoch in _epochs(model, parameters, clips, settings, settings.epochs):
        if clock() >= end and epoch < settings.epochs:
            return True
    return False


def _watched(
    model: nn.Module,
    parameters: Sequence[nn.Parameter],
    clips: Clips,
    aside: NDArray[np.bool_],
    settings: DescentSettings,
) -> tuple[int, Floats]:
    """Find the epoch after which the clips set aside are likeliest, with their logits then."""
    x, concept = torch.from_numpy(clips.eeg[aside]), clips.concept[aside]
    best, found = 0, _infer(model, x)
    least = _unscaled_loss(found, concept)
    torch.manual_seed(settings.seed)
    for epoch in _epochs(model, parameters, clips.take(~aside), settings, settings.epochs):
        logits = _infer(model, x)
        loss = _unscaled_loss(logits, concept)
        if loss < least:
            least, best, found = loss, epoch, logits
        if epoch - best >= settings.patience:
            break
    return best, found


def _epochs(
    model: nn.Module, parameters: Sequence[nn.Parameter], clips: Clips, settings: DescentSettings, count: int
) -> Iterator[int]:
    """Descend, and yield the number of each epoch after it."""
    random = torch.Generator().manual_seed(settings.seed)
    x, concept = torch.from_numpy(clips.eeg), torch.from_numpy(clips.concept)
    start = [parameter.detach().clone() for parameter in parameters]
    before = _infer(model, x)
    scale = _scale(before, clips.concept)
    # Concepts that the wearer was not shown are left out of the loss: in a few minutes most are seen once or
    # not at all, and else the quickest thing to learn is that they never come.
    absent = torch.ones(before.shape[1], dtype=torch.bool)
    absent[concept] = False
    augment = None
    if settings.noise or settings.drop_channels:
        augment = Augment(random, settings.noise, settings.drop_channels, 0.0)

    def loss_of(rows: Tensor) -> Tensor:
        eeg = x[rows] if augment is None else augment(x[rows])[0]
        moved = sum((p - s).square().sum() for p, s in zip(parameters, start, strict=True))
        logits = (scale * model(eeg)).masked_fill(absent, -1e4)
        return F.cross_entropy(logits, concept[rows]) + 0.5 * settings.shrinkage * moved

    if settings.optimiser == "lbfgs":
        steps = _lbfgs(parameters, lambda: loss_of(torch.arange(len(x))))
    else:
        steps = _adam(parameters, loss_of, len(x), settings, random)
    for epoch in range(1, count + 1):
        _learning(model)
        next(steps)
        yield epoch


def _adam(
    parameters: Sequence[nn.Parameter],
    loss_of: Callable[[Tensor], Tensor],
    n: int,
    settings: DescentSettings,
    random: torch.Generator,
) -> Iterator[None]:
    optimiser = torch.optim.Adam(parameters, lr=settings.rate)
    while True:
        for rows in torch.randperm(n, generator=random).split(settings.batch):
            optimiser.zero_grad(set_to_none=True)
            loss_of(rows).backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
        yield


def _lbfgs(parameters: Sequence[nn.Parameter], loss: Callable[[], Tensor]) -> Iterator[None]:
    optimiser = torch.optim.LBFGS(parameters, max_iter=1, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimiser.zero_grad(set_to_none=True)
        value = loss()
        value.backward()
        return float(value.detach())

    while True:
        optimiser.step(closure)
        yield


def _scale(logits: Floats, concept: Indices) -> float:
    """How sure the decoder may be of this wearer: settled first, else it is what is learnt.

    A start that knows nothing would be scaled to nothing, and no gradient be left to learn from.
    """
    spread = float(logits.std(axis=1).mean())
    return max(likeliest_factors([logits], concept)[0], _LEAST_SPREAD / max(spread, 1e-9))


def _learning(model: nn.Module) -> None:
    """Turn dropout on; the statistics of batches stay, a few clips would give no better ones."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


@torch.no_grad()
def _infer(model: nn.Module, x: Tensor) -> Floats:
    model.eval()
    return np.asarray(torch.cat([model(part) for part in x.split(256)]).double().numpy())


def _unscaled_loss(logits: Floats, concept: Indices) -> float:
    """Cross-entropy with the factor that suits best: becoming too sure is mended later, for nothing."""
    return cross_entropy(likeliest_factors([logits], concept)[0] * logits, concept)
