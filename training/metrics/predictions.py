"""Reading predicted and true classes that were made elsewhere: .npy, .npz and .csv."""

import csv
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import UsageError

_NAMES = {
    "predicted": ("predicted", "prediction", "predictions", "pred", "y_pred"),
    "true": ("true", "truth", "label", "labels", "target", "y_true"),
    "scores": ("scores", "probabilities", "logits"),
    "shown": ("shown",),
    "confidence": ("confidence", "probability"),
    "block": ("block", "fold"),
    "subject": ("subject", "wearer"),
}
Names = NDArray[Any]
"""Classes, blocks or people: integers or text."""
_LARGEST = 2**53
"""Whole numbers up to here are exact as floats, in which text files and many arrays hold them."""

_LEAST_AGREEMENT = 0.5
"""Predictions may come from more than the scores, such as a prior, but not mostly from something else."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What one file says, window by window in order of presentation.

    Attributes
    ----------
    path : str
        Where it came from.
    predicted, true : ndarray, shape (n,)
        Classes, all integers or all text.
    scores : ndarray, shape (n, classes), optional
        For classes 0, 1, … in this order; higher is likelier.
    shown : ndarray, shape (n, classes), optional
        A classifier's scores of the clips shown, where `scores` are its scores of the clips generated.
    confidence : ndarray, shape (n,), optional
        Probability, 0 to 1, that the prediction is right.
    block, subject : ndarray, shape (n,), optional
        Where each window belongs.
    """

    path: str
    predicted: Names
    true: Names
    scores: NDArray[np.float64] | None = None
    shown: NDArray[np.float64] | None = None
    confidence: NDArray[np.float64] | None = None
    block: Names | None = None
    subject: Names | None = None

    @property
    def n(self) -> int:
        """Number of windows."""
        return len(self.true)


def read_predictions(path: Path, blocks: int | None = None) -> Predictions:
    """Read a file of predicted and true classes.

    Parameters
    ----------
    path : Path
        ``.npy``: shape (2, n), row 0 predicted, row 1 true; or (n, 2), the same as columns.
        ``.npz`` and ``.csv`` (with a header): ``true`` and ``predicted``, and where there are any
        ``confidence``, ``block``, ``subject``. An .npz may have ``scores`` (n, classes) in place of
        ``predicted``, or beside it if both mostly say the same, and ``shown`` (n, classes) in place of
        ``true``. A .csv of two columns of numbers may do without a header.
    blocks : int, optional
        The file is that many equal blocks one after the other; for files that do not name the block.

    Raises
    ------
    UsageError
        If it is missing, or not what it should be.
    """
    readers = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_csv}
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise UsageError(f"{path} is no file of predictions by its name; give a .npy, .npz or .csv file.")
    if not path.is_file():
        raise UsageError(f"There is no file {path}; give the path of a .npy, .npz or .csv file.")
    try:
        columns = readers[suffix](path)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, csv.Error) as error:
        detail = str(error).splitlines()[0].rstrip(". ") if str(error) else type(error).__name__
        raise UsageError(
            f"{path} cannot be read as {suffix[1:]} ({detail}); "
            "write it again, plain arrays without pickled objects."
        ) from error
    return _checked(path, columns, blocks)


