"""The generator that draws as engines, alone and in a bundle."""

import importlib.util
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file

from export.codec import DECODER_FILE, PREVIEW_FILE
from export.draws import CONTROL_FILE, MEAN_FILE, SPREAD_FILE, STEP_FILE, export_draws, open_draws
from rtbci.bundle import default_folder, load_bundle
from rtbci.engines.tensorrt_build import build
from rtbci.errors import UsageError
from rtbci.files import write_json
from rtbci.generate import DrawingGenerator, MemoryGenerator, open_generator
from tests.generate.scenes import evidence
from tests.tiny_bundle import tiny_arrays, tiny_engines, write_tiny_bundle
from training.codec_model import LATENT_SHAPE
from training.draws.model import Drawer
from training.draws.settings import ModelSettings
from training.draws.train import SETTINGS_FILE, WEIGHTS_FILE

SETTINGS = ModelSettings(widths=(16, 16), token=16, heads=2, frames=2)
ENGINES = {"draw_step": STEP_FILE, "draw_control": CONTROL_FILE}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A generator of random weights, exported, with the picture decoders that ship beside it."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("draws")
    drawer = Drawer(SETTINGS)
    with torch.no_grad():
        for parameter in drawer.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    save_file(drawer.state_dict(), folder / WEIGHTS_FILE)
    write_json(folder / SETTINGS_FILE, asdict(SETTINGS))
    np.save(folder / MEAN_FILE, np.zeros(LATENT_SHAPE, np.float32))
    np.save(folder / SPREAD_FILE, np.float32([1.0]))
    for name in (DECODER_FILE, PREVIEW_FILE):
        shutil.copy(default_folder() / name, folder / name)
    return folder, drawer, export_draws(folder)


def test_the_engines_compute_what_torch_computes_for_pictures_and_clips(exported):
    # Weights in half precision, which for these is off by 2e-4 at most each.
    _, _, parity = exported
    assert 0 < parity.step < 0.02 and 0 < parity.control < 0.02


@pytest.mark.skipif(
    importlib.util.find_spec("tensorrt_rtx") is None,
    reason="tensorrt-rtx is not installed (rtbci[tensorrt-rtx])",
)
def test_tensorrt_parses_and_builds_each_graph(exported):
    for name in ENGINES.values():
        assert len(build("tensorrt-rtx", exported[0] / name)) > 100_000


def test_weights_lie_in_half_precision_and_name_no_folder(exported):
    folder, drawer, _ = exported
    size = sum((folder / name).stat().st_size for name in ENGINES.values())
    # Tokens are in both; graphs themselves take some room too.
    assert size < 2 * sum(p.numel() for p in drawer.parameters()) + 1.5e6
    weights = [w for w in onnx.load(folder / STEP_FILE).graph.initializer if np.prod(w.dims) >= 64]
    assert onnx.TensorProto.FLOAT not in {w.data_type for w in weights}
    for name in ENGINES.values():
        assert str(Path(__file__).parents[2]).encode() not in (folder / name).read_bytes()


def test_an_exported_folder_draws(exported):
    folder, _, _ = exported
    generator = open_draws(folder, folder)
    given = evidence(3, strength=0.6, latent=0.1 * np.ones(LATENT_SHAPE, np.float32))
    frames = list(generator.clip(given))
    assert len(frames) == SETTINGS.frames and frames[0].shape == (256, 256, 3)
    assert np.array_equal(frames[1], generator.keyframe(given)[0])
    with pytest.raises(UsageError, match="export generator"):
        open_draws(folder / "none", folder)


def test_a_bundle_with_these_engines_draws_and_one_without_remembers(exported, tmp_path):
    folder, _, _ = exported
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
    assert not np.array_equal(generator.keyframe(one), generator.keyframe(replace(one, context=1)))
