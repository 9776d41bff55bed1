"""The engines of the generator that draws against torch."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import rtbci.cli.export_generator as command
from export.draws import export_draws, file_name
from export.draws_torch import example_evidence, recorded_calls
from export.obeyed import Told, obeyed, told_of
from export.parity_draws import OBEYED, SAME_PICTURES, Trial, compare_draws, trial_of
from rtbci.cli.precision import Precision
from rtbci.errors import UsageError
from tests.export.tiny_draws import write_tiny_draws
from training.codec_model import LATENT_SHAPE, Codec
from training.draws.train import load_drawer


class Brightness:
    """Names concept 1 in pictures that are brighter than grey, 0 in others."""

    def scores(self, pictures):
        bright = pictures.mean(axis=(1, 2, 3)) > 128
        return np.stack([~bright, bright], axis=1).astype(float)


def decode(latent):
    levels = 128 + 40 * np.repeat(np.repeat(latent[:3], 4, axis=1), 4, axis=2)
    return np.clip(levels.transpose(1, 2, 0), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("parity") / "draws"
    write_tiny_draws(path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    export_draws(path, ["fp32", "int8"])
    yield path
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def told():
    evidence = example_evidence(np.zeros(LATENT_SHAPE, np.float32), seed=2)
    return Told(evidence[:2], np.zeros(2, int))


@pytest.fixture(scope="module")
def rows(folder, told):
    return list(compare_draws(folder, Trial(told, decode, Brightness()), repeats=2))


def test_the_coarser_the_precision_the_larger_the_error(folder, rows):
    assert [(row.engine, row.precision) for row in rows] == [
        (engine, precision)
        for precision in ("fp32", "fp32-half-weights", "int8")
        for engine in ("draw_step", "draw_control")
    ]
    # Of each engine its three precisions.
    for single, half, int8 in (rows[0::2], rows[1::2]):
        assert single.max_error < 1e-4 < half.max_error < 0.02
        assert single.mean_error < half.mean_error < int8.mean_error
        assert single.bytes == (folder / file_name(single.engine, "fp32")).stat().st_size
        assert half.bytes < single.bytes
        assert 0 < single.min_ms <= single.p50_ms


def test_what_is_drawn_is_judged_and_held_against_torch(rows):
    step, control = rows[:2]
    assert step.task == OBEYED and step.change == 0 and 0 <= step.figure <= 100
    assert control.task == SAME_PICTURES and control.change is None
    assert control.figure > rows[3].figure > rows[5].figure > 15


def test_without_a_judge_pictures_are_held_against_torch_and_without_a_trial_none_is_drawn(folder, told):
    one = Trial(Told(told.evidence[:1], told.concepts[:1]), decode, None)
    step = next(compare_draws(folder, one, repeats=1))
    assert step.task == SAME_PICTURES and step.figure > 60 and step.change is None
    step = next(compare_draws(folder, repeats=1))
    assert (step.task, step.figure, step.change) == ("", None, None) and step.max_error > 0


def test_other_weights_are_told_by_their_error(folder, tmp_path):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    other = write_tiny_draws(tmp_path / "other")
    weights = other.state_dict()
    save_file({name: 1.1 * value for name, value in weights.items()}, tmp_path / "draws.safetensors")
    step = next(compare_draws(tmp_path, repeats=1))
    assert step.precision == "fp32" and step.max_error > 0.01


def test_the_networks_are_asked_as_the_curve_has_it(folder):
    mean = np.zeros(LATENT_SHAPE, np.float32)
    calls = recorded_calls(load_drawer(folder), mean, example_evidence(mean))
    # 1, 2, and 4 steps with guidance: 11 runs each of a picture, of a clip, and of the clip's control.
    assert [call.frames for call in calls["draw_step"]].count(1) == 11
    assert [call.frames for call in calls["draw_step"]].count(2) == len(calls["draw_control"]) == 11


def test_evidence_is_of_held_out_scenes_of_every_concept():
    torch.manual_seed(0)
    told = told_of(Codec().eval().requires_grad_(False), np.zeros(LATENT_SHAPE, np.float32), per_concept=1)
    assert sorted(told.concepts) == list(range(40))
    assert [int(one.posterior.argmax()) for one in told.evidence] == list(told.concepts)
    assert len({one.context for one in told.evidence}) == 40
    pictures = np.zeros((40, 64, 64, 3), np.uint8)
    share = obeyed(Brightness(), pictures, told)
    assert (share.value, share.n) == (1 / 40, 40) and share.ci95[0] < 1 / 40 < share.ci95[1]


def test_the_command_writes_a_report_beside_the_engines(folder, told, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("export.parity_draws.trial_of", lambda *_: Trial(told, decode, None))
    out = tmp_path / "draws"
    write_tiny_draws(out)
    command.generator(folder=out, precision=[Precision.FP16], codec=tmp_path, judges=tmp_path)
    report = json.loads((out / "parity.json").read_text())
    assert len(report["rows"]) == 2 and report["generator"] == "draws" and report["environment"]["cpu"]
    assert {row["precision"] for row in report["rows"]} == {"fp32-half-weights"}
    said = capsys.readouterr().out
    assert "No network that judges has been trained" in said and "draw_control" in said
    with pytest.raises(UsageError, match=r"--codec.*--no-draw"):
        command.generator(folder=out, codec=tmp_path / "none")


def test_a_trial_needs_an_exported_autoencoder_and_a_trained_generator(folder, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="autoencoder"):
        trial_of(folder, tmp_path, tmp_path)
    monkeypatch.setattr("export.parity_draws.load_codec", lambda _: None)
    with pytest.raises(UsageError, match=r"decoder\.onnx; export the autoencoder"):
        trial_of(folder, tmp_path, tmp_path)
    (tmp_path / "decoder.onnx").touch()
    with pytest.raises(UsageError, match="rtbci train generator"):
        trial_of(tmp_path, tmp_path, tmp_path)


def test_the_command_replaces_nothing_if_there_is_nothing_to_draw_with(tmp_path):
    write_tiny_draws(tmp_path / "draws")
    (tmp_path / "draws" / "parity.json").write_text("{}")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="autoencoder"):
        command.generator(folder=tmp_path / "draws", codec=tmp_path, judges=tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
