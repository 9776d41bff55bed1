import importlib.util
import json
import shutil
from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
import torch

from export.full_size.models import check_models, load_models
from export.full_size.modules import KeyframeStep
from export.full_size.networks import TorchNetworks
from export.full_size.pyramid import write_pyramid_decoder
from export.full_size.write import describe, export_module, write_full_size
from export.parity_full_size import compare_full_size
from rtbci.bench.full_size import measure_full_size
from rtbci.bundle.engine import EngineSession
from rtbci.cli.export_full_size import full_size
from rtbci.engines import opener
from rtbci.engines.tensorrt_build import build
from rtbci.errors import BundleError, GeneratorError, UsageError
from rtbci.generate.full_size import FullSizeGenerator
from rtbci.generate.full_size.engines import EngineNetworks, load_full_size, open_full_size
from rtbci.stimuli.draw import draw_frame
from rtbci.stimuli.spec import clip_spec
from tests.export.tiny_diffusion import FRAMES, LATENT, SCHEDULER, TOKENS, evidence, prompts, tiny_models


@pytest.fixture(scope="module")
def models():
    return tiny_models()


@pytest.fixture(scope="module")
def networks(models):
    return TorchNetworks(models, frames=FRAMES, latent=LATENT[1:], tokens=TOKENS)


@pytest.fixture(scope="module")
def folder(models, networks, tmp_path_factory):
    """Weights beside the graphs, as those of full size lie."""
    out = tmp_path_factory.mktemp("full") / "size"
    write_full_size(
        out, models, networks.sizes, prompts(), description="Random.", licence="Apache-2.0", beside=100_000
    )
    return out


def test_engines_find_the_noise_that_torch_finds(folder, networks):
    engines = EngineNetworks(folder, load_full_size(folder))
    rng = np.random.default_rng(0)
    noisy, keyframe = rng.standard_normal((2, *LATENT), dtype=np.float32)
    clip = rng.standard_normal((FRAMES, *LATENT), dtype=np.float32)
    text = rng.standard_normal(prompts().unconditional.shape, dtype=np.float32)
    for time in (19, 799):
        np.testing.assert_allclose(
            engines.denoise_picture(noisy, time, text), networks.denoise_picture(noisy, time, text), atol=1e-4
        )
        found = networks.denoise_clip(clip, time, text, keyframe)
        np.testing.assert_allclose(engines.denoise_clip(clip, time, text, keyframe), found, atol=1e-4)
    # Each input counts.
    assert np.abs(found - networks.denoise_clip(clip, time, text, -keyframe)).max() > 0.01
    assert np.abs(found - networks.denoise_clip(clip, time, -text, keyframe)).max() > 0.01
    decoded = engines.decode(noisy).astype(int)
    assert np.abs(decoded - networks.decode(noisy)).max() <= 1


def test_the_generator_draws_the_same_from_engines_as_from_torch(folder, networks):
    ours, theirs = open_full_size(folder), FullSizeGenerator(networks, prompts())
    assert (ours.provider, theirs.provider) == ("CPUExecutionProvider", "torch cpu")
    given = evidence(0.7)
    for grade in ("preview", "keyframe"):
        mine, wanted = getattr(ours, grade)(given), getattr(theirs, grade)(given)
        assert np.abs(mine.astype(int) - wanted).max() <= 1
    mine, wanted = (np.stack(list(generator.clip(given))) for generator in (ours, theirs))
    assert mine.shape == (FRAMES, 64, 64, 3)
    assert np.abs(mine.astype(int) - wanted).max() <= 1


def test_a_report_of_parity_says_how_far_engines_and_torch_are_apart(folder, models):
    rows = {row.engine: row for row in compare_full_size(folder, models, repeats=2)}
    assert list(rows) == ["keyframe", "clip", "decoder"]
    for row in rows.values():
        assert row.precision == "fp32" and row.change is None and "PSNR" in row.task
        assert 0 <= row.mean_error <= row.max_error and row.figure > 45 and 0 < row.min_ms <= row.p50_ms
    assert rows["keyframe"].max_error < 1e-3 and rows["decoder"].max_error <= 1
    # Weights that lie beside a graph are counted.
    assert rows["clip"].bytes > (folder / "clip.weights").stat().st_size > 100_000
    other = {
        row.engine: row for row in compare_full_size(folder, tiny_models(1), own_decoder=False, repeats=1)
    }
    assert list(other) == ["keyframe", "clip"]
    assert other["keyframe"].max_error > 0.1 and other["keyframe"].figure < rows["keyframe"].figure - 10


