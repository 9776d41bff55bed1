"""What the decoder should say of a window: soft labels where two clips share it, ignorance where none is."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtbci.stimuli.captions import caption
from rtbci.stimuli.concepts import ATTRIBUTES
from rtbci.stimuli.spec import clip_spec
from rtbci.stimuli.text import TEXT_WIDTH, embed
from training.cohort import Windows
from training.hrt import QUESTIONS


@dataclass(frozen=True)
class ClipTable:
    """Labels and text of every clip that occurs; row 0 is no clip at all: marginals and the mean text."""

    answers: dict[str, NDArray[np.float32]]
    """Each (clips + 1, K): one-hot, in row 0 the marginal."""
    text: NDArray[np.float32]
    """(clips + 1, 64)."""
    row: dict[tuple[int, int], int]
    """Row of a concept and seed."""


def clip_table(clips: NDArray[np.int64]) -> ClipTable:
    """Look up all distinct clips.

    Parameters
    ----------
    clips : ndarray, shape (..., 2)
        Concept and seed.
    """
    distinct = np.unique(clips.reshape(-1, 2), axis=0)
    specs = [clip_spec(int(concept), int(seed)) for concept, seed in distinct]
    index = {"concept": np.array([spec.concept for spec in specs])}
    index |= {name: np.array([int(getattr(spec, name)) for spec in specs]) for name in ATTRIBUTES}
    answers = {}
    for name, size in QUESTIONS.items():
        one_hot = np.eye(size, dtype=np.float32)[index[name]]
        nothing = np.full(size, 1 / size, dtype=np.float32) if name == "concept" else one_hot.mean(axis=0)
        answers[name] = np.concatenate([nothing[None], one_hot])
    text = np.empty((len(specs) + 1, TEXT_WIDTH), dtype=np.float32)
    text[1:] = [embed(caption(spec)) for spec in specs]
    text[0] = text[1:].mean(axis=0)
    row = {(int(concept), int(seed)): number + 1 for number, (concept, seed) in enumerate(distinct)}
    return ClipTable(answers, text, row)


@dataclass(frozen=True)
class Targets:
    """Rows of a `ClipTable` for each window, and the weight of the first."""

    rows: Tensor
    """(n, 2) int64; both 0 where there is nothing to be found."""
    weight: Tensor
    """(n,) of the first clip, 0.5 to 1."""
    answers: dict[str, Tensor]
    text: Tensor

    def of(self, chosen: Tensor, null: Tensor) -> dict[str, Tensor]:
        """Targets of some windows: probabilities for each question, and the text embedding.

        Parameters
        ----------
        chosen : Tensor, shape (B,), int64
            Which windows.
        null : Tensor, shape (B,), bool
            Which of them have been replaced by nulls.
        """
        rows = torch.where(null[:, None], 0, self.rows[chosen])
        weight = self.weight[chosen, None]
        out = {
            name: weight * table[rows[:, 0]] + (1.0 - weight) * table[rows[:, 1]]
            for name, table in self.answers.items()
        }
        out["text"] = weight * self.text[rows[:, 0]] + (1.0 - weight) * self.text[rows[:, 1]]
        return out


def window_targets(windows: Windows, table: ClipTable, power: float) -> Targets:
    """Targets of windows: two clips count by their shares to the given power."""
    rows = np.array([[table.row[int(c), int(s)] for c, s in pair] for pair in windows.clips])
    rows[windows.null] = 0
    first, second = windows.share**power, (1.0 - windows.share) ** power
    return Targets(
        rows=torch.from_numpy(rows),
        weight=torch.from_numpy((first / (first + second)).astype(np.float32)),
        answers={name: torch.from_numpy(values) for name, values in table.answers.items()},
        text=torch.from_numpy(table.text),
    )
