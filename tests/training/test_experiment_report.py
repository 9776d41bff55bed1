"""Rows of an experiment, their intervals, and the report made from them."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QImage

from rtbci.errors import UsageError
from training.evaluation.quantities import quantity
from training.evaluation.reliability import drawn_bins, reliability_section
from training.evaluation.report import write_report
from training.evaluation.rows import Row
from training.evaluation.sentences import meaning
from training.evaluation.summaries import summarise_rows
from training.metrics import hierarchical_interval


def row(variant="pooled", value=0.2, seed=0, subject="s1", **changes):
    names = {"table": "unseen", "setting": "", "metric": "top1", "chance": 0.025, "n": 200} | changes
    return Row(variant=variant, value=value, seed=seed, subject=subject, **names)


def experiment(gain, spread=0.01, subjects=6, seeds=3, random=0, **changes):
    rng = np.random.default_rng(random)
    people = rng.normal(0.2, 0.05, subjects)
    return [
        row(variant, person + own + rng.normal(0, spread), seed, f"s{k}", **changes)
        for variant, own in (("pooled", 0.0), ("C-SA", gain))
        for seed in range(seeds)
        for k, person in enumerate(people)
    ]


def said_of(rows):
    (said,) = meaning(summarise_rows(rows))
    return said


def covered(subjects, seeds, of_subject, of_seed, of_both, repeats=300):
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(repeats):
        values = rng.normal(0, of_subject, (subjects, 1)) + rng.normal(0, of_seed, (1, seeds))
        values = values + rng.normal(0, of_both, (subjects, seeds))
        who, which = np.indices(values.shape)
        low, high = hierarchical_interval(values.ravel(), who.ravel(), which.ravel(), draws=400)
        hits += low <= 0 <= high
    return hits / repeats


@pytest.mark.parametrize(
    ("subjects", "seeds", "of_subject", "of_seed"),
    [(5, 3, 1.0, 0.2), (5, 3, 0.2, 1.0), (2, 2, 1.0, 0.0), (8, 1, 1, 0)],
)
def test_intervals_cover_the_truth_whether_subjects_or_trainings_differ(subjects, seeds, of_subject, of_seed):
    assert covered(subjects, seeds, of_subject, of_seed, 0.3) > 0.91


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 5), st.integers(1, 4))
def test_intervals_hold_the_mean_and_do_not_depend_on_the_order_of_rows(random, subjects, seeds):
    cells = [
        (s, k, random.random())
        for s in range(subjects)
        for k in range(seeds)
        if k == 0 or random.random() < 0.7
    ]
    who, which, values = (np.array(part) for part in zip(*cells, strict=True))
    found = hierarchical_interval(values, who, which, draws=200)
    if len(cells) == 1:
        assert found is None
        return
    mean = np.mean([values[who == s].mean() for s in range(subjects)])
    assert found[0] <= mean <= found[1]
    order = np.array(random.sample(range(len(cells)), len(cells)))
    assert hierarchical_interval(values[order], who[order], which[order], draws=200) == pytest.approx(found)


def test_two_subjects_who_both_gain_show_nothing_yet():
    rows = [
        row(v, x, subject=s)
        for v, s, x in (("a", "1", 0.2), ("a", "2", 0.3), ("b", "1", 0.22), ("b", "2", 0.33))
    ]
    assert "Against a (25.0 %): no difference shown: b" in said_of(rows)


def test_a_gain_is_told_with_its_interval_and_no_gain_is_not():
    said = said_of(experiment(0.1))
    assert said.startswith("best is C-SA with ")
    assert "%: gain: C-SA +" in said.replace(")", "")
    assert "Above chance: all." in said
    none = said_of(experiment(0.0))
    assert "no difference shown: C-SA" in none
    assert "gain:" not in none


def test_what_is_not_above_chance_is_named():
    guesses = [row("guess", 0.025 + 0.01 * k, k, f"s{p}") for k in (-1, 0, 1) for p in range(6)]
    assert "Not shown to be above chance: guess." in said_of(experiment(0.1) + guesses)
    assert "Not shown to be above chance." in said_of(guesses)
    others = [row("other", r.value, r.seed, r.subject) for r in guesses]
    assert "None is shown to be above chance." in said_of(guesses + others)


def test_less_of_an_error_is_better_and_of_an_unknown_metric_nothing_is_judged():
    assert "worse: C-SA +" in said_of(experiment(0.1, metric="ece", chance=None))
    unknown = said_of(experiment(0.1, metric="wobble", chance=None))
    assert "higher: C-SA +0.1" in unknown
    assert "best" not in unknown


def test_each_setting_and_each_reference_is_told_of_by_itself():
    rows = [
        one
        for setting in ("claimed", "realistic")
        for one in experiment(0.1, setting=setting)
        + [
            row("other", r.value + 0.2, r.seed, r.subject, setting=setting)
            for r in experiment(0.0)
            if r.variant == "pooled"
        ]
    ]
    summaries = summarise_rows(rows, lambda _, variant: "C-SA" if variant == "other" else "pooled")
    said = meaning(summaries)
    assert [sentence.split(":")[0] for sentence in said] == ["claimed", "realistic"]
    assert all("Against pooled" in sentence and "Against C-SA" in sentence for sentence in said)


def test_differences_are_paired_by_subject_and_seed():
    # Subjects differ by far more than the gain: only pairs can show it.
    rng = np.random.default_rng(0)
    rows = [
        row(v, 0.1 * k + own + 0.001 * rng.standard_normal(), subject=str(k))
        for v, own in (("a", 0.0), ("b", 0.01))
        for k in range(8)
    ]
    summary = summarise_rows(rows)[1]
    assert summary.difference.ci95[0] > 0.005
    assert summary.ci95[1] - summary.ci95[0] > 0.2
    apart = [row("a", subject="x"), row("b", subject="y")]
    assert summarise_rows(apart)[1].difference is None


def test_what_no_seed_changes_is_a_pair_with_every_seed():
    linear = [row("ridge", 0.1 * k, None, f"s{k}") for k in range(4)]
    net = [row("net", 0.1 * k + gain, seed, f"s{k}") for seed, gain in ((0, 0.1), (1, 0.3)) for k in range(4)]
    for rows, mean in ((linear + net, 0.2), (net + linear, -0.2)):
        one, other = summarise_rows(rows)
        assert other.difference.pairs == 8
        assert other.difference.mean == pytest.approx(mean) == pytest.approx(other.mean - one.mean)
        assert {one.seeds, other.seeds} == {None, 2}
    alike = linear + [row("mean", 0.5, None, f"s{k}") for k in range(4)]
    assert summarise_rows(alike)[1].difference.pairs == 4


def test_every_subject_counts_alike_however_many_seeds_it_has():
    rows = [row(value=0.0, seed=k) for k in range(9)] + [row(value=1.0, subject="s2")]
    assert summarise_rows(rows)[0].mean == pytest.approx(0.5)


@pytest.mark.parametrize("bad", [{"value": float("nan")}, {"chance": float("inf")}, {"n": 0}])
def test_rows_that_mean_nothing_are_refused(bad):
    with pytest.raises(UsageError, match="leave out rows"):
        row(**bad)


def test_no_rows_twice_the_same_row_and_a_reference_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no rows"):
        write_report([], tmp_path, "t")
    with pytest.raises(UsageError, match="occurs twice"):
        write_report([row(), row()], tmp_path, "t")
    with pytest.raises(UsageError, match="choose one of pooled"):
        write_report([row()], tmp_path, "t", reference="C-SA")


def test_shares_numbers_and_signs_are_written_as_they_should():
    top1, psnr = quantity("top1"), quantity("PSNR")
    assert (top1.label, top1.text(0.374), top1.signed(-0.0411), top1.signed(0.00001)) == (
        "top-1 accuracy",
        "37.4 %",
        "−4.1",
        "0.0",
    )
    assert (psnr.text(26.4), psnr.signed(1.0)) == ("26.40 dB", "+1.00")
    assert quantity("video_40way").label == "video 40-way, field's metric"


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.sources, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.sources += [value for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data):
        self.text.append(data)


def test_the_report_is_three_files_that_agree_and_need_nothing_else(tmp_path):
    folder = tmp_path / "new" / "report"
    rows = experiment(0.1) + experiment(0.1, metric="ssim", chance=None, setting="<odd> & | even")
    summaries = write_report(rows, folder, "Does <it> help?", ["A note."], reference={"unseen": "C-SA"})
    content = json.loads((folder / "report.json").read_text())
    assert len(content["rows"]) == len(rows)
    assert [s["mean"] for s in content["summaries"]] == pytest.approx([s.mean for s in summaries])
    assert content["summaries"][0]["difference"]["reference"] == "C-SA"
    text = (folder / "report.md").read_text()
    page = Page((folder / "report.html").read_text())
    shown = "".join(page.text)
    for sentence in content["meaning"] + content["caveats"]:
        assert sentence in text
        assert sentence in shown
    assert "Does <it> help?" in shown
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in tables}) == 1
    assert len(page.sources) == 2
    assert all(source.startswith("data:image/webp;base64,") for source in page.sources)


def test_the_chart_shows_a_gain_in_green_and_what_is_not_shown_not(tmp_path):
    from rtbci.reports.canvas import look
    from training.evaluation.charts import chart

    def has(colour, gain):
        image = QImage.fromData(chart(summarise_rows(experiment(gain))))
        return any(
            image.pixelColor(x, y) == colour
            for x in range(0, image.width(), 3)
            for y in range(image.height())
        )

    assert has(look.GOOD, 0.1)
    assert not has(look.GOOD, 0.0)
    assert has(look.BAD, -0.1)


@pytest.mark.parametrize("metric", ["top1", "top1_over_noise", "ece", "bits"])
@pytest.mark.parametrize("about", [-0.016, 0.004, 0.98])
def test_a_mean_lies_within_its_interval(metric, about):
    values = [about + off for off in (-0.004, 0.006, 0.001, -0.004)]
    if metric in ("top1", "ece"):
        values = [abs(value) for value in values]
    summary = summarise_rows([row(value=v, subject=f"s{k}", metric=metric) for k, v in enumerate(values)])[0]
    low, high = summary.ci95
    assert low <= summary.mean <= high
    assert low < high


def said(variant, table, confidence, accuracy):
    bins = [{"confidence": confidence, "accuracy": accuracy, "n": 100}]
    calibration = {
        "mean_confidence": confidence,
        "ece": abs(confidence - accuracy),
        "ece_if_calibrated": 0.02,
        "reliability": bins,
    }
    return {
        "table": table, "setting": "", "variant": variant, "top1": accuracy, "n": 100,
        "calibration": calibration,
    }  # fmt: skip


def test_reliability_is_drawn_once_a_table_and_over_confidence_is_amber(tmp_path):
    amber = "#f2b04a"
    rows = [
        said(variant, table, 0.6, right)
        for variant, right in (("<sure>", 0.3), ("right", 0.6))
        for table in ("known", "unseen")
    ]
    section = reliability_section([*rows, {"table": "known", "setting": "", "variant": "no confidence"}])
    assert [one.title for one in section.tables] == ["known", "unseen"]
    first, second = section.tables[0].drawing.split("</figure>")[:2]
    assert amber in first and amber not in second and "<sure>" not in first
    assert section.tables[0].rows[0][:4] == ("<sure>", "60 %", "30 %", "30.0 %")
    write_report(experiment(0.05), tmp_path, "Test", sections=[section])
    assert "| <sure> | 60 % | 30 % | 30.0 %" in (tmp_path / "report.md").read_text()
    assert section.tables[1].drawing in (tmp_path / "report.html").read_text()
    assert reliability_section([{"table": "known"}]) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, 60)), min_size=1, max_size=15))
def test_joined_bins_keep_every_clip_and_every_hit(bins):
    given_bins = [{"confidence": c, "accuracy": a, "n": n} for c, a, n in sorted(bins)]
    joined = drawn_bins(given_bins)
    assert sum(n for _, _, n in joined) == sum(n for _, _, n in bins)
    assert sum(a * n for _, a, n in joined) == pytest.approx(sum(a * n for _, a, n in bins))
    assert len(joined) == 1 or min(n for _, _, n in joined) >= 20