def test_the_command_writes_the_report_beside_the_engines(
    folder, models, networks, tmp_path, monkeypatch, capsys
):
    settings = tmp_path / "models.toml"
    settings.write_text('base = "b"\nmotion_adapter = "m"\nsparse_control = "s"\nprecision = "fp32"\n')
    monkeypatch.setattr("export.full_size.settings.load_networks", lambda *_: (models, networks))
    monkeypatch.setattr("export.full_size.settings.make_prompts", lambda *_: prompts())
    # What it exports is the other tests' matter, and takes long.
    monkeypatch.setattr(
        "export.full_size.write.write_full_size",
        lambda out, *_, **__: shutil.copytree(folder, out, dirs_exist_ok=True),
    )
    for parity in (False, True):
        full_size(settings, tmp_path / "out", "Apache-2.0", parity=parity)
        assert (tmp_path / "out" / "parity.json").is_file() == parity
    report = json.loads((tmp_path / "out" / "parity.json").read_text())
    assert [row["engine"] for row in report["rows"]] == ["keyframe", "clip", "decoder"]
    assert report["torch"] == "fp32" and report["environment"]["cpu"]
    assert "clip, in torch and as an engine" in capsys.readouterr().out
    # Another file in the folder does not make it another one.
    assert load_full_size(tmp_path / "out").sizes == networks.sizes


