from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from export.encoder import GenericAdapter, export_module, largest_difference, session
from tests.training.tiny_encoder import TINY_MODEL
from training.bundled import OUTPUTS, BundledEncoder
from training.decoder import Decoder
from training.hrt import QUESTIONS
from training.latents import LatentHead, coarse, ridge


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    torch.manual_seed(0)
    decoder = Decoder(TINY_MODEL, subjects=2).eval().requires_grad_(False)
    decoder.layers.weight[0] += 0.1 * torch.randn(62, 62)
    return decoder


def test_engines_follow_torch_at_any_batch(decoder: Decoder, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    head = LatentHead(
        rng.standard_normal((128, 32)).astype(np.float32), rng.standard_normal(128).astype(np.float32)
    )
    temperature = {name: 1.0 + index for index, name in enumerate(QUESTIONS)}
    encoder, adapter = BundledEncoder(decoder.encoder, temperature, head), GenericAdapter(decoder)
    export_module(encoder, OUTPUTS, tmp_path / "encoder.onnx")
    export_module(adapter, ("eeg_out",), tmp_path / "adapter.onnx")
    engine = session(tmp_path / "encoder.onnx")
    for batch in (1, 5):
        eeg = rng.standard_normal((batch, 62, 400)).astype(np.float32)
        assert largest_difference(encoder, engine, eeg) < 1e-4
        assert largest_difference(adapter, session(tmp_path / "adapter.onnx"), eeg) < 1e-4
        shapes = {
            out.name: value.shape
            for out, value in zip(engine.get_outputs(), engine.run(None, {"eeg": eeg}), strict=True)
        }
        assert shapes == {
            **{name: (batch, size) for name, size in QUESTIONS.items()},
            "text": (batch, 64),
            "latent": (batch, 8, 16, 16),
        }
    graph = onnx.load(tmp_path / "encoder.onnx").graph
    assert [dim.dim_value for dim in graph.input[0].type.tensor_type.shape.dim[1:]] == [62, 400]

    plain = decoder.encoder(torch.nn.functional.avg_pool1d(torch.from_numpy(eeg), 8))["colour"].numpy()
    given = engine.run(["colour"], {"eeg": eeg})[0]
    np.testing.assert_allclose(given * temperature["colour"], plain, atol=1e-4)


def test_latent_head_finds_a_linear_map_again() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2000, 32)).astype(np.float32)
    weight = rng.standard_normal((128, 32)).astype(np.float32)
    head = ridge(x, x @ weight.T + 3.0, 1e-3)
    np.testing.assert_allclose(head.weight, weight, atol=1e-3)
    np.testing.assert_allclose(head.bias, 3.0, atol=1e-3)


def test_coarse_latents_are_means_of_places() -> None:
    latents = np.random.default_rng(2).standard_normal((3, 8, 16, 16)).astype(np.float32)
    pooled = coarse(latents).reshape(3, 8, 4, 4)
    assert pooled[1, 2, 3, 0] == pytest.approx(latents[1, 2, 12:16, 0:4].mean(), abs=1e-6)
