import json
import os

import numpy as np
import pytest
from scipy.stats import binom

from rtbci.errors import UsageError
from rtbci.files import write_json
from rtbci.live.latency import STAGES, LatencyBook
from rtbci.live.report import Resources, decoding_summary


def test_percentiles_are_those_of_the_times_entered():
    book = LatencyBook()
    times = np.random.default_rng(0).exponential(0.01, 500)
    for t in times:
        book.add("sample_to_window", float(t))
    row = book.summary()["sample_to_window"]
    assert row["n"] == 500
    assert row["p50"] == pytest.approx(np.percentile(times, 50) * 1e3, abs=1e-3)
    assert row["max"] == pytest.approx(times.max() * 1e3, abs=1e-3)
    assert book.recent(100)["sample_to_window"].n == 100


def test_stages_without_times_are_null_not_zero():
    summary = LatencyBook().summary()
    assert set(summary) == set(STAGES)
    assert summary["sample_to_clip"] == {"p50": None, "p95": None, "p99": None, "max": None, "n": 0}


def test_score_stands_beside_chance_and_its_interval():
    summary = decoding_summary(18, 12, 1, 40)
    assert summary["top1"] == pytest.approx(2 / 3)
    assert summary["chance"] == 0.025
    low, high = summary["chance_ci95"]
    assert binom.cdf(round(high * 18), 18, 0.025) >= 0.975
    assert low == 0
    assert summary["ci95"][0] < 2 / 3 < summary["ci95"][1]


def test_no_trials_give_no_score():
    assert decoding_summary(0, 0, 0, 40)["top1"] is None


def test_report_is_written_whole_or_refused_in_one_sentence(tmp_path):
    target = tmp_path / "r.json"
    write_json(target, {"a": 1})
    assert json.loads(target.read_text()) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]
    with pytest.raises(UsageError, match="cannot be written"):
        write_json(tmp_path / "no" / "such" / "r.json", {})


def test_resources_count_this_process():
    resources = Resources()
    sum(i * i for i in range(2_000_000))
    cpu, rss = resources.sample(None)
    assert cpu > 1
    assert rss > 10
    assert resources.total_percent(os.getpid()) > 1
