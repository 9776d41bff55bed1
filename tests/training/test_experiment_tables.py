"""Rows that are made of other rows: the control beside calibrations, and the choice beside the best."""

import pytest

from training.evaluation.rows import Row
from training.evaluation.sentences import meaning
from training.evaluation.summaries import summarise_rows
from training.experiments.tables import CALIBRATED, LABELS_ONLY, UNSEEN, blind_rows, choice_rows

REACHED = {"no adapter": (0.2, 0.3), "fine-tuning": (0.5, 0.3), "automatic choice": (0.3, 0.4)}


def calibrated(setting: str = "claimed, 15 % of the clips") -> list[Row]:
    return [
        Row(CALIBRATED, f"aligned: {method}", setting, 0, f"sub{k}", "top1", value, 0.025, 200)
        for method, values in REACHED.items()
        for k, value in enumerate(values)
    ]


def test_the_choice_is_held_against_the_best_method_wearer_by_wearer() -> None:
    rows = list(choice_rows(calibrated()))
    assert [row.value for row in rows] == pytest.approx([-0.2, 0.1])
    assert {row.variant for row in rows} == {"aligned: automatic choice less fine-tuning"}
    (summary,) = summarise_rows(rows, lambda table, variant: "aligned: no adapter")
    assert summary.mean == pytest.approx(-0.05) and summary.ci95 is not None and summary.ci95[0] < 0
    assert meaning([summary])


def test_without_a_choice_nothing_is_held_against_anything() -> None:
    assert not list(choice_rows([row for row in calibrated() if "choice" not in row.variant]))


def test_the_control_without_eeg_stands_beside_each_amount_of_clips() -> None:
    found = calibrated() + calibrated("claimed, 2 % of the clips")
    blind = [Row(UNSEEN, LABELS_ONLY, "claimed", 0, f"sub{k}", "top1", 0.075, 0.025, 200) for k in range(2)]
    other = [Row("known wearers", LABELS_ONLY, "claimed", 0, "sub9", "top1", 0.075, 0.025, 200)]
    beside = list(blind_rows(found, [*blind, *other]))
    assert [(row.setting, row.subject) for row in beside] == [
        (setting, f"sub{k}")
        for setting in ("claimed, 15 % of the clips", "claimed, 2 % of the clips")
        for k in range(2)
    ]
    assert {row.table for row in beside} == {CALIBRATED}
