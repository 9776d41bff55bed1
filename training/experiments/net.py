"""One trainable decoder of an experiment: subject layers, an encoder, heads, an adversary."""

from collections.abc import Mapping

import msgspec
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.alignment import SubjectClassifier
from training.experiments.settings import Losses, RunSettings
from training.hrt import Hrt, SubjectLayers
from training.model_settings import STORED
from training.models import build_encoder
from training.models.de import BANDS

RATE = 200.0
ATTRIBUTE = "is_"
"""Begins the names of answers about attributes."""


class Net(nn.Module):
    """EEG of a batch to its answers.

    Parameters
    ----------
    settings : RunSettings
    heads : mapping of str to int
        Name and width of each answer.
    subjects : int
        How many known wearers there are.
    samples : int
        Of a window as it is stored.
    """

    def __init__(self, settings: RunSettings, heads: Mapping[str, int], subjects: int, samples: int) -> None:
        super().__init__()
        self.layers = SubjectLayers(subjects) if settings.subject_layers else None
        if settings.encoder == "hrt":
            self.encoder: nn.Module = HrtTrunk(settings)
        else:
            own = msgspec.structs.asdict(settings.conformer) if settings.encoder == "conformer" else {}
            self.encoder = build_encoder(settings.encoder, samples=samples, rate_hz=RATE / STORED, **own)
        width = int(self.encoder.features)
        self.heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in heads.items()})
        self.adversary = SubjectClassifier(width, subjects) if settings.reversal > 0 else None
        if settings.encoder == "glmnet":
            self.scale: nn.Module = nn.BatchNorm1d(62 * len(BANDS), affine=False)
        else:
            self.scale = nn.Identity()

    def features(self, eeg: Tensor, layer: Tensor) -> Tensor:
        """(B, 62, T) and the index of each window's subject layer, to (B, features)."""
        eeg = self.scale(eeg.flatten(1)).view_as(eeg) if isinstance(self.scale, nn.BatchNorm1d) else eeg
        if isinstance(self.encoder, HrtTrunk):
            # Before the spatial layers, which would carry dropped electrodes' EEG to others.
            eeg = self.encoder.hrt.silence(eeg)
        if self.layers is not None:
            eeg = self.layers(eeg, layer)
        features: Tensor = self.encoder(eeg)
        return features

    def forward(self, eeg: Tensor, layer: Tensor, reverse: float = 0.0) -> dict[str, Tensor]:
        """Answers by name, and "subject" if there is an adversary."""
        features = self.features(eeg, layer)
        answers = {name: head(features) for name, head in self.heads.items()}
        if self.adversary is not None:
            answers["subject"] = self.adversary(features, reverse)
        return answers


class HrtTrunk(nn.Module):
    """HRT without heads, as an encoder among others."""

    def __init__(self, settings: RunSettings) -> None:
        super().__init__()
        self.hrt = Hrt(settings.model, heads={})
        self.features = settings.model.trunk

    def forward(self, eeg: Tensor) -> Tensor:
        """(B, 62, T) to (B, features)."""
        return self.hrt.trunk(eeg)


def loss_of(answers: dict[str, Tensor], wanted: dict[str, Tensor], losses: Losses) -> Tensor:
    """Weighted sum of the losses of whatever is answered; unknown labels (-1) do not count.

    Targets of an attribute are labels (B,) or probabilities (B, values), all 0 where it is unknown. Every
    answer has a gradient, if one of zeros where no label is known: processes that share a batch could not add
    up theirs otherwise.

    SAM-Net's own loss is the text's and the latent's squared distance and the subject's cross-entropy.
    """
    total = torch.zeros(())
    for name, answer in answers.items():
        answer, target = answer.float(), wanted[name]
        if name == "text":
            total = total + losses.text * (answer - target).square().sum(dim=1).mean()
        elif name == "latent":
            total = total + losses.latent * (answer - target).square().mean()
        elif name == "concept":
            total = total + losses.concept * F.cross_entropy(answer, target)
        elif name == "subject":
            total = total + F.cross_entropy(answer, target)
        elif target.is_floating_point():
            # Rows without a probability are of what is not known.
            known = (target.sum(dim=1) > 0).sum().clamp(min=1)
            summed = F.cross_entropy(answer, target) * (len(target) / known)
            total = total + losses.attributes * summed
        else:
            known = (target >= 0).sum().clamp(min=1)
            summed = F.cross_entropy(answer, target, ignore_index=-1, reduction="sum")
            total = total + losses.attributes * (summed / known)
    return total


def concept_logits(answers: dict[str, Tensor], prototypes: Tensor) -> Tensor:
    """Logits over concepts: the head's, or without one how near the text is to each concept's mean text.

    Parameters
    ----------
    answers : dict
    prototypes : Tensor, shape (40, W)
        Mean text embedding of each concept over the training clips.
    """
    if "concept" in answers:
        return answers["concept"].float()
    text = answers["text"].float()
    return -10.0 * torch.cdist(text, prototypes).square()
