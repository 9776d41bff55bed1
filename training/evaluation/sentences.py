"""What figures mean, in sentences made from the figures."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from training.evaluation.quantities import Quantity, quantity
from training.evaluation.summaries import Summary


def meaning(group: Sequence[Summary]) -> list[str]:
    """Say of one metric of one table, setting by setting, who is best, who differs and who is above chance.

    Parameters
    ----------
    group : sequence of Summary
        All of one table and metric.
    """
    return [
        " ".join(_of_setting(quantity(group[0].metric), list(own)))
        for _, own in groupby(group, key=lambda summary: summary.setting)
    ]


def caveats(summaries: Sequence[Summary]) -> list[str]:
    """Say what the intervals of these figures do not cover."""
    said = [
        "Intervals are 95 %, by a bootstrap over subjects and, within them, seeds; where taking each seed as "
        "shared by all subjects makes an interval wider, the wider one is given."
    ]
    if any(summary.seeds == 1 for summary in summaries):
        said.append(
            "Some figures rest on one seed: how much another training would change them is not in their "
            "interval."
        )
    if any(len(summary.people) == 1 for summary in summaries):
        said.append("Some figures rest on one subject: they say nothing of the next one.")
    compared = [s.difference for s in summaries if s.difference is not None and s.difference.ci95 is not None]
    if len(compared) > 1:
        said.append(
            f"Each of the {len(compared)} comparisons stands for itself: by luck alone, about "
            f"{max(1, round(len(compared) / 20))} of so many would exclude 0."
        )
    return said


def verdict(summary: Summary) -> int:
    """Give 1 where a variant is shown to be better than the reference, -1 worse, 0 where neither is."""
    difference = summary.difference
    if difference is None or difference.ci95 is None:
        return 0
    low, high = difference.ci95
    sign = 1 if low > 0 else -1 if high < 0 else 0
    return sign * quantity(summary.metric).better


def _of_setting(kind: Quantity, own: Sequence[Summary]) -> Iterator[str]:
    where = f"{own[0].setting}: " if own[0].setting else ""
    if len(own) == 1 or not kind.better:
        yield where + "; ".join(_named(kind, summary) for summary in own[:1]) + "."
    else:
        best = max(own, key=lambda summary: kind.better * summary.mean)
        yield f"{where}best is {_named(kind, best)}."
    if kind.better > 0:
        yield from _above_chance(kind, own)
    compared = [summary for summary in own if summary.difference is not None]
    for name in dict.fromkeys(s.difference.reference for s in compared if s.difference):
        against = [s for s in compared if s.difference and s.difference.reference == name]
        reference = next((s for s in own if s.variant == name), None)
        shown = f" ({kind.text(reference.mean)})" if reference is not None else ""
        yield f"Against {name}{shown}: {'; '.join(_differences(kind, against))}."


def _named(kind: Quantity, summary: Summary) -> str:
    bounds = summary.ci95
    interval = (
        "one run" if bounds is None else f"95 % interval {kind.plain(bounds[0])} to {kind.plain(bounds[1])}"
    )
    chance = "" if summary.chance is None else f", chance {kind.text(summary.chance)}"
    return f"{summary.variant} with {kind.text(summary.mean)} ({interval}{chance})"


def _above_chance(kind: Quantity, own: Sequence[Summary]) -> Iterator[str]:
    not_shown = [summary.variant for summary in own if summary.above_chance is False]
    if len(not_shown) == len(own):
        yield "Not shown to be above chance." if len(own) == 1 else "None is shown to be above chance."
    elif not_shown:
        yield f"Not shown to be above chance: {', '.join(not_shown)}."
    elif own[0].above_chance is not None:
        yield "Above chance: all." if len(own) > 1 else "This is above chance."


def _differences(kind: Quantity, against: Sequence[Summary]) -> Iterator[str]:
    better, worse = {1: ("gain", "loss"), -1: ("better", "worse"), 0: ("higher", "lower")}[kind.better]
    words = {1: better, -1: worse, 0: "no difference shown", None: "one pair only"}
    found: dict[int | None, list[str]] = {key: [] for key in words}
    for summary in against:
        assert summary.difference is not None
        mean, bounds = summary.difference.mean, summary.difference.ci95
        text = f"{summary.variant} {kind.signed(mean)}"
        if bounds is None:
            found[None].append(text)
            continue
        sign = 0 if bounds[0] <= 0 <= bounds[1] else 1 if mean * (kind.better or 1) > 0 else -1
        found[sign].append(f"{text} ({kind.signed(bounds[0])} to {kind.signed(bounds[1])})")
    for key, texts in found.items():
        if texts:
            yield f"{words[key]}: {', '.join(texts)}"
