"""Rows drawn together: means over subjects and seeds, their intervals, and differences from a reference."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import msgspec
import numpy as np

from rtbci.errors import UsageError
from training.evaluation.quantities import Quantity, quantity
from training.evaluation.rows import Row
from training.metrics.hierarchical import hierarchical_interval

Interval = tuple[float, float]
Reference = str | Mapping[str, str] | Callable[[str, str], str | None] | None


class Difference(msgspec.Struct, frozen=True):
    """How a variant differs from the reference, subject by subject and seed by seed.

    Attributes
    ----------
    reference : str
    mean : float
    ci95 : tuple of float, or None
        None where one pair is all there is.
    pairs, subjects : int
        Rows and subjects that both have.
    """

    reference: str
    mean: float
    ci95: Interval | None
    pairs: int
    subjects: int


class Summary(msgspec.Struct, frozen=True):
    """One variant in one setting, by one metric.

    Attributes
    ----------
    table, metric, setting, variant : str
    mean : float
        Of the subjects' means.
    ci95 : tuple of float, or None
        Over subjects and seeds; None where there is one of each.
    chance : float or None
        Mean over the rows' own.
    above_chance : bool or None
        Whether the interval of value less chance lies above 0; None where either is not known.
    people : mapping of str to float
        Mean over seeds of each subject.
    seeds : int or None
        None of what no seed changes.
    n : int
        Over all subjects, of one seed (the largest).
    difference : Difference or None
        None for the reference itself, and where nothing is in common with it.
    """

    table: str
    metric: str
    setting: str
    variant: str
    mean: float
    ci95: Interval | None
    chance: float | None
    above_chance: bool | None
    people: dict[str, float]
    seeds: int | None
    n: int
    difference: Difference | None


def summarise_rows(rows: Sequence[Row], reference: Reference = None) -> list[Summary]:
    """Summarise every variant in every setting of every table, in the order in which they first occur.

    Parameters
    ----------
    rows : sequence of Row
    reference : str, mapping of table to str, or callable, optional
        The variant that others are held against; the first of each table where it is not said. A callable is
        given table and variant, and says what that one is held against, or None.

    Raises
    ------
    UsageError
        If there are no rows, two of the same names, or no rows of the reference.
    """
    if not rows:
        raise UsageError("There are no rows to report; run the experiment first.")
    _check_distinct(rows)
    summaries: list[Summary] = []
    for table in _distinct(row.table for row in rows):
        own = [row for row in rows if row.table == table]
        held = _reference_of(table, own, reference)
        for metric in _distinct(row.metric for row in own):
            measured = [row for row in own if row.metric == metric]
            for setting in _distinct(row.setting for row in measured):
                here = [row for row in measured if row.setting == setting]
                for variant in _distinct(row.variant for row in here):
                    cell = [row for row in here if row.variant == variant]
                    against = held(variant)
                    base = [row for row in here if row.variant == against != variant]
                    summaries.append(_summary(cell, base))
    return summaries


def _summary(cell: Sequence[Row], base: Sequence[Row]) -> Summary:
    first = cell[0]
    people = {
        subject: float(np.mean([row.value for row in cell if row.subject == subject]))
        for subject in _distinct(row.subject for row in cell)
    }
    seeds = {row.seed for row in cell}
    chances = [row.chance for row in cell if row.chance is not None]
    chance = float(np.mean(chances)) if len(chances) == len(cell) else None
    over = (
        _interval(cell, [row.value - row.chance for row in cell if row.chance is not None])
        if chances
        else None
    )
    return Summary(
        table=first.table,
        metric=first.metric,
        setting=first.setting,
        variant=first.variant,
        mean=float(np.mean(list(people.values()))),
        ci95=_within(_interval(cell, [row.value for row in cell]), quantity(first.metric)),
        chance=chance,
        above_chance=None if chance is None or over is None else over[0] > 0,
        people=people,
        seeds=None if seeds == {None} else len(seeds),
        n=max(sum(row.n for row in cell if row.seed == seed) for seed in seeds),
        difference=_difference(cell, base),
    )


def _difference(cell: Sequence[Row], base: Sequence[Row]) -> Difference | None:
    others: dict[str, list[Row]] = {}
    for row in base:
        others.setdefault(row.subject, []).append(row)
    pairs = [
        (row, other)
        for row in cell
        for other in others.get(row.subject, ())
        if row.seed == other.seed or None in (row.seed, other.seed)
    ]
    if not pairs:
        return None
    gains = [
        msgspec.structs.replace(row, value=row.value - other.value, seed=_first(row.seed, other.seed))
        for row, other in pairs
    ]
    names = _distinct(gain.subject for gain in gains)
    by_subject = [np.mean([gain.value for gain in gains if gain.subject == name]) for name in names]
    return Difference(
        reference=base[0].variant,
        mean=float(np.mean(by_subject)),
        ci95=_interval(gains, [gain.value for gain in gains]),
        pairs=len(pairs),
        subjects=len(names),
    )


def _first(*seeds: int | None) -> int | None:
    return next((seed for seed in seeds if seed is not None), None)


def _interval(rows: Sequence[Row], values: Sequence[float]) -> Interval | None:
    if len(values) != len(rows):
        return None
    seeds = np.array([-1 if row.seed is None else row.seed for row in rows])
    return hierarchical_interval(np.array(values), np.array([row.subject for row in rows]), seeds)


def _within(interval: Interval | None, kind: Quantity) -> Interval | None:
    """Cut the interval of a share where no share can be."""
    if interval is None or kind.kind != "share":
        return interval
    return max(kind.least, interval[0]), min(1.0, interval[1])


def _reference_of(table: str, rows: Sequence[Row], reference: Reference) -> Callable[[str], str | None]:
    if callable(reference):
        return partial(reference, table)
    named = reference if isinstance(reference, str | None) else reference.get(table)
    known = list(_distinct(row.variant for row in rows))
    if named is None:
        return lambda variant: known[0]
    if named not in known:
        raise UsageError(
            f"The reference {named} does not occur in the table {table}; choose one of {', '.join(known)}."
        )
    return lambda variant: named


def _check_distinct(rows: Sequence[Row]) -> None:
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        key = (row.table, row.variant, row.setting, row.seed, row.subject, row.metric)
        if key in seen:
            raise UsageError(f"The row {row.where} occurs twice; give each run a file of rows of its own.")
        seen.add(key)


def _distinct(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
