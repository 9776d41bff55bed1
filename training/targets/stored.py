"""Targets that were made, mapped from the disk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.targets.cache import open_values

INDEX_FILE = "targets.json"


@dataclass(frozen=True, eq=False)
class TargetTable:
    """One target for each of many clips.

    Attributes
    ----------
    values : ndarray, shape (rows, ...), float32
        Memory mapped: text embeddings (rows, 77, 768), or video latents (rows, frames, 4, h, w). Clips with
        the same caption share a row.
    row : mapping of (int, int) to int
        Row of a concept and stimulus, as in `training.cohort.Windows.clips`.
    items : tuple of str
        What each row is of: a caption, or a concept and stimulus.
    made_by : mapping
        Model, settings and sources, with their hashes.
    """

    values: NDArray[np.float32]
    row: Mapping[tuple[int, int], int]
    items: tuple[str, ...]
    made_by: Mapping[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map a folder that `training.targets.make.make_targets` has made.

        Raises
        ------
        UsageError
            If it is not whole.
        """
        values, recipe = open_values(folder)
        row = {(concept, stimulus): row for concept, stimulus, row in recipe["clips"]}
        return cls(values, row, tuple(recipe["items"]), recipe["made_by"])

    def rows(self, clips: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of some clips.

        Parameters
        ----------
        clips : ndarray, shape (..., 2)
            Concept and stimulus.

        Returns
        -------
        ndarray, shape (...), int64

        Raises
        ------
        UsageError
            If a clip is not among those that targets were made for.
        """
        pairs = [(int(concept), int(stimulus)) for concept, stimulus in clips.reshape(-1, 2)]
        missing = next((pair for pair in pairs if pair not in self.row), None)
        if missing is not None:
            raise UsageError(
                f"There is no target for the clip {missing[1]} of concept {missing[0]}; make targets of the "
                "same data with `rtbci train targets`."
            )
        return np.array([self.row[pair] for pair in pairs], dtype=np.int64).reshape(clips.shape[:-1])

    def of(self, clips: NDArray[np.int64]) -> NDArray[np.float32]:
        """Targets of some clips, read from the disk: (..., *shape of one)."""
        return np.asarray(self.values[self.rows(clips)])

    def mean(self, clips: NDArray[np.int64]) -> NDArray[np.float32]:
        """Mean target of some clips, the one to give where nothing is to be found; row by row in memory."""
        rows, counts = np.unique(self.rows(clips), return_counts=True)
        total = np.zeros(self.values.shape[1:])
        for row, count in zip(rows, counts, strict=True):
            total += float(count) * self.values[row]
        return np.asarray(total / counts.sum(), dtype=np.float32)


@dataclass(frozen=True)
class StoredTargets:
    """What a folder of targets holds.

    Attributes
    ----------
    text, latents : TargetTable or None
    """

    text: TargetTable | None
    latents: TargetTable | None


def load_targets(folder: Path) -> StoredTargets:
    """Open a folder that ``rtbci train targets --out FOLDER`` has written.

    Raises
    ------
    UsageError
        If there is nothing, or a part of it is not whole.
    """
    index = read_index(folder)
    if not index:
        raise UsageError(f"There are no targets in {folder}; make them with `rtbci train targets`.")
    found = {kind: TargetTable.open(folder / name) for kind, name in index.items()}
    return StoredTargets(found.get("text"), found.get("latents"))


def read_index(folder: Path) -> dict[str, str]:
    """Folder of the targets of each kind; none where there is no index.

    Raises
    ------
    UsageError
        If it cannot be understood.
    """
    path = folder / INDEX_FILE
    if not path.is_file():
        return {}
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        return {kind: str(index[kind]) for kind in ("text", "latents") if kind in index}
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{path} cannot be read; delete it and make the targets again.") from error
