"""The benchmark of pictures: what it says must be what it did."""

import importlib.metadata
import importlib.util
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

import rtbci
from rtbci.bench.environment import environment
from rtbci.bench.full_size import BACKEND as FULL_SIZE
from rtbci.bench.generation import STRENGTHS, measure_generator, scene_evidence, stated_quality
from rtbci.bench.plot import plot_quality
from rtbci.bench.rows import Taken, summary, timed
from rtbci.bundle import Metric, load_bundle
from rtbci.cli.bench_draws import alone
from rtbci.cli.bench_generate import _ratio, generate
from rtbci.errors import BundleError, UsageError
from rtbci.generate import MemoryGenerator
from tests.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "bundle"
    metric = Metric(name="keyframe_named_strength1", value=0.9, chance=0.025, n=40, split="held-out")
    write_tiny_bundle(path, metrics=(metric,))
    return path


def test_each_grade_has_a_row_that_says_what_ran(folder):
    rows = {row.grade: row for row in measure_generator(folder, repeats=8, threads=1)}
    assert list(rows) == ["preview", "keyframe", "clip"]
    assert [row.size for row in rows.values()] == [128, 256, 256]
    assert [row.frames for row in rows.values()] == [1, 1, 2]
    for row in rows.values():
        assert row.provider == "CPUExecutionProvider" and row.threads == 1 and row.steps == 0
        assert 0 < row.min_ms <= row.p50_ms <= row.p95_ms and row.rss_mb > 1
    assert rows["clip"].n == 2 and rows["keyframe"].n == 8


def test_a_provider_that_is_not_there_is_refused_also_from_the_other_process(folder):
    with pytest.raises(BundleError, match="CUDAExecutionProvider"):
        measure_generator(folder, "cuda", repeats=8)
    with pytest.raises(BundleError, match="CUDAExecutionProvider"):
        alone(measure_generator, folder, "cuda", repeats=8)


def test_quality_is_what_the_bundle_states_or_nothing(folder, tmp_path):
    bundle = load_bundle(folder)
    stated = [stated_quality(bundle, grade) for grade in ("preview", "keyframe", "clip")]
    assert [one and one.value for one in stated] == [None, 0.9, 0.9]
    write_tiny_bundle(tmp_path / "other")
    assert stated_quality(load_bundle(tmp_path / "other"), "keyframe") is None


def test_evidence_is_for_the_memorys_scenes_in_contexts_of_their_own(folder):
    bundle = load_bundle(folder)
    generator = MemoryGenerator.from_bundle(bundle, threads=1)
    given = scene_evidence(generator, bundle, 12)
    assert len({e.context for e in given}) == 12 and {e.strength for e in given} == set(STRENGTHS)
    for e in given:
        assert e.posterior.sum() == pytest.approx(1)
        assert generator.scene(e)[0] == e.posterior.argmax()


def test_times_are_taken_after_warming_up():
    seen = []
    assert len(timed(seen.append, 5, warm=3)) == 5 and seen == list(range(8))
    assert len(timed(seen.append, 50, warm=1, within_s=0.0)) == 2
    row = summary([Taken(1.0, 0.5), Taken(2.0, 0.6), Taken(3.0, 0.4)], frames=8)
    assert (row["p50_ms"], row["n"], row["frames_per_s"]) == (2.0, 3, 4000.0)
    assert (row["min_ms"], row["cpu_ms"]) == (1.0, 0.5)


def test_waiting_takes_time_by_the_clock_but_none_of_the_processor():
    waited, worked = (
        # As often as it takes for threads that a test before left spinning to fall asleep.
        timed(lambda _: time.sleep(0.05), 12, warm=0),
        timed(lambda _: sum(range(10**6)), 2, warm=0),
    )
    assert min(taken.ms for taken in waited) >= 50 > 10 * min(taken.cpu_ms for taken in waited)
    assert min(taken.cpu_ms for taken in worked) > 1


def test_the_environment_names_machine_and_versions():
    about = environment("numpy", "no-such-package", threads=3)
    assert about["cpu"] and about["cores"] >= 1 and about["threads"] == 3
    assert about["versions"]["numpy"] and about["versions"]["no-such-package"] is None


def test_the_plot_is_a_png_also_where_a_quality_is_missing(folder, tmp_path):
    rows = measure_generator(folder, repeats=8, threads=1)
    rows.append(replace(rows[1], quality=None, backend="another"))
    path = tmp_path / "plot.png"
    plot_quality(rows, path, chance=0.025, title="a test")
    assert path.read_bytes().startswith(b"\x89PNG")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="plot"):
        plot_quality(rows, tmp_path / "file" / "plot.png", chance=0.025, title="a test")


def test_a_missing_extra_is_said_before_anything_is_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"matplotlib.*rtbci\[bench\]"):
        generate(plot=tmp_path / "plot.png")
    with pytest.raises(UsageError, match=r"torch, diffusers.*rtbci\[export\]"):
        generate(beside_diffusers=True)


def test_an_engine_that_is_none_or_has_nothing_to_run_is_refused_before_anything_is_measured(tmp_path):
    with pytest.raises(UsageError, match="--full-size"):
        generate(engine=["tensorrt"])
    with pytest.raises(UsageError, match="no engine 'gpu'"):
        generate(full_size=tmp_path, engine=["gpu"])


def test_the_ratio_is_of_the_bundles_keyframe_and_the_yardsticks_whatever_else_was_timed(folder):
    own = [replace(row, min_ms=10.0, cpu_ms=20.0) for row in measure_generator(folder, repeats=8, threads=1)]
    keyframe = own[1]
    slow = replace(keyframe, backend="SD 1.5 size", min_ms=500.0, cpu_ms=900.0)
    engines = replace(keyframe, backend=FULL_SIZE, min_ms=30.0, cpu_ms=1.0)
    ratio = _ratio([*own, engines, slow])
    assert (ratio["times_as_fast"], ratio["times_less_cpu"]) == (50.0, 45.0)
    assert _ratio([*own, engines]) is None


def test_the_command_writes_rows_environment_and_plot(folder, tmp_path, capsys):
    generate(
        bundle=folder,
        repeats=8,
        threads=1,
        beside_size=256,
        plot=tmp_path / "q.png",
        report=tmp_path / "r.json",
    )
    report = json.loads((tmp_path / "r.json").read_text())
    keys = {"grade", "backend", "provider", "precision", "steps", "size", "p50_ms", "p95_ms", "rss_mb"}
    assert len(report["rows"]) == 3 and all(keys <= set(row) for row in report["rows"])
    assert {"cpu", "cores", "versions", "threads"} <= set(report["environment"])
    assert report["beside_diffusers"] is None
    assert (tmp_path / "q.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert "keyframe" in printed and "cpu ms" in printed and "… │" not in printed


def test_rtbci_knows_its_version_where_it_is_not_installed(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert environment("rtbci", "numpy")["versions"] == {"rtbci": rtbci.__version__, "numpy": None}
