"""The generator that draws as engines, alone and in a bundle."""

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from export.codec import DECODER_FILE, PREVIEW_FILE
from export.draws import CONTROL_FILE, MEAN_FILE, SPREAD_FILE, STEP_FILE, export_draws, open_draws
from rtbci.bundle import default_folder, load_bundle
from rtbci.engines.tensorrt_build import build
from rtbci.errors import BundleError, GeneratorError, UsageError
from rtbci.generate import DrawingGenerator, MemoryGenerator, open_generator
from rtbci.generate.draws_folder import drawing_precisions, load_drawing, open_drawing
from tests.export.tiny_draws import SETTINGS, write_tiny_draws
from tests.generate.scenes import evidence
from tests.tiny_bundle import tiny_arrays, tiny_engines, write_tiny_bundle
from training.codec_model import LATENT_SHAPE

ENGINES = {"draw_step": STEP_FILE, "draw_control": CONTROL_FILE}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A generator of random weights, exported, with the picture decoders that ship beside it."""
    folder = tmp_path_factory.mktemp("draws")
    drawer = write_tiny_draws(folder)
    for name in (DECODER_FILE, PREVIEW_FILE):
        shutil.copy(default_folder() / name, folder / name)
    export_draws(folder)
    return folder, drawer


@pytest.mark.skipif(
    importlib.util.find_spec("tensorrt_rtx") is None,
    reason="tensorrt-rtx is not installed (rtbci[tensorrt-rtx])",
)
def test_tensorrt_parses_and_builds_each_graph(exported):
    for name in ENGINES.values():
        assert len(build("tensorrt-rtx", exported[0] / name)) > 100_000


def test_weights_lie_in_half_precision_and_name_no_folder(exported):
    folder, drawer = exported
    size = sum((folder / name).stat().st_size for name in ENGINES.values())
    # Tokens are in both; graphs themselves take some room too.
    assert size < 2 * sum(p.numel() for p in drawer.parameters()) + 1.5e6
    weights = [w for w in onnx.load(folder / STEP_FILE).graph.initializer if np.prod(w.dims) >= 64]
    assert onnx.TensorProto.FLOAT not in {w.data_type for w in weights}
    for name in ENGINES.values():
        assert str(Path(__file__).parents[2]).encode() not in (folder / name).read_bytes()


def test_an_exported_folder_draws(exported):
    folder, _ = exported
    generator = open_draws(folder, folder)
    given = evidence(3, strength=0.6, latent=0.1 * np.ones(LATENT_SHAPE, np.float32))
    frames = list(generator.clip(given))
    assert len(frames) == SETTINGS.frames and frames[0].shape == (256, 256, 3)
    assert np.array_equal(frames[1], generator.keyframe(given)[0])
    with pytest.raises(UsageError, match="export generator"):
        open_draws(folder / "none", folder)


def test_a_bundle_with_these_engines_draws_and_one_without_remembers(exported, tmp_path):
    folder, _ = exported
    write_tiny_bundle(tmp_path / "remembers")
    assert isinstance(open_generator(load_bundle(tmp_path / "remembers"), 1), MemoryGenerator)
    rng = np.random.default_rng(0)
    (tmp_path / "graphs").mkdir()
    engines = tiny_engines(tmp_path / "graphs", rng) | {n: folder / f for n, f in ENGINES.items()}
    arrays = tiny_arrays(rng)
    arrays |= {file.removesuffix(".npy"): np.load(folder / file) for file in (MEAN_FILE, SPREAD_FILE)}
    write_tiny_bundle(tmp_path / "draws", engines=engines, arrays=arrays)
    generator = open_generator(load_bundle(tmp_path / "draws"), 1)
    assert isinstance(generator, DrawingGenerator) and generator.provider == "CPUExecutionProvider"
    one = evidence(3, latent=np.zeros(LATENT_SHAPE, np.float32))
    assert len(list(generator.clip(one))) == 2
    # The same by its folder, of which the precision is known; one that remembers is none.
    assert drawing_precisions(tmp_path / "draws") == ("fp16",)
    again = open_drawing(tmp_path / "draws", load_bundle(tmp_path / "remembers"), "fp16", threads=1)
    assert np.array_equal(generator.keyframe(one), again.keyframe(one))
    with pytest.raises(BundleError, match="does not draw, it remembers"):
        drawing_precisions(tmp_path / "remembers")
    assert not np.array_equal(generator.keyframe(one), generator.keyframe(replace(one, context=1)))


def test_an_exported_folder_is_opened_without_torch_in_each_precision_and_number_of_steps(exported, tmp_path):
    folder, _ = exported
    write_tiny_bundle(tmp_path / "decoders")
    bundle = load_bundle(tmp_path / "decoders")
    assert drawing_precisions(folder) == ("fp32", "fp16")
    assert list(load_drawing(folder).engines["fp32"]) == ["draw_step", "draw_control"]
    given = evidence(3, strength=1.0, latent=0.1 * np.ones(LATENT_SHAPE, np.float32))
    one, four, single = (
        open_drawing(folder, bundle, precision, steps=steps, threads=1).keyframe(given).astype(int)
        for precision, steps in (("fp16", 1), ("fp16", 4), ("fp32", 4))
    )
    # The strongest evidence is drawn in four steps where nobody says how many.
    assert np.array_equal(four, open_drawing(folder, bundle, "fp16", threads=1).keyframe(given))
    assert np.abs(one - four).mean() > 10 * np.abs(single - four).mean() > 0
    with pytest.raises(BundleError, match="not there in int8; choose fp32 or fp16"):
        open_drawing(folder, bundle, "int8")
    with pytest.raises(GeneratorError, match="3 steps; choose one of 1, 2, 4, 8"):
        open_drawing(folder, bundle, "fp16", steps=3)


def test_another_export_leaves_no_engine_that_the_manifest_does_not_name(exported, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(exported[0], copy)
    (copy / "draw_step-int8.onnx").write_bytes(b"of other weights")
    assert list(export_draws(copy, ["fp16"]).engines) == ["fp16"]
    assert {file.name for file in copy.glob("draw_*.onnx")} == set(ENGINES.values())


def test_what_is_damaged_or_was_never_exported_is_refused(exported, tmp_path):
    folder, _ = exported
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with (copy / STEP_FILE).open("ab") as file:
        file.write(b"0")
    with pytest.raises(BundleError, match=r"draw_step\.onnx"):
        load_drawing(copy)
    with pytest.raises(BundleError, match="rtbci export generator"):
        load_drawing(tmp_path)