def _read_npy(path: Path) -> dict[str, Names]:
    array = np.load(path, allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise ValueError("it is an .npz under another name")
    if array.ndim != 2 or 2 not in array.shape:
        raise UsageError(
            f"{path} has shape {array.shape}; it must be (2, n): row 0 the predicted, row 1 the true classes."
        )
    rows = array if array.shape[0] == 2 else array.T
    return {"predicted": rows[0], "true": rows[1]}


def _read_npz(path: Path) -> dict[str, Names]:
    with np.load(path, allow_pickle=False) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it is an .npy under another name")
        return _named(path, {name: archive[name] for name in archive.files})


def _read_csv(path: Path) -> dict[str, Names]:
    lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if not lines:
        raise UsageError(f"{path} is empty; it needs a header `predicted,true` and a row for each window.")
    delimiter = next((mark for mark in ",;\t" if mark in lines[0]), ",")
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    if len(rows[0]) == 2 and all(_is_number(cell) for cell in rows[0]):
        rows.insert(0, ["predicted", "true"])
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise UsageError(
                f"{path} has {len(row)} cells in row {number} and {len(rows[0])} in the first; "
                "give every row a cell for each column."
            )
    if len(set(rows[0])) < len(rows[0]):
        raise UsageError(f"{path} has two columns of one name; give each its own.")
    cells = np.array(rows[1:], dtype=str).reshape(-1, len(rows[0])).T
    return _named(path, {name: _numbers(column) for name, column in zip(rows[0], cells, strict=True)})


def _named(path: Path, given: dict[str, Names]) -> dict[str, Names]:
    lower = {name.lower(): array for name, array in given.items()}
    found = {}
    for name, aliases in _NAMES.items():
        match = [alias for alias in aliases if alias in lower]
        if len(match) > 1:
            raise UsageError(f"{path} has both {match[0]} and {match[1]}; keep one of them.")
        if match:
            found[name] = lower[match[0]]
    if "shown" in found and "scores" not in found:
        raise UsageError(f"{path} has shown without scores; give the scores of what was generated as well.")
    if not ({"true", "shown"} & set(found) and {"predicted", "scores"} & set(found)):
        has = ", ".join(given) or "nothing"
        raise UsageError(f"{path} has {has}; it needs `true` and `predicted` (or, in an .npz, `scores`).")
    return found


def _checked(path: Path, columns: dict[str, Names], blocks: int | None) -> Predictions:
    for name, column in columns.items():
        wide = name in ("scores", "shown")
        if column.ndim != (2 if wide else 1) or (wide and column.shape[1] < 2):
            needs = "a row of two or more scores" if wide else "one value"
            raise UsageError(f"{path}: {name} has shape {column.shape}; it needs {needs} for each window.")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        says = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise UsageError(f"{path}: {says}; all must have one entry for each window.")
    if 0 in lengths.values():
        raise UsageError(f"{path} holds no windows; it needs at least one predicted and one true class.")

    scores = _scores(path, "scores", columns["scores"]) if "scores" in columns else None
    shown = _scores(path, "shown", columns["shown"]) if "shown" in columns else None
    if shown is not None and scores is not None and shown.shape != scores.shape:
        raise UsageError(
            f"{path}: scores have shape {scores.shape} and shown has {shown.shape}; "
            "use one classifier for both."
        )
    if "true" in columns:
        true = _classes(path, "true", columns["true"])
    else:
        assert shown is not None
        true = shown.argmax(axis=1)
    if scores is not None:
        _check_numbered(path, "true", true, scores.shape[1])
    if "predicted" in columns:
        predicted = _classes(path, "predicted", columns["predicted"])
        if scores is not None:
            _check_numbered(path, "predicted", predicted, scores.shape[1])
            _check_agree(path, predicted, scores)
    else:
        assert scores is not None
        predicted = scores.argmax(axis=1)
    if (predicted.dtype.kind == "U") != (true.dtype.kind == "U"):
        kinds = ("text", "numbers") if predicted.dtype.kind == "U" else ("numbers", "text")
        raise UsageError(
            f"{path}: the predicted classes are {kinds[0]} and the true ones {kinds[1]}; name both alike."
        )
    confidence = _confidence(path, columns["confidence"]) if "confidence" in columns else None
    if (
        confidence is None
        and scores is not None
        and _are_probabilities(scores)
        and "predicted" not in columns
    ):
        confidence = scores.max(axis=1)
    block = columns.get("block")
    if block is None and blocks is not None:
        if len(true) % blocks:
            raise UsageError(
                f"{path} has {len(true)} windows, which are not {blocks} equal blocks; "
                "give another number, or name the blocks in a column `block`."
            )
        block = np.repeat(np.arange(blocks), len(true) // blocks)
    return Predictions(str(path), predicted, true, scores, shown, confidence, block, columns.get("subject"))


def _classes(path: Path, name: str, column: Names) -> Names:
    if column.dtype.kind == "U":
        if (column == "").any():
            row = int(np.flatnonzero(column == "")[0])
            raise UsageError(f"{path}: {name} is empty at window {row}; give every window a class.")
        return column
    if column.dtype.kind not in "biuf":
        raise UsageError(f"{path}: {name} is of type {column.dtype}; classes are whole numbers or text.")
    wrong = ~np.isfinite(column) | (column != np.floor(column)) if column.dtype.kind == "f" else None
    if wrong is not None and wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise UsageError(
            f"{path}: {name} is {column[row]:g} at window {row}; classes are whole numbers or text."
        )
    # Beyond, a number that is cast wraps round, or becomes the lowest of all, without a word.
    beyond = (column < -_LARGEST) | (column > _LARGEST) if column.dtype.kind in "iuf" else np.zeros(1, bool)
    if beyond.any():
        row = int(np.flatnonzero(beyond)[0])
        raise UsageError(
            f"{path}: {name} is {column[row]:g} at window {row}, too large for a class; number the classes "
            "from 0, or name them in text."
        )
    return column.astype(np.int64)


def _scores(path: Path, name: str, scores: Names) -> NDArray[np.float64]:
    if scores.dtype.kind not in "iuf" or not np.isfinite(scores).all():
        raise UsageError(f"{path}: {name} must be finite numbers; write the decoder's scores again.")
    return scores.astype(np.float64)


def _check_numbered(path: Path, name: str, given: Names, classes: int) -> None:
    if given.dtype.kind == "U" or given.min() < 0 or given.max() >= classes:
        raise UsageError(
            f"{path}: beside scores of {classes} classes, {name} must be 0 to {classes - 1}; "
            "number the classes as the columns of scores."
        )


def _check_agree(path: Path, predicted: Names, scores: NDArray[np.float64]) -> None:
    """Refuse scores that are of another decoder, of classes in another order, or lower for likelier."""
    best = scores[np.arange(len(scores)), predicted] == scores.max(axis=1)
    if best.mean() < _LEAST_AGREEMENT:
        raise UsageError(
            f"{path}: the predicted class has the highest score in {int(best.sum())} of {len(best)} windows; "
            "give the scores that the predictions were made from, higher for likelier, a column for each "
            "class from 0, or leave `predicted` out."
        )


def _confidence(path: Path, confidence: Names) -> NDArray[np.float64]:
    numeric = confidence.dtype.kind in "iuf"
    if not numeric or not ((confidence >= 0.0) & (confidence <= 1.0)).all():
        raise UsageError(f"{path}: confidence must be a probability, 0 to 1, for every window.")
    return confidence.astype(np.float64)


def _are_probabilities(scores: NDArray[np.float64]) -> bool:
    return bool((scores >= 0.0).all() and np.allclose(scores.sum(axis=1), 1.0, atol=1e-4))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(column: Names) -> Names:
    return column.astype(np.float64) if all(_is_number(cell) for cell in column) else column
