"""Candidates of live calibration that follow gradients of the bundle's encoder.

They need the encoder's weights in the bundle (`training.bundled`). `rtbci.calibrate` does not know them:
the command hands them in (docs/decisions/0033).
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rtbci.calibrate.candidates import Candidate, Fitted, Indices, Material
from rtbci.wearers.adapter import OWN_BINS, Adapter
from training.bundled import BundledEncoder, ConceptLogits, load_encoder
from training.mappers.descent import DescentSettings, descend
from training.mappers.interface import Clips

LAYER = DescentSettings(rate=1e-2, batch=64, epochs=10)
FINETUNE = DescentSettings(rate=5e-4, batch=32, epochs=6)
"""Their epochs are fixed beforehand: there is no time to find them for each fit of a cross-validation."""

ToGraph = Callable[[BundledEncoder], bytes]
"""Makes the ONNX graph of an encoder that has learnt."""


def gradient_candidates(weights: Path, to_graph: ToGraph | None) -> tuple[Candidate, ...]:
    """Return what can be fitted by gradients: the layer, and the whole encoder where its graph can be made.

    Parameters
    ----------
    weights : Path
        Of the bundle's encoder.
    to_graph : callable or None
        Without it the encoder is not fine-tuned, since nothing could run it.

    Raises
    ------
    BundleError
        If the weights are none.
    """
    encoder = load_encoder(weights)

    def layer(material: Material, train: Indices, seconds: float) -> Fitted:
        start = material.start.adapter
        model = _Around(ConceptLogits(encoder), start)
        model.matrix.requires_grad_(True)
        cut_short = _descend(model, [model.matrix], material, train, LAYER, seconds)
        matrix = model.matrix.detach().double().numpy()
        return replace(material.start, adapter=replace(start, matrix=matrix), cut_short=cut_short)

    def finetune(material: Material, train: Indices, seconds: float) -> Fitted:
        assert to_graph is not None
        make = to_graph
        start = material.start.adapter
        learner = copy.deepcopy(encoder)
        learns = [*_asked(learner)]
        for parameter in learns:
            parameter.requires_grad_(True)
        model = _Around(ConceptLogits(learner), start)
        cut_short = _descend(model, learns, material, train, FINETUNE, seconds)
        learner.requires_grad_(False)
        return Fitted(start, _encode(learner), lambda: make(learner), cut_short)

    found = [Candidate("layer by gradient", layer, timed=True)]
    if to_graph is not None:
        found.append(Candidate("finetune", finetune, timed=True))
    return tuple(found)


class _Around(nn.Module):
    """What an adapter puts around an encoder, in torch; always as in use, without dropout."""

    def __init__(self, decoder: ConceptLogits, adapter: Adapter) -> None:
        super().__init__()
        self.decoder = decoder
        self.matrix = nn.Parameter(_tensor(adapter.matrix), requires_grad=False)
        self.head_weight, self.head_bias = _tensor(adapter.head_weight), _tensor(adapter.head_bias)
        self.own = _tensor(adapter.own_weight) if adapter.has_own else None

    def train(self, mode: bool = True) -> "_Around":
        return super().train(False)

    def forward(self, eeg: Tensor) -> Tensor:
        logits: Tensor = self.decoder(self.matrix @ eeg) @ self.head_weight + self.head_bias
        if self.own is not None:
            bins = eeg.unflatten(2, (OWN_BINS, -1)).mean(dim=3).flatten(1)
            logits = logits + bins @ self.own
        return logits


def _asked(encoder: BundledEncoder) -> Iterator[nn.Parameter]:
    """What the concept rests on; heads of other questions have no truth to learn from."""
    for name, parameter in encoder.encoder.named_parameters():
        if not name.startswith("heads.") or name.startswith("heads.concept."):
            yield parameter


def _descend(
    model: _Around,
    learns: Sequence[nn.Parameter],
    material: Material,
    train: Indices,
    settings: DescentSettings,
    seconds: float,
) -> bool:
    trials = material.trials
    nobody = np.zeros(len(train), dtype=np.int64)
    clips = Clips(
        x=_averaged(material.example_z[train], model.decoder.encoder.settings.decimate),
        concept=trials.example_concept[train],
        slot=trials.slot[trials.example_trial[train]],
        stimulus=nobody - 1,
        subject=nobody,
    )
    return descend(model, learns, clips, settings, seconds, material.clock)


def _encode(encoder: BundledEncoder) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
    """Concept logits by an encoder that has learnt."""
    decoder, decimate = ConceptLogits(encoder), encoder.encoder.settings.decimate

    @torch.no_grad()
    def encode(eeg: NDArray[np.float32]) -> NDArray[np.float64]:
        logits = decoder(torch.from_numpy(_averaged(eeg, decimate)))
        return np.asarray(logits.double().numpy())

    return encode


def _averaged(eeg: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    parts = eeg.reshape(*eeg.shape[:2], -1, factor)
    return np.asarray(parts.mean(axis=3, dtype=np.float32))


def _tensor(array: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C"))