def test_a_damaged_weight_is_refused(folder, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    assert load_full_size(copy).weights
    weights = copy / "clip.weights"
    changed = bytearray(weights.read_bytes())
    changed[1000] ^= 1
    weights.write_bytes(changed)
    with pytest.raises(BundleError, match=r"clip.weights .* damaged"):
        open_full_size(copy)


def test_a_folder_of_something_else_is_neither_read_nor_replaced(models, networks, tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(BundleError, match=r"rtbci export full-size"):
        open_full_size(tmp_path)
    with pytest.raises(BundleError, match="is no full-size generator"):
        write_full_size(tmp_path, models, networks.sizes, prompts(), description="", licence="Apache-2.0")
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_half_precision_keeps_single_precision_ends(models, networks, tmp_path):
    step = KeyframeStep(tiny_models().unet.half())
    inputs = {
        "latent": torch.zeros(1, *LATENT),
        "time": torch.tensor([1]),
        "text": torch.zeros(1, *prompts().unconditional.shape),
    }
    export_module(step, inputs, "noise", tmp_path / "half.onnx")
    engine = describe(tmp_path / "half.onnx")
    assert engine.precision == "fp16"
    assert [tensor.dtype for tensor in (*engine.inputs, *engine.outputs)] == [
        "float32",
        "int64",
        "float32",
        "float32",
    ]
    noisy = evidence().latent
    text = prompts().unconditional
    session = EngineSession(tmp_path / "half.onnx", engine)
    made = session.run(latent=noisy[None], time=np.array([499]), text=text[None])["noise"][0]
    wanted = networks.denoise_picture(noisy, 499, text)
    assert 0 < np.abs(made - wanted).max() < 0.02 * np.abs(wanted).max()


def test_no_folder_of_this_machine_is_in_the_graphs(folder):
    for file in folder.glob("*.onnx"):
        assert b"site-packages" not in file.read_bytes()


def saved(models, root):
    """The models as diffusers saves them, and as they lie on the hub."""
    from diffusers import LCMScheduler, MotionAdapter

    models.unet.save_pretrained(root / "base" / "unet")
    LCMScheduler(**SCHEDULER).save_pretrained(root / "base" / "scheduler")
    models.vae.save_pretrained(root / "tiny")
    models.control.save_pretrained(root / "control")
    config = models.motion.config
    adapter = MotionAdapter(
        block_out_channels=config.block_out_channels,
        motion_layers_per_block=1,
        motion_norm_num_groups=8,
        motion_num_attention_heads=4,
        motion_max_seq_length=8,
        use_motion_mid_block=False,
    )
    modules = {k: v for k, v in models.motion.state_dict().items() if "motion_modules" in k}
    adapter.load_state_dict(modules)
    adapter.save_pretrained(root / "motion")
    return {"base": root / "base", "motion_adapter": root / "motion", "sparse_control": root / "control"}


def test_models_are_loaded_from_folders_and_what_does_not_fit_is_refused(models, networks, tmp_path):
    paths = {name: str(path) for name, path in saved(models, tmp_path).items()}
    tiny = str(tmp_path / "tiny")
    loaded = TorchNetworks(load_models(**paths, vae=tiny), frames=FRAMES, latent=LATENT[1:], tokens=TOKENS)
    given = evidence(1.0)
    mine, wanted = (np.stack(list(FullSizeGenerator(n, prompts()).clip(given))) for n in (loaded, networks))
    np.testing.assert_array_equal(mine, wanted)
    with pytest.raises(UsageError, match="not a motion module"):
        load_models(**(paths | {"motion_adapter": paths["sparse_control"]}), vae=tiny)
    other = tiny_models()
    other.control.register_to_config(conditioning_channels=3)
    with pytest.raises(GeneratorError, match="SparseCtrl for RGB"):
        check_models(replace(models, control=other.control))


def test_the_real_codec_draws_the_pictures_of_real_latents(shared_data, models, tmp_path):
    light = shared_data / "weights" / "vaelight"
    # Its pictures are sharp from 512 px on, which is what the drawn scene is enlarged to.
    picture = draw_frame(clip_spec(3, 5), 1.0).repeat(2, 0).repeat(2, 1)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    encoder = ort.InferenceSession(light / "vl_VAEencoder.onnx", options, providers=["CPUExecutionProvider"])
    scaled = (picture.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
    latent = 0.18215 * encoder.run(None, {"input": scaled})[0][0]
    file = tmp_path / "decoder.onnx"
    write_pyramid_decoder(light / "vl_VAEpreview.onnx", file, latent.shape)
    decoder = EngineSession(file, describe(file))
    networks = TorchNetworks(models, frames=FRAMES, latent=latent.shape[1:], tokens=TOKENS)
    networks.decode = lambda latent: decoder.run(latent=latent[None])["rgb"][0]
    generator = FullSizeGenerator(networks, replace(prompts(), mean_latent=np.zeros_like(latent)))
    (made,) = generator.preview(evidence(1.0, latent=latent))
    error = np.mean((made.astype(float) - picture) ** 2)
    assert 10 * np.log10(255**2 / error) > 27


def test_the_benchmark_times_the_engines_from_fewest_to_most_steps(folder):
    rows = measure_full_size(folder, opener("onnxruntime-cpu"), threads=1, repeats=6)
    told = [(row.grade, row.steps, row.frames) for row in rows]
    assert told == [("preview", 0, 1), ("keyframe", 1, 1), ("keyframe", 4, 1), ("clip", 1, 3), ("clip", 4, 3)]
    assert {row.provider for row in rows} == {"CPUExecutionProvider"} and {row.size for row in rows} == {64}
    # Four steps with guidance are eight runs of the network, one without is one.
    assert rows[2].min_ms > rows[1].min_ms and rows[4].min_ms > rows[3].min_ms
    with pytest.raises(BundleError, match="CUDAExecutionProvider"):
        measure_full_size(folder, opener("onnxruntime-cuda"), repeats=2)


def test_a_graph_that_is_no_pyramid_is_refused(folder, tmp_path):
    with pytest.raises(BundleError, match="pictures of several sizes"):
        write_pyramid_decoder(folder / "keyframe.onnx", tmp_path / "decoder.onnx", LATENT)


@pytest.mark.skipif(
    importlib.util.find_spec("tensorrt_rtx") is None,
    reason="tensorrt-rtx is not installed (rtbci[tensorrt-rtx])",
)
def test_tensorrt_parses_and_builds_each_graph(folder):
    for name in ("keyframe", "clip", "decoder"):
        assert len(build("tensorrt-rtx", folder / f"{name}.onnx")) > 100_000
