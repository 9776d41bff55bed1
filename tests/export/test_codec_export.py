from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch

from export.codec import export_decoder
from training.codec import decode_latents
from training.codec_model import LATENT_SHAPE, Codec


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    codec = Codec().eval().requires_grad_(False)
    for weight in codec.decoder.parameters():
        # The blocks start near identity; a parity test wants every layer to matter.
        if weight.ndim == 4:
            torch.nn.init.kaiming_normal_(weight, nonlinearity="relu").mul_(0.5)
    file = tmp_path_factory.mktemp("codec") / "decoder.onnx"
    export_decoder(codec, file, latents(8))
    return codec, file


def latents(n):
    return np.random.default_rng(n).standard_normal((n, *LATENT_SHAPE)).astype(np.float32)


def off_by(codec, file, given):
    """Mean difference, in grey levels, between the engine's pictures and torch's own."""
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    made = session.run(["rgb"], {"latent": given})[0]
    return np.abs(made.astype(int) - decode_latents(codec, given)).mean()


@pytest.mark.parametrize("batch", [1, 3])
def test_the_engine_draws_what_torch_draws(exported, batch):
    codec, file = exported
    given, others = latents(batch), latents(batch)[:, ::-1].copy()
    apart = np.abs(decode_latents(codec, given).astype(int) - decode_latents(codec, others)).mean()
    assert apart > 10
    assert off_by(codec, file, given) < 0.1 * apart
    assert off_by(codec, file, others) < 0.1 * apart


def test_names_types_and_shapes_are_the_bundles(exported):
    session = ort.InferenceSession(str(exported[1]), providers=["CPUExecutionProvider"])
    (given,), (made,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type, given.shape[1:]) == ("latent", "tensor(float)", list(LATENT_SHAPE))
    assert (made.name, made.type, made.shape[1:]) == ("rgb", "tensor(uint8)", [256, 256, 3])


def test_no_folder_of_this_machine_is_in_the_file(exported):
    assert str(Path(__file__).parents[2]).encode() not in exported[1].read_bytes()


def test_it_computes_in_eight_bits_but_for_its_end(exported):
    codec, file = exported
    graph = onnx.load(file).graph
    whole = {weight.name for weight in graph.initializer if weight.data_type == onnx.TensorProto.INT8}
    dequantised = {node.output[0] for node in graph.node if node.input[0] in whole}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    eight = [node.input[1] in dequantised for node in convolutions]
    assert all(eight[:-1]) and not eight[-1]
    assert file.stat().st_size < 1.2 * sum(p.numel() for p in codec.decoder.parameters())


def test_a_preview_is_the_same_picture_from_means_of_the_latent(exported, tmp_path):
    codec, _ = exported
    file = tmp_path / "preview.onnx"
    given = latents(2)
    export_decoder(codec, file, given, shrink=2)
    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    made = session.run(["rgb"], {"latent": given})[0]
    assert made.shape == (2, 128, 128, 3)
    means = given.reshape(2, 8, 8, 2, 8, 2).mean(axis=(3, 5))
    assert np.abs(made.astype(int) - decode_latents(codec, means).astype(int)).mean() < 2
