"""An encoder that has learnt, in the bundle's own graph, and weights on their way into a bundle."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from export.retuned import retuned_encoder, with_weights
from rtbci.bundle import load_bundle
from rtbci.errors import BundleError
from tests.training.tiny_encoder import tiny_bundled
from training.bundled import ConceptLogits, load_encoder, save_encoder


@pytest.fixture(scope="module")
def encoder():
    return tiny_bundled()


def outputs(content, eeg):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {"eeg": eeg})


def test_weights_come_back_with_shape_and_temperatures(encoder, tmp_path):
    save_encoder(encoder, tmp_path / "w.safetensors")
    loaded = load_encoder(tmp_path / "w.safetensors")
    eeg = torch.randn(3, 62, 400)
    for mine, theirs in zip(encoder(eeg), loaded(eeg), strict=True):
        torch.testing.assert_close(mine, theirs)
    averaged = torch.nn.functional.avg_pool1d(eeg, encoder.encoder.settings.decimate)
    torch.testing.assert_close(ConceptLogits(loaded)(averaged), encoder(eeg)[0])


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(BundleError, match="not those of an encoder"):
        load_encoder(tmp_path / "w.safetensors")


def test_the_default_bundle_carries_the_weights_of_its_graph_which_follows_what_is_learnt():
    """Matrices of the transformer were turned and renamed by the exporter, and must be found again."""
    bundle = load_bundle()
    weights, graph = bundle.weights_path("encoder"), bundle.engine_path("encoder")
    before, learnt = load_encoder(weights), load_encoder(weights)
    eeg = np.random.default_rng(0).standard_normal((2, 62, 400)).astype(np.float32)
    as_it_was = outputs(graph.read_bytes(), eeg)
    for mine, theirs in zip(as_it_was, before(torch.from_numpy(eeg)), strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-4)
    torch.manual_seed(0)
    for parameter in learnt.encoder.parameters():
        parameter += 0.01 * torch.randn_like(parameter)
    given = outputs(retuned_encoder(graph, before, learnt), eeg)
    for mine, theirs, old in zip(given, learnt(torch.from_numpy(eeg)), as_it_was, strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-4)
        assert np.abs(mine - old).max() > 1e-3


def test_a_weight_that_the_graph_lacks_is_refused():
    graph = onnx.load(load_bundle().engine_path("encoder"))
    nowhere = {"unknown": np.zeros((3, 2))}
    with pytest.raises(BundleError, match="holds no weight 'unknown'"):
        with_weights(graph, nowhere, {"unknown": np.ones((3, 2))})
