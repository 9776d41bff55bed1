"""What an experiment's clips should be answered with."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtbci.stimuli.concepts import CONCEPTS
from training.experiments.net import ATTRIBUTE

if TYPE_CHECKING:
    from training.experiments.material import Material

Ints = NDArray[np.int64]


class ClipTargets:
    """What each row should be answered with.

    Text and latents stay one a stimulus, and are looked up for each batch: for all clips of all wearers,
    those of large models would take gigabytes.
    """

    def __init__(self, material: "Material", train: Ints) -> None:
        self._labels, self._row = material.labels, material.label_row
        self.concept = torch.from_numpy(material.clips.concept)
        self.attributes = {
            ATTRIBUTE + name: torch.from_numpy(values[self._row])
            for name, (_, values) in material.labels.attributes.items()
        }
        self.subject = material.layer(np.arange(len(material.clips))) - 1
        self.prototypes = torch.from_numpy(self._mean_text(material.clips.concept[train], self._row[train]))

    def of(self, rows: Ints, null: Tensor | None = None) -> dict[str, Tensor]:
        """Targets of some rows; of nulls a flat posterior, the mean text and latent, and no attribute."""
        index, shown, labels = torch.from_numpy(rows), self._row[rows], self._labels
        wanted = {"concept": self.concept[index], "subject": self.subject[index]}
        wanted["text"] = torch.from_numpy(labels.text[shown])
        if labels.latent is not None:
            wanted["latent"] = torch.from_numpy(labels.latent[shown])
        wanted |= {name: values[index] for name, values in self.attributes.items()}
        if null is None or not null.any():
            return wanted
        concepts = len(self.prototypes)
        concept = torch.nn.functional.one_hot(wanted["concept"], concepts).float()
        wanted["concept"] = torch.where(null[:, None], 1.0 / concepts, concept)
        wanted["text"] = torch.where(null[:, None], self.prototypes.mean(dim=0), wanted["text"])
        if "latent" in wanted:
            wanted["latent"] = torch.where(null[:, None], 0.0, wanted["latent"])
        return wanted | {name: wanted[name].masked_fill(null, -1) for name in self.attributes}

    def _mean_text(self, concept: Ints, shown: Ints) -> NDArray[np.float32]:
        """Mean text of each concept's training clips; of all clips where a concept has none."""
        table, everything = self._labels.text, self._labels.text[np.unique(shown)].mean(axis=0)
        means = np.tile(everything, (len(CONCEPTS), 1))
        for k in np.unique(concept):
            rows, counts = np.unique(shown[concept == k], return_counts=True)
            means[k] = counts @ table[rows] / counts.sum()
        return means.astype(np.float32)
