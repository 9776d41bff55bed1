"""The figures of predictions as a table: none without its chance."""

from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table


def scores_table(result: dict[str, Any]) -> Group:
    """Lay out what `training.metrics.evaluate_files` gives.

    Parameters
    ----------
    result : dict
        ``files`` and ``pooled``.
    """
    pooled = result["pooled"]
    table = Table(title=f"Top-1 of {pooled['classes']} classes, %")
    table.add_column("file", overflow="fold")
    for name in ("n", "top-1", "95 % interval", "chance", "p", "clustered"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in result["files"]:
        table.add_row(Path(row["path"]).name, *_cells(row))
        for person in row.get("people", []):
            table.add_row(f"  {person['who']}", *_plain_cells(person), "", "")
    table.add_section()
    table.add_row("pooled", *_cells(pooled))
    lines = [
        "The 95 % interval takes windows as independent; clustered, the windows of one run of a class are a "
        "cluster.",
        f"p: {pooled['permutations']} permutations of true classes, by {pooled['shuffled']}, within "
        f"{pooled['blocks']} block{'s' if pooled['blocks'] > 1 else ''}.",
        f"Balanced accuracy {_percent(pooled['balanced']['accuracy'])} % "
        f"(chance {_percent(pooled['balanced']['chance'])} %).",
    ]
    bits = pooled["bits"]
    chance = bits["mutual_information_chance"]
    under = "no permutation can tell of it here" if chance is None else f"{chance:.3f} under permutation"
    lines.append(f"Mutual information {bits['mutual_information']:.3f} bits a window ({under}).")
    if "top5" in pooled:
        top5 = pooled["top5"]
        lines.append(f"Top-5 {_percent(top5['accuracy'])} % (chance {_percent(top5['chance'])} %).")
    for row in pooled.get("n_way", []):
        metric = "strict" if row["accepted"] == 1 else f"any of {row['accepted']} classes"
        score, chance = _percent(row["accuracy"]), _percent(row["chance"])
        lines.append(f"{row['ways']}-way ({metric}) {score} % (chance {chance} %).")
    if "over_people" in pooled:
        over = pooled["over_people"]
        lines.append(
            f"Over {over['people']} people or files: mean {_percent(over['mean'])} % "
            f"({_interval(over['ci95'])} %), median {_percent(over['median'])} %, "
            f"chance {_percent(over['chance'])} %."
        )
    if "calibration" in pooled:
        calibration = pooled["calibration"]
        lines.append(
            f"Calibration error {_percent(calibration['ece'])} %; "
            f"{_percent(calibration['ece_if_calibrated'])} % if it were calibrated; "
            f"mean confidence {_percent(calibration['mean_confidence'])} %."
        )
    return Group(table, *lines)


def _plain_cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(row["n"]),
        _percent(row["top1"]),
        _interval(row["ci95"]),
        _percent(row["chance"]),
    )


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        *_plain_cells(row),
        f"{row['p_value']:.4f}",
        _interval(row["ci95_clustered"]),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _interval(ends: list[float]) -> str:
    return f"{_percent(ends[0])}-{_percent(ends[1])}"
