"""All figures of some files of predictions, each with its chance and its interval, ready for a report."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.metrics.calibration import calibrated_error, reliability_curve
from training.metrics.chance import blind_chance
from training.metrics.classes import balanced_accuracy, confusion, top_k_accuracy
from training.metrics.information import itr_bits, mutual_information_bits
from training.metrics.intervals import clustered_interval, mean_interval
from training.metrics.nway import field_n_way, n_way_chance, n_way_hits
from training.metrics.permutation import Units, balanced_blocks, permutation_p, permuted_truths, units_of
from training.metrics.predictions import Predictions
from training.scores import binomial_interval

_INFORMATION_PERMUTATIONS = 200
"""Enough for a mean; a p-value needs more."""
_MOST_CLASSES = 1000
_MOST_COUNTS = 1 << 25
_TOP = (5,)
_WAYS = (2, 40)

Ints = NDArray[np.int64]


def evaluate_files(
    parts: Sequence[Predictions], permutations: int = 9999, seed: int = 0, classes: int | None = None
) -> dict[str, Any]:
    """Score each file and all together.

    Parameters
    ----------
    parts : sequence of Predictions
        One a file.
    permutations : int
        Of the true classes, for the p-values.
    seed : int
        Of the permutations.
    classes : int, optional
        Number of classes where not all of them occur in a file.

    Returns
    -------
    dict
        ``files`` (``path`` and what `summarise` gives, each) and ``pooled`` (what `summarise` gives).

    Raises
    ------
    UsageError
        If the files name classes differently, or more classes occur than there are said to be.
    """
    kinds = {part.true.dtype.kind == "U" for part in parts}
    if len(kinds) > 1:
        text = next(part.path for part in parts if part.true.dtype.kind == "U")
        raise UsageError(f"{text} names classes by text and other files by numbers; pool files of one kind.")
    files = [{"path": part.path, **summarise([part], permutations, seed, classes)} for part in parts]
    return {"files": files, "pooled": summarise(parts, permutations, seed, classes)}


def summarise(
    parts: Sequence[Predictions], permutations: int = 9999, seed: int = 0, classes: int | None = None
) -> dict[str, Any]:
    """Score some files as one.

    Returns
    -------
    dict
        ``n``, ``top1``; ``ci95``, exact for n independent windows (Clopper and Pearson 1934);
        ``chance``, see `blind_chance`; ``p_value``, of `permutation_p`; ``ci95_clustered``, which counts runs
        of one class as clusters; ``chance_permuted``, the mean score under permutation; ``shuffled``, what
        was permuted, within ``blocks`` blocks; ``balanced`` and ``bits`` (whose chance is None where the
        permutations only give the classes other names, which information does not mind); where there are
        scores or confidences, ``top5``, ``n_way`` (``accepted`` classes stand for the truth: 3 is the field's
        metric) and ``calibration``; ``people``, one row for each subject (or file), and
        ``over_people``, the interval of their mean, where there are two or more.
    """
    names, codes = np.unique(
        np.concatenate([array for part in parts for array in (part.true, part.predicted)]),
        return_inverse=True,
    )
    known = max((part.scores.shape[1] for part in parts if part.scores is not None), default=len(names))
    total = max(known, len(names)) if classes is None else classes
    if total < len(names):
        where = ", ".join(part.path for part in parts)
        raise UsageError(f"{where}: {len(names)} classes occur, more than the {total} that you named.")
    if total > _MOST_CLASSES:
        where = ", ".join(part.path for part in parts)
        raise UsageError(f"{where}: {total} classes are more than {_MOST_CLASSES}; give classes, not values.")
    ends = np.cumsum([count for part in parts for count in (part.n, part.n)])[:-1]
    split = np.split(codes.astype(np.int64), ends)
    truths, guesses = split[0::2], split[1::2]
    laid_out = [units_of(true, _blocks(part, true)) for part, true in zip(parts, truths, strict=True)]
    true, predicted = np.concatenate(truths), np.concatenate(guesses)

    hit = true == predicted
    n, hits = len(hit), int(hit.sum())
    null_hits, null_bits = _under_permutation(laid_out, guesses, len(names), permutations, seed)
    counts = confusion(true, predicted, len(names))
    shown = counts.sum(axis=1)
    balanced, balanced_chance = balanced_accuracy(counts)
    bits = mutual_information_bits(counts)
    # Where each class is one run of every block, shuffling runs but gives classes other names.
    void = bits > 1e-9 and bool(np.allclose(null_bits, bits, rtol=0.0, atol=1e-9))
    result: dict[str, Any] = {
        "n": n,
        "top1": hits / n,
        "ci95": list(binomial_interval(hits, n)),
        "chance": blind_chance(shown[shown > 0], total),
        "p_value": permutation_p(hits, null_hits),
        "ci95_clustered": list(_clustered(laid_out, hit)),
        "chance_permuted": float(null_hits.mean() / n),
        "classes": total,
        "shuffled": " and ".join(sorted({units.kind for units in laid_out})),
        "blocks": sum(len(np.unique(units.block)) for units in laid_out),
        "permutations": permutations,
        "balanced": {"accuracy": balanced, "chance": balanced_chance},
        "bits": {
            "mutual_information": bits,
            "mutual_information_chance": None if void else float(null_bits.mean()),
            "mutual_information_p_value": None if void else permutation_p(bits, null_bits),
            "itr": itr_bits(hits / n, total),
            "itr_chance": 0.0,
        },
    }
    if all(part.scores is not None and part.scores.shape[1] == total for part in parts):
        scores = np.concatenate([part.scores for part in parts if part.scores is not None])
        labels = np.concatenate([part.true for part in parts])
        for k in _TOP:
            if k < total:
                result[f"top{k}"] = {"accuracy": top_k_accuracy(scores, labels, k), "chance": k / total}
        result["n_way"] = _n_way(parts, scores, labels)
    if all(part.confidence is not None for part in parts):
        confidence = np.concatenate([part.confidence for part in parts if part.confidence is not None])
        result["calibration"] = _calibration(confidence, hit)
    _add_people(result, parts, hit, truths, total)
    return result


def _blocks(part: Predictions, true: Ints) -> Ints | None:
    """Number the blocks of each subject; where neither is named, find them in the layout of the truth."""
    given = [column for column in (part.subject, part.block) if column is not None]
    if not given:
        return balanced_blocks(true)
    coded = np.stack([np.unique(column, return_inverse=True)[1] for column in given], axis=1)
    return np.unique(coded, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _under_permutation(
    laid_out: Sequence[Units], guesses: Sequence[Ints], classes: int, permutations: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hits and bits of the same predictions against shuffled truths, summed over the parts."""
    hits = np.zeros(permutations)
    kept = min(permutations, _INFORMATION_PERMUTATIONS, _MOST_COUNTS // classes**2)
    joint = np.zeros((kept, classes, classes), dtype=np.int64)
    for units, guess in zip(laid_out, guesses, strict=True):
        done = 0
        for truths in permuted_truths(units, permutations, seed):
            hits[done : done + len(truths)] += (truths == guess).sum(axis=1)
            for row, true in zip(range(done, kept), truths, strict=False):
                joint[row] += confusion(true, guess, classes)
            done += len(truths)
    return hits, np.array([mutual_information_bits(counts) for counts in joint])


def _clustered(laid_out: Sequence[Units], hit: NDArray[np.bool_]) -> tuple[float, float]:
    hits, sizes, first = [], [], 0
    for units in laid_out:
        own = hit[first : first + len(units.of)]
        hits.append(np.bincount(units.of, weights=own))
        sizes.append(np.bincount(units.of))
        first += len(units.of)
    return clustered_interval(np.concatenate(hits), np.concatenate(sizes))


def _n_way(parts: Sequence[Predictions], scores: NDArray[np.float64], labels: Ints) -> list[dict[str, float]]:
    """Score 2-way and 40-way, strictly, and as the field does where the shown clips were classified too."""
    given = [part.shown for part in parts if part.shown is not None]
    shown = np.concatenate(given) if len(given) == len(parts) else None
    rows = []
    for ways in _WAYS:
        for accepted in (1, 3):
            if ways - 1 > scores.shape[1] - accepted or (accepted > 1 and shown is None):
                continue
            if shown is None or accepted == 1:
                hits, chance = n_way_hits(scores, labels, ways), n_way_chance(ways)
            else:
                hits, chance = field_n_way(scores, shown, ways, accepted)
            accuracy = float(hits.mean())
            rows.append({"ways": ways, "accepted": accepted, "accuracy": accuracy, "chance": chance})
    return rows


def _calibration(confidence: NDArray[np.float64], hit: NDArray[np.bool_]) -> dict[str, Any]:
    curve = reliability_curve(confidence, hit)
    return {
        "mean_confidence": float(confidence.mean()),
        "ece": curve.error,
        "ece_if_calibrated": calibrated_error(confidence),
        "reliability": [
            {"confidence": float(c), "accuracy": float(a), "n": int(count)}
            for c, a, count in zip(curve.confidence, curve.accuracy, curve.count, strict=True)
        ],
    }


def _add_people(
    result: dict[str, Any],
    parts: Sequence[Predictions],
    hit: NDArray[np.bool_],
    truths: Sequence[Ints],
    classes: int,
) -> None:
    """Add a row for each person, and the interval of their mean: people differ more than windows do."""
    who = np.concatenate(
        [
            np.full(part.n, part.path, dtype=object) if part.subject is None else part.subject.astype(object)
            for part in parts
        ]
    )
    names = list(dict.fromkeys(who))
    if len(names) < 2:
        return
    true = np.concatenate(truths)
    rows = []
    for name in names:
        own = who == name
        hits, n = int(hit[own].sum()), int(own.sum())
        shown = np.unique(true[own], return_counts=True)[1]
        rows.append(
            {
                "who": f"{name:g}" if isinstance(name, float) else str(name),
                "n": n,
                "top1": hits / n,
                "ci95": list(binomial_interval(hits, n)),
                "chance": blind_chance(shown, classes),
            }
        )
    top1 = np.array([row["top1"] for row in rows])
    result["people"] = rows
    result["over_people"] = {
        "people": len(rows),
        "mean": float(top1.mean()),
        "sd": float(top1.std(ddof=1)),
        "median": float(np.median(top1)),
        "ci95": np.clip(mean_interval(top1), 0.0, 1.0).tolist(),
        "chance": float(np.mean([row["chance"] for row in rows])),
    }
