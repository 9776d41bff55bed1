"""What figures mean, in sentences made from the figures."""

from collections.abc import Sequence

from training.evaluation.quantities import Quantity, quantity
from training.evaluation.summaries import Interval, Summary


def meaning(summary: Summary) -> str:
    """Say in a sentence what a variant reaches, whether that is above chance, and what it gains."""
    kind = quantity(summary.metric)
    where = f" ({summary.setting})" if summary.setting else ""
    text = f"{summary.variant}{where} reaches {kind.text(summary.mean)} {kind.label}"
    text += _bounds(kind, summary.ci95)
    text += _against_chance(kind, summary)
    change = _change(kind, summary)
    return f"{text}; {change}." if change else f"{text}."


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


def _against_chance(kind: Quantity, summary: Summary) -> str:
    if summary.chance is None:
        return ""
    chance = kind.text(summary.chance)
    if summary.above_chance is None:
        return f" where chance is {chance}"
    if kind.better < 0:
        return f" where chance is {chance}"
    return (
        f", above chance ({chance})" if summary.above_chance else f", not shown to be above chance ({chance})"
    )


def _change(kind: Quantity, summary: Summary) -> str:
    difference = summary.difference
    if difference is None:
        return ""
    size, over = kind.difference(difference.mean), difference.reference
    if difference.ci95 is None:
        return (
            f"it differs by {kind.signed(difference.mean)} from {over}, on one pair, so that nothing is shown"
        )
    low, high = difference.ci95
    if low <= 0 <= high:
        bounds = f"{kind.signed(low)} to {kind.signed(high)}"
        return f"no difference from {over} is shown ({kind.signed(difference.mean)}, 95 % interval {bounds})"
    up = difference.mean > 0
    if kind.better == 0:
        verb = "is higher by" if up else "is lower by"
    elif kind.better > 0:
        verb = "gains" if up else "loses"
    else:
        verb = "is worse by" if up else "is better by"
    near, far = (low, high) if up else (-high, -low)
    link = "than" if verb.startswith("is") else "over" if verb == "gains" else "against"
    return f"it {verb} {size} (95 % interval {kind.plain(near)} to {kind.plain(far)}) {link} {over}"


def _bounds(kind: Quantity, ci95: Interval | None) -> str:
    if ci95 is None:
        return " (one run)"
    return f" (95 % interval {kind.plain(ci95[0])} to {kind.plain(ci95[1])})"
