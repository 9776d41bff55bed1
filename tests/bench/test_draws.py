"""The benchmark of the generator that draws: by steps and precision, judged beside the memory."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import export.judged
import rtbci.cli.bench_generate as command
from export.draws import export_draws
from export.judged import Judged, judge_generators
from export.obeyed import Share, Told
from rtbci.bench.draws import measure_draws, noise_evidence
from rtbci.bench.plot import plot_quality
from rtbci.bundle import load_bundle
from rtbci.bundle.engine import EngineSession
from rtbci.cli.bench_draws import chosen_precisions, judged_text, with_quality
from rtbci.cli.precision import Precision
from rtbci.errors import BundleError, UsageError
from rtbci.generate.draws_folder import open_drawing
from tests.export.tiny_draws import SETTINGS, write_tiny_draws
from tests.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "bundle"
    write_tiny_bundle(path)
    return path


@pytest.fixture(scope="module")
def draws(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "draws"
    write_tiny_draws(path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    export_draws(path)
    torch.set_num_threads(threads)
    return path


@pytest.fixture(scope="module")
def rows(bundle, draws):
    return measure_draws(draws, bundle, "fp16", 1, threads=1, repeats=8)


def test_each_row_says_what_ran(rows):
    keyframe, clip = rows
    assert (keyframe.grade, clip.grade) == ("keyframe", "clip")
    assert (clip.frames, clip.n, keyframe.n) == (SETTINGS.frames, 2, 8)
    for row in rows:
        assert (row.backend, row.precision, row.steps, row.size) == ("draws", "fp16", 1, 256)
        assert row.provider == "CPUExecutionProvider" and row.threads == 1 and row.quality is None
        assert 0 < row.min_ms <= row.p50_ms <= row.p95_ms and row.rss_mb > 1


@pytest.mark.parametrize("steps", [1, 4])
def test_what_is_timed_goes_through_the_flow_in_as_many_steps_as_the_row_says(
    bundle, draws, monkeypatch, steps
):
    asked, run = [], EngineSession.run

    def recorded(self, **inputs):
        if "stride" in inputs:
            asked.append(float(inputs["time"][0]))
        return run(self, **inputs)

    monkeypatch.setattr(EngineSession, "run", recorded)
    rows = measure_draws(draws, bundle, "fp32", steps, threads=1, repeats=2)
    assert {(row.steps, row.precision) for row in rows} == {(steps, "fp32")}
    # Guidance asks twice at each step, of each picture and of each clip.
    one = [k / steps for k in range(steps) for _ in range(2)]
    assert asked == one * (len(asked) // len(one)) and len(asked) >= 8 * len(one)


def test_nothing_is_reused_between_the_pictures_that_are_timed(bundle, draws):
    loaded = load_bundle(bundle)
    generator = open_drawing(draws, loaded, "fp16", threads=1)
    given = noise_evidence(generator, loaded, 3)
    assert len({one.context for one in given}) == 3 and {one.strength for one in given} == {1.0}
    assert not np.array_equal(*(generator.keyframe(one) for one in given[:2]))


def test_what_would_not_run_is_refused(bundle, draws):
    with pytest.raises(BundleError, match="CUDAExecutionProvider"):
        measure_draws(draws, bundle, "fp16", 1, "cuda", repeats=8)
    with pytest.raises(UsageError, match="--draws"):
        command.generate(bundle=bundle, steps=[1])
    with pytest.raises(UsageError, match=r"--steps 3 .* 1, 2, 4, 8"):
        command.generate(bundle=bundle, draws=draws, steps=[3], judge=False)
    with pytest.raises(
        UsageError, match=r"in int8 .*memory: fp32; draws: fp32, fp16.*rtbci export generator"
    ):
        command.generate(bundle=bundle, draws=draws, precision=[Precision.INT8], judge=False)
    with pytest.raises(UsageError, match=r"--codec.*--no-judge"):
        command.generate(bundle=bundle, draws=draws, codec=bundle / "none")
    with pytest.raises(BundleError, match="rtbci export generator"):
        command.generate(bundle=bundle, draws=bundle.parent, judge=False)


def test_precisions_are_all_that_are_there_or_those_that_are_wanted():
    there = {"memory": ("int8",), "draws": ("fp32", "fp16")}
    assert chosen_precisions(there, None) == there
    assert chosen_precisions(there, ["fp16", "int8"]) == {"memory": ("int8",), "draws": ("fp16",)}
    assert chosen_precisions(there, ["int8"]) == {"memory": ("int8",), "draws": ()}


def test_a_generator_that_is_named_must_be_there_in_a_wanted_precision():
    there = {"memory": ("int8",), "draws": ("fp32", "fp16"), "full-size": ("fp16",)}
    named = {"draws": "--draws", "full-size": "--full-size"}
    assert chosen_precisions(there, ["fp16"], named)["memory"] == ()
    assert chosen_precisions(there, None, named) == there
    with pytest.raises(UsageError, match="--draws names is there in fp32, fp16 and not in int8; give"):
        chosen_precisions(there, ["int8"], named)
    with pytest.raises(UsageError, match="--full-size names is there in fp16 and not in int8, fp32; give"):
        chosen_precisions(there, ["int8", "fp32"], named)


def test_the_command_does_not_leave_out_what_it_was_given(bundle, draws, monkeypatch):
    monkeypatch.setattr(command, "_precisions", lambda *_: {"memory": ("int8",), "draws": ("fp32", "fp16")})
    with pytest.raises(UsageError, match="--draws"):
        command.generate(bundle=bundle, draws=draws, precision=[Precision.INT8], judge=False)


class TinyCodec:
    """Decodes three channels of latents as the tiny bundle does the first three."""

    def __init__(self, first):
        self.first = first

    def decoder(self, latents):
        large = latents[:, self.first : self.first + 3].repeat_interleave(16, 2).repeat_interleave(16, 3)
        return 2 * torch.sigmoid(large) - 1


def test_scenes_are_encoded_by_the_autoencoder_of_the_bundle_or_nothing_is_judged(
    bundle, draws, tmp_path, monkeypatch
):
    monkeypatch.setattr(export.judged, "load_codec", lambda folder: TinyCodec(1))
    with pytest.raises(UsageError, match=r"is not that of the bundle .*--codec.*--no-judge"):
        judge_generators(bundle, draws, [("fp16", 1)], tmp_path, tmp_path, threads=1)


def test_all_generators_are_judged_by_the_same_eye_on_the_same_scenes(bundle, draws, tmp_path, monkeypatch):
    class Eye:
        seen = 0

        def scores(self, pictures):
            self.seen += len(pictures)
            return np.eye(40)[np.arange(len(pictures)) % 2]

    eye, loaded = Eye(), load_bundle(bundle)
    evidence = noise_evidence(open_drawing(draws, loaded, "fp16", threads=1), loaded, 4)
    told = Told([replace(one, strength=1.0) for one in evidence], np.array([0, 1, 1, 1]))
    monkeypatch.setattr(export.judged, "load_codec", lambda folder: TinyCodec(0))
    monkeypatch.setattr(export.judged, "told_of", lambda *_: told)
    monkeypatch.setattr(export.judged, "corpus_classifiers", lambda cache: (eye, None))
    found = judge_generators(bundle, draws, [("fp16", 1), ("fp32", 2)], tmp_path, tmp_path, threads=1)
    told_apart = [(one.backend, one.grade, one.precision, one.steps) for one in found]
    assert told_apart == [
        ("memory", "preview", "", 0),
        ("memory", "keyframe", "", 0),
        ("draws", "keyframe", "fp16", 1),
        ("draws", "keyframe", "fp32", 2),
    ]
    assert eye.seen == 16 and {(one.share.value, one.share.n) for one in found} == {(0.75, 4)}
    assert "4 held-out scenes" in judged_text(found) and "bundle's metrics" in judged_text([])


def test_a_row_gets_the_quality_of_its_own_steps_and_precision_and_a_clip_its_keyframes(rows):
    memory = replace(rows[0], backend="memory", steps=0, precision="int8", quality=0.9)
    judged = [
        Judged("draws", "fp16", "keyframe", 1, Share(0.5, (0.3, 0.7), 20)),
        Judged("draws", "fp32", "keyframe", 1, Share(0.1, (0.0, 0.3), 20)),
        Judged("memory", "", "keyframe", 0, Share(0.8, (0.6, 0.9), 20)),
    ]
    given = [*rows, replace(rows[0], steps=2), memory]
    assert [row.quality for row in with_quality(given, judged)] == [0.5, 0.5, None, 0.8]
    assert with_quality(given, judged)[1].quality_ci95 == (0.3, 0.7)
    assert [row.quality for row in with_quality(given, [])] == [None, None, None, 0.9]


def test_the_plot_shows_every_generator_and_the_steps(rows, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    drawn = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: (drawn.append(self), save(self, *a, **k)))
    keyframe, clip = (replace(row, quality=0.5, quality_ci95=(0.4, 0.6)) for row in rows)
    shown = [keyframe, replace(keyframe, steps=4, p50_ms=99.0, p95_ms=120.0, quality=0.7), clip]
    shown += [replace(keyframe, backend="memory", steps=0), replace(clip, backend="SD 1.5", quality=None)]
    plot_quality(shown, tmp_path / "plot.png", chance=0.025, title="a test")
    (axes,) = drawn[0].axes
    _, labels = axes.get_legend_handles_labels()
    assert [label.split(", 256")[0] for label in labels] == [
        "keyframe, draws",
        "keyframe, memory",
        "clip, draws",
    ]
    texts = [text.get_text() for text in axes.texts]
    assert texts.count("1 step") == 2 and texts.count("4 steps") == 1
    assert any(text.startswith("clip, SD 1.5, 1 step, fp16") for text in texts)


def test_the_command_adds_rows_of_every_number_of_steps_in_the_precision_that_is_wanted(
    bundle, draws, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(command, "alone", lambda measure, *given, **options: measure(*given, **options))
    command.generate(
        bundle=bundle,
        draws=draws,
        steps=[2, 1],
        precision=[Precision.FP32],
        judge=False,
        threads=1,
        repeats=8,
        plot=tmp_path / "q.png",
        report=tmp_path / "r.json",
    )
    report = json.loads((tmp_path / "r.json").read_text())
    found = [(row["precision"], row["steps"]) for row in report["rows"] if row["backend"] == "draws"]
    assert found == [("fp32", steps) for steps in (1, 2) for _ in ("keyframe", "clip")]
    assert [row["grade"] for row in report["rows"][:3]] == ["preview", "keyframe", "clip"]
    assert report["beside_diffusers"] is None
    assert "draws, 2 steps" in capsys.readouterr().out
    assert (tmp_path / "q.png").read_bytes().startswith(b"\x89PNG")
